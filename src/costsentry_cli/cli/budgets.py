"""``sentry budgets``: AWS budgets over slices of Bedrock cost."""

from __future__ import annotations

from costsentry_cli.cli.lazy import lazy
from costsentry_cli.cli.options import group

COMMANDS: dict[str, tuple[str, str]] = {
    "plan": ("budget_sync", "Show what sync would do; nothing is changed."),
    "sync": ("budget_sync", "Make the account's budgets what the manifest says."),
    "list": ("budget_views", "List the account's cost budgets, ours and foreign."),
    "status": ("budget_views", "Show how the budgets stand, and what none of them counts."),
    "lint": ("budget_checks", "Find budgets that cannot work as they are meant to."),
    "simulate": ("budget_checks", "Show when each alert would have fired in a past month."),
}
app = group("Budgets over slices of Bedrock cost: what the manifest declares, made so and watched.", lazy(COMMANDS))
