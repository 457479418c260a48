"""Cost allocation tags: which tag keys billing splits costs by. Service ``ce``, payer account only.

A key is nobody's: it carries no mark of ours, so it is activated where the manifest asks for it and never deactivated
by a plan. A key that billing has not seen cannot be activated by anybody: it is waited for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from costsentry_cli.domain.aws_limits import ACTIVE_COST_ALLOCATION_TAGS_MAX
from costsentry_cli.domain.calls import ApiCall, Cloud, operations
from costsentry_cli.domain.errors import PAYER_ONLY, Exit, SentryError
from costsentry_cli.domain.kind import Action, Change, Kind, Refused, Scope
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.resource import Desired, Observed

KEYS_PER_UPDATE = 20
KEYS_PER_LISTING = 100
UNKNOWN_KEY = "TagKeysNotFoundException"
LINKED = "linked account"
"""What AWS's refusal of a member account says, in any case."""
LISTING = operations("ce", "ListCostAllocationTags") | operations("organizations", "DescribeOrganization")
"""What a listing of keys calls: the organization is asked where the payer is another account."""
ORGANIZATION = ApiCall("organizations", "DescribeOrganization")
Status = Literal["Active", "Inactive"]
UNSEEN = "not yet seen by billing: that takes about a day after a tagged profile is first used"


@dataclass(frozen=True)
class TagKey:
    """One key as billing knows it: ``updated`` is when its status changed last, ``used`` the month of its last use."""

    key: str
    active: bool
    updated: datetime | None = None
    used: datetime | None = None


