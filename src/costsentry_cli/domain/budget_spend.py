"""What slices of Bedrock cost add up to, day by day, in as few paid Cost Explorer requests as there can be.

A request groups by one tag key and the service name, so one answers for every value of the key; slices of several tags
share a request where they differ in one of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from costsentry_cli.domain.assumptions import BEDROCK_SERVICE_NAME_MARK, COST_EXPLORER_REQUEST_USD
from costsentry_cli.domain.budget_filter import Slice
from costsentry_cli.domain.calls import ApiCall, Cloud
from costsentry_cli.domain.errors import INTERRUPTED, SentryError
from costsentry_cli.domain.remembered import sent, sent_before
from costsentry_cli.domain.reports.costs import METRIC, SERVICE, costs_call
from costsentry_cli.domain.window import Window

SERVICE_ONLY = ""
Fixed = tuple[tuple[str, tuple[str, ...]], ...]
ByDay = Mapping[date, Decimal]


@dataclass(frozen=True, order=True)
class Question:
    """One paid request: cost by ``group`` (a tag key, none if empty) and service of what carries the ``fixed`` tags."""

    group: str
    fixed: Fixed = ()

    def call(self, window: Window, granularity: str = "DAILY") -> ApiCall:
        """The request."""
        plain = costs_call("service", window)
        params = {**plain.params, "Granularity": granularity}
        if self.group:
            params["GroupBy"] = [{"Type": "TAG", "Key": self.group}, SERVICE]
        if self.fixed:
            tags = [{"Tags": {"Key": key, "Values": list(values)}} for key, values in self.fixed]
            params["Filter"] = {"And": [*tags, params["Filter"]]}
        return ApiCall(plain.service, plain.operation, params)


@dataclass(frozen=True)
class Spend:
    """Cost of one question by value of its group and service, per day; the value ``""`` carries no tag."""

    question: Question
    cells: Mapping[tuple[str, str], ByDay]

    def by_day(self, wanted: Slice | None = None) -> dict[date, Decimal]:
        """The Bedrock cost of a slice per day; of everything without one."""
        sums: dict[date, Decimal] = {}
        for (value, service), days in self.cells.items():
            if _bedrock(service) and (wanted is None or self._in(wanted, value, service)):
                for day, amount in days.items():
                    sums[day] = sums.get(day, Decimal(0)) + amount
        return sums

    def by_value(self, window: Window) -> dict[str, Decimal]:
        """The Bedrock cost of each value in the window."""
        sums: dict[str, Decimal] = {}
        for (value, service), days in self.cells.items():
            if _bedrock(service):
                sums[value] = sums.get(value, Decimal(0)) + within(days, window)
        return sums

    def by_service(self) -> dict[str, Decimal]:
        """The Bedrock cost of each service name it is billed under."""
        sums: dict[str, Decimal] = {}
        for (_, service), days in self.cells.items():
            if _bedrock(service):
                sums[service] = sums.get(service, Decimal(0)) + sum(days.values(), Decimal(0))
        return sums

    def services(self, wanted: Slice) -> set[str]:
        """The names of the services that Bedrock cost of the slice is billed under, whichever ones it names."""
        any_name = Slice(wanted.tags)
        return {name for value, name in self.cells if _bedrock(name) and self._in(any_name, value, name)}

    def _in(self, wanted: Slice, value: str, service: str) -> bool:
        if wanted.services and service not in wanted.services:
            return False
        return self.question.group == SERVICE_ONLY or value in wanted.tags.get(self.question.group, (value,))


def questions_for(slices: Sequence[Slice]) -> dict[str, Question]:
    """``Slice.identity()`` -> the question that answers for it, the fewest there can be; only for plain slices."""
    plain = {one.identity(): one for one in slices if one.plain}
    groups = _groups(plain.values())
    return {name: _question(one, groups.get(tuple(sorted(one.tags)), SERVICE_ONLY)) for name, one in plain.items()}


@dataclass(frozen=True)
class Asked:
    """The answers by question, how many paid requests they took, and the error that ended the asking."""

    answers: Mapping[Question, Spend]
    paid: int
    error: SentryError | None = None


def asked(cloud: Cloud, questions: Iterable[Question], window: Window, granularity: str = "DAILY") -> Asked:
    """The answers there are: the first refusal ends it, and is told; raises ``SentryError`` only when interrupted."""
    answers: dict[Question, Spend] = {}
    count, before, refused = 0, sent_before(cloud), None
    try:
        for question in sorted(set(questions)):
            pages = list(cloud.pages(question.call(window, granularity)))
            count += len(pages)
            answers[question] = Spend(question, _cells(pages, question))
    except SentryError as error:
        if error.code == INTERRUPTED:
            raise
        refused = error
    return Asked(answers, sent(cloud, count, before), refused)


def ask(
    cloud: Cloud, questions: Iterable[Question], window: Window, granularity: str = "DAILY"
) -> tuple[Mapping[Question, Spend], int]:
    """The answers by question, and how many paid requests they took: every page is one."""
    found = asked(cloud, questions, window, granularity)
    if found.error is not None:
        raise found.error
    return found.answers, found.paid


def within(days: ByDay, window: Window) -> Decimal:
    """The sum of the days of a window."""
    return sum((amount for day, amount in days.items() if window.start <= day < window.end), Decimal(0))


def price(paid: int) -> Decimal:
    """What so many paid requests cost, USD."""
    return Decimal(COST_EXPLORER_REQUEST_USD) * paid


def paid_facts(paid: int, error: SentryError | None = None) -> dict[str, object]:
    """The members of a JSON document that tell what the answer cost, and why costs are not in it."""
    refused = None if error is None else {"code": error.code, "message": error.message}
    return {"paid_requests": paid, "paid_requests_usd": str(price(paid)), "costs_error": refused}


def _groups(slices: Iterable[Slice]) -> dict[tuple[str, ...], str]:
    """For every combination of tag keys the one with the most values: grouped by it, most slices share a request."""
    values: dict[tuple[str, ...], dict[str, set[str]]] = {}
    for one in slices:
        if one.tags:
            seen = values.setdefault(tuple(sorted(one.tags)), {key: set() for key in sorted(one.tags)})
            for key, mine in one.tags.items():
                seen[key].update(mine)
    return {keys: max(keys, key=lambda key: len(seen[key])) for keys, seen in values.items()}


def _question(one: Slice, group: str) -> Question:
    return Question(group, tuple(sorted((key, values) for key, values in one.tags.items() if key != group)))


def _cells(pages: Iterable[Mapping[str, Any]], question: Question) -> dict[tuple[str, str], dict[date, Decimal]]:
    cells: dict[tuple[str, str], dict[date, Decimal]] = {}
    for page in pages:
        for period in page["ResultsByTime"]:
            day = date.fromisoformat(period["TimePeriod"]["Start"][:10])
            for group in period.get("Groups", ()):
                keys = group["Keys"]
                value = "" if question.group == SERVICE_ONLY else keys[0].removeprefix(f"{question.group}$")
                days = cells.setdefault((value, keys[-1]), {})
                days[day] = days.get(day, Decimal(0)) + Decimal(group["Metrics"][METRIC]["Amount"])
    return cells


def _bedrock(service: str) -> bool:
    return BEDROCK_SERVICE_NAME_MARK in service.lower()
