"""How much of the usage is attributed, and where the rest leaks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from costsentry_cli.domain.calls import ApiCall, Cloud
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.kind import Scope
from costsentry_cli.domain.measured import Look, bedrock
from costsentry_cli.domain.remembered import Remembered
from costsentry_cli.domain.reports import callers, usage_table
from costsentry_cli.domain.reports.callers import Known
from costsentry_cli.domain.reports.costs import Query, asked, folded_by, within
from costsentry_cli.domain.reports.coverage import ZERO, Route, Way, covered, route_of, together, way
from costsentry_cli.domain.reports.moments import Moments
from costsentry_cli.domain.reports.question import Group
from costsentry_cli.domain.reports.usage import BEDROCK, Subject, grouped
from costsentry_cli.domain.table import Column, Row, Table, Type
from costsentry_cli.domain.window import Window

METRIC = "UnblendedCost"
TOP = 10
COLUMNS = (
    Column("route", "Through"),
    Column("name", "Name", unknown=""),
    Column("requests", "Requests", Type.COUNT, drop=3),
    Column("tokens", "Tokens", Type.COUNT),
    Column("share", "Share", Type.SHARE),
    Column("share_bar", "", Type.BAR, drop=2),
    Column("estimated_usd", "Est. cost", Type.MONEY, drop=1),
    Column("trend", "By day", Type.TREND, drop=4),
)


@dataclass(frozen=True)
class Coverage:
    """The report, and the share of tokens (and of billed cost) that carries the key; None: nothing to share."""

    table: Table
    tokens: Decimal | None
    billed: Decimal | None


def coverage(
    clouds: Mapping[str, Cloud],
    scopes: Sequence[Scope],
    key: str,
    moments: Moments,
    now: datetime,
    billing: Remembered | None,
) -> Coverage:
    """Tokens by the way calls went over the scopes' accounts and regions, and the billed share of the key.

    ``billing`` None asks for no billed cost. Raises ``SentryError``.
    """
    ways: list[Way] = []
    metrics, blind = 0, False
    for scope in scopes:
        look = Look(
            clouds[scope.account], scope.region, moments, now, callers.of_events((), scope.account, scope.region)
        )
        ways += _ways(look, key)
        metrics += look.metrics
        blind = blind or not _logged(look)
    found = together(ways)
    billed = None if billing is None else _billed(billing, key, moments, now)
    share = covered(found)
    notes = tuple(_notes(found, share, billed, key, moments, now, blind=blind))
    facts: dict[str, object] = dict(usage_table.facts(BEDROCK, callers.GroupBy.PROFILE, moments, now, metrics))
    shares: dict[str, object] = {"covered_tokens": _text(share), "covered_billed": _text(billed), "key": key}
    table = Table("coverage", COLUMNS, _rows(found, moments), _total(found, moments), _title(key, moments), notes)
    paid: dict[str, object] = dict(billing.facts()) if billing is not None else {}
    return Coverage(Table(**{**vars(table), "facts": facts | paid | shares}), share, billed)


def _ways(look: Look, key: str) -> list[Way]:
    """One way for each ModelId that anything was measured of."""
    book: dict[tuple[str | None, str], tuple[str, Known]] = {}

    def subject(model_id: str, known: Known) -> Subject:
        book[model_id, model_id] = (model_id, known)
        return Subject(look.region, ((("ModelId", model_id),),), model_id, model_id, known.model, shown=False)

    subjects = bedrock(look, subject)
    ways = []
    for group, rows in grouped(look.read, subjects).items():
        model_id, known = book[group]
        ways.append(way(route_of(model_id, known, key), known.name or model_id, rows))
    return ways


def _logged(look: Look) -> bool:
    """Whether invocation logging is on, which would tell who calls; not known is not on."""
    try:
        answer = look.cloud.call(ApiCall("bedrock", "GetModelInvocationLoggingConfiguration", {}, look.region))
    except SentryError:
        return False
    return bool(answer.get("loggingConfig"))


def _billed(cloud: Remembered, key: str, moments: Moments, now: datetime) -> Decimal | None:
    """The share of billed Bedrock cost that carries the key; None when nothing was billed."""
    window = Window(moments.start.date(), moments.end.date())
    query = Query((Group(key, "TAG", key),), (METRIC,))
    folded = folded_by(asked(cloud, query, [window], now), query.grouped, METRIC)
    sums = {keys[0]: within(by_day, window) for keys, by_day in folded.cells.items()}
    whole = sum(sums.values(), ZERO)
    return (whole - sums.get("", ZERO)) / whole if whole else None


def _rows(found: Sequence[Way], moments: Moments) -> tuple[Row, ...]:
    whole = sum((one.tokens for one in found), ZERO)
    tagged = [one for one in found if one.route is Route.TAGGED]
    leaks = [one for one in found if one.route is not Route.TAGGED]
    rest = leaks[TOP:]
    other = [_row("other leaks", f"{len(rest)} names", rest, whole, moments)] if rest else []
    shown = [_row(one.route.value, one.name or None, [one], whole, moments) for one in (*tagged, *leaks[:TOP])]
    return (*shown, *other)


def _total(found: Sequence[Way], moments: Moments) -> Row | None:
    whole = sum((one.tokens for one in found), ZERO)
    return _row("Total", "", found, whole, moments) if found else None


def _row(route: str, name: str | None, some: Sequence[Way], whole: Decimal, moments: Moments) -> Row:
    tokens = sum((one.tokens for one in some), ZERO)
    requests = sum((one.figures.values.get("requests", ZERO) for one in some), ZERO)
    costs = [one.figures.cost for one in some if one.figures.cost is not None]
    share = tokens / whole if whole else None
    days = Window(moments.start.date(), moments.end.date()).dates()
    by_day = dict.fromkeys(days, ZERO)
    for one in some:
        for at, amount in one.days.items():
            by_day[at.date()] = by_day.get(at.date(), ZERO) + amount
    cost = sum(costs, ZERO) if costs else None
    return (route, name, int(requests), int(tokens), share, share, cost, tuple(by_day[day] for day in sorted(by_day)))


def _title(key: str, moments: Moments) -> str:
    return f"Usage that carries {key}, {moments.label()}"


def _notes(
    found: Sequence[Way],
    share: Decimal | None,
    billed: Decimal | None,
    key: str,
    moments: Moments,
    now: datetime,
    *,
    blind: bool,
) -> Iterator[str]:
    if share is None:
        yield "Nothing was measured in this time."
        return
    yield f"{share:.1%} of the tokens went through profiles that carry {key} (measured by CloudWatch)."
    if billed is not None:
        yield f"{billed:.1%} of the billed Bedrock cost carries it (Cost Explorer, about a day late)."
    if any(one.route is not Route.TAGGED for one in found) and blind:
        yield "Who makes the other calls is not known: Bedrock's model invocation logging is off."
    unpriced = sorted({model for one in found for model in one.figures.unpriced})
    if unpriced:
        yield f"No price is known for {', '.join(unpriced)}: their cost is missing."
    if not moments.recent(now):
        yield "CloudWatch lists nothing idle for two weeks: models that are not in the catalogue may be missing."


def _text(share: Decimal | None) -> str | None:
    return None if share is None else str(share.quantize(Decimal("0.000001")))
