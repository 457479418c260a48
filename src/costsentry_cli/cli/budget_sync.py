"""``sentry budgets plan`` and ``sync``: the one kind alone."""

from __future__ import annotations

from costsentry_cli.cli.manage import add_commands
from costsentry_cli.cli.options import group
from costsentry_cli.domain.kind import Kind
from costsentry_cli.domain.kinds.budget import Budget

KINDS: tuple[Kind, ...] = (Budget(),)
app = group("Budgets.")
add_commands(app, lambda: KINDS, "sentry budgets sync")
