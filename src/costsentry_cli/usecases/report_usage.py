"""What CloudWatch measured of calls, by profile, model or tag: Bedrock's own metrics, or those of metered calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from costsentry_cli.domain.calls import Cloud
from costsentry_cli.domain.kind import Scope
from costsentry_cli.domain.kinds.inference_profile import observed_in
from costsentry_cli.domain.measured import Look, bedrock
from costsentry_cli.domain.meter import NAMESPACE
from costsentry_cli.domain.reports import callers, usage, usage_table
from costsentry_cli.domain.reports.callers import Book, GroupBy, Known
from costsentry_cli.domain.reports.moments import LISTED, Moments
from costsentry_cli.domain.reports.usage import Dimensions, Groups, Subject
from costsentry_cli.domain.table import Table

Events = Sequence[Mapping[str, Any]]


class Source(StrEnum):
    """Whose count it is."""

    BEDROCK = "bedrock"
    METERED = "metered"


@dataclass(frozen=True)
class Question:
    """What is asked; ``search`` False asks for every metric by name also where CloudWatch could search."""

    group_by: GroupBy
    moments: Moments
    now: datetime
    search: bool = True

    @property
    def recent(self) -> bool:
        """Whether CloudWatch still lists everything that was measured."""
        return self.moments.recent(self.now)


def report(
    clouds: Mapping[str, Cloud], scopes: Sequence[Scope], question: Question, source: Source, events: Events = ()
) -> Table:
    """Usage by group over the scopes' accounts and regions; ``events`` are recorded calls, for names of what is gone.

    ``facts`` of the table: period, source, kind, through, what asking cost. Raises ``SentryError``.
    """
    groups: Groups = {}
    metrics = 0
    for scope in scopes:
        recorded = callers.of_events(events, scope.account, scope.region)
        look = Look(clouds[scope.account], scope.region, question.moments, question.now, recorded)
        subjects = _bedrock(look, question) if source is Source.BEDROCK else _metered(look, question)
        for key, rows in usage.grouped(look.read, subjects).items():
            group = groups.setdefault(key, {})
            for row, figures in rows.items():
                group[row] = group.get(row, usage.NOTHING) + figures
        metrics += look.metrics
    columns = usage_table.OF_BEDROCK if source is Source.BEDROCK else usage_table.OF_METERED
    notes = _unseen(question, source, named=bool(events))
    table = usage_table.table(groups, columns, question.group_by, question.moments, notes)
    namespace = usage.BEDROCK if source is Source.BEDROCK else NAMESPACE
    facts = usage_table.facts(namespace, question.group_by, question.moments, question.now, metrics)
    return replace(table, facts=facts)


def _bedrock(look: Look, question: Question) -> list[Subject]:
    return bedrock(look, lambda model_id, known: _subject(look, question, model_id, known))


def _subject(look: Look, question: Question, model_id: str, known: Known) -> Subject:
    by = question.group_by
    own = model_id if by is GroupBy.PROFILE and known.name else ""
    metric: Dimensions = (("ModelId", model_id),)
    return Subject(look.region, (metric,), known.value(by), own, known.model, shown=known.living)


def _metered(look: Look, question: Question) -> list[Subject]:
    """Every set of dimensions that metered calls were counted under, as far as it can be known."""
    metrics = look.listed(NAMESPACE)
    profiles: Book = {}
    if question.group_by is GroupBy.PROFILE or not question.recent:
        things = observed_in(look.cloud, look.region)
        profiles = callers.of_profiles(thing for thing in things if thing.namespace is not None)
    if not question.recent:
        metrics |= {known.metered(model_id) for model_id, known in (profiles | look.recorded).items()}
    subjects = _by_model(look, question, metrics, callers.of_metered(metrics) | look.recorded | profiles)
    searched: list[Subject] = []
    named: list[Subject] = []
    for one in subjects:
        (searched if question.recent and question.search and usage.searchable(one) else named).append(one)
    look.ask(usage.searched(searched, usage.OF_METERED, question.moments))
    look.ask(usage.explicit(NAMESPACE, named, usage.OF_METERED, question.moments))
    return subjects


def _by_model(look: Look, question: Question, metrics: Iterable[Dimensions], book: Book) -> list[Subject]:
    """One subject for each group and model: a model has one price."""
    found: dict[tuple[str | None, str, str], list[Dimensions]] = {}
    by = question.group_by
    for metric in sorted(metrics):
        named = dict(metric)
        model_id, model = named.get("ModelId", ""), named.get("Model", "")
        tags = {tag: named[name] for name, tag in callers.TAG_OF_DIMENSION.items() if name in named}
        name = book[model_id].name if model_id in book else ""
        own = model_id if by is GroupBy.PROFILE and name else ""
        found.setdefault((Known(name, model, tags).value(by), own, model), []).append(metric)
    return [
        Subject(look.region, tuple(those), value, own, model, shown=False)
        for (value, own, model), those in found.items()
    ]


def _unseen(question: Question, source: Source, *, named: bool) -> tuple[str, ...]:
    """What could not be looked for."""
    notes = []
    if source is Source.METERED:
        notes.append("Only calls made through this program; In has the cached tokens, at the full price of input.")
    if not question.recent:
        since = (question.now - LISTED).date()
        other = "under tags changed since" if source is Source.METERED else "of models not in the catalogue"
        help_ = "" if named else "; recorded calls name them: --audit, --audit-file FILE"
        notes.append(
            f"CloudWatch lists nothing idle since {since}: calls of deleted profiles and {other} may be missing{help_}."
        )
    return tuple(notes)
