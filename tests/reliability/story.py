"""A sync that is cut off at every call, one after the other, and what the runs after it make of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

import pytest
from sync_world import SECOND, carried_out, duplicates, errors, orphans, planned, synced, wanted

from accounts import Account, Crash, Hook
from costsentry_cli.domain.calls import ApiCall
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.kind import Kind
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.plan import Wishes
from fakes import NOON, PROFILES, FrozenClock

NO_LAG = timedelta(0)
LOST = "CS0808"
SOON, IN_AN_HOUR = SECOND, timedelta(hours=1)
Kinds = Callable[[], Sequence[Kind]]


@dataclass(frozen=True)
class Story:
    """A sync that is cut off: from which account, to which manifest, under which wishes, and when it is run again."""

    start: Account
    manifest: Manifest
    wishes: Wishes = field(default_factory=Wishes)
    again_after: timedelta = SOON
    kinds: Kinds = lambda: PROFILES
    seed: int = 0

    def account(self) -> Account:
        """A fresh copy; with a seed, what runs side by side takes effect in another order."""
        account = self.start.copy()
        if self.seed:
            dice = Random(self.seed)
            account.order = lambda count: dice.sample(range(count), count)
        return account

    def length(self) -> int:
        """How many calls the sync takes when nobody disturbs it."""
        account = self.account()
        assert errors(synced(account, self.manifest, self.wishes, self.kinds())) == []
        return account.calls

    def survived(self, account: Account) -> int:
        """Run it again until it has nothing to do; the duplicates it left. All else must be well."""
        account.unharmed().clock.move(self.again_after)
        kinds = self.kinds()
        second = synced(account, self.manifest, self.wishes, kinds)
        account.clock.move(account.list_lag + SECOND)
        made_twice = duplicates(account)
        if made_twice:
            return made_twice
        assert errors(second) == []
        if self.wishes.replace and self.wishes.prune:  # what a creation was told from goes with the prune after it
            assert errors(synced(account, self.manifest, self.wishes, kinds)) == []
        assert orphans(account) == 0
        written = len(account.writes)
        third = planned(account, self.manifest, self.wishes, kinds)
        assert (third.pending, third.calls, third.refused) == (False, (), ())
        assert carried_out(account, third) == ()
        assert len(account.writes) == written
        return 0

    def killed(self, hooks: Callable[[int], tuple[Hook, Hook]]) -> list[int]:
        """The duplicates after a kill at each call."""
        left = []
        for at in range(1, self.length() + 1):
            account = self.account()
            account.before, account.after = hooks(at)
            with pytest.raises(Crash):
                synced(account, self.manifest, self.wishes, self.kinds())
            left.append(self.survived(account))
        return left

    def unanswered(self) -> list[int]:
        """The duplicates after the reply to each call was lost."""
        left = []
        for at in range(1, self.length() + 1):
            account = self.account()
            account.after = lost_reply(at)
            try:
                synced(account, self.manifest, self.wishes, self.kinds())
            except SentryError as error:
                if error.code != LOST:
                    raise
            left.append(self.survived(account))
        return left


def lost_reply(at: int) -> Hook:
    def after(number: int, call: ApiCall) -> None:
        if number == at:
            raise SentryError(LOST, "the reply was lost")

    return after


def empty(lag: timedelta = NO_LAG) -> Account:
    return Account(FrozenClock(NOON), lag)


def standing(
    numbers: range, lag: timedelta = NO_LAG, age: timedelta = timedelta(days=1), model: str = "haiku"
) -> Account:
    """An account in which these profiles were made a while ago."""
    account = empty(lag)
    synced(account, wanted(numbers, model))
    account.clock.move(age)
    return account


def assert_none(left: list[int], points: int) -> None:
    """As many points as are claimed, and no duplicate at any of them."""
    assert (len(left), sum(left)) == (points, 0)
