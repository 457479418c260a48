"""``sentry demo``: the whole main job in a minute, in a sandbox of its own."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from importlib import resources
from pathlib import Path

from costsentry_cli.cli.context import Context, print_target, sandbox_at, sandbox_context
from costsentry_cli.cli.forms import TALK
from costsentry_cli.cli.metering import metering
from costsentry_cli.cli.options import Common, common, group
from costsentry_cli.cli.output import drawn, fitted, terminal_width, write_file
from costsentry_cli.domain import window
from costsentry_cli.domain.kinds import KINDS
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.meter import Ending
from costsentry_cli.domain.metering.reply import Reply
from costsentry_cli.domain.metering.request import of_options
from costsentry_cli.domain.plan import Wishes
from costsentry_cli.domain.reports.question import Question, groups_of
from costsentry_cli.domain.table import Table
from costsentry_cli.manifest_file import read
from costsentry_cli.usecases import report_costs, sync, tags
from costsentry_cli.usecases.apply import apply
from costsentry_cli.usecases.metering import Metering

app = group("A tour.")
EXAMPLE = "example.profiles.yaml"
PLACE = Path(".costsentry/demo")
NAMES = ("sentry", "costsentry", "costsentry-cli")
"""What this program is called, see ``project.scripts``."""
STEPS = 7
WIDE = 80
"""Columns that a step and what came of it fit into."""
TOO_LONG = 8000
"""Lines of a prompt that no minute of the example's limit has room for."""
A_DAY_AND_AN_HOUR = timedelta(hours=25)
# Calls per cost centre on each of seven days, as an office week has them; 40 in all.
WEEK = {"sales": (1, 2, 2, 3, 3, 4, 5), "support": (2, 2, 2, 3, 1, 1, 1), "services": (1, 1, 1, 1, 1, 2, 1)}
QUESTIONS = (
    "Summarise the ticket below for the next shift: symptoms, what was tried, what is open.",
    "Draft a friendly reply to the customer, at most five sentences.",
    "Which of our three plans fits the usage described here, and why?",
)
CONTEXT_LINE = "On Monday the customer reported that uploads over 5 GB stop at 60 percent with a timeout. "


@app.command()
@common(result=TALK)
def demo(shared: Common) -> None:
    """Declare, sync, call and report in a sandbox of its own; no account, nothing is sent anywhere."""
    run(shared, PLACE)


