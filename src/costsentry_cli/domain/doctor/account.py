"""What is declared against what is live: for every kind by its own diff, and what is worse than a difference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from costsentry_cli.domain.alike import grouped
from costsentry_cli.domain.doctor.findings import Area, Finding, fail, failed, ok, warn
from costsentry_cli.domain.errors import PAYER_ONLY, Exit, SentryError
from costsentry_cli.domain.kind import Action, Change, Kind, Scope
from costsentry_cli.domain.kinds.budget import Budget
from costsentry_cli.domain.kinds.cost_allocation_tag import CostAllocationTag, TagKey
from costsentry_cli.domain.kinds.inference_profile import InferenceProfile
from costsentry_cli.domain.kinds.ledger_table import LedgerTable
from costsentry_cli.domain.resource import Desired, Observed
from costsentry_cli.domain.tag_life import State, state

NAMED = 5
"""So many resources are named in a finding."""
WORDS: dict[Action, str] = {
    Action.CREATE: "missing",
    Action.UPDATE: "different",
    Action.REPLACE: "to be replaced",
    Action.WAIT: "not known to AWS yet",
    Action.UNLISTED: "no longer declared",
    Action.RETIRED: "replaced and kept",
}
"""What a plan's action means to somebody who only looks."""
SYNCED = (Action.CREATE, Action.UPDATE, Action.REPLACE)
"""What a sync brings in order."""


@dataclass(frozen=True)
class Look:
    """One kind in one scope: both sides and their difference, or why it cannot be seen."""

    kind: Kind
    scope: Scope
    desired: Sequence[Desired] = ()
    observed: Sequence[Observed] = ()
    changes: Sequence[Change] = ()
    error: SentryError | None = None


@dataclass(frozen=True)
class Sight:
    """All looks, the time (aware, UTC), and whether a limit denies what its ledger cannot count."""

    looks: Sequence[Look]
    now: datetime
    denying: bool = True

    def of(self, kind: type[Kind]) -> list[Look]:
        """The looks at one kind that succeeded."""
        return [look for look in self.looks if isinstance(look.kind, kind) and look.error is None]


def judged(sight: Sight) -> list[Finding]:
    """What stands for each kind that is declared, live, or cannot be seen."""
    found: list[Finding] = []
    for kind in dict.fromkeys(look.kind for look in sight.looks):
        here = [look for look in sight.looks if look.kind is kind]
        found += _unseen(kind, here)
        if any(look.error is None for look in here):
            worse = next((one for judge in JUDGES if (one := judge(kind, sight)) is not None), None)
            found += [worse] if worse is not None else _differences(kind, [one for one in here if one.error is None])
    return found


def _unseen(kind: Kind, here: Sequence[Look]) -> Iterable[Finding]:
    """One for each reason: the same for twenty regions is one. What is not declared need not be seen."""
    reasons = [
        look.error for look in here if look.error is not None and (look.desired or look.error.exit is not Exit.ACCESS)
    ]
    for error, *_ in grouped(reasons, lambda one: one):
        if error.code == PAYER_ONLY:
            yield warn(Area.ACCOUNT, _plural(kind), error.message, error.help)
        else:
            yield failed(Area.ACCOUNT, _plural(kind), error)


def _differences(kind: Kind, here: Sequence[Look]) -> Iterable[Finding]:
    wanted = [wish for look in here for wish in look.desired]
    changes = [change for look in here for change in look.changes]
    count = Counter(change.action for change in changes)
    if not wanted and not any(count[action] for action in WORDS):
        return
    missing = count[Action.CREATE]
    if wanted and missing == len(wanted):
        yield warn(Area.ACCOUNT, _plural(kind), f"{missing} declared, none live yet", "sentry sync")
        return
    says = f"{len(wanted)} declared, {len(wanted) - missing} live"
    says += "".join(f", {count[action]} {word}" for action, word in WORDS.items() if count[action])
    held = [f"{change.name}: {change.held}" for change in changes if change.held]
    if held:
        yield fail(Area.ACCOUNT, _plural(kind), says, "sentry plan", Exit.UNSAFE, *_few(held))
    elif any(count[action] for action in SYNCED):
        told = [_told(change) for change in changes if change.action in SYNCED]
        yield warn(Area.ACCOUNT, _plural(kind), says, "sentry sync", *_few(told))
    else:
        yield ok(Area.ACCOUNT, _plural(kind), says, *(_settings(wanted[0]) if len(wanted) == 1 else ()))


