"""The sentences below a cost report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from costsentry_cli.domain.manifest.findings import most_similar
from costsentry_cli.domain.money import places, usd
from costsentry_cli.domain.reports.costs import Folded, within
from costsentry_cli.domain.reports.question import TAG, Condition, Question
from costsentry_cli.domain.reports.rows import Compared, Line, gone
from costsentry_cli.domain.window import Window

LATE = "Cost Explorer is about a day late."


def notes(
    question: Question, folded: Folded, found: Sequence[Line], total: Line, complete: date, parts: Compared | None
) -> Iterator[str]:
    """What a reader must know to read the figures: where they end, what is not in them, what nobody owns."""
    if not found:
        yield f"No Bedrock cost in this period{_under(question)}. {LATE}"
        if question.window.start >= complete:
            yield "Nothing of this period is complete yet; the month before: sentry report --last last-month"
        yield from map(_where, question.only)
    yield from _untagged(question, found, total)
    yield from _rest(question, folded, found)
    beside = extras(folded, question.window)
    if beside:
        yield f"Not in these figures: {', '.join(_said(name, beside[name]) for name in sorted(beside))}."
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


def _untagged(question: Question, found: Sequence[Line], total: Line) -> Iterator[str]:
    for place, group in enumerate(question.groups):
        amount = sum((one.cost for one in found if one.values[place] == ""), Decimal(0))
        if group.kind == TAG and amount and total.cost:
            share = f"{amount / total.cost:.1%} ({usd(amount, places([amount]))})"
            yield f"{share} carries no {group.key}: sentry tags status"


def _rest(question: Question, folded: Folded, found: Sequence[Line]) -> Iterator[str]:
    if question.top is None:
        return
    every = sum(any(map(question.window.has, days)) for days in folded.cells.values())
    merged = every - len(found) + 1
    if merged > 1:
        yield f"(other) is {merged} groups: leave --top out to see them."


def extras(folded: Folded, window: Window) -> Mapping[str, Decimal]:
    """USD of what is no usage, by record type, for those that are not zero."""
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


def _unseen(question: Question, found: Sequence[Line]) -> Iterator[str]:
    """Filtered values that no cost has, where the group shows which there are."""
    for place, group in enumerate(question.groups):
        seen = {one.values[place] for one in found}
        wanted = [value for one in question.only if one.group == group for value in one.values]
        missing = [value for value in wanted if value not in seen]
        if found and missing:
            yield f"No cost has {group.word} {', '.join(value or group.unknown for value in missing)}."


def undeclared(question: Question, found: int, declared: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Values in filters that no profile of the manifest has, with what was meant: of ``declared``, by tag key.

    A single value that the report was filtered by, and for which it ``found`` rows, is there all the same.
    """
    proved = [one for one in question.only if found and len(one.values) == 1]
    for one in (*question.only, *question.without):
        known = declared.get(one.group.key, ()) if one.group.kind == TAG else ()
        for value in one.values:
            if known and value and value not in known and one not in proved:
                meant = most_similar(value, tuple(known))
                others = f"; did you mean {meant}?" if meant else f": {', '.join(known)}"
                yield f"No profile of the manifest has {one.group.word} {value}{others}"