def run(shared: Common, place: Path, clock: Callable[[], datetime] | None = None) -> None:
    """The tour in this folder; a former tour's folder is made anew. ``clock`` replaces the machine's."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True, mode=0o700)
    tour = Tour.start(place, clock)
    print_target(tour.context.target)
    steps = (tour.declare, tour.sync, tour.first_calls, tour.activate, tour.invoke, tour.deny)
    for number, step in enumerate(steps, start=1):
        _told(number, *step())
    _told(STEPS, "report", "below")
    _print("\n" + drawn(shared, tour.report()) + "\n" + fitted(shared, _what_next(place)))


@dataclass
class Tour:
    """One step of the main job per method; each returns the command it stands for and what it did."""

    place: Path
    context: Context
    advance: Callable[[timedelta], datetime]
    manifest: Manifest

    @classmethod
    def start(cls, place: Path, clock: Callable[[], datetime] | None) -> Tour:
        """A fresh sandbox and the article's example manifest."""
        path = place / "profiles.yaml"
        write_file(path, resources.files("costsentry_cli.data").joinpath(EXAMPLE).read_text(encoding="utf-8"))
        manifest = read(path)
        sandbox = sandbox_at(place / "sandbox.db", clock)
        return cls(place, sandbox_context(sandbox, manifest.regions[0]), sandbox.advance, manifest)

    def declare(self) -> tuple[str, str]:
        """The manifest is written already; say what it holds."""
        centres = {profile.tags["costCenter"] for profile in self.manifest.profiles}
        return (
            f"wrote {self.place / 'profiles.yaml'}",
            f"{len(self.manifest.profiles)} profiles, {len(centres)} cost centres",
        )

    @cached_property
    def calls(self) -> Metering:
        """What makes the metered calls of this manifest."""
        return metering(self.manifest, self.context)

    def sync(self) -> tuple[str, str]:
        """Make the profiles."""
        target = self.context.target
        clouds = {target.account: self.context.cloud}
        plan = sync.plan(clouds, self.manifest, KINDS, self.context.home(self.manifest), Wishes(), self.context.clock())
        done = apply(clouds, plan, self.context.wait)
        return "sync", f"{len(done)} made: profiles, budgets, ledger"

    def first_calls(self) -> tuple[str, str]:
        """Billing learns a tag key from usage, about a day later."""
        for centre in WEEK:
            self._call(centre, 0)
        self.advance(A_DAY_AND_AN_HOUR)
        return "invoke x 3, wait a day", "now billing knows the tag keys"

    def activate(self) -> tuple[str, str]:
        """Activate the keys and wait until costs carry them."""
        done = tags.activate(self.context.cloud, self.manifest.cost_allocation_tags)
        self.advance(A_DAY_AND_AN_HOUR)
        return "tags activate, wait a day", f"{len(done.activated)} keys active"

    def invoke(self) -> tuple[str, str]:
        """A week of calls, forty in all; then a day until Cost Explorer has them."""
        asked = denied = 0
        for day in range(7):
            for centre, numbers in WEEK.items():
                for number in range(numbers[day]):
                    asked += 1
                    denied += self._call(centre, number).ending is Ending.DENIED
            self.advance(timedelta(days=1))
        self.advance(timedelta(hours=1))
        return f"invoke x {asked} in a week", f"{asked - denied} answered"

    def deny(self) -> tuple[str, str]:
        """A call that its limit has no room for costs nothing: it is never made."""
        tags = {"costCenter": "sales"}
        reply = self.calls.run(self.calls.prepare(of_options(CONTEXT_LINE * TOO_LONG, tags=tags)))
        tokens = f"{reply.prepared.worst.tokens:,}"
        return f"invoke, {tokens} tokens at once", f"{reply.ending}: nothing was called"

    def report(self) -> Table:
        """What Cost Explorer says of all of it."""
        period = window.parse(self.context.clock().date(), last="11d")
        question = Question(groups_of(["costCenter"]), period, previous=False)
        return report_costs.costs(self.context.cloud, question, self.context.clock())

    def _call(self, centre: str, number: int) -> Reply:
        prompt = QUESTIONS[number % len(QUESTIONS)] + "\n" + CONTEXT_LINE * (400 + 150 * number)
        parameters, tags = {"max_tokens": 400 + 100 * number}, {"costCenter": centre}
        return self.calls.run(self.calls.prepare(of_options(prompt, parameters=parameters, tags=tags)))


def _told(number: int, what: str, result: str) -> None:
    line = f"  {number}/{STEPS}  {what:<40}{result}\n"
    narrow = sys.stdout.isatty() and terminal_width() < WIDE
    _print(f"  {number}/{STEPS}  {what}\n       {result}\n" if narrow else line)


def _print(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def on_path() -> str:
    """The line that puts this program on the path, when its name there is nothing or another program."""
    started = Path(sys.argv[0])
    found = shutil.which(started.name)
    if started.name not in NAMES or (found is not None and Path(found).resolve() == started.resolve()):
        return ""
    return f'    export PATH="{started.parent.absolute()}:$PATH"\n'


def _what_next(place: Path) -> str:
    return f"""  What came before the tags were active stays (untagged), as on AWS.

  Yours to try, in the same sandbox:
{on_path()}    export COSTSENTRY_SANDBOX=1
    export COSTSENTRY_SANDBOX_DB={place}/sandbox.db
    export COSTSENTRY_FILE={place}/profiles.yaml
    sentry invoke --cost-center sales "Hello"
    sentry tags status
    edit {place}/profiles.yaml, then: sentry plan
  Go live:  sentry init, then sentry plan   (your AWS credentials)
"""
