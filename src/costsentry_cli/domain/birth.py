"""See that what was made is there, and only once, in a cloud that shows new resources late."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from costsentry_cli.domain.calls import ApiCall, Cloud
from costsentry_cli.domain.errors import INTERRUPTED, NOT_THERE, SentryError
from costsentry_cli.domain.kind import Appearing, Change, Scope
from costsentry_cli.domain.plan import generation

PAUSES = (0.2, 0.4, 0.8, 1.6, *(2.0,) * 12)
"""Seconds between looks at a new resource; AWS is eventually consistent for some seconds."""
SETTLING = (0.5, 1.0, *(2.0,) * 60)
"""Seconds between looks at what AWS is still making; a table takes some seconds, seldom a minute."""
REBIRTHS = 3

Seen = tuple[int, str, SentryError | None]
"""A change's number, the ARN it has in the end, and what is wrong with it."""


@dataclass(frozen=True)
class Births:
    """Looks at what was made. ``wait`` sleeps so many seconds."""

    cloud: Cloud
    wait: Callable[[float], None]

    def seen(self, made: Mapping[int, tuple[Change, str]]) -> Iterable[Seen]:
        """See each new resource there, and only once: one listing answers for nearly all, a look for the rest."""
        for scope in dict.fromkeys(change.scope for change, _ in made.values()):
            mine = {n: pair for n, pair in made.items() if pair[0].scope == scope}
            for kind in dict.fromkeys(change.kind for change, _ in mine.values()):
                ours = {n: pair for n, pair in mine.items() if pair[0].kind is kind}
                if kind.appearing is None:  # the answer to its creation is proof enough
                    yield from ((number, arn, self._unsettled(change)) for number, (change, arn) in ours.items())
                else:
                    yield from self._appeared(kind.appearing, scope, ours)

    def _appeared(self, how: Appearing, scope: Scope, made: Mapping[int, tuple[Change, str]]) -> Iterable[Seen]:
        listed = self._listed(how, scope)
        absent = {n: pair for n, pair in made.items() if pair[1] not in listed.get(pair[0].name, ())}
        late = _Late(self.cloud, how, {n: change for n, (change, _) in absent.items()})
        for number, (change, arn) in made.items():
            if number not in absent:
                yield number, arn, self._twin(change, arn, listed.get(change.name, ()))
        for number, arn, error in late.seen({n: arn for n, (_, arn) in absent.items()}, self.wait):
            change = made[number][0]
            yield number, arn, error or self._twin(change, arn, listed.get(change.name, ()))

    def _unsettled(self, change: Change) -> SentryError | None:
        """Wait until what was made takes further calls; what stands against it, if anything."""
        call = change.kind.settling(change.desired, change.scope) if change.desired is not None else None
        if call is None or not change.after:
            return None
        try:
            for pause in (*SETTLING, None):
                if change.kind.settled(self.cloud.call(call)):
                    return None
                if pause is not None:
                    self.wait(pause)
        except SentryError as error:
            return error
        message = f"the {change.kind.noun} {change.name} was made, but AWS has not finished it"
        return SentryError("CS0806", message, help="run it again in a while: what is missing is added then")

    def _listed(self, how: Appearing, scope: Scope) -> dict[str, list[str]]:
        """Name -> ARNs; nothing when the listing fails, which takes nothing back from what was made."""
        found: dict[str, list[str]] = {}
        try:
            for page in self.cloud.pages(how.listing(scope)):
                for name, arn in how.listed(page):
                    found.setdefault(name, []).append(arn)
        except SentryError:
            return {}
        return found

    def _twin(self, change: Change, arn: str, same_name: Sequence[str]) -> SentryError | None:
        """What stands against it when others of its name are listed; an interruption takes nothing back."""
        try:
            if any(other not in (arn, *change.known) for other in same_name):
                self._only_one(change, arn)
        except SentryError as error:
            return None if error.code == INTERRUPTED else error
        return None

    def _only_one(self, change: Change, arn: str) -> None:
        """Raises ``SentryError`` CS0205 when another active resource carries the same key; nothing is deleted."""
        assert change.desired is not None  # noqa: S101 - only creations come here
        replaced = {arn, *change.known}
        twins = [
            thing.arn
            for thing in change.kind.observe(self.cloud, change.scope, (change.desired,))
            if (thing.namespace, thing.key) == (change.scope.namespace, change.desired.key)
            and thing.retired is None
            and thing.arn not in replaced
        ]
        if twins:
            message = f"{len(twins) + 1} {change.kind.noun}s carry the key {change.desired.key!r}"
            raise SentryError("CS0205", message, details=(arn, *twins))


@dataclass
class _Late:
    """What the listing did not show: waited for together. One that never comes was the answer to a token AWS still
    remembers, of a resource that is gone, and is made anew."""

    cloud: Cloud
    how: Appearing
    changes: Mapping[int, Change]

    def seen(self, made: Mapping[int, str], wait: Callable[[float], None]) -> Iterable[Seen]:
        """Each with the ARN it has in the end, as soon as it is there."""
        arns, known = dict(made), {n: list(self.changes[n].known) for n in made}
        for birth in range(REBIRTHS + 1):
            left = dict(arns)
            for number, error in self._come(left, wait):
                yield number, arns.pop(number), error
            if not arns:
                return
            if birth < REBIRTHS:
                yield from self._made_anew(arns, known)
        for number, arn in arns.items():
            scope = self.changes[number].scope
            yield number, arn, SentryError(NOT_THERE, f"{arn} was created and cannot be found", where=scope.region)

    def _come(self, left: dict[int, str], wait: Callable[[float], None]) -> Iterable[tuple[int, SentryError | None]]:
        """Those that are there, or cannot be looked at: made they are, whatever kept us from looking."""
        for pause in (*PAUSES, None):
            numbers = list(left)
            looks = [self.how.confirm(arn, self.changes[n].scope) for n, arn in left.items()]
            for number, outcome in zip(numbers, self.cloud.each(looks), strict=True):
                error = outcome.error
                if error is None or error.code != NOT_THERE:
                    del left[number]
                    yield number, None if error is None or error.code == INTERRUPTED else error
            if not left or pause is None:
                return
            wait(pause)

    def _made_anew(self, arns: dict[int, str], known: Mapping[int, list[str]]) -> Iterable[Seen]:
        """Make each again under a token of its own; yields those that AWS refuses."""
        numbers = list(arns)
        calls: list[ApiCall] = []
        for number in numbers:
            change = self.changes[number]
            known[number].append(arns[number])
            assert change.desired is not None  # noqa: S101 - only creations come here
            calls += change.kind.create(change.desired, change.scope, generation(known[number]))
        for number, outcome in zip(numbers, self.cloud.each(calls), strict=True):
            change = self.changes[number]
            if outcome.error is not None:
                yield number, arns.pop(number), outcome.error
            elif change.desired is not None:
                arns[number] = change.kind.made(change.desired, change.scope, outcome.answer or {})
