"""``sentry tags``: which tag keys billing splits costs by."""

from __future__ import annotations

from costsentry_cli.cli.lazy import lazy
from costsentry_cli.cli.options import group

COMMANDS: dict[str, tuple[str, str]] = {
    "status": ("tag_life", "Show where each key stands, and what to do next."),
    "plan": ("tag_sync", "Show what sync would do; nothing is changed."),
    "sync": ("tag_sync", "Activate the manifest's cost_allocation_tags."),
    "activate": ("tag_life", "Activate keys for cost allocation."),
    "deactivate": ("tag_life", "Deactivate keys: new costs do not carry them."),
    "backfill": ("tag_backfill", "Apply the keys' present status to earlier months."),
}
app = group("Cost allocation tags: which keys billing splits costs by.", lazy(COMMANDS))
