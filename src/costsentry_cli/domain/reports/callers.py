"""Who is behind the ids that CloudWatch counts calls under: profiles, former profiles, and models called directly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from costsentry_cli.domain import audit
from costsentry_cli.domain.catalog import load
from costsentry_cli.domain.meter import Caller
from costsentry_cli.domain.references import profile_id
from costsentry_cli.domain.reports.usage import Dimensions
from costsentry_cli.domain.resource import Observed, tags_in
from costsentry_cli.domain.short_names import short_names

DELETED = "(deleted)"


class GroupBy(StrEnum):
    """What usage is added up by; any other word is a tag key of profiles."""

    PROFILE = "profile"
    MODEL = "model"
    REGION = "region"
    ACCOUNT = "account"
    COST_CENTER = "costCenter"
    APPLICATION = "applicationId"
    ENVIRONMENT = "environment"


TAG_OF_DIMENSION = {"CostCenter": "costCenter", "Application": "applicationId", "Environment": "environment"}


@dataclass(frozen=True)
class Known:
    """What is known of an id: a profile's name ("" for a model), the model behind it, its tags, if it is in use."""

    name: str = ""
    model: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    living: bool = False

    def value(self, by: str) -> str | None:
        """Its name, model or tag; None when it has no such thing. Region and account are those of the asking."""
        if by == GroupBy.PROFILE:
            return self.name or None
        return model_name(self.model) if by == GroupBy.MODEL else self.tags.get(by) or None

    def metered(self, model_id: str) -> Dimensions:
        """The dimensions under which metered calls through it are counted."""
        tag = self.tags.get
        caller = Caller(self.model, model_id, tag("costCenter", ""), tag("applicationId", ""), tag("environment", ""))
        return tuple(sorted((one["Name"], one["Value"]) for one in caller.dimensions()))


Book = dict[str, Known]
"""What is known by id."""


def model_name(reference: str) -> str | None:
    """The base id of a model as somebody named it; what the catalogue does not know stays as it is."""
    known = load().resolve(reference)
    return known.model.id if known is not None else reference or None


def of_profiles(things: Iterable[Observed]) -> Book:
    """The profiles there are."""
    return {
        profile_id(thing.arn): Known(
            thing.name, thing.fields["model"], tags_in(thing.fields), living=thing.retired is None
        )
        for thing in things
    }


def of_events(events: Iterable[Mapping[str, Any]], account: str, region: str) -> Book:
    """Profiles of one account and region that recorded calls went through; they need not be there any more."""
    book: Book = {}
    for event in events:
        model_id, name = _said(event, "model_metric"), _said(event, "profile.name")
        place = _said(event, "profile.arn").split(":")[3:5]
        if model_id and name and place in ([], [region, account]):
            tags = {key: value for key in audit.TAGS if (value := _said(event, key))}
            book[model_id] = Known(f"{DELETED} {name}", str(event.get(audit.MODEL, "")), tags)
    return book


def _said(event: Mapping[str, Any], name: str) -> str:
    """A field of ours, "" where it is not there."""
    return str(event.get(audit.OWN + name, ""))


def of_metered(metrics: Iterable[Dimensions]) -> Book:
    """What the dimensions of metered calls tell of ids: ``(deleted) sales haiku``, after its tag and its model."""
    book: Book = {}
    for metric in sorted(metrics):
        named = dict(metric)
        model_id, model = named.get("ModelId", ""), named.get("Model", "")
        if not model_id or model_id == model:
            continue
        tags = {tag: named[name] for name, tag in TAG_OF_DIMENSION.items() if name in named}
        words = [DELETED, tags.get("costCenter", ""), short_names([model])[model] if model else ""]
        book[model_id] = Known(" ".join(filter(None, words)), model, tags)
    return book


def of_strangers(ids: Iterable[str], told: Sequence[Book]) -> Book:
    """What is known of ids that are no profile: a model of the catalogue, or what the first book has that knows it.

    An id that nobody knows is a former profile's and its own name.
    """
    book: Book = {}
    for one in ids:
        if load().resolve(one) is not None or "." in one:
            book[one] = Known(model=one)
        else:
            book[one] = next((books[one] for books in told if one in books), Known(one))
    return book


def callable_ids(region: str) -> tuple[str, ...]:
    """Every id that a model of the catalogue can be called by directly: system profiles, and models in the region."""
    catalog = load()
    own = (model.id for model in catalog.models if model.in_region)
    return tuple(sorted({*(ref.id for ref in catalog.system_profiles(region)), *own}))