class CostAllocationTag(Kind):
    """Kind: the activation of a user-defined cost allocation tag key."""

    noun = "tag key"
    owned = False
    waiting = UNSEEN
    reading = LISTING
    writing = operations("ce", "UpdateCostAllocationTagsStatus")

    def desired(self, manifest: Manifest, scope: Scope, now: datetime) -> tuple[Desired, ...]:
        """Every key of ``cost_allocation_tags``, active."""
        del scope, now
        return tuple(Desired(key, key, "", {"status": "active"}) for key in manifest.cost_allocation_tags)

    def observe(self, cloud: Cloud, scope: Scope, wanted: Sequence[Desired]) -> tuple[Observed, ...]:
        """The wanted keys that billing knows, and where one must be activated, every other active one (the quota).

        Raises ``SentryError`` CS0407 in a member account, naming the payer and what to run there.
        """
        keys = [wish.key for wish in wanted]
        if not keys:
            return ()
        try:
            found = listed(cloud, keys)
            others = active_keys(cloud) if any(not tag.active for tag in found.values()) else ()
        except SentryError as error:
            raise payer_only(cloud, error, scope.account, f"sentry tags activate {' '.join(keys)}") from error
        mine = [_observed(tag, scope.namespace) for tag in found.values()]
        return (*mine, *(_observed(tag, None) for tag in others if tag.key not in found))

    def create(self, desired: Desired, scope: Scope, generation: str) -> tuple[ApiCall, ...]:
        """Nothing: only billing makes a key known."""
        del desired, scope, generation
        return ()

    def update(self, desired: Desired, observed: Observed, scope: Scope) -> tuple[ApiCall, ...]:
        """Its activation; ``arranged`` puts twenty into one call."""
        del observed, scope
        return switch_calls([desired.key], "Active")

    def arranged(self, changes: tuple[Change, ...]) -> tuple[Change, ...]:
        """Twenty activations share a call; what others have active counts only towards the quota."""
        mine = tuple(change for change in changes if change.action is not Action.FOREIGN)
        new = [change for change in mine if change.calls]
        active = len(changes) - sum(change.action is Action.WAIT or bool(change.calls) for change in changes)
        if active + len(new) > ACTIVE_COST_ALLOCATION_TAGS_MAX:
            why = f"{active} keys are active, {ACTIVE_COST_ALLOCATION_TAGS_MAX} may be: sentry tags deactivate KEY"
            return tuple(replace(change, calls=(), held=why) if change.calls else change for change in mine)
        shared = switch_calls([change.name for change in new], "Active")
        call_of = {change.name: shared[number // KEYS_PER_UPDATE] for number, change in enumerate(new)}
        return tuple(replace(c, calls=(call_of[c.name],)) if c.name in call_of else c for c in mine)

    def refused(self, desired: Desired, answer: Mapping[str, Any]) -> Refused | None:
        """The key's own error inside a successful answer; a key AWS does not know yet is only waited for."""
        for refusal in refusals(answer):
            if refusal.key == desired.key:
                if refusal.unseen:
                    return Refused(UNSEEN, waits=True)
                return Refused(f"{refusal.code}: {refusal.message}")
        return None


@dataclass(frozen=True)
class Refusal:
    """A key that a successful answer says was not changed, and why."""

    key: str
    code: str
    message: str

    @property
    def unseen(self) -> bool:
        """Billing does not know the key yet."""
        return self.code == UNKNOWN_KEY


def listed(cloud: Cloud, keys: Sequence[str] | None = None) -> dict[str, TagKey]:
    """What billing says of these user-defined keys, or of all; a key it has not seen is not in the answer."""
    params: list[dict[str, Any]] = [{}] if keys is None else [{"TagKeys": b} for b in _batches(keys, KEYS_PER_LISTING)]
    return {tag.key: tag for more in params for tag in _listing(cloud, more)}


def active_keys(cloud: Cloud) -> tuple[TagKey, ...]:
    """Every active user-defined key of the payer account."""
    return tuple(_listing(cloud, {"Status": "Active"}))


def switch_calls(keys: Sequence[str], status: Status) -> tuple[ApiCall, ...]:
    """The calls that give these keys a status, twenty in each."""
    return tuple(
        ApiCall(
            "ce",
            "UpdateCostAllocationTagsStatus",
            {"CostAllocationTagsStatus": [{"TagKey": key, "Status": status} for key in batch]},
        )
        for batch in _batches(keys, KEYS_PER_UPDATE)
    )


def refusals(answer: Mapping[str, Any]) -> tuple[Refusal, ...]:
    """The keys a successful answer did not change: AWS answers 200 and lists them apart."""
    return tuple(
        Refusal(error["TagKey"], error.get("Code", ""), error.get("Message", "")) for error in answer.get("Errors", [])
    )


def payer_only(cloud: Cloud, error: SentryError, account: str, command: str) -> SentryError:
    """Of a refusal to a member account: the same, saying who the payer is and what to run there; else the error.

    Source of the wording: "Linked account doesn't have access to cost allocation tags".
    """
    if error.exit is not Exit.ACCESS or LINKED not in error.message.lower():
        return error
    payer = _payer(cloud)
    whose = f"the payer account {payer}" if payer else "the payer (management) account"
    message = f"only {whose} can manage cost allocation tags; {account} is a member account"
    return SentryError(PAYER_ONLY, message, where=error.where, help=f"there: {command}", origin=error.origin)


def _payer(cloud: Cloud) -> str:
    """The management account of the organization; empty where it may not be asked."""
    try:
        answer = cloud.call(ORGANIZATION)
    except SentryError:
        return ""
    return str(answer.get("Organization", {}).get("MasterAccountId", ""))


def _listing(cloud: Cloud, more: Mapping[str, Any]) -> Iterable[TagKey]:
    call = ApiCall("ce", "ListCostAllocationTags", {**more, "Type": "UserDefined"})
    for page in cloud.pages(call):
        for tag in page["CostAllocationTags"]:
            moments = _time(tag.get("LastUpdatedDate")), _time(tag.get("LastUsedDate"))
            yield TagKey(tag["TagKey"], tag["Status"] == "Active", *moments)


def _observed(tag: TagKey, namespace: str | None) -> Observed:
    status = {"status": "active" if tag.active else "inactive"}
    key = tag.key if namespace is not None else None
    return Observed(tag.key, tag.key, "", status, namespace, key, raw={"updated": tag.updated})


def _batches(keys: Sequence[str], size: int) -> Iterable[list[str]]:
    return (list(keys[start : start + size]) for start in range(0, len(keys), size))


def _time(text: str | None) -> datetime | None:
    return None if not text else datetime.fromisoformat(str(text))
