"""See that what was made is there, and only once, in a cloud that shows new resources late."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from costsentry_cli.domain.calls import Cloud
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
        looks = [how.confirm(arn, scope) for _, arn in absent.values()]
        there = {n for n, outcome in zip(absent, self.cloud.each(looks), strict=True) if outcome.error is None}
        for number, (change, arn) in made.items():
            found = number not in absent or number in there
            yield number, *self._confirm(how, change, arn, listed.get(change.name, ()), found=found)

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

    def _confirm(
        self, how: Appearing, change: Change, arn: str, same_name: Sequence[str], *, found: bool
    ) -> tuple[str, SentryError | None]:
        try:
            if not found:
                arn = self._alive(how, change, arn)
            others = [other for other in same_name if other not in (arn, *change.known)]
            if others:
                self._only_one(change, arn)
        except SentryError as error:
            # It was made, whatever kept us from looking at it: an interruption takes nothing back.
            return arn, None if error.code == INTERRUPTED else error
        return arn, None

    def _alive(self, how: Appearing, change: Change, arn: str) -> str:
        """Wait until the resource is there. One that never comes was the answer to a replayed token: make it anew."""
        known = list(change.known)
        for _ in range(REBIRTHS):
            if self._comes(how, change, arn):
                return arn
            known.append(arn)
            assert change.desired is not None  # noqa: S101 - only creations come here
            (call,) = change.kind.create(change.desired, change.scope, generation(known))
            arn = change.kind.made(change.desired, change.scope, self.cloud.call(call))
        if self._comes(how, change, arn):
            return arn
        raise SentryError(NOT_THERE, f"{arn} was created and cannot be found", where=change.scope.region)

    def _comes(self, how: Appearing, change: Change, arn: str) -> bool:
        for pause in (*PAUSES, None):
            try:
                self.cloud.call(how.confirm(arn, change.scope))
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
            for thing in change.kind.observe(self.cloud, change.scope, (change.desired,))
            if (thing.namespace, thing.key) == (change.scope.namespace, change.desired.key)
            and thing.retired is None
            and thing.arn not in replaced
        ]
        if twins:
            message = f"{len(twins) + 1} {change.kind.noun}s carry the key {change.desired.key!r}"
            raise SentryError("CS0205", message, details=(arn, *twins))
