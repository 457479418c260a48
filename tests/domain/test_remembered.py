"""What was paid for once is not paid for again while it holds."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costsentry_cli.domain.calls import Answer, ApiCall
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.remembered import Kept, Remembered, key_of
from costsentry_cli.domain.window import closed_before
from fakes import NOON, FakeCloud, FrozenClock


@dataclass
class Memory:
    """A store in a dict."""

    kept: dict[str, Kept] = field(default_factory=dict)

    def get(self, key: str) -> Kept | None:
        return self.kept.get(key)

    def put(self, key: str, call: ApiCall, kept: Kept) -> None:
        self.kept[key] = kept


class Paged(FakeCloud):
    """Answers every call with so many pages."""

    def __init__(self, pages: int = 1) -> None:
        super().__init__({})
        self.number = pages

    def pages(self, call: ApiCall) -> Any:
        for number in range(1, self.number + 1):
            self.calls.append(call)
            more = {"NextPageToken": str(number)} if number < self.number else {}
            yield {"ResultsByTime": [], "page": number, "ResponseMetadata": {"RequestId": "x"}, **more}

    def call(self, call: ApiCall) -> Answer:
        self.calls.append(call)
        return {"free": True}


def question(start: str = "2026-11-01", end: str = "2026-11-24", **more: Any) -> ApiCall:
    params = {"TimePeriod": {"Start": start, "End": end}, "Granularity": "DAILY", "Metrics": ["UnblendedCost"]}
    return ApiCall("ce", "GetCostAndUsage", params | more)


def memory(cloud: FakeCloud, clock: FrozenClock, store: Memory, **wishes: Any) -> Remembered:
    return Remembered(cloud, clock, store, "123456789012", **wishes)


def ask(cloud: FakeCloud, clock: FrozenClock, store: Memory, call: ApiCall, **wishes: Any) -> Remembered:
    asked = memory(cloud, clock, store, **wishes)
    list(asked.pages(call))
    return asked


def test_the_same_question_is_paid_for_once_and_answered_alike(clock: FrozenClock) -> None:
    cloud, store = Paged(3), Memory()
    first = list(memory(cloud, clock, store).pages(question()))
    second = memory(cloud, clock, store)
    assert [page["page"] for page in second.pages(question())] == [page["page"] for page in first] == [1, 2, 3]
    assert (len(cloud.calls), second.requests, second.reused, second.oldest) == (3, 0, 3, NOON)


def test_an_open_month_is_asked_for_again_after_eight_hours(clock: FrozenClock) -> None:
    cloud, store = Paged(), Memory()
    ask(cloud, clock, store, question())
    clock.move(timedelta(hours=8) - timedelta(seconds=1))
    assert ask(cloud, clock, store, question()).requests == 0
    clock.move(timedelta(seconds=1))
    assert ask(cloud, clock, store, question()).requests == 1


@given(st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)), st.integers(0, 4000))  # noqa: DTZ001 made aware
def test_a_closed_month_is_never_asked_for_twice(asked: datetime, later: int) -> None:
    clock = FrozenClock(asked.replace(tzinfo=UTC))
    end = closed_before(clock()).isoformat()
    cloud, store = Paged(), Memory()
    ask(cloud, clock, store, question("2025-12-01", end))
    clock.move(timedelta(days=later))
    assert ask(cloud, clock, store, question("2025-12-01", end)).requests == 0


def test_a_month_asked_for_before_it_was_closed_is_asked_for_again() -> None:
    clock = FrozenClock(datetime(2026, 11, 5, 23, tzinfo=UTC))
    cloud, store = Paged(), Memory()
    ask(cloud, clock, store, question("2026-10-01", "2026-11-01"))
    clock.move(timedelta(days=60))
    assert ask(cloud, clock, store, question("2026-10-01", "2026-11-01")).requests == 1
    clock.move(timedelta(days=60))
    assert ask(cloud, clock, store, question("2026-10-01", "2026-11-01")).requests == 0


@pytest.mark.parametrize(("now", "first"), [("2026-11-05", date(2026, 10, 1)), ("2026-11-06", date(2026, 11, 1))])
def test_a_month_is_closed_five_days_after_its_end(now: str, first: date) -> None:
    assert closed_before(datetime.fromisoformat(f"{now}T00:00:00+00:00")) == first


def test_an_hour_inside_the_open_month_is_not_closed(clock: FrozenClock) -> None:
    cloud, store = Paged(), Memory()
    hours = question("2026-10-31T00:00:00Z", "2026-11-01T05:00:00Z")
    ask(cloud, clock, store, hours)
    clock.move(timedelta(hours=9))
    assert ask(cloud, clock, store, hours).requests == 1


def test_offline_pays_for_nothing_and_takes_what_is_old(clock: FrozenClock) -> None:
    cloud, store = Paged(), Memory()
    with pytest.raises(SentryError) as refused:
        ask(cloud, clock, store, question(), offline=True)
    assert (refused.value.code, cloud.calls) == ("CS0811", [])
    ask(cloud, clock, store, question())
    clock.move(timedelta(days=300))
    old = ask(cloud, clock, store, question(), offline=True)
    assert (old.requests, old.oldest, len(cloud.calls)) == (0, NOON, 1)
    assert old.call(ApiCall("ce", "ListCostAllocationTags")) == {"free": True}


def test_refresh_asks_again_and_keeps_the_new_answer(clock: FrozenClock) -> None:
    cloud, store = Paged(), Memory()
    ask(cloud, clock, store, question("2026-09-01", "2026-10-01"))
    clock.move(timedelta(days=1))
    assert ask(cloud, clock, store, question("2026-09-01", "2026-10-01"), refresh=True).requests == 1
    assert ask(cloud, clock, store, question("2026-09-01", "2026-10-01")).oldest == clock()


@pytest.mark.parametrize("most", [0, 1, 2])
def test_no_request_is_sent_beyond_the_most_that_may_be(most: int, clock: FrozenClock) -> None:
    cloud, store = Paged(3), Memory()
    asked = memory(cloud, clock, store, most=most)
    with pytest.raises(SentryError) as stopped:
        list(asked.pages(question()))
    assert (stopped.value.code, len(cloud.calls), asked.requests) == ("CS0210", most, most)
    assert store.kept == {}


def test_an_answer_of_exactly_the_allowed_pages_is_whole(clock: FrozenClock) -> None:
    cloud, store = Paged(3), Memory()
    assert ask(cloud, clock, store, question(), most=3).requests == 3
    assert len(store.kept) == 1


def test_a_half_answer_is_not_remembered(clock: FrozenClock) -> None:
    cloud, store = Paged(3), Memory()
    next(memory(cloud, clock, store).pages(question()))
    assert store.kept == {}


def test_what_is_kept_has_nothing_of_the_request(clock: FrozenClock) -> None:
    store = Memory()
    ask(Paged(), clock, store, question())
    assert "ResponseMetadata" not in next(iter(store.kept.values())).pages[0]


def test_free_calls_go_through_and_are_not_counted(clock: FrozenClock) -> None:
    cloud, store = Paged(), Memory()
    asked = memory(cloud, clock, store, most=0)
    call = ApiCall("ce", "ListCostAllocationTags")
    assert asked.call(call) == asked.call(call) == {"free": True}
    assert (len(cloud.calls), asked.requests, store.kept) == (2, 0, {})


def test_a_batch_of_paid_calls_is_remembered_one_by_one(clock: FrozenClock) -> None:
    cloud, store = Paged(), Memory()
    calls = [question(), question("2026-10-01", "2026-11-01")]
    assert [outcome.index for outcome in memory(cloud, clock, store).as_ended(calls)] == [0, 1]
    assert not [outcome.error for outcome in memory(cloud, clock, store, offline=True).each(calls) if outcome.error]
    assert len(cloud.calls) == 2


def test_answers_belong_to_their_owner_and_question() -> None:
    names = {
        key_of("1", question()),
        key_of("2", question()),
        key_of("1", question(end="2026-11-25")),
        key_of("1", question(BillingViewArn="arn:aws:billing::1:billingview/x")),
    }
    assert len(names) == 4
    reordered = ApiCall("ce", "GetCostAndUsage", dict(reversed(question().params.items())))
    assert key_of("1", reordered) == key_of("1", question())


def test_an_answer_from_the_future_is_not_trusted(clock: FrozenClock) -> None:
    cloud, store = Paged(), Memory()
    ask(cloud, clock, store, question())
    clock.move(-timedelta(hours=1))
    assert ask(cloud, clock, store, question()).requests == 1


def test_a_purse_shared_by_threads_never_passes_its_limit(clock: FrozenClock) -> None:
    cloud, asked = Paged(3), memory(Paged(), clock, Memory(), most=10)

    def ask_as(owner: str) -> int:
        try:
            return len(list(asked.of(cloud, owner).pages(question())))
        except SentryError:
            return 0

    with ThreadPoolExecutor(8) as pool:
        whole = sum(pool.map(ask_as, map(str, range(8))))
    assert len(cloud.calls) == asked.requests == 10 >= whole > 0


def test_a_closed_purse_pays_for_nothing_and_still_remembers(clock: FrozenClock) -> None:
    cloud, store = Paged(), Memory()
    ask(cloud, clock, store, question())
    asked = memory(cloud, clock, store)
    asked.paid.close()
    assert len(list(asked.pages(question()))) == 1
    with pytest.raises(SentryError, match="not asked: the work was stopped"):
        asked.call(question(end="2026-11-25"))
    assert (len(cloud.calls), asked.requests) == (1, 0)


def test_a_refused_request_is_not_paid_for(clock: FrozenClock) -> None:
    class Refusing(Paged):
        def pages(self, call: ApiCall) -> Any:
            raise SentryError("CS0801", "refused")
            yield

    asked = memory(Refusing(), clock, Memory(), most=1)
    for _ in range(2):
        with pytest.raises(SentryError, match="refused"):
            asked.call(question())
    assert asked.requests == 0
