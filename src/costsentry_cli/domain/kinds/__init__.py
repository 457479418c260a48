"""Kinds of resource that can be declared, one file each; ``KINDS`` is where a new one is named.

It is put together when it is first asked for: who needs one kind does not import them all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from costsentry_cli.domain.kind import Kind

    KINDS: tuple[Kind, ...]


def _kinds() -> tuple[Kind, ...]:
    from costsentry_cli.domain.kinds.anomaly_monitor import AnomalyMonitor
    from costsentry_cli.domain.kinds.audit_log import AuditLog
    from costsentry_cli.domain.kinds.budget import Budget
    from costsentry_cli.domain.kinds.cost_allocation_tag import CostAllocationTag
    from costsentry_cli.domain.kinds.inference_profile import InferenceProfile
    from costsentry_cli.domain.kinds.ledger_table import LedgerTable

    return InferenceProfile(), CostAllocationTag(), Budget(), AnomalyMonitor(), LedgerTable(), AuditLog()


if not TYPE_CHECKING:  # a type checker would take every name for one of this module's

    def __getattr__(name: str) -> tuple[Kind, ...]:
        if name != "KINDS":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return globals().setdefault(name, _kinds())
