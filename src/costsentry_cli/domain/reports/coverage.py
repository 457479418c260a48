"""Which way calls went: through profiles that carry a tag, profiles that do not, system profiles, or bare models.

Only the first way is attributed: everything else is a leak, and its cost stays untagged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from costsentry_cli.domain.catalog import kind_of_reference
from costsentry_cli.domain.reports.callers import Known
from costsentry_cli.domain.reports.usage import NOTHING, Figures, Row

ZERO = Decimal(0)
TOKENS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")


class Route(StrEnum):
    """The way a call went, the attributed one first."""

    TAGGED = "tagged profile"
    UNTAGGED = "profile without the tag"
    FORMER = "former profile"
    SYSTEM = "system profile"
    RAW = "model"


@dataclass(frozen=True)
class Way:
    """Calls of one route under one name, with what each day measured."""

    route: Route
    name: str
    days: Mapping[datetime, Decimal] = field(default_factory=dict)
    figures: Figures = NOTHING

    @property
    def tokens(self) -> Decimal:
        """Every token, read, cached or written."""
        return _tokens(self.figures)


def route_of(model_id: str, known: Known, key: str) -> Route:
    """The route of a ModelId, by what is known of it."""
    if known.name:
        return Route.TAGGED if known.tags.get(key) else Route.UNTAGGED
    kind = kind_of_reference(model_id)
    if kind == "system-profile-id":
        return Route.SYSTEM
    return Route.RAW if kind == "model-id" else Route.FORMER


def way(route: Route, name: str, rows: Mapping[Row, Figures]) -> Way:
    """What was measured of one ModelId, day by day."""
    days = {day: _tokens(figures) for day, figures in rows.items() if day is not None}
    figures = NOTHING
    for one in rows.values():
        figures = figures + one
    return Way(route, name, days, figures)


def _tokens(figures: Figures) -> Decimal:
    return sum((figures.values.get(kind, ZERO) for kind in TOKENS), ZERO)


def together(ways: Iterable[Way]) -> list[Way]:
    """The tagged as one way; every leak by itself, those of one name added up, the most tokens first."""
    found: dict[tuple[Route, str], Way] = {}
    for one in ways:
        name = "" if one.route is Route.TAGGED else one.name
        known = found.get((one.route, name), Way(one.route, name))
        days = dict(known.days)
        for day, tokens in one.days.items():
            days[day] = days.get(day, ZERO) + tokens
        found[one.route, name] = Way(one.route, name, days, known.figures + one.figures)
    used = [one for one in found.values() if one.tokens or one.figures.values]
    return sorted(used, key=lambda one: (one.route is not Route.TAGGED, -one.tokens, one.name))


def covered(ways: Sequence[Way]) -> Decimal | None:
    """The share of all tokens that went through tagged profiles, 0..1; None when there were none."""
    whole = sum((one.tokens for one in ways), ZERO)
    tagged = sum((one.tokens for one in ways if one.route is Route.TAGGED), ZERO)
    return tagged / whole if whole else None
