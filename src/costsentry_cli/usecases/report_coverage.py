"""How much of the usage is attributed, and where the rest leaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from costsentry_cli.domain.calls import Cloud
from costsentry_cli.domain.kind import Scope
from costsentry_cli.domain.measured import Look, bedrock
from costsentry_cli.domain.remembered import Remembered
from costsentry_cli.domain.reports import callers, invocation_log, leak_callers, usage_table
from costsentry_cli.domain.reports.callers import Known
from costsentry_cli.domain.reports.costs import Query, asked, folded_by, within
from costsentry_cli.domain.reports.coverage import ZERO, Route, Way, covered, route_of, together, way
from costsentry_cli.domain.reports.invocation_log import Call, Log
from costsentry_cli.domain.reports.leak_callers import Leak, LeakCaller
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
    Column("caller", "Mostly called by", drop=5, unknown=""),
)


@dataclass(frozen=True)
class Coverage:
    """The report, and the share of tokens (and of billed cost) that carries the key; None: nothing to share.

    ``callers`` are those of the greatest leaks, None where none is known; ``scanned`` is how many bytes of logs AWS
    read to tell them.
    """

    table: Table
    tokens: Decimal | None
    billed: Decimal | None
    callers: Table | None = None
    scanned: int = 0


@dataclass(frozen=True)
class Question:
    """What is asked: the share that carries ``key``. ``wait`` (seconds) waits for the callers; None asks for none."""

    key: str
    moments: Moments
    now: datetime
    wait: Callable[[float], None] | None = None


@dataclass(frozen=True)
class _Seen:
    """One account and region: the ways calls went, the leaks by ModelId, and what its invocation log says."""

    ways: Sequence[Way]
    leaks: Mapping[str, Leak]
    metrics: int
    log: Log | None

    def leaking(self) -> Iterator[tuple[Leak, Call]]:
        """The calls in the log that are leaks."""
        calls = () if self.log is None else self.log.calls
        return ((self.leaks[one.model_id], one) for one in calls if one.model_id in self.leaks)


def coverage(
    clouds: Mapping[str, Cloud], scopes: Sequence[Scope], question: Question, billing: Remembered | None
) -> Coverage:
    """Tokens by the way calls went over the scopes' accounts and regions, and the billed share of the key.

    ``billing`` None asks for no billed cost. Raises ``SentryError``.
    """
    seen = [_seen(clouds[scope.account], scope, question) for scope in scopes]
    found = together([one for each in seen for one in each.ways])
    logs = [each.log for each in seen if each.log is not None]
    by_caller = leak_callers.callers(pair for each in seen for pair in each.leaking())
    billed = None if billing is None else _billed(billing, question.key, question.moments, question.now)
    share = covered(found)
    table = Table(
        "coverage",
        COLUMNS,
        _rows(found, by_caller, question.moments),
        _total(found, question.moments),
        _title(question.key, question.moments),
        (*_notes(found, share, billed, question), *leak_callers.notes(by_caller, logs)),
    )
    facts = _facts(question, billing, metrics=sum(one.metrics for one in seen))
    facts |= {"covered_tokens": _text(share), "covered_billed": _text(billed), "key": question.key}
    facts |= leak_callers.as_facts(by_caller, logs)
    shown = [(one.route, one.name) for one in found if one.route is not Route.TAGGED][:TOP]
    who = leak_callers.table(by_caller, shown, logs)
    return Coverage(replace(table, facts=facts), share, billed, who, sum(one.scanned for one in logs))


def _facts(question: Question, billing: Remembered | None, metrics: int) -> dict[str, object]:
    """Where the figures come from, and what asking cost."""
    moments, now = question.moments, question.now
    facts = dict(usage_table.facts(BEDROCK, (callers.GroupBy.PROFILE,), moments, now, metrics))
    if billing is None:
        return facts
    told = billing.facts()
    billed = {"source": "Cost Explorer", "kind": "billed", "asked": told.pop("asked")}
    return facts | told | {"billed": billed}


def _seen(cloud: Cloud, scope: Scope, question: Question) -> _Seen:
    """One way for each ModelId that anything was measured of; the log is asked only where there is a leak."""
    recorded = callers.of_events((), scope.account, scope.region)
    look = Look(cloud, scope.region, question.moments, question.now, recorded)
    book: dict[str, Known] = {}

    def subject(model_id: str, known: Known) -> Subject:
        book[model_id] = known
        return Subject(look.region, ((("ModelId", model_id),),), (), model_id, known.model, shown=False)

    subjects = bedrock(look, subject)
    ways, leaks = [], {}
    for (_, model_id), rows in grouped(look.read, subjects).items():
        known = book[model_id]
        route, name = route_of(model_id, known, question.key), known.name or model_id
        ways.append(way(route, name, rows))
        if route is not Route.TAGGED:
            leaks[model_id] = (route, name)
    log = invocation_log.read(cloud, look.region, question.moments, question.wait) if leaks and question.wait else None
    return _Seen(ways, leaks, look.metrics, log)


def _billed(cloud: Remembered, key: str, moments: Moments, now: datetime) -> Decimal | None:
    """The share of billed Bedrock cost that carries the key; None when nothing was billed."""
    window = Window(moments.start.date(), moments.end.date())
    query = Query((Group(key, "TAG", key),), (METRIC,))
    folded = folded_by(asked(cloud, query, [window], now), query.grouped, METRIC)
    sums = {keys[0]: within(by_day, window) for keys, by_day in folded.cells.items()}
    whole = sum(sums.values(), ZERO)
    return (whole - sums.get("", ZERO)) / whole if whole else None


def _rows(found: Sequence[Way], by_caller: Sequence[LeakCaller], moments: Moments) -> tuple[Row, ...]:
    whole = sum((one.tokens for one in found), ZERO)
    tagged = [one for one in found if one.route is Route.TAGGED]
    leaks = [one for one in found if one.route is not Route.TAGGED]
    rest = leaks[TOP:]
    other = [(*_row("other leaks", f"{len(rest)} names", rest, whole, moments), None)] if rest else []
    shown = [
        (
            *_row(one.route.value, one.name or None, [one], whole, moments),
            leak_callers.foremost(by_caller, (one.route, one.name)),
        )
        for one in (*tagged, *leaks[:TOP])
    ]
    return (*shown, *other)


def _total(found: Sequence[Way], moments: Moments) -> Row | None:
    whole = sum((one.tokens for one in found), ZERO)
    return (*_row("Total", "", found, whole, moments), "") if found else None


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


def _notes(found: Sequence[Way], share: Decimal | None, billed: Decimal | None, question: Question) -> Iterator[str]:
    if share is None:
        yield "Nothing was measured in this time."
        return
    yield f"{share:.1%} of the tokens went through profiles that carry {question.key} (measured by CloudWatch)."
    if billed is not None:
        yield f"{billed:.1%} of the billed Bedrock cost carries it (Cost Explorer, about a day late)."
    unpriced = sorted({model for one in found for model in one.figures.unpriced})
    if unpriced:
        yield f"No price is known for {', '.join(unpriced)}: their cost is missing."
    if usage_table.unfinished(question.moments, question.now):
        yield usage_table.UNFINISHED
    if not question.moments.recent(question.now):
        yield "CloudWatch lists nothing idle for two weeks: models that are not in the catalogue may be missing."


def _text(share: Decimal | None) -> str | None:
    return None if share is None else str(share.quantize(Decimal("0.000001")))
