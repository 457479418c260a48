"""``sentry anomalies``: AWS's cost anomaly detection over the values of a tag."""

from __future__ import annotations

from costsentry_cli.cli.lazy import lazy
from costsentry_cli.cli.options import group

COMMANDS: dict[str, tuple[str, str]] = {
    "plan": ("anomaly_sync", "Show what sync would do; nothing is changed."),
    "sync": ("anomaly_sync", "Make the account's anomaly monitors what the manifest says."),
    "list": ("anomaly_list", "List the monitors and what they found lately, and what they cannot see."),
}
app = group("Cost anomaly monitors: what the manifest declares, made so, and what they found.", lazy(COMMANDS))
