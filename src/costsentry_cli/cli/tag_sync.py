"""``sentry tags plan`` and ``sync``: the manifest's cost allocation tags alone."""

from __future__ import annotations

from costsentry_cli.cli.manage import add_commands
from costsentry_cli.cli.options import group
from costsentry_cli.domain.kinds.cost_allocation_tag import CostAllocationTag

app = group("Cost allocation tags.")
add_commands(app, lambda: (CostAllocationTag(),), "sentry tags sync")
