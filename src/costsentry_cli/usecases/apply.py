"""Make a plan's calls: side by side, each change in order, and see that what was made is there, once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from costsentry_cli.domain.birth import Births
from costsentry_cli.domain.calls import Answer, ApiCall, Cloud, Outcome
from costsentry_cli.domain.errors import CONFLICT, NOT_THERE, SentryError
from costsentry_cli.domain.kind import MADE, Action, Change
from costsentry_cli.domain.plan import MAKING, Plan


@dataclass(frozen=True)
class Applied:
    """What became of one change: the ARN it left, or what stopped it; ``tried`` False when it was not begun.

    ``waits`` says why AWS did not do it yet, though nothing is wrong; ``done`` counts the calls of it that succeeded
    before one failed. ``seen`` False: it is answered and still has to be looked for.
    """

    change: Change
    arn: str | None = None
    error: SentryError | None = None
    tried: bool = True
    waits: str = ""
    done: int = 0
    seen: bool = True


Told = Callable[[Applied], None]


def apply(
    clouds: Mapping[str, Cloud], plan: Plan, wait: Callable[[float], None], told: Told = lambda _: None
) -> tuple[Applied, ...]:
    """Carry out every change of the plan that has calls; ``told`` hears of each as it ends, from any thread.

    What AWS shows late is told when it is answered, too, not ``seen``: what it is in the end is told once.

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
            change, arn = one.change, None
            if change.desired is not None and change.action in MAKING:
                made_now = one.error is None and answer is not None
                arn = (
                    change.kind.made(change.desired, change.scope, answer or {}) if made_now else self._made_before(one)
                )
            if arn is None:
                self._end(ended, number, one)
                continue
            made[number] = arn
            if not change.after:
                self.told(Applied(change, arn, seen=change.kind.appearing is None))
        after: dict[int, tuple[Change, tuple[ApiCall, ...]]] = {}
        births = Births(self.cloud, self.wait)
        for number, arn, error in births.seen({n: (changes[n], arn) for n, arn in made.items()}):
            one = Applied(changes[number], arn, error)
            told_so = error is None and one.change.kind.appearing is None
            made[number] = arn
            if error is None and one.change.after:
                after[number] = (one.change, tuple(_filled(call, arn) for call in one.change.after))
            elif told_so:
                ended[number] = one
            else:
                self._end(ended, number, one)
        for number, one, _ in self._sequences(after):
            self._end(ended, number, replace(one, arn=made[number], tried=True, done=one.done + 1))
        return ended

    def _end(self, ended: dict[int, Applied], number: int, one: Applied) -> None:
        ended[number] = one
        self.told(one)

    def _made_before(self, one: Applied) -> str | None:
        """A creation that met a conflict may have been made by its own first attempt: its ARN, if it is ours."""
        change, wish = one.change, one.change.desired
        conflict = one.error is not None and one.error.code == CONFLICT
        if not conflict or change.kind.appearing is not None or wish is None:
            return None
        try:
            there = change.kind.observe(self.cloud, change.scope, (wish,))
        except SentryError:
            return None
        mine = [thing.arn for thing in there if (thing.namespace, thing.key) == (change.scope.namespace, wish.key)]
        return mine[0] if len(mine) == 1 else None

    def _sequences(
        self, work: Mapping[int, tuple[Change, tuple[ApiCall, ...]]]
    ) -> Iterable[tuple[int, Applied, Answer | None]]:
        """Each change's calls in order, the changes side by side; yields a change when its last call has ended.

        A call that several changes share is made once, and its answer is read for each of them.
        """
        open_work = dict(work)
        while open_work:
            sharing: dict[int, list[int]] = {}
            for number, (_, calls) in open_work.items():
                sharing.setdefault(id(calls[0]), []).append(number)
            groups, following = list(sharing.values()), {}
            for outcome in self.cloud.as_ended([open_work[numbers[0]][1][0] for numbers in groups]):
                for number in groups[outcome.index]:
                    change, calls = open_work[number]
                    if outcome.error is None and calls[1:]:
                        following[number] = (change, calls[1:])
                    else:
                        done = len(work[number][1]) - len(calls)
                        yield number, _ended(change, outcome, done), outcome.answer
            open_work = following


def _ended(change: Change, outcome: Outcome, done: int) -> Applied:
    """What the outcome of its last call, ``done`` others before it, makes of a change."""
    if change.action is Action.DELETE and outcome.error is not None and outcome.error.code == NOT_THERE:
        return Applied(change, change.arn)  # somebody else has deleted it: that is what was asked for
    if outcome.error is not None:
        return Applied(change, change.arn, outcome.error, outcome.tried or done > 0, done=done)
    refused = change.kind.refused(change.desired, outcome.answer or {}) if change.desired is not None else None
    if refused is None:
        return Applied(change, change.arn)
    if refused.waits:
        return Applied(change, change.arn, waits=refused.why)
    return Applied(change, change.arn, SentryError("CS0802", refused.why), done=done)


def _filled(call: ApiCall, arn: str) -> ApiCall:
    """The call with the ARN of what was made in its place."""
    return replace(call, params=_with(call.params, arn))


def _with(value: Any, arn: str) -> Any:
    if isinstance(value, Mapping):
        return {key: _with(member, arn) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_with(member, arn) for member in value]
    return arn if value == MADE else value
