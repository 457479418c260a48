"""The life of a tag key, from the manifest to the bill: where it stands and what stands beside it; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from costsentry_cli.domain.assumptions import IAM_PRINCIPAL_KEY, TAG_ACTIVE_AFTER
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.kind import Scope
from costsentry_cli.domain.kinds.cost_allocation_tag import TagKey
from costsentry_cli.domain.plan import Trouble
from costsentry_cli.domain.reports.costs import Costs
from costsentry_cli.domain.window import Window


class State(StrEnum):
    """Where in its life a key is, in the order of time."""

    UNUSED = "on no profile"
    UNSEEN = "not yet seen by billing"
    INACTIVE = "inactive"
    ACTIVATING = "activating"
    ACTIVE = "active"


@dataclass(frozen=True, order=True)
class Carrier:
    """A profile and the tag keys it carries."""

    name: str
    scope: Scope
    keys: frozenset[str]


@dataclass(frozen=True)
class Carried:
    """What of the Bedrock cost of a window carries a key.

    ``first`` is the first day of the window with such cost; ``share`` is of last month's cost, 0..1, None without any.
    """

    first: date | None
    share: Decimal | None


@dataclass(frozen=True)
class Standing:
    """One key: its carriers and those without it, what billing says of it, and what its costs say (None: not asked)."""

    key: str
    state: State
    on: int
    missing: tuple[Carrier, ...]
    known: TagKey | None = None
    carried: Carried | None = None
    look_alikes: tuple[str, ...] = ()
    """Other keys billing knows that differ only in case."""
    principal: bool = False
    """Billing also knows the key as a tag of IAM principals."""

    @property
    def ready(self) -> datetime | None:
        """When an activation shows in costs; None for a key that is not active."""
        if self.known is None or not self.known.active or self.known.updated is None:
            return None
        return self.known.updated + TAG_ACTIVE_AFTER


@dataclass(frozen=True)
class TagStatus:
    """All that ``tags status`` tells: the keys, how many profiles and active keys there are, what could not be seen."""

    standings: tuple[Standing, ...]
    profiles: int
    active: int
    window: Window
    paid_requests: int = 0
    troubles: tuple[Trouble, ...] = ()
    unpriced: SentryError | None = None
    """Why costs could not be asked for."""

    @property
    def last_month(self) -> Window:
        """The month the shares are of: the window's first."""
        return month_of(self.window.start)


@dataclass(frozen=True)
class Failure:
    """A key that could not be switched, and why."""

    key: str
    error: SentryError


@dataclass(frozen=True)
class Switched:
    """What became of keys that were to be activated or deactivated; ``pending`` are those billing does not know yet."""

    changed: tuple[str, ...] = ()
    already: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    failed: tuple[Failure, ...] = ()

    @property
    def activated(self) -> tuple[str, ...]:
        """What an activation changed."""
        return self.changed

    def then(self, later: Switched) -> Switched:
        """Both rounds together; the later one was about what was pending."""
        return Switched(
            self.changed + later.changed, self.already + later.already, later.pending, self.failed + later.failed
        )


def standing(
    key: str, carriers: Sequence[Carrier], known: Mapping[str, TagKey], now: datetime, carried: Carried | None = None
) -> Standing:
    """Where one key stands; ``known`` is every key billing knows."""
    missing = tuple(sorted(one for one in carriers if key not in one.keys))
    on = len(carriers) - len(missing)
    return Standing(
        key,
        state(known.get(key), on, now),
        on,
        missing,
        known.get(key),
        carried,
        look_alikes(key, known),
        IAM_PRINCIPAL_KEY + key in known,
    )


def state(known: TagKey | None, on_profiles: int, now: datetime) -> State:
    """The state of a key; an activation takes about a day to show in costs."""
    if known is None:
        return State.UNSEEN if on_profiles else State.UNUSED
    if not known.active:
        return State.INACTIVE
    young = known.updated is not None and now - known.updated < TAG_ACTIVE_AFTER
    return State.ACTIVATING if young else State.ACTIVE


def look_alikes(key: str, known: Iterable[str]) -> tuple[str, ...]:
    """The keys that differ from this one only in case, in order: to AWS they are others."""
    return tuple(sorted(other for other in known if other != key and other.casefold() == key.casefold()))


def ever_active(known: TagKey | None) -> bool:
    """Whether costs may carry the key: it is active, or its status was once changed."""
    return known is not None and (known.active or known.updated is not None)


def cost_window(today: date) -> Window:
    """From the first day of last month to today, today included."""
    first = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    return Window(first, today + timedelta(days=1))


def month_of(day: date) -> Window:
    """The whole month of a day."""
    first = day.replace(day=1)
    return Window(first, (first + timedelta(days=31)).replace(day=1))


def carried(costs: Costs, window: Window) -> Carried:
    """What the costs of a window, by the key's values, say of the key; the value ``""`` is what does not carry it."""
    with_key = [days for value, days in costs.by_group.items() if value]
    days_with_cost = [day for days in with_key for day, amount in days.items() if amount]
    month = month_of(window.start)
    whole = _sum_in(costs.by_group.values(), month)
    share = _sum_in(with_key, month) / whole if whole else None
    return Carried(min(days_with_cost, default=None), share)


def _sum_in(groups: Iterable[Mapping[date, Decimal]], month: Window) -> Decimal:
    amounts = (amount for days in groups for day, amount in days.items() if month.start <= day < month.end)
    return sum(amounts, Decimal(0))
