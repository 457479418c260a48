"""CloudWatch asked for what Bedrock counted: whom it knows in a region, and every figure of theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from costsentry_cli.domain.calls import Cloud
from costsentry_cli.domain.kinds.inference_profile import observed_in
from costsentry_cli.domain.meter import NAMESPACE
from costsentry_cli.domain.reports import callers, usage
from costsentry_cli.domain.reports.callers import Book, Known
from costsentry_cli.domain.reports.moments import Moments
from costsentry_cli.domain.reports.usage import Asked, Dimensions, Read, Subject


@dataclass
class Look:
    """One region of an account: what is asked of it and what that costs."""

    cloud: Cloud
    region: str
    moments: Moments
    now: datetime
    recorded: Book
    metrics: int = 0
    read: Read = field(default_factory=dict)
    tag_keys: set[str] = field(default_factory=set)
    """The tag keys that profiles seen carry."""

    def listed(self, namespace: str, metric: str = "") -> set[Dimensions]:
        """The sets of dimensions that had data in the last two weeks."""
        call = usage.listing_call(namespace, self.region, metric)
        return {usage.dimensions_of(one) for page in self.cloud.pages(call) for one in page["Metrics"]}

    @property
    def recent(self) -> bool:
        """Whether CloudWatch still lists everything that was measured."""
        return self.moments.recent(self.now)

    def ask(self, asked: Iterable[Asked]) -> None:
        """Read what is asked."""
        for one in asked:
            self.metrics += one.metrics
            usage.fold(self.read, one, self.cloud.pages(one.call), self.moments)


def bedrock(look: Look, subject: Callable[[str, Known], Subject]) -> list[Subject]:
    """Profiles, whatever else was used lately, and beyond two weeks every model of the catalogue; all by name."""
    book = callers.of_profiles(observed_in(look.cloud, look.region))
    look.tag_keys.update(key for known in book.values() for key in known.tags)
    used = {value for metric in look.listed(usage.BEDROCK) for _, value in metric if metric == (("ModelId", value),)}
    strangers = sorted((used | look.recorded.keys()) - book.keys())
    told = [look.recorded]
    if any("." not in one and one not in look.recorded for one in strangers):
        told.append(callers.of_metered(look.listed(NAMESPACE, "TotalRequests")))
    book |= callers.of_strangers(strangers, told)
    subjects = [subject(model_id, known) for model_id, known in sorted(book.items())]
    look.ask(usage.explicit(usage.BEDROCK, subjects, usage.OF_BEDROCK, look.moments))
    if look.recent:
        return subjects
    perhaps = [subject(one, Known(model=one)) for one in callers.callable_ids(look.region) if one not in book]
    look.ask(usage.explicit(usage.BEDROCK, perhaps, usage.OF_BEDROCK[: usage.PROBES], look.moments))
    found = [one for one in perhaps if one in look.read]
    look.ask(usage.explicit(usage.BEDROCK, found, usage.OF_BEDROCK[usage.PROBES :], look.moments))
    return subjects + found
