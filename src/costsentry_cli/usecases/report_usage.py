"""What CloudWatch measured of calls, by profile, model or tag: Bedrock's own metrics, or those of metered calls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from costsentry_cli.domain.calls import Cloud
from costsentry_cli.domain.kind import Scope
from costsentry_cli.domain.kinds.inference_profile import observed_in
from costsentry_cli.domain.manifest.findings import most_similar
from costsentry_cli.domain.measured import Look, bedrock
from costsentry_cli.domain.meter import NAMESPACE
from costsentry_cli.domain.reports import callers, usage, usage_table
from costsentry_cli.domain.reports.callers import Book, GroupBy, Known
from costsentry_cli.domain.reports.moments import LISTED, Moments
from costsentry_cli.domain.reports.usage import Dimensions, Groups, Subject, Values
from costsentry_cli.domain.table import Table

Events = Sequence[Mapping[str, Any]]
_IN_METRICS = frozenset({*callers.TAG_OF_DIMENSION.values(), GroupBy.MODEL, GroupBy.REGION, GroupBy.ACCOUNT})
"""What the dimensions of metered calls, and the place they are asked in, tell."""
_WORDS = (GroupBy.PROFILE, GroupBy.MODEL, GroupBy.REGION, GroupBy.ACCOUNT)


class Source(StrEnum):
    """Whose count it is."""

    BEDROCK = "bedrock"
    METERED = "metered"


@dataclass(frozen=True)
class Question:
    """What is asked: by one or two of ``GroupBy`` or tag keys; ``search`` False asks for every metric by name also
    where CloudWatch could search."""

    group_by: tuple[str, ...]
    moments: Moments
    now: datetime
    search: bool = True

    @property
    def recent(self) -> bool:
        """Whether CloudWatch still lists everything that was measured."""
        return self.moments.recent(self.now)

    @property
    def by_profile(self) -> bool:
        """Whether profiles are told apart."""
        return GroupBy.PROFILE in self.group_by

    def values(self, scope: Scope, known: Known) -> Values:
        """What it has of each thing that is grouped by."""
        place: dict[str, str] = {GroupBy.REGION: scope.region, GroupBy.ACCOUNT: scope.account}
        return tuple(place.get(by) or known.value(by) for by in self.group_by)


def report(
    clouds: Mapping[str, Cloud], scopes: Sequence[Scope], question: Question, source: Source, events: Events = ()
) -> Table:
    """Usage by group over the scopes' accounts and regions; ``events`` are recorded calls, for names of what is gone.

    ``facts`` of the table: period, source, kind, through, what asking cost. Raises ``SentryError``.
    """
    groups: Groups = {}
    metrics, keys = 0, set[str]()
    for scope in scopes:
        recorded = callers.of_events(events, scope.account, scope.region)
        look = Look(clouds[scope.account], scope.region, question.moments, question.now, recorded)
        subjects = (_bedrock if source is Source.BEDROCK else _metered)(look, scope, question)
        for key, rows in usage.grouped(look.read, subjects).items():
            group = groups.setdefault(key, {})
            for row, figures in rows.items():
                group[row] = group.get(row, usage.NOTHING) + figures
        metrics += look.metrics
        keys |= look.tag_keys
    columns = usage_table.OF_BEDROCK if source is Source.BEDROCK else usage_table.OF_METERED
    unfinished = (usage_table.UNFINISHED,) if usage_table.unfinished(question.moments, question.now) else ()
    notes = (*_unseen(question, source, named=bool(events)), *_uncarried(question, groups, keys), *unfinished)
    table = usage_table.table(groups, columns, question.group_by, question.moments, notes)
    namespace = usage.BEDROCK if source is Source.BEDROCK else NAMESPACE
    facts = usage_table.facts(namespace, question.group_by, question.moments, question.now, metrics)
    return replace(table, facts=facts)


def _bedrock(look: Look, scope: Scope, question: Question) -> list[Subject]:
    return bedrock(look, lambda model_id, known: _subject(scope, question, model_id, known))


def _subject(scope: Scope, question: Question, model_id: str, known: Known) -> Subject:
    own = model_id if question.by_profile and known.name else ""
    metric: Dimensions = (("ModelId", model_id),)
    return Subject(scope.region, (metric,), question.values(scope, known), own, known.model, shown=known.living)


def _metered(look: Look, scope: Scope, question: Question) -> list[Subject]:
    """Every set of dimensions that metered calls were counted under, as far as it can be known."""
    metrics = look.listed(NAMESPACE)
    profiles: Book = {}
    ours: Book = {}
    by_dimension = _IN_METRICS.issuperset(question.group_by)
    if not question.recent or not by_dimension:
        things = observed_in(look.cloud, look.region)
        profiles = callers.of_profiles(things)
        ours = callers.of_profiles(thing for thing in things if thing.namespace is not None)
        look.tag_keys.update(key for known in profiles.values() for key in known.tags)
    if not question.recent:
        metrics |= {known.metered(model_id) for model_id, known in (ours | look.recorded).items()}
    subjects = _by_model(scope, question, metrics, callers.of_metered(metrics) | look.recorded | profiles)
    searched: list[Subject] = []
    named: list[Subject] = []
    for one in subjects:
        found = question.recent and question.search and (by_dimension or question.by_profile) and usage.searchable(one)
        (searched if found else named).append(one)
    look.ask(usage.searched(searched, usage.OF_METERED, question.moments))
    look.ask(usage.explicit(NAMESPACE, named, usage.OF_METERED, question.moments))
    return subjects


def _by_model(scope: Scope, question: Question, metrics: Iterable[Dimensions], book: Book) -> list[Subject]:
    """One subject for each group and model: a model has one price."""
    found: dict[tuple[Values, str, str], list[Dimensions]] = {}
    for metric in sorted(metrics):
        named = dict(metric)
        model_id, model = named.get("ModelId", ""), named.get("Model", "")
        tags = {tag: named[name] for name, tag in callers.TAG_OF_DIMENSION.items() if name in named}
        other = book.get(model_id, Known())
        own = model_id if question.by_profile and other.name else ""
        others = {key: value for key, value in other.tags.items() if key not in _IN_METRICS}
        values = question.values(scope, Known(other.name, model, others | tags))
        found.setdefault((values, own, model), []).append(metric)
    return [
        Subject(scope.region, tuple(those), values, own, model, shown=False)
        for (values, own, model), those in found.items()
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


def _uncarried(question: Question, groups: Groups, keys: set[str]) -> Iterator[str]:
    """Tag keys that nothing carries, most likely misspelled."""
    for place, by in enumerate(question.group_by):
        if by not in _WORDS and by not in keys and not any(values[place] for values, _ in groups):
            meant = most_similar(by, (*keys, *_WORDS))
            yield f"No profile carries {by}" + (f"; did you mean {meant}?" if meant else ".")
