"""Many calls through the door: throttling, stopping, and the number of requests that were sent."""

from __future__ import annotations

import random
import threading

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ConnectTimeoutError

from costsentry_cli.aws import identity
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.pacing import Pace
from fakes import ACCOUNT
from stand_in import (
    EMPTY,
    LISTING,
    TAGS,
    THROTTLED,
    Time,
    answer,
    asked,
    door,
    still_door,
    tag_reads,
)

WHO = f"""<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Account>{ACCOUNT}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"""


class Moody:
    """Throttles a share of the requests, by seeded dice."""

    def __init__(self, share: float, seed: int) -> None:
        self.share = share
        self.dice = random.Random(seed)
        self.lock = threading.Lock()

    def __call__(self, request: AWSPreparedRequest) -> AWSResponse:
        with self.lock:
            return THROTTLED if self.dice.random() < self.share else TAGS


@pytest.mark.parametrize("seed", range(3))
def test_with_three_in_ten_throttled_all_ends_well_within_three_requests_a_call(seed: int) -> None:
    made, behind = still_door(Moody(0.3, seed))
    outcomes = list(made.each(tag_reads(200)))
    assert [o.index for o in outcomes if o.error] == []
    assert 200 < made.requests == len(behind.requests) <= 600
    assert made.pace.width < 8


def test_even_when_everything_is_throttled_no_more_than_three_requests_a_call_are_sent() -> None:
    made, behind = still_door(THROTTLED)
    outcomes = list(made.as_ended(tag_reads(50)))
    assert {o.error.code for o in outcomes if o.error} == {"CS0801"}
    assert all(o.tried for o in outcomes)
    assert len(behind.requests) == 150
    assert made.pace.width == 1


def test_a_service_that_refuses_for_a_whole_deadline_is_asked_once_by_each_further_call() -> None:
    time = Time()
    made, behind = door(THROTTLED, time=time)
    made.pace = Pace(1, 1)
    outcomes = list(made.each(tag_reads(40)))
    assert len(outcomes) == 40
    assert time.now <= made.patience.deadline
    assert len(behind.requests) == len(time.naps) + 40


def test_a_batch_that_takes_longer_than_a_deadline_keeps_its_second_attempts_while_calls_end_well() -> None:
    time = Time()

    def slow(request: AWSPreparedRequest) -> AWSResponse:
        time.now += 25.0
        return THROTTLED if len(behind.requests) % 2 else TAGS

    made, behind = door(slow, time=time)
    made.pace = Pace(1, 1)
    assert [outcome.error for outcome in made.each(tag_reads(6))] == [None] * 6
    assert len(behind.requests) == 12


def test_without_throttling_the_width_grows_to_the_bound_and_no_request_is_sent_twice() -> None:
    met = threading.Barrier(12)
    first = iter(range(12))
    lock = threading.Lock()

    def held(request: AWSPreparedRequest) -> AWSResponse:
        with lock:
            one_of_the_first = next(first, None) is not None
        if one_of_the_first:
            met.wait(20)  # all twelve are on their way at once, or this breaks
        return TAGS

    made, _ = still_door(held, width=12)
    made.pace = Pace(12, 16)
    assert len(list(made.as_ended(tag_reads(200)))) == 200
    assert (made.pace.width, made.requests) == (16, 200)


def test_retry_after_is_honoured() -> None:
    time = Time()
    made, _ = door(answer({"message": "slow"}, 503, {"retry-after": "7"}), answer(EMPTY), time=time)
    made.call(LISTING)
    assert time.naps == [pytest.approx(7.2)]


def test_a_retry_after_beyond_the_deadline_is_cut_to_it() -> None:
    time = Time()
    made, behind = door(answer({"message": "slow"}, 503, {"retry-after": "300"}), time=time)
    with pytest.raises(SentryError) as failed:
        made.call(LISTING)
    assert (failed.value.code, time.naps, len(behind.requests)) == ("CS0806", [60.0], 2)


def test_a_request_the_library_refuses_to_send_is_not_counted() -> None:
    made, _ = door(answer(EMPTY))
    bad = tag_reads(1)[0]
    outcomes = list(made.as_ended([type(bad)(bad.service, bad.operation, {"resourceARN": 7})]))
    assert outcomes[0].error is not None
    assert made.requests == 0


def test_a_request_that_is_never_answered_is_counted() -> None:
    made, _ = door(ConnectTimeoutError(endpoint_url="https://stand-in/"), answer(EMPTY))
    made.call(LISTING)
    assert made.requests == 2


def test_outcomes_come_as_calls_end_and_say_which_call_it_was() -> None:
    others = threading.Event()
    made, _ = still_door(lambda request: TAGS if asked(request) else (others.wait(20), TAGS)[1], width=4)
    calls = tag_reads(10)
    seen = []
    for outcome in made.as_ended(calls):
        assert outcome.call is calls[outcome.index]
        seen.append(outcome.index)
        if len(seen) == 9:
            others.set()
    assert (seen[-1], sorted(seen)) == (0, list(range(10)))


def test_ordered_outcomes_do_not_wait_for_later_calls() -> None:
    first_seen = threading.Event()
    made, _ = still_door(lambda request: (first_seen.wait(20), TAGS)[1] if asked(request) else TAGS, width=4)
    outcomes = made.each(tag_reads(4))
    assert next(outcomes).index == 0
    first_seen.set()
    assert [outcome.index for outcome in outcomes] == [1, 2, 3]


def test_ordered_outcomes_keep_the_order_when_the_first_call_ends_last() -> None:
    third = threading.Event()

    def by_turns(request: AWSPreparedRequest) -> AWSResponse:
        if asked(request) == 3:  # two at once: by now 1 and 2 have ended
            third.set()
        return TAGS if asked(request) else (third.wait(20), TAGS)[1]

    made, _ = still_door(by_turns, width=2)
    assert [outcome.index for outcome in made.each(tag_reads(5))] == [0, 1, 2, 3, 4]


def test_the_next_client_is_made_while_aws_says_who_we_are_and_holds_nothing_up() -> None:
    begun, sent = threading.Event(), threading.Event()
    in_time: list[bool] = []

    def who(_: AWSPreparedRequest) -> AWSResponse:
        sent.set()
        in_time.append(begun.wait(20))
        return answer(WHO.encode(), headers={"content-type": "text/xml"})

    def making(**_: object) -> None:
        begun.set()
        in_time.append(sent.wait(20))

    made, _ = door(who)
    made.session.register("creating-client-class.bedrock", making)
    assert identity(made, ("no-such-service", "bedrock")) == ACCOUNT
    made.prepare("bedrock")
    assert in_time == [True, True]
