"""A busy service and a full account: three calls in ten throttled, and more profiles than a page holds."""

from __future__ import annotations

import threading
from datetime import timedelta
from random import Random

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from sync_world import LAG, SECOND, duplicates, errors, planned, synced, wanted

from account_http import answered
from accounts import Account
from costsentry_cli.cli.context import sandbox_context
from costsentry_cli.domain.kinds.inference_profile import list_profiles
from costsentry_cli.domain.pacing import Patience
from costsentry_cli.domain.plan import Wishes
from costsentry_cli.sandbox import Sandbox
from costsentry_cli.usecases import sync
from costsentry_cli.usecases.apply import apply
from fakes import ACCOUNT, NOON, PROFILES, FrozenClock, home
from stand_in import door, refusal

STILL = Patience(clock=lambda: 0.0, sleep=lambda _: None)
THROTTLED = refusal("ThrottlingException", 429)


class Busy:
    """An account that throttles a share of the requests, by seeded dice."""

    def __init__(self, account: Account, share: float, seed: int) -> None:
        self.account, self.share = account, share
        self.dice = Random(seed)
        self.lock = threading.Lock()

    def __call__(self, request: AWSPreparedRequest) -> AWSResponse:
        with self.lock:
            refused = self.dice.random() < self.share
        return THROTTLED if refused else answered(self.account, request)


def run(busy: Busy, share: float) -> tuple[int, list[str]]:
    """One sync of 200 through the real door: the requests that were sent, and the errors."""
    busy.share = share
    made, _ = door(busy)
    made.patience = STILL
    manifest = wanted(range(200))
    plan = sync.plan({ACCOUNT: made}, manifest, PROFILES, home(manifest), Wishes(), NOON)
    done = apply({ACCOUNT: made}, plan, lambda _: None)
    return made.requests, errors(done)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("lag", [timedelta(0), LAG], ids=["no lag", "lag"])
def test_two_hundred_creates_with_three_in_ten_throttled_take_at_most_three_times_the_calls(
    seed: int, lag: timedelta
) -> None:
    calm = Busy(Account(FrozenClock(NOON), lag), 0.0, seed)
    calls, _ = run(calm, 0.0)
    busy = Busy(Account(FrozenClock(NOON), lag), 0.3, seed)
    requests, failed = run(busy, 0.3)
    assert failed == []
    assert calls < requests <= 3 * calls
    assert (len(busy.account.profiles), duplicates(busy.account)) == (200, 0)
    busy.account.clock.move(LAG + SECOND)
    assert planned(busy.account, wanted(range(200))).calls == ()


def test_a_second_sync_of_two_hundred_reads_on_through_the_throttling_and_writes_nothing() -> None:
    busy = Busy(Account(FrozenClock(NOON)), 0.0, 5)
    run(busy, 0.0)
    written = len(busy.account.writes)
    requests, failed = run(busy, 0.3)
    assert failed == []
    assert 201 < requests <= 3 * 201
    assert len(busy.account.writes) == written


def test_two_thousand_five_hundred_profiles_are_seen_page_by_page() -> None:
    account = Account(FrozenClock(NOON), quota=3000)
    many = wanted(range(2500))
    pages = []
    account.before = lambda number, call: pages.append(call) if call.operation == "ListInferenceProfiles" else None
    assert errors(synced(account, many)) == []
    assert len(account.profiles) == 2500
    assert len(pages) == 1 + 3
    pages.clear()
    assert planned(account, many).calls == ()
    assert [call.params.get("nextToken") for call in pages] == [None, "1000", "2000"]


def test_the_sandbox_pages_two_thousand_five_hundred_profiles_to_the_door(sandbox: Sandbox) -> None:
    sandbox.configure("profile_quota", "3000")
    context = sandbox_context(sandbox, "us-east-1")
    plan = sync.plan({ACCOUNT: context.cloud}, wanted(range(2)), PROFILES, home(wanted(range(2))), Wishes(), NOON)
    assert errors(apply({ACCOUNT: context.cloud}, plan, lambda _: None)) == []
    with sandbox.store.transaction() as db:
        names = [row[1] for row in db.execute("PRAGMA table_info(profiles)")]
        (one,) = db.execute("SELECT * FROM profiles ORDER BY arn LIMIT 1").fetchall()
        base = dict(zip(names, one, strict=True))
        copies = [
            tuple((base | {"id": f"{n:012d}", "arn": f"{base['arn'][:-12]}{n:012d}"}).values()) for n in range(2498)
        ]
        db.executemany(f"INSERT INTO profiles VALUES ({', '.join('?' * len(names))})", copies)
    before = context.cloud.requests
    listed = list_profiles(context.cloud, "us-east-1")
    assert len({summary["inferenceProfileArn"] for summary in listed}) == len(listed) == 2500
    assert context.cloud.requests - before == 3
