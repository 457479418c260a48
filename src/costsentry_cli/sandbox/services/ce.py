"""Cost Explorer (``ce``) of the sandbox: cost allocation tags, and the bill as a fold over the calls made."""

from __future__ import annotations

from costsentry_cli.sandbox.contract import Handler
from costsentry_cli.sandbox.services import ce_tags, ce_usage

OPERATIONS: dict[str, Handler] = {**ce_tags.OPERATIONS, **ce_usage.OPERATIONS}
"""Operation name to handler."""
