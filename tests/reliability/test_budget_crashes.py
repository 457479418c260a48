"""A sync of three budgets with actions and a monitor, killed at every call or left without a reply to it.

Whatever the point, the next run finishes it, the one after that has nothing to do, and nothing is there twice.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from accounts import Crash
from billing_world import ACTION, WHOLE, WRITES, Recording, World
from costsentry_cli.cli.context import Context
from costsentry_cli.domain.calls import Answer, ApiCall
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.sandbox import Sandbox
from fakes import BASIC

CHANGED = (
    WHOLE.replace("amount: 500", "amount: 700")
    .replace("at: 80%", "at: 85%")
    .replace("of: forecast, email: [finops@example.com]", "of: forecast, email: [cfo@example.com]")
    .replace(ACTION, ACTION + "      approval: automatic\n")
    .replace("frequency: daily", "frequency: weekly")
)
MOVED = WHOLE.replace("tag: costCenter", "tag: environment")
FEWER = WHOLE.replace("costCenter: [sales, services, support]", "costCenter: [sales]").split("anomaly_monitors:")[0]


@dataclass
class Fault:
    """What happens at the call with this number: ``raised`` instead of it, or after it took effect."""

    at: int
    after: bool
    raised: Callable[[], BaseException]
    counts: tuple[str, ...]
    count: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    here: threading.local = field(default_factory=threading.local)

    def before(self, call: ApiCall) -> None:
        with self.lock:
            counted = call.operation.startswith(self.counts)
            self.count += counted
            self.here.number = self.count if counted else None
        if not self.after and self.here.number == self.at:
            raise self.raised()

    def behind(self, call: ApiCall) -> None:
        if self.after and self.here.number == self.at:
            raise self.raised()


@dataclass
class Story:
    """A sync from one manifest's account to another manifest, begun anew from the same state for every point."""

    world: World
    live: Path
    start: Path
    text: str
    wishes: dict[str, Any]
    counts: tuple[str, ...]
    """What the names of the calls that are points begin with. Before the first write every point is the same."""

    def again(self) -> None:
        with closing(sqlite3.connect(self.start)) as source, closing(sqlite3.connect(self.live)) as target:
            source.backup(target)

    def run(self, fault: Fault) -> list[str]:
        """The codes of what failed; the fault may end it."""
        cloud = Recording(self.world.context.cloud, before=fault.before, after=fault.behind)
        plan = self.world.plan(self.text, cloud, **self.wishes)
        assert plan.refused == ()
        ended = self.world.carried_out(plan, cloud)
        return [*(one.error.code for one in plan.troubles), *(one.error.code for one in ended if one.error)]

    def length(self) -> int:
        """How many calls it takes when nobody disturbs it."""
        self.again()
        nothing = Fault(0, after=False, raised=Crash, counts=self.counts)
        assert self.run(nothing) == []
        return nothing.count

    def survived(self) -> None:
        """The next run finishes it without any failure, the third writes nothing, and nothing is there twice."""
        assert [one.error for one in self.world.sync(self.text, **self.wishes) if one.error] == []
        third = self.world.plan(self.text, **self.wishes)
        assert (third.pending, third.calls, third.troubles) == (False, (), ())
        wanted = self.world.read(self.text)
        monitors, names = self.world.monitors(), [budget.name for budget in wanted.budgets]
        current = [one for one in monitors if not self.retired(one["MonitorArn"])]
        assert sorted(one["MonitorName"] for one in current) == sorted(m.name for m in wanted.anomaly_monitors)
        assert len(self.world.subscriptions()) == len(monitors)
        assert sorted(self.world.budgets()) == sorted(names)
        assert [len(self.world.actions(name)) for name in names] == [1] * len(names)
        assert [len(self.world.alerts(name)) for name in names] == [2] * len(names)

    def retired(self, arn: str) -> bool:
        tags: Answer = self.world.by_hand("ce", "ListTagsForResource", ResourceArn=arn)
        return any(tag["Key"] == "costsentry:retired" for tag in tags["ResourceTags"])


def lost_reply() -> SentryError:
    return SentryError("CS0808", "the reply was lost")


STORIES = pytest.mark.parametrize(
    ("before", "text", "wishes", "writes"),
    [
        (BASIC, WHOLE, {}, 8),
        (WHOLE, CHANGED, {}, 16),
        (WHOLE, MOVED, {"replace": True}, 3),
        (WHOLE, FEWER, {"prune": True, "max_deletes": 2}, 4),
    ],
    ids=["made", "changed", "replaced", "pruned"],
)


@pytest.fixture
def story(context: Context, sandbox: Sandbox, tmp_path: Path, before: str, text: str, wishes: dict[str, Any]) -> Story:
    world = World(context, tmp_path)
    if before is not BASIC:
        world.settled(before)
    world.plan(BASIC)
    live, start = tmp_path / "sandbox.db", tmp_path / "start.db"
    with closing(sqlite3.connect(live)) as source, closing(sqlite3.connect(start)) as target:
        source.backup(target)
    return Story(world, live, start, text, wishes, ("",) if before is BASIC else WRITES)


@STORIES
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_sync_killed_at_every_call_is_finished_by_the_next_and_makes_nothing_twice(
    story: Story, writes: int, *, after: bool
) -> None:
    points = story.length()
    assert points == writes + (2 if story.counts == ("",) else 0)
    for at in range(1, points + 1):
        story.again()
        with pytest.raises(Crash):
            story.run(Fault(at, after, Crash, story.counts))
        story.survived()


@STORIES
def test_a_sync_whose_reply_is_lost_at_every_call_is_finished_by_the_next_and_makes_nothing_twice(
    story: Story, writes: int
) -> None:
    points = story.length()
    assert points == writes + (2 if story.counts == ("",) else 0)
    for at in range(1, points + 1):
        story.again()
        assert story.run(Fault(at, True, lost_reply, story.counts)) == ["CS0808"]
        story.survived()
