"""What was billed, by one or two of tag, model, service …, from Cost Explorer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TypeVar

from costsentry_cli.domain.calls import Cloud
from costsentry_cli.domain.errors import INTERRUPTED, TOO_MANY_REQUESTS, SentryError
from costsentry_cli.domain.kind import Scope
from costsentry_cli.domain.kinds.cost_allocation_tag import active_keys
from costsentry_cli.domain.manifest.findings import most_similar
from costsentry_cli.domain.plan import Trouble
from costsentry_cli.domain.remembered import Remembered
from costsentry_cli.domain.reports import cost_notes
from costsentry_cli.domain.reports import focus as focused
from costsentry_cli.domain.reports.costs import (
    ByDay,
    Folded,
    Query,
    asked,
    complete_before,
    folded_by,
    joined,
    known_since,
    need_attributes,
)
from costsentry_cli.domain.reports.expression import by_attributes
from costsentry_cli.domain.reports.question import TAG, WORDS, Condition, Group, Question, near_word
from costsentry_cli.domain.reports.rows import Compared, Line, Shown, compared, lines, summed, table
from costsentry_cli.domain.table import Table
from costsentry_cli.domain.window import Granularity

SOURCE = "Cost Explorer"
ACTIVATE = "sentry tags activate"
ACCOUNT = WORDS["account"]
ACCOUNTS_AT_ONCE = 8
"""Each account has its own quota of requests: they do not slow one another down."""
Answered = TypeVar("Answered")


@dataclass(frozen=True)
class ByAccount:
    """A report of several accounts, and those that are not in it."""

    table: Table
    troubles: tuple[Trouble, ...] = ()


def costs(cloud: Cloud, question: Question, now: datetime) -> Table:
    """Bedrock cost per group over the window, all of it, whatever it is billed under; see ``Question``.

    ``facts`` of the table: period, source, kind, metric, how complete and how old the data is, paid requests. Give a
    ``Remembered`` cloud to pay for an answer once. Raises ``SentryError`` CS0107 for what AWS did not know yet then.
    """
    need_attributes(question.attributes, question.window)
    paying = cloud if isinstance(cloud, Remembered) else Remembered(cloud, lambda: now)
    parts = _comparable(question, now)
    shown = _shown(question, _folded(paying, question, parts, now), parts, paying, now)
    return table(replace(shown, notes=(*shown.notes, *_inactive(paying, question, shown.lines))))


def of_accounts(clouds: Mapping[str, Remembered], question: Question, now: datetime) -> ByAccount:
    """The same of several accounts, each asked for its own cost alone: nothing is counted twice where one of them is
    the payer of another. The account is a further group where it is none already.

    An account that refuses is a trouble and in no figure; raises its ``SentryError`` when all do, or when interrupted
    or out of paid requests.
    """
    need_attributes(question.attributes, question.window)
    parts = _comparable(question, now)
    named = ACCOUNT in question.groups
    answers, troubles = _each(clouds, question, lambda cloud, own, _: _folded(cloud, own, parts, now))
    groups = question.groups if named else (ACCOUNT, *question.groups)
    whole = replace(question, groups=groups, extras=question.with_extras)
    folded = joined(answer if named else answer.under(account) for account, answer in answers.items())
    return ByAccount(table(_shown(whole, folded, parts, next(iter(clouds.values())), now)), troubles)


def focus_of_accounts(clouds: Mapping[str, Remembered], question: Question, now: datetime) -> ByAccount:
    """As ``focus`` of several accounts, each asked for its own cost alone; see ``of_accounts``."""
    made, troubles = _each(clouds, question, lambda cloud, own, account: focus(cloud, own, now, account))
    first = next(iter(made.values()))
    rows = tuple(row for one in made.values() for row in one.rows)
    return ByAccount(
        replace(first, rows=rows, facts=dict(first.facts or {}) | next(iter(clouds.values())).facts()), troubles
    )


def _each(
    clouds: Mapping[str, Remembered], question: Question, ask: Callable[[Remembered, Question, str], Answered]
) -> tuple[dict[str, Answered], tuple[Trouble, ...]]:
    """What each account answers to the question about itself, by account, asked side by side; and who does not.

    Once interrupted or out of paid requests, nothing more is paid for: what is under way ends with its page.
    """

    def asked_of(account: str) -> Answered | SentryError:
        own = replace(question, only=(*question.only, Condition(ACCOUNT, (account,))))
        try:
            return ask(clouds[account], own, account)
        except SentryError as error:
            if error.code in (INTERRUPTED, TOO_MANY_REQUESTS):
                raise
            return error

    with ThreadPoolExecutor(min(ACCOUNTS_AT_ONCE, len(clouds))) as pool:
        try:
            found = dict(zip(clouds, pool.map(asked_of, clouds), strict=True))
        except BaseException:
            next(iter(clouds.values())).paid.close()
            raise
    troubles = [Trouble(Scope(name, "", ""), one) for name, one in found.items() if isinstance(one, SentryError)]
    answers = {name: one for name, one in found.items() if not isinstance(one, SentryError)}
    if not answers:
        raise troubles[0].error
    return answers, tuple(troubles)


def without(table: Table, troubles: Sequence[Trouble]) -> Table:
    """The table with a note, and a fact, of every account that is in none of its figures."""
    notes = [
        f"Not in these figures: account {one.scope.account}, {one.error.code} {one.error.message}" for one in troubles
    ]
    missing = [{"account": one.scope.account, "code": one.error.code, "message": one.error.message} for one in troubles]
    return replace(table, notes=(*table.notes, *notes), facts=dict(table.facts or {}) | {"not_asked": missing})


def _shown(question: Question, folded: Folded, parts: Compared | None, paying: Remembered, now: datetime) -> Shown:
    """The folded answer as lines, with notes and facts."""
    complete = complete_before(paying.oldest or now)
    if parts is not None:
        parts = compared(question, complete, known_since(now.date()))
    found = lines(question, folded, parts)
    total = summed(("Total",), found)
    notes = tuple(cost_notes.notes(question, folded, found, total, complete, parts))
    facts = _facts(question, folded, total, complete, parts) | paying.facts()
    return Shown(question, found, total, folded.estimated, complete, parts, notes, facts)


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


def _inactive(cloud: Cloud, question: Question, found: Sequence[Line]) -> tuple[str, ...]:
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
    meant = most_similar(group.key, tuple(active)) or near_word(group.key)
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
        facts["not_included_usd"] = {
            name.lower(): str(v) for name, v in sorted(cost_notes.extras(folded, window).items())
        }
    return facts
