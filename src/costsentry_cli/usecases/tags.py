"""Cost allocation tags: where each key stands, and switching keys on and off."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from costsentry_cli.domain.aws_limits import ACTIVE_COST_ALLOCATION_TAGS_MAX
from costsentry_cli.domain.calls import Cloud
from costsentry_cli.domain.errors import INTERRUPTED, SentryError
from costsentry_cli.domain.kind import Scope
from costsentry_cli.domain.kinds.cost_allocation_tag import (
    Status,
    active_keys,
    refusals,
    switch_calls,
)
from costsentry_cli.domain.kinds.inference_profile import observed_in
from costsentry_cli.domain.payer import Payer
from costsentry_cli.domain.plan import Trouble
from costsentry_cli.domain.remembered import sent, sent_before
from costsentry_cli.domain.reports.costs import costs_call, fold
from costsentry_cli.domain.tag_life import (
    Carried,
    Carrier,
    Failure,
    Switched,
    TagStatus,
    carried,
    cost_window,
    ever_active,
    standing,
)
from costsentry_cli.domain.window import Window


def status(
    payer: Payer,
    clouds: Mapping[str, Cloud],
    scopes: Sequence[Scope],
    keys: Sequence[str],
    now: datetime,
    *,
    with_cost: bool,
) -> TagStatus:
    """Where these keys stand in billing, and on the namespace's profiles in all these scopes.

    ``with_cost`` asks Cost Explorer, at a price, about every key that was ever active. A scope that cannot be looked
    at is a trouble of the answer; when none can be, its error is raised.
    """
    known = payer.listed()
    carriers, troubles = _carriers(clouds, scopes)
    window = cost_window(now.date())
    costs = _Costs(payer.cloud, window)
    if with_cost:
        costs.ask([key for key in keys if ever_active(known.get(key))])
    standings = tuple(standing(key, carriers, known, now, costs.carried.get(key)) for key in keys)
    active = sum(tag.active for tag in known.values())
    return TagStatus(standings, len(carriers), active, window, costs.requests, troubles, costs.error)


@dataclass
class _Costs:
    """Cost Explorer's answers by key, what they cost, and the error that ended the asking."""

    cloud: Cloud
    window: Window
    carried: dict[str, Carried] = field(default_factory=dict)
    requests: int = 0
    error: SentryError | None = None

    def ask(self, keys: Sequence[str]) -> None:
        """One request, or more where the answer has pages, for each key; the first refusal ends it: each is paid."""
        pages, before = 0, sent_before(self.cloud)
        try:
            for key in keys:
                costs = fold(self.cloud.pages(costs_call(key, self.window)), key)
                pages += costs.requests
                self.carried[key] = carried(costs, self.window)
        except SentryError as error:
            if error.code == INTERRUPTED:
                raise
            self.error = error
        self.requests += sent(self.cloud, pages, before)


def _carriers(clouds: Mapping[str, Cloud], scopes: Sequence[Scope]) -> tuple[tuple[Carrier, ...], tuple[Trouble, ...]]:
    """The namespace's profiles that are in use (without a namespace: all), and the scopes that cannot be seen."""
    carriers: list[Carrier] = []
    troubles: list[Trouble] = []
    for scope in scopes:
        try:
            found = observed_in(clouds[scope.account], scope.region)
        except SentryError as error:
            troubles.append(Trouble(scope, error))
            continue
        mine = (one for one in found if scope.namespace in ("", one.namespace) and one.retired is None)
        carriers += [Carrier(one.name, scope, frozenset(one.tags)) for one in mine]
    if troubles and len(troubles) == len(scopes):
        raise troubles[0].error
    return tuple(carriers), tuple(troubles)


@dataclass
class Activating:
    """An activation that may need several rounds; ``so_far`` is what became of every key by now."""

    payer: Payer
    so_far: Switched

    def done(self) -> bool:
        """Try what is pending; True when nothing is any more."""
        if self.so_far.pending:
            self.so_far = self.so_far.then(_activated(self.payer, self.so_far.pending))
        return not self.so_far.pending


def activate(cloud: Cloud, keys: Sequence[str], account: str = "") -> Switched:
    """Activate what is not active yet; a key billing has not seen is pending."""
    return _activated(Payer(cloud, account, f"sentry tags activate {shlex.join(keys)}"), keys)


def deactivate(payer: Payer, keys: Sequence[str]) -> Switched:
    """Deactivate what is active; costs that carry a key already go on carrying it."""
    known = payer.listed(keys)
    active = [key for key in keys if key in known and known[key].active]
    return _switched(payer.cloud, active, [key for key in keys if key not in active], "Inactive")


def _activated(payer: Payer, keys: Sequence[str]) -> Switched:
    active = {key for key, tag in payer.listed(keys).items() if tag.active}
    wanted = [key for key in keys if key not in active]
    already = [key for key in keys if key in active]
    full = _full(payer.cloud, len(wanted)) if wanted else None
    if full is not None:
        return Switched(already=tuple(already), failed=tuple(Failure(key, full) for key in wanted))
    return _switched(payer.cloud, wanted, already, "Active")


def _full(cloud: Cloud, more: int) -> SentryError | None:
    """Why so many more keys cannot be active. An account that has more already was given another quota by AWS.

    AWS's refusal has the code of throttling, and would be tried again until the deadline.
    """
    active, most = len(active_keys(cloud)), ACTIVE_COST_ALLOCATION_TAGS_MAX
    if active > most or active + more <= most:
        return None
    return SentryError("CS0805", f"{active} keys are active, {most} may be", help="sentry tags deactivate KEY")


def _switched(cloud: Cloud, keys: Sequence[str], already: Sequence[str], wanted: Status) -> Switched:
    pending: list[str] = []
    failed: list[Failure] = []
    for outcome in cloud.each(switch_calls(keys, wanted)):
        if outcome.error is not None:
            entries = outcome.call.params["CostAllocationTagsStatus"]
            failed += [Failure(entry["TagKey"], outcome.error) for entry in entries]
            continue
        for one in refusals(outcome.answer or {}):
            if one.unseen and wanted == "Active":
                pending.append(one.key)
            else:
                failed.append(Failure(one.key, SentryError("CS0802", f"{one.code}: {one.message}")))
    undone = {*pending, *(one.key for one in failed)}
    changed = tuple(key for key in keys if key not in undone)
    return Switched(changed, tuple(already), tuple(pending), tuple(failed))
