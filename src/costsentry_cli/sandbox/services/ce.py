"""Cost Explorer (``ce``) of the sandbox: cost allocation tags, the bill as a fold over the calls, its anomalies."""

from __future__ import annotations

from costsentry_cli.sandbox.contract import Handler
from costsentry_cli.sandbox.services import ce_anomalies, ce_backfill, ce_tags, ce_usage

OPERATIONS: dict[str, Handler] = {
    **ce_tags.OPERATIONS,
    **ce_backfill.OPERATIONS,
    **ce_usage.OPERATIONS,
    **ce_anomalies.OPERATIONS,
}
"""Operation name to handler."""
