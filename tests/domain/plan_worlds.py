"""Accounts, manifests and wishes by chance, for the laws of the plan."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from accounts import Account
from costsentry_cli.domain.calls import ApiCall
from costsentry_cli.domain.document import Mark
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.manifest.types import DesiredProfile
from costsentry_cli.domain.plan import Wishes
from costsentry_cli.domain.resource import KEY_TAG, NAMESPACE_TAG, RETIRED_TAG, SPEC_TAG
from fakes import ACCOUNT, HAIKU, LITE, NOON, FrozenClock

MODELS = (HAIKU, LITE)
SOURCES = (
    f"arn:aws:bedrock:us-east-1:{ACCOUNT}:inference-profile/{HAIKU}",
    f"arn:aws:bedrock:us-east-1::foundation-model/{LITE}",
)
CENTRES = ("sales", "support")
RETIRED = {"": None, "8 days": timedelta(days=8), "1 day": timedelta(days=1), "by hand": None}
USED = {"never": None, "2 h": timedelta(hours=2), "10 days": timedelta(days=10), "20 days": timedelta(days=20)}


@dataclass(frozen=True)
class Thing:
    """A profile that stands in the account."""

    key: int
    owner: str
    model: int
    centre: str
    stale: bool
    described: bool
    retired: str
    marks: str
    used: str

    @property
    def ours(self) -> bool:
        return self.owner == "docs-helper"

    @property
    def name(self) -> str:
        return f"p-{self.key}"

    def tags(self) -> dict[str, str]:
        tags = {"costCenter": self.centre} | ({"stale": "x"} if self.stale else {})
        if not self.owner:
            return tags
        marks = {NAMESPACE_TAG: self.owner, KEY_TAG: self.name, SPEC_TAG: f"v1:{MODELS[self.model]}"}
        gone = {"all": "", "no spec": SPEC_TAG, "no key": KEY_TAG}[self.marks]
        age = RETIRED[self.retired]
        moment = f"{NOON - age:%Y-%m-%dT%H:%M:%SZ}" if age else "yesterday"
        retired = {RETIRED_TAG: moment} if self.retired else {}
        return tags | retired | {mark: value for mark, value in marks.items() if mark != gone}

    def carries(self, key: int) -> bool:
        """Whether it stands for a wish of this key now."""
        return self.ours and self.key == key and self.marks != "no key" and not self.retired


@dataclass(frozen=True)
class Wish:
    """A profile that the manifest wants."""

    key: int
    model: int
    centre: str
    described: bool

    def profile(self) -> DesiredProfile:
        name, described = f"p-{self.key}", "What for" if self.described else None
        return DesiredProfile(
            name, name, "m", MODELS[self.model], {"costCenter": self.centre}, described, (), Mark(1, 1)
        )

    def is_met_by(self, thing: Thing) -> bool:
        """Whether nothing but tags differs. Without our spec mark the first member model tells the source."""
        known = self.model == thing.model and (thing.marks != "no spec" or MODELS[self.model] == LITE)
        return known and self.described == thing.described


@dataclass(frozen=True)
class World:
    """One case: what stands, what is wanted, what is allowed, and whether CloudWatch may be asked."""

    things: list[Thing]
    desired: list[Wish]
    wishes: Wishes
    blind: bool

    def account(self) -> Account:
        account = Account(FrozenClock(NOON), before=self._denied)
        for thing in self.things:
            made = account.make(thing.name, SOURCES[thing.model], thing.tags(), "What for" if thing.described else None)
            if (ago := USED[thing.used]) is not None:
                account.invocations[made.arn.rpartition("/")[2]] = {NOON - ago: 3}
        return account

    def _denied(self, number: int, call: ApiCall) -> None:
        if self.blind and call.operation == "GetMetricData":
            raise SentryError("CS0403", "AccessDeniedException: no")

    def ambiguous(self) -> bool:
        """Whether some wish has several profiles to choose from and not exactly one of them is right."""
        for wish in self.desired:
            there = [thing for thing in self.things if thing.carries(wish.key)]
            if len(there) > 1 and sum(wish.is_met_by(thing) for thing in there) != 1:
                return True
        return False

    def held(self, wish: Wish) -> bool:
        """Whether it would take a replace that nobody allowed."""
        there = [thing for thing in self.things if thing.carries(wish.key)]
        return bool(there) and not any(map(wish.is_met_by, there)) and not self.wishes.replace

    def making(self, key: int) -> bool:
        """Whether a profile of this key is made now; its former ones must stay until that is done."""
        for wish in (one for one in self.desired if one.key == key):
            there = [thing for thing in self.things if thing.carries(key)]
            return not there or (self.wishes.replace and not any(map(wish.is_met_by, there)))
        return False

    def deletable(self, thing: Thing) -> bool:
        """Whether this may go: ours by every mark, unwanted or replaced long enough ago, asked for, and idle."""
        if not (self.wishes.prune and thing.ours and thing.marks == "all"):
            return False
        if thing.retired:
            age = RETIRED[thing.retired]
            due = age is not None and age >= self.wishes.grace
            since, gone = ("2 h",), due and not self.making(thing.key)
        else:
            since, gone = ("2 h", "10 days"), thing.key not in {wish.key for wish in self.desired}
        return gone and (self.wishes.force or not (self.blind or thing.used in since))


def chosen(number: int, *choices: Sequence[Any]) -> list[Any]:
    """One of each of the choices, read off a number: one draw is far cheaper than nine."""
    picked = []
    for choice in choices:
        number, place = divmod(number, len(choice))
        picked.append(choice[place])
    return picked


def drawn(*choices: Sequence[Any]) -> st.SearchStrategy[list[Any]]:
    most = math.prod(map(len, choices)) - 1
    return st.integers(0, most).map(lambda number: chosen(number, *choices))


def things(
    owners: Sequence[str], retired: Sequence[str], marks: Sequence[str], most: int
) -> st.SearchStrategy[list[Thing]]:
    described, used = (False, False, True), tuple(USED)
    one = drawn(range(5), owners, range(2), CENTRES, (False, True), described, retired, marks, used)
    return st.lists(one.map(lambda fields: Thing(*fields)), max_size=most)


desired = st.lists(
    drawn(range(5), range(2), CENTRES, (False, True)).map(lambda fields: Wish(*fields)),
    min_size=1,
    max_size=5,
    unique_by=lambda wish: wish.key,
)
MOST = (None, None, 0, 1, 10)
GRACES = (timedelta(days=7), timedelta(days=1))
EITHER = (False, True)


def worlds(
    standing: st.SearchStrategy[list[Thing]], replaces: Sequence[bool] = EITHER, prunes: Sequence[bool] = EITHER
) -> st.SearchStrategy[World]:
    asked = drawn(replaces, prunes, EITHER, MOST, GRACES).map(lambda fields: Wishes(*fields))
    return st.builds(World, standing, desired, asked, st.integers(0, 5).map(lambda dice: dice == 5))


OURS, STANDING, ALL = ["docs-helper"], [""], ["all"]
plain = worlds(things(OURS, STANDING, ALL, 5), replaces=[True])
replaced = worlds(things(OURS, ["", "", "8 days", "1 day"], ALL, 7))
pruned = worlds(things(OURS, ["", "8 days"], ALL, 9), prunes=[True])
hostile = worlds(
    things(["docs-helper", "docs-helper", "other", ""], list(RETIRED), ["all", "all", "no spec", "no key"], 8)
)
