"""Paid answers are asked for once: a ``Cloud`` around a ``Cloud`` that remembers what Cost Explorer was paid to say.

An answer about closed months is kept for ever, one about open days for ``OPEN_ANSWER_LIVES``; everything else goes
through untouched. Where answers are kept is the store's affair.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Protocol

from costsentry_cli.domain.assumptions import COST_EXPLORER_REQUEST_USD, OPEN_ANSWER_LIVES
from costsentry_cli.domain.calls import Answer, ApiCall, Cloud, Outcome
from costsentry_cli.domain.errors import INTERRUPTED, TOO_MANY_REQUESTS, SentryError
from costsentry_cli.domain.window import closed_before

PAID = frozenset(
    {
        "GetCostAndUsage",
        "GetCostAndUsageComparisons",
        "GetCostAndUsageWithResources",
        "GetCostCategories",
        "GetCostComparisonDrivers",
        "GetCostForecast",
        "GetDimensionValues",
        "GetTags",
        "GetUsageForecast",
    }
)
"""Operations of Cost Explorer that cost money, every page of them."""
PAGE_TOKEN = "NextPageToken"  # noqa: S105 the name of a field


@dataclass(frozen=True)
class Kept:
    """Every page of an answer, and when (UTC) it was asked for."""

    asked: datetime
    pages: tuple[Answer, ...]


class AnswerStore(Protocol):
    """Where answers are kept between runs."""

    def get(self, key: str) -> Kept | None:
        """The answer under this key; None when there is none, or none that can be read."""
        ...

    def put(self, key: str, call: ApiCall, kept: Kept) -> None:
        """Keep an answer, in place of an older one; a store that cannot keeps nothing and says nothing."""
        ...


class Nothing:
    """A store that keeps nothing."""

    def get(self, key: str) -> None:
        """Never there."""

    def put(self, key: str, call: ApiCall, kept: Kept) -> None:
        """Let go of it."""


@dataclass
class Paid:
    """The purse: paid requests sent or under way, those a memory saved, and when the oldest answer given was asked for.

    Several threads may pay from one; what is under way counts, so that no limit is ever passed.
    """

    requests: int = 0
    reused: int = 0
    oldest: datetime | None = None
    closed: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def close(self) -> None:
        """Pay for nothing more."""
        self.closed = True

    def take(self, most: int | None) -> None:
        """Before a request. Raises ``SentryError`` CS0210 where it is one too many, CS0902 when closed."""
        with self._lock:
            if self.closed:
                raise SentryError(INTERRUPTED, "not asked: the work was stopped")
            if most is not None and self.requests >= most:
                sent = f"{self.requests} sent, {most} allowed"
                raise SentryError(TOO_MANY_REQUESTS, f"the answer takes more paid requests than allowed ({sent})")
            self.requests += 1

    def give_back(self) -> None:
        """A request was refused: it costs nothing."""
        with self._lock:
            self.requests -= 1

    def save(self, pages: int) -> None:
        """So many pages came from memory."""
        with self._lock:
            self.reused += pages

    def aged(self, asked: datetime) -> None:
        """An answer was asked for then."""
        with self._lock:
            self.oldest = asked if self.oldest is None else min(self.oldest, asked)


@dataclass
class Remembered:
    """The cloud behind a memory, and the account of what was paid.

    ``owner`` says whose answers these are (account, endpoint …): two owners share none. ``refresh`` asks again what is
    remembered, ``offline`` pays for nothing and takes what is remembered at any age, ``most`` is how many paid requests
    may be sent (None: any number). ``paid`` is counted together for all that come from one by ``of``.
    """

    cloud: Cloud
    clock: Callable[[], datetime]
    store: AnswerStore = field(default_factory=Nothing)
    owner: str = ""
    refresh: bool = False
    offline: bool = False
    most: int | None = None
    paid: Paid = field(default_factory=Paid)

    def of(self, cloud: Cloud, owner: str) -> Remembered:
        """The same memory, wishes and purse for another cloud and whose answers it gives."""
        return replace(self, cloud=cloud, owner=owner)

    @property
    def requests(self) -> int:
        """The paid requests sent."""
        return self.paid.requests

    @property
    def reused(self) -> int:
        """The paid requests a memory saved."""
        return self.paid.reused

    @property
    def oldest(self) -> datetime | None:
        """When the oldest answer given was asked for."""
        return self.paid.oldest

    @property
    def interrupted(self) -> bool:
        """As the cloud's own."""
        return self.cloud.interrupted

    @property
    def paid_usd(self) -> Decimal:
        """What the requests sent cost."""
        return Decimal(COST_EXPLORER_REQUEST_USD) * self.requests

    def facts(self) -> dict[str, object]:
        """The members of a JSON document that tell what the answer cost and how old it is."""
        asked = None if self.oldest is None else self.oldest.astimezone(UTC).isoformat(timespec="seconds")
        return {
            "asked": None if asked is None else asked.replace("+00:00", "Z"),
            "paid_requests": self.requests,
            "paid_requests_usd": str(self.paid_usd),
        }

    def call(self, call: ApiCall) -> Answer:
        """One page: of memory, or of the cloud. Raises ``SentryError``, see ``pages``."""
        return next(self.pages(call)) if is_paid(call) else self.cloud.call(call)

    def pages(self, call: ApiCall) -> Iterator[Answer]:
        """Every page: of memory, or of the cloud.

        Raises ``SentryError`` CS0811 when ``offline`` and not remembered, CS0210 before the request that is one too
        many; an answer that was not asked for to its end is not remembered.
        """
        if not is_paid(call):
            yield from self.cloud.pages(call)
            return
        key = key_of(self.owner, call)
        kept = None if self.refresh else self.store.get(key)
        if kept is not None and (self.offline or fresh(call, kept.asked, self.clock())):
            self.paid.save(len(kept.pages))
            self.paid.aged(kept.asked)
            yield from kept.pages
            return
        yield from self._asked(key, call)

    def each(self, calls: Sequence[ApiCall]) -> Iterator[Outcome]:
        """Side by side as the cloud does, where none of them is paid; else one after the other."""
        if not any(map(is_paid, calls)):
            yield from self.cloud.each(calls)
            return
        for index, call in enumerate(calls):
            try:
                yield Outcome(call, answer=self.call(call), index=index)
            except SentryError as error:
                yield Outcome(call, error=error, index=index)

    def as_ended(self, calls: Sequence[ApiCall]) -> Iterator[Outcome]:
        """As ``each``."""
        yield from self.each(calls) if any(map(is_paid, calls)) else self.cloud.as_ended(calls)

    def _asked(self, key: str, call: ApiCall) -> Iterator[Answer]:
        asked, pages = self.clock(), []
        coming = self._paying().pages(call)
        more = True
        while more:
            page = self._page(coming)
            self.paid.aged(asked)
            pages.append(_bare(page))
            more = bool(page.get(PAGE_TOKEN))
            if not more:
                self.store.put(key, call, Kept(asked, tuple(pages)))
            yield page

    def _page(self, coming: Iterator[Answer]) -> Answer:
        self.paid.take(self.most)
        try:
            return next(coming)
        except SentryError:
            self.paid.give_back()
            raise

    def _paying(self) -> Cloud:
        if self.offline:
            words = "this question has not been asked before: nothing is remembered, and --offline pays for nothing"
            raise SentryError("CS0811", words, help="leave --offline out")
        return self.cloud


