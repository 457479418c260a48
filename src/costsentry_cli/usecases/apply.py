"""Make a plan's calls: side by side, each change in order, and see that what was made is there, once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from costsentry_cli.domain.calls import Answer, ApiCall, Cloud
from costsentry_cli.domain.errors import INTERRUPTED, NOT_THERE, SentryError
from costsentry_cli.domain.kind import Scope
from costsentry_cli.domain.plan import MAKING, Action, Change, Plan, generation

PAUSES = (0.2, 0.4, 0.8, 1.6, *(2.0,) * 12)
"""Seconds between looks at a new resource; AWS is eventually consistent for some seconds."""
REBIRTHS = 3


@dataclass(frozen=True)
class Applied:
    """What became of one change: the ARN it left, or what stopped it; ``tried`` False when it was not begun."""

    change: Change
    arn: str | None = None
    error: SentryError | None = None
    tried: bool = True


Told = Callable[[Applied], None]


def apply(
    clouds: Mapping[str, Cloud], plan: Plan, wait: Callable[[float], None], told: Told = lambda _: None
) -> tuple[Applied, ...]:
    """Carry out every change of the plan that has calls; ``told`` hears of each as it ends, from any thread.

    A creation is told once it is answered, and again should the look at it afterwards say otherwise.

    ``clouds`` by account; ``wait`` sleeps so many seconds. Changes go side by side; a change whose call fails stops
    there and the others go on. The results are in the order of the plan. Raises ``SentryError`` CS0203 for a plan that
    is refused.
    """
    lock = threading.Lock()

    def once(one: Applied) -> None:
        with lock:
            told(one)

    if plan.refused:
        raise SentryError("CS0203", plan.refused[0], details=plan.refused[1:])
    changes = plan.writing()
    accounts = list(dict.fromkeys(change.scope.account for change in changes))
    if not accounts:
        return ()

    def account(name: str) -> dict[int, Applied]:
        mine = {n: change for n, change in enumerate(changes) if change.scope.account == name}
        return _Run(clouds[name], wait, once).all(mine)

    if len(accounts) == 1:  # in the caller's thread: only the main thread hears Ctrl-C
        parts = [account(accounts[0])]
    else:
        with ThreadPoolExecutor(len(accounts)) as pool:
            parts = list(pool.map(account, accounts))
    ended = {n: one for part in parts for n, one in part.items()}
    return tuple(ended[n] for n in sorted(ended))


@dataclass
class _Run:
    """The changes of one account on their way."""

    cloud: Cloud
    wait: Callable[[float], None]
    told: Told

    def all(self, changes: Mapping[int, Change]) -> dict[int, Applied]:
        """Calls, then confirmation of what was made, then the calls that had to wait for it."""
        ended: dict[int, Applied] = {}
        made: dict[int, str] = {}
        for number, one, answer in self._sequences({n: (c, c.calls) for n, c in changes.items()}):
            if one.error is None and answer is not None and one.change.action in MAKING:
                made[number] = one.change.kind.made(answer)
                if not one.change.after:
                    self.told(replace(one, arn=made[number]))
            else:
                self._end(ended, number, one)
        after: dict[int, tuple[Change, tuple[ApiCall, ...]]] = {}
        for number, one in self._confirmed({n: (changes[n], arn) for n, arn in made.items()}):
            told_so = one.error is None and one.arn == made[number]
            made[number] = one.arn or made[number]
            if one.error is None and one.change.after:
                after[number] = (one.change, one.change.after)
            elif told_so:
                ended[number] = one
            else:
                self._end(ended, number, one)
        for number, one, _ in self._sequences(after):
            self._end(ended, number, replace(one, arn=made[number], tried=True))
        return ended

    def _end(self, ended: dict[int, Applied], number: int, one: Applied) -> None:
        ended[number] = one
        self.told(one)

    def _sequences(
        self, work: Mapping[int, tuple[Change, tuple[ApiCall, ...]]]
    ) -> Iterable[tuple[int, Applied, Answer | None]]:
        """Each change's calls in order, the changes side by side; yields a change when its last call has ended."""
        open_work = dict(work)
        while open_work:
            numbers, following = list(open_work), {}
            for outcome in self.cloud.as_ended([open_work[n][1][0] for n in numbers]):
                number = numbers[outcome.index]
                change, calls = open_work[number]
                gone = change.action is Action.DELETE and outcome.error is not None and outcome.error.code == NOT_THERE
                if gone:  # somebody else has deleted it: that is what was asked for
                    yield number, Applied(change, change.arn), None
                elif outcome.error is None and calls[1:]:
                    following[number] = (change, calls[1:])
                else:
                    begun = outcome.tried or len(calls) < len(work[number][1])
                    yield number, Applied(change, change.arn, outcome.error, begun), outcome.answer
            open_work = following

    def _confirmed(self, made: Mapping[int, tuple[Change, str]]) -> Iterable[tuple[int, Applied]]:
        """See each new resource there, and only once: one listing answers for nearly all, a look for the rest."""
        for scope in dict.fromkeys(change.scope for change, _ in made.values()):
            mine = {n: pair for n, pair in made.items() if pair[0].scope == scope}
            listed = self._listed(scope, next(iter(mine.values()))[0])
            absent = {n: pair for n, pair in mine.items() if pair[1] not in listed.get(pair[0].name, ())}
            looks = [change.kind.confirm(arn, scope) for change, arn in absent.values()]
            there = {n for n, outcome in zip(absent, self.cloud.each(looks), strict=True) if outcome.error is None}
            for number, (change, arn) in mine.items():
                found = number not in absent or number in there
                yield number, self._confirm(change, arn, listed.get(change.name, ()), found=found)

    def _listed(self, scope: Scope, change: Change) -> dict[str, list[str]]:
        """Name -> ARNs; nothing when the listing fails, which takes nothing back from what was made."""
        found: dict[str, list[str]] = {}
        try:
            for page in self.cloud.pages(change.kind.listing(scope)):
                for name, arn in change.kind.listed(page):
                    found.setdefault(name, []).append(arn)
        except SentryError:
            return {}
        return found

    def _confirm(self, change: Change, arn: str, same_name: Sequence[str], *, found: bool) -> Applied:
        try:
            if not found:
                arn = self._alive(change, arn)
            others = [other for other in same_name if other not in (arn, *change.known)]
            if others:
                self._only_one(change, arn)
        except SentryError as error:
            # It was made, whatever kept us from looking at it: an interruption takes nothing back.
            return Applied(change, arn, None if error.code == INTERRUPTED else error)
        return Applied(change, arn)

    def _alive(self, change: Change, arn: str) -> str:
        """Wait until the resource is there. One that never comes was the answer to a replayed token: make it anew."""
        known = list(change.known)
        for _ in range(REBIRTHS):
            if self._comes(change, arn):
                return arn
            known.append(arn)
            assert change.desired is not None  # noqa: S101 - only creations come here
            (call,) = change.kind.create(change.desired, change.scope, generation(known))
            arn = change.kind.made(self.cloud.call(call))
        if self._comes(change, arn):
            return arn
        raise SentryError(NOT_THERE, f"{arn} was created and cannot be found", where=change.scope.region)

    def _comes(self, change: Change, arn: str) -> bool:
        for pause in (*PAUSES, None):
            try:
                self.cloud.call(change.kind.confirm(arn, change.scope))
                return True
            except SentryError as error:
                if error.code != NOT_THERE:
                    raise
            if pause is not None:
                self.wait(pause)
        return False

    def _only_one(self, change: Change, arn: str) -> None:
        """Raises ``SentryError`` CS0205 when another active resource carries the same key; nothing is deleted."""
        assert change.desired is not None  # noqa: S101 - only creations come here
        replaced = {arn, *change.known}
        twins = [
            thing.arn
            for thing in change.kind.observe(self.cloud, change.scope)
            if (thing.namespace, thing.key) == (change.scope.namespace, change.desired.key)
            and thing.retired is None
            and thing.arn not in replaced
        ]
        if twins:
            raise SentryError(
                "CS0205", f"{len(twins) + 1} profiles carry the key {change.desired.key!r}", details=(arn, *twins)
            )