def _tag_keys(kind: Kind, sight: Sight) -> Finding | None:
    """Where the keys are in their lives; that they can be listed at all tells that this is the payer."""
    looks = sight.of(CostAllocationTag)
    wanted = [wish.key for look in looks for wish in look.desired]
    if not isinstance(kind, CostAllocationTag) or not wanted:
        return None
    seen = {one.key: one for look in looks for one in look.observed if one.key is not None}
    states = {key: _state(key, seen.get(key), sight.now) for key in wanted}
    count = Counter(states.values())
    says = ", ".join(f"{count[one]} {one}" for one in State if count[one]) + "; this is the payer account"
    told = [f"{key}: {one}" for key, one in states.items() if one is not State.ACTIVE]
    if count[State.INACTIVE]:
        return warn(Area.ACCOUNT, "tag keys", says, "sentry tags sync", *_few(told))
    if count[State.UNSEEN]:
        return warn(Area.ACCOUNT, "tag keys", says, "sentry tags status", *_few(told))
    return ok(Area.ACCOUNT, "tag keys", says, *_few(told))


def _state(key: str, seen: Observed | None, now: datetime) -> State:
    known = None if seen is None else TagKey(key, seen.fields["status"] == "active", seen.raw.get("updated"))
    return state(known, 1, now)


def _unhealthy(kind: Kind, sight: Sight) -> Finding | None:
    """Budgets that AWS cannot reckon count nothing and tell nobody."""
    if not isinstance(kind, Budget):
        return None
    ours = [one for look in sight.of(Budget) for one in look.observed if "budget" in one.raw]
    health = {one.name: one.raw["budget"].get("HealthStatus", {}) for one in ours}
    bad = [f"{name}: {one.get('StatusReason', '')}" for name, one in health.items() if one.get("Status") == "UNHEALTHY"]
    if not bad:
        return None
    says = f"{len(bad)} of {len(ours)} unhealthy: nothing is counted, nobody is told"
    return fail(Area.ACCOUNT, "budgets", says, "sentry budgets lint", Exit.AWS, *_few(bad))


def _no_ledger(kind: Kind, sight: Sight) -> Finding | None:
    """Without its ledger every call with a limit is denied: a failure once there are profiles to call."""
    changes = [change for look in sight.of(LedgerTable) for change in look.changes]
    missing = [change.name for change in changes if change.action is Action.CREATE]
    called = any(_live(look) for look in sight.of(InferenceProfile))
    if not isinstance(kind, LedgerTable) or not missing or not called or not sight.denying:
        return None
    says = f"{missing[0]} is missing: calls with a limit are denied"
    return fail(Area.ACCOUNT, "ledger tables", says, "sentry sync", Exit.DENIED)


def _not_active(kind: Kind, sight: Sight) -> Finding | None:
    seen = [one for look in sight.of(LedgerTable) for one in look.observed]
    bad = [f"{one.name} is {one.raw['status']}" for one in seen if one.raw.get("status", "ACTIVE") not in USABLE]
    if not isinstance(kind, LedgerTable) or not bad:
        return None
    return warn(Area.ACCOUNT, "ledger tables", bad[0], "wait for it, then: sentry doctor")


USABLE = ("ACTIVE", "UPDATING")
"""The states in which DynamoDB reads and writes a table."""
JUDGES: tuple[Callable[[Kind, Sight], Finding | None], ...] = (_tag_keys, _unhealthy, _no_ledger, _not_active)
"""What says more than a difference."""


def _live(look: Look) -> bool:
    return any(one.namespace == look.scope.namespace and one.retired is None for one in look.observed)


def _told(change: Change) -> str:
    """``aws-docs-sales: model, tags.costCenter``, or that it is missing."""
    what = "missing" if change.action is Action.CREATE else ", ".join(field.field for field in change.fields)
    return f"{change.name}: {what}"


def _settings(wish: Desired) -> list[str]:
    return [f"{name}: {value}" for name, value in (("name", wish.name), *wish.fields.items())]


def _few(texts: Sequence[str]) -> list[str]:
    more = len(texts) - NAMED
    return [*texts[:NAMED], *([f"and {more} more"] if more > 0 else [])]


def _plural(kind: Kind) -> str:
    return f"{kind.noun}s"
