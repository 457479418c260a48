"""How a budget stands against its limit, in one word; and which words a gate trips on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from costsentry_cli.domain.budgets_seen import SeenBudget
from costsentry_cli.domain.money import usd


class State(StrEnum):
    """How a budget stands; the last two are of costs that no budget counts."""

    ON_TRACK = "on track"
    FORECAST_OVER = "forecast over"
    EXCEEDED = "exceeded"
    NO_FIGURE = "no figure yet"
    NO_LIMIT = "no limit"
    UNHEALTHY = "unhealthy"
    UNTAGGED = "untagged"
    NO_BUDGET = "no budget"


UNKNOWN = frozenset({State.NO_FIGURE, State.NO_LIMIT, State.UNHEALTHY})
"""Nothing can be said of such a budget, by a gate neither."""
GATES = {"exceeded": frozenset({State.EXCEEDED}), "forecast": frozenset({State.FORECAST_OVER, State.EXCEEDED})}
"""What ``--fail-on`` takes, and the states that trip it."""


@dataclass(frozen=True)
class Standing:
    """One budget's state, and by what: ``by $38.60``, AWS's reason; empty where the word says all."""

    state: State
    reason: str = ""


def standing_of(budget: SeenBudget, now: datetime) -> Standing:
    """The state by the figures AWS has; at the limit exactly it is not exceeded."""
    if budget.health:
        return Standing(State.UNHEALTHY, budget.health)
    if budget.limit is None:
        return Standing(State.NO_LIMIT)
    if budget.actual > budget.limit:
        return Standing(State.EXCEEDED, f"by {usd(budget.actual - budget.limit)}")
    if budget.young(now):
        return Standing(State.NO_FIGURE, "AWS reckons it anew after a change")
    if budget.forecast is not None and budget.forecast > budget.limit:
        return Standing(State.FORECAST_OVER, f"by {usd(budget.forecast - budget.limit)}")
    return Standing(State.ON_TRACK)
