"""``sentry anomalies plan`` and ``sync``: the one kind alone."""

from __future__ import annotations

from costsentry_cli.cli.manage import add_commands
from costsentry_cli.cli.options import group
from costsentry_cli.domain.kind import Kind
from costsentry_cli.domain.kinds.anomaly_monitor import AnomalyMonitor

KINDS: tuple[Kind, ...] = (AnomalyMonitor(),)
app = group("Cost anomaly monitors.")
add_commands(app, lambda: KINDS, "sentry anomalies sync")
