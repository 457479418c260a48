"""What was billed, by one or two of tag, model, service …, from Cost Explorer."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal

from costsentry_cli.domain.calls import Cloud
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.kinds.cost_allocation_tag import active_keys
from costsentry_cli.domain.money import places, usd
from costsentry_cli.domain.remembered import Remembered
from costsentry_cli.domain.reports import focus as focused
from costsentry_cli.domain.reports.costs import (
    ByDay,
    Folded,
    Query,
    asked,
    complete_before,
    folded_by,
    known_since,
    need_attributes,
    within,
)
from costsentry_cli.domain.reports.expression import by_attributes
from costsentry_cli.domain.reports.question import TAG, WORDS, Condition, Group, Question, near_word
from costsentry_cli.domain.reports.rows import Compared, Line, Shown, compared, gone, lines, summed, table
from costsentry_cli.domain.table import Table
from costsentry_cli.domain.window import Granularity, Window

SOURCE = "Cost Explorer"
ACTIVATE = "sentry tags activate"
LATE = "Cost Explorer is about a day late."


def costs(cloud: Cloud, question: Question, now: datetime) -> Table:
    """Bedrock cost per group over the window, all of it, whatever it is billed under; see ``Question``.

    ``facts`` of the table: period, source, kind, metric, how complete and how old the data is, paid requests. Give a
    ``Remembered`` cloud to pay for an answer once. Raises ``SentryError`` CS0107 for what AWS did not know yet then.
    """
    need_attributes(question.attributes, question.window)
    paying = cloud if isinstance(cloud, Remembered) else Remembered(cloud, lambda: now)
    parts = _comparable(question, now)
    folded = _folded(paying, question, parts, now)
    complete = complete_before(paying.oldest or now)
    if parts is not None:
        parts = compared(question, complete, known_since(now.date()))
    found = lines(question, folded, parts)
    total = summed(("Total",), found)
    notes = (*_notes(question, folded, found, total, complete, parts), *_inactive(paying, question, found))
    facts = _facts(question, folded, total, complete, parts) | paying.facts()
    return table(Shown(question, found, total, folded.estimated, complete, parts, notes, facts))


def focus(cloud: Cloud, question: Question, now: datetime, account: str) -> Table:
    """The same costs in the columns of FOCUS, as far as Cost Explorer knows them: one row per day and group.

    One request asks for what was billed and for the amortised cost. ``account`` is the payer's id.
    """
    need_attributes(question.attributes, question.window)
    query = Query(question.groups, focused.METRICS, question.only, question.without, view=question.view)
    paying = cloud if isinstance(cloud, Remembered) else Remembered(cloud, lambda: now)
    pages = list(asked(paying, query, [question.window], now))
    made = focused.table(question, pages, account)
    return Table(made.name, made.columns, made.rows, facts={"source": SOURCE, "kind": "billed"} | paying.facts())


def _comparable(question: Question, now: datetime) -> Compared | None:
    """What is asked for of the period before; nothing where AWS cannot know the groups or filters of then."""
    parts = compared(question, complete_before(now), known_since(now.date()))
    if parts is not None and question.attributes and not by_attributes(parts.before):
        return None
    return parts


def _folded(cloud: Cloud, question: Question, parts: Compared | None, now: datetime) -> Folded:
    windows = [question.window] if parts is None else [parts.before, question.window]
    hourly = question.granularity is Granularity.HOURLY
    together = question.with_extras and len(question.groups) == 1
    query = Query(
        question.groups,
        (question.metric.aws,),
        question.only,
        question.without,
        None if together else True,
        question.view,
        hourly,
    )
    folded = folded_by(asked(cloud, query, windows, now), query.grouped, question.metric.aws)
    if together or not question.with_extras:
        return folded
    apart = Query((), query.metrics, query.only, query.without, False, query.view, hourly)  # noqa: FBT003 see Query
    extras = folded_by(asked(cloud, apart, [question.window], now), apart.grouped, question.metric.aws)
    return Folded(folded.cells, extras.apart, folded.estimated)


def _notes(
    question: Question, folded: Folded, found: list[Line], total: Line, complete: date, parts: Compared | None
) -> Iterator[str]:
    if not found:
        yield f"No Bedrock cost in this period{_under(question)}. {LATE}"
        yield from map(_where, question.only)
    yield from _untagged(question, found, total)
    yield from _rest(question, folded, found)
    extras = _extras(folded, question.window)
    if extras:
        yield f"Not in these figures: {', '.join(_said(name, extras[name]) for name in sorted(extras))}."
    if found and question.window.end > complete:
        yield f"Complete through {complete - timedelta(days=1)}; later days are AWS's estimates."
    elif folded.estimated.intersection(total.by_day):
        yield "AWS may still change these figures: the month is not closed."
    if found and parts is not None:
        yield f"vs before: {_span(parts.now)} against {_span(parts.before)}."
        lost = gone(question, folded, parts)
        if lost:
            yield f"{lost} more had cost then and none now: sentry report compare"
    elif found and question.compares:
        yield "The period before cannot be compared: AWS does not have it, or nothing is complete yet."
    yield from _unseen(question, found)


def _untagged(question: Question, found: list[Line], total: Line) -> Iterator[str]:
    for place, group in enumerate(question.groups):
        amount = sum((one.cost for one in found if one.values[place] == ""), Decimal(0))
        if group.kind == TAG and amount and total.cost:
            share = f"{amount / total.cost:.1%} ({usd(amount, places([amount]))})"
            yield f"{share} carries no {group.key}: sentry tags status"


def _rest(question: Question, folded: Folded, found: list[Line]) -> Iterator[str]:
    if question.top is None:
        return
    every = sum(any(map(question.window.has, days)) for days in folded.cells.values())
    merged = every - len(found) + 1
    if merged > 1:
        yield f"(other) is {merged} groups: leave --top out to see them."


def _extras(folded: Folded, window: Window) -> Mapping[str, Decimal]:
    sums = {name: within(days, window) for name, days in folded.apart.items()}
    return {name: amount for name, amount in sums.items() if amount}


def _said(name: str, amount: Decimal) -> str:
    return f"{name.lower() if name == 'Tax' else name.lower() + 's'} {usd(amount, places([amount]))}"


def _span(window: Window) -> str:
    return f"{window.start} .. {window.end - timedelta(days=1)}"


def _under(question: Question) -> str:
    told = [f"{one.group.word} {' or '.join(v or one.group.unknown for v in one.values)}" for one in question.only]
    told += [
        f"not {one.group.word} {' or '.join(v or one.group.unknown for v in one.values)}" for one in question.without
    ]
    return f" with {', '.join(told)}" if told else ""


def _where(one: Condition) -> str:
    return f"Which values {one.group.word} has: sentry report --group-by {one.group.word}"


def _unseen(question: Question, found: list[Line]) -> Iterator[str]:
    """Filtered values that no cost has, where the group shows which there are."""
    for place, group in enumerate(question.groups):
        seen = {one.values[place] for one in found}
        wanted = [value for one in question.only if one.group == group for value in one.values]
        missing = [value for value in wanted if value not in seen]
        if found and missing:
            yield f"No cost has {group.word} {', '.join(value or group.unknown for value in missing)}."


def _inactive(cloud: Cloud, question: Question, found: list[Line]) -> tuple[str, ...]:
    """Tag keys that billing does not split costs by, where nothing carries them. Asking this is free."""
    filtered = [one.group for one in (*question.only, *question.without)]
    bare = [g for n, g in enumerate(question.groups) if not any(one.values[n] for one in found)]
    doubtful = [group for group in dict.fromkeys([*bare, *(filtered if not found else ())]) if group.kind == TAG]
    if not doubtful or (not found and not filtered):
        return ()
    try:
        active = [tag.key for tag in active_keys(cloud)]
    except SentryError:  # a member account may not ask
        return ()
    return tuple(_told(group, active) for group in doubtful if group.key not in active)


def _told(group: Group, active: list[str]) -> str:
    if group == WORDS["profile"]:
        return f"{group.key} is no active cost allocation tag, so no cost tells its profile: {ACTIVATE} {group.key}"
    near = difflib.get_close_matches(group.key.lower(), [one.lower() for one in active], n=1)
    meant = next((one for one in active if near and one.lower() == near[0]), "") or near_word(group.key)
    others = f"; did you mean {meant}?" if meant else f": active are {', '.join(active) or 'none'}"
    return f"{group.key} is no active cost allocation tag{others}"


def _facts(
    question: Question, folded: Folded, total: Line, complete: date, parts: Compared | None
) -> dict[str, object]:
    amounts: ByDay = total.by_day
    known = max((day for day in amounts), default=None)
    window = question.window
    facts: dict[str, object] = {
        "period": window.as_dict(),
        "granularity": question.granularity.value,
        "source": SOURCE,
        "kind": "billed",
        "metric": question.metric.aws,
        "currency": "USD",
        "estimated": bool(folded.estimated.intersection(amounts)),
        "complete_through": None if known is None else (min(complete, window.end) - timedelta(days=1)).isoformat(),
    }
    if parts is not None:
        facts["compared"] = {"period": parts.now.as_dict(), "before": parts.before.as_dict()}
    if question.with_extras:
        facts["not_included_usd"] = {name.lower(): str(v) for name, v in sorted(_extras(folded, window).items())}
    return facts
