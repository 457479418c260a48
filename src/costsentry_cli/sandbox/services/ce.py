"""Cost Explorer (``ce``) of the sandbox: cost allocation tags, and the bill as a fold over the calls.

What there is in it, what it adds up to, month against month, what is to come, and its anomalies.
"""

from __future__ import annotations

from costsentry_cli.sandbox.contract import Handler
from costsentry_cli.sandbox.services import (
    ce_anomalies,
    ce_backfill,
    ce_comparisons,
    ce_forecast,
    ce_tags,
    ce_usage,
    ce_values,
)

OPERATIONS: dict[str, Handler] = {
    **ce_tags.OPERATIONS,
    **ce_backfill.OPERATIONS,
    **ce_usage.OPERATIONS,
    **ce_values.OPERATIONS,
    **ce_comparisons.OPERATIONS,
    **ce_forecast.OPERATIONS,
    **ce_anomalies.OPERATIONS,
}
"""Operation name to handler."""