def sent(cloud: Cloud, pages: int, before: int) -> int:
    """How many of so many pages were paid for: all of them, but where a memory gave some; ``before`` were sent then."""
    return cloud.requests - before if isinstance(cloud, Remembered) else pages


def sent_before(cloud: Cloud) -> int:
    """The paid requests a memory's purse has sent by now; see ``sent``."""
    return cloud.requests if isinstance(cloud, Remembered) else 0


def is_paid(call: ApiCall) -> bool:
    """Whether a call costs money by the page."""
    return call.service == "ce" and call.operation in PAID


def key_of(owner: str, call: ApiCall) -> str:
    """A name for the answer: the same for the same question of the same owner, whatever the order of its parts."""
    text = json.dumps([owner, call.service, call.operation, call.params], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def fresh(call: ApiCall, asked: datetime, now: datetime) -> bool:
    """Whether an answer still holds: for ever when its months were closed as it was asked for, else for some hours."""
    if asked > now:
        return False
    return now - asked < OPEN_ANSWER_LIVES or _end(call.params) <= closed_before(asked)


def _end(params: Mapping[str, Any]) -> date:
    """The day before which the question ends; the far future when that is not at midnight, or not said."""
    text = str(params.get("TimePeriod", {}).get("End", "")).removesuffix("T00:00:00Z")
    try:
        return date.fromisoformat(text)
    except ValueError:
        return date.max


def _bare(page: Answer) -> Answer:
    """The page without what belongs to the request: its id and headers."""
    return {name: value for name, value in page.items() if name != "ResponseMetadata"}
