"""Kinds of resource that can be declared, one file each; ``KINDS`` is where a new one is named."""

from __future__ import annotations

from costsentry_cli.domain.kind import Kind
from costsentry_cli.domain.kinds.anomaly_monitor import AnomalyMonitor
from costsentry_cli.domain.kinds.audit_log import AuditLog
from costsentry_cli.domain.kinds.budget import Budget
from costsentry_cli.domain.kinds.cost_allocation_tag import CostAllocationTag
from costsentry_cli.domain.kinds.inference_profile import InferenceProfile
from costsentry_cli.domain.kinds.ledger_table import LedgerTable

KINDS: tuple[Kind, ...] = (
    InferenceProfile(),
    CostAllocationTag(),
    Budget(),
    AnomalyMonitor(),
    LedgerTable(),
    AuditLog(),
)
