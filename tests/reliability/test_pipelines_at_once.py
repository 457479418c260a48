"""Eight syncs at once on one account, of the same manifest and of overlapping ones: everything is made once."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from random import Random

import pytest
from sync_world import LAG, SECOND, RandomToken, active, duplicates, errors, orphans, planned, synced, wanted
from turns import Turns, together

from accounts import Account
from costsentry_cli.domain.calls import Answer, ApiCall, Outcome, in_order
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.kind import Kind
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.plan import Wishes
from costsentry_cli.domain.resource import RETIRED_TAG
from costsentry_cli.usecases import sync
from costsentry_cli.usecases.apply import apply
from fakes import ACCOUNT, NOON, PROFILES, FrozenClock, home

PIPELINES = 8
TEN = range(10)
SAME = [wanted(TEN)] * PIPELINES
OVERLAPPING = [wanted(range(n, n + 6)) for n in range(PIPELINES)]
SEEDS = 40


@dataclass
class Pipeline:
    """One pipeline's way to the account: before each call it waits for its turn; what is side by side is shuffled."""

    account: Account
    turns: Turns
    number: int
    dice: Random
    interrupted = False

    def call(self, call: ApiCall) -> Answer:
        self.turns.wait(self.number)
        return self.account.call(call)

    def pages(self, call: ApiCall) -> Iterator[Answer]:
        yield self.call(call)

    def each(self, calls: Sequence[ApiCall]) -> Iterator[Outcome]:
        yield from in_order(self.as_ended(calls))

    def as_ended(self, calls: Sequence[ApiCall]) -> Iterator[Outcome]:
        for index in self.dice.sample(range(len(calls)), len(calls)):
            try:
                yield Outcome(calls[index], answer=self.call(calls[index]), index=index)
            except SentryError as error:
                yield Outcome(calls[index], error=error, index=index)


def raced(
    account: Account,
    manifests: Sequence[Manifest],
    seed: int,
    wishes: Wishes,
    kinds: Callable[[], Sequence[Kind]] = lambda: PROFILES,
) -> list[list[str]]:
    """Every manifest's sync, their calls interleaved by the seed; time passes by the same dice. The codes of errors."""
    turns, dice = Turns(len(manifests), seed), Random(seed)

    def passing(number: int, call: ApiCall) -> None:
        account.clock.move(timedelta(seconds=dice.choice((0, 0, 0, 0.2, 1))))

    account.before = passing

    def one(number: int) -> list[str]:
        clouds = {ACCOUNT: Pipeline(account, turns, number, Random(seed * 100 + number))}
        try:
            plan = sync.plan(clouds, manifests[number], kinds(), home(manifests[number]), wishes, account.clock())
        except SentryError as error:
            return [error.code]
        return errors(apply(clouds, plan, lambda seconds: account.clock.move(timedelta(seconds=seconds))))

    done = together([partial(one, number) for number in range(len(manifests))], turns)
    account.unharmed().clock.move(account.list_lag + SECOND)
    return done


def empty(lag: timedelta) -> Account:
    return Account(FrozenClock(NOON), lag)


LAGS = pytest.mark.parametrize("lag", [timedelta(0), LAG], ids=["no lag", "lag"])


@LAGS
@pytest.mark.parametrize("manifests", [SAME, OVERLAPPING], ids=["same", "overlapping"])
def test_eight_pipelines_make_each_profile_once(manifests: Sequence[Manifest], lag: timedelta) -> None:
    for seed in range(SEEDS):
        account = empty(lag)
        done = raced(account, manifests, seed, Wishes())
        assert done == [[]] * PIPELINES
        assert (duplicates(account), orphans(account)) == (0, 0)
        assert set(active(account)) == {p.key for manifest in manifests for p in manifest.profiles}
        assert not any(planned(account, manifest).pending for manifest in manifests)


@LAGS
def test_eight_pipelines_with_random_tokens_make_duplicates_so_the_race_is_real(lag: timedelta) -> None:
    made_twice = 0
    for seed in range(5):
        account, seeds = empty(lag), iter(range(seed * 100, seed * 100 + PIPELINES))
        raced(account, SAME, seed, Wishes(), lambda seeds=seeds: [RandomToken(next(seeds))])
        made_twice += duplicates(account)
    assert made_twice > 0


@LAGS
def test_eight_pipelines_replace_each_profile_once(lag: timedelta) -> None:
    for seed in range(SEEDS // 2):
        account = empty(lag)
        synced(account, wanted(TEN))
        account.clock.move(timedelta(days=1))
        raced(account, [wanted(TEN, "lite")] * PIPELINES, seed, Wishes(replace=True))
        assert duplicates(account) == 0
        assert len(account.profiles) == 20
        models = {p.source.rpartition("/")[2] for p in account.profiles.values() if RETIRED_TAG not in p.tags}
        assert models == {"amazon.nova-lite-v1:0"}
        assert not planned(account, wanted(TEN, "lite"), Wishes(replace=True)).pending


def test_eight_pipelines_prune_only_what_left_the_manifest() -> None:
    for seed in range(SEEDS // 2):
        account = empty(timedelta(0))
        synced(account, wanted(range(13)))
        account.clock.move(timedelta(days=1))
        done = raced(account, SAME, seed, Wishes(prune=True))
        assert {code for codes in done for code in codes} <= {GONE}
        assert active(account) == {p.key: 1 for p in wanted(TEN).profiles}


GONE = "CS0803"


def test_what_another_pipeline_has_deleted_is_no_failure() -> None:
    account = empty(timedelta(0))
    synced(account, wanted(range(13)))
    account.clock.move(timedelta(days=1))
    done = raced(account, SAME, 1, Wishes(prune=True))
    assert done == [[]] * PIPELINES


def test_a_pipeline_that_comes_between_the_delete_and_the_create_of_another_makes_nothing_twice() -> None:
    account = empty(timedelta(0))
    synced(account, wanted(TEN))
    synced(account, wanted(TEN, "lite"), Wishes(replace=True))
    account.clock.move(timedelta(days=8))
    wishes = Wishes(replace=True, prune=True, max_deletes=10)

    def another(number: int, call: ApiCall) -> None:
        if call.operation == "CreateInferenceProfile":
            account.unharmed()
            synced(account, wanted(TEN), wishes)

    account.before = another
    account.order = lambda count: range(count)[::-1]  # deletes stand behind creates in the plan; nothing waits for it
    synced(account, wanted(TEN), wishes)
    assert duplicates(account) == 0


@pytest.fixture
def restless() -> Iterator[None]:
    """Threads change places as often as the interpreter lets them."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("restless")
@pytest.mark.parametrize("manifests", [SAME, OVERLAPPING], ids=["same", "overlapping"])
def test_eight_free_running_threads_make_each_profile_once(manifests: Sequence[Manifest]) -> None:
    for _ in range(10):
        account = empty(LAG)
        done = together([partial(synced, account, manifest) for manifest in manifests])
        assert [errors(one) for one in done] == [[]] * PIPELINES
        account.clock.move(LAG + SECOND)
        assert (duplicates(account), orphans(account)) == (0, 0)


@pytest.mark.usefixtures("restless")
def test_eight_free_running_threads_with_random_tokens_make_duplicates() -> None:
    account = empty(LAG)
    together([partial(synced, account, SAME[0], Wishes(), [RandomToken(n)]) for n in range(PIPELINES)])
    assert duplicates(account) == (PIPELINES - 1) * len(TEN)
