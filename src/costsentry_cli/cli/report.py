"""``sentry report``: what was billed, and why."""

from __future__ import annotations

from costsentry_cli.cli.lazy import lazy
from costsentry_cli.cli.options import group

COMMANDS: dict[str, tuple[str, str]] = {
    "costs": ("report_costs", "What was billed, by cost centre, model, service ... (default)."),
    "usage": ("report_usage", "What CloudWatch measured: requests, tokens, throttles, latency."),
    "coverage": ("report_coverage", "How much goes through tagged profiles, and where the rest leaks."),
    "forecast": ("report_forecast", "The month at its end, with the interval, against budget."),
    "compare": ("report_compare", "Two months: what rose or fell, and why."),
}
app = group(
    "What was billed. Without a command: sentry report costs, with its options.", lazy(COMMANDS, default="costs")
)
