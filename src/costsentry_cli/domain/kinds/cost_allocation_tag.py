"""Cost allocation tags: which tag keys billing splits costs by. Service ``ce``, payer account only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from costsentry_cli.domain.assumptions import TAG_ACTIVE_AFTER
from costsentry_cli.domain.calls import ApiCall, Cloud

KEYS_PER_UPDATE = 20
KEYS_PER_LISTING = 100


class State(StrEnum):
    """Where in its life a key is."""

    UNUSED = "on no profile"
    UNSEEN = "not yet seen by billing"
    INACTIVE = "inactive"
    ACTIVATING = "activating"
    ACTIVE = "active"


@dataclass(frozen=True)
class TagKey:
    """One key as billing knows it; ``updated`` is the day of its last change (aware, UTC)."""

    key: str
    active: bool
    updated: datetime | None


@dataclass(frozen=True)
class Refusal:
    """A key that a successful answer says was not changed, and why."""

    key: str
    code: str
    message: str


def observe(cloud: Cloud, keys: Sequence[str]) -> dict[str, TagKey]:
    """What billing says of these keys; a key it has not seen is not in the answer."""
    found = {}
    for batch in _batches(keys, KEYS_PER_LISTING):
        call = ApiCall("ce", "ListCostAllocationTags", {"TagKeys": batch, "Type": "UserDefined"})
        for page in cloud.pages(call):
            for tag in page["CostAllocationTags"]:
                found[tag["TagKey"]] = TagKey(tag["TagKey"], tag["Status"] == "Active", _time(tag))
    return found


def observe_active(cloud: Cloud) -> tuple[TagKey, ...]:
    """Every active user-defined key of the payer account."""
    call = ApiCall("ce", "ListCostAllocationTags", {"Status": "Active", "Type": "UserDefined"})
    return tuple(
        TagKey(tag["TagKey"], active=True, updated=_time(tag))
        for page in cloud.pages(call)
        for tag in page["CostAllocationTags"]
    )


def state(known: TagKey | None, on_profiles: int, now: datetime) -> State:
    """The state of a key; an activation takes about a day to show in costs."""
    if known is None:
        return State.UNSEEN if on_profiles else State.UNUSED
    if not known.active:
        return State.INACTIVE
    young = known.updated is not None and now - known.updated < TAG_ACTIVE_AFTER
    return State.ACTIVATING if young else State.ACTIVE


def activate_calls(keys: Sequence[str]) -> tuple[ApiCall, ...]:
    """The calls that activate these keys, twenty in each."""
    return tuple(
        ApiCall(
            "ce",
            "UpdateCostAllocationTagsStatus",
            {"CostAllocationTagsStatus": [{"TagKey": key, "Status": "Active"} for key in batch]},
        )
        for batch in _batches(keys, KEYS_PER_UPDATE)
    )


def refusals(answer: dict[str, Any]) -> tuple[Refusal, ...]:
    """The keys a successful answer did not change: AWS answers 200 and lists them apart."""
    return tuple(
        Refusal(error["TagKey"], error.get("Code", ""), error.get("Message", "")) for error in answer.get("Errors", [])
    )


def _batches(keys: Sequence[str], size: int) -> Iterable[list[str]]:
    return (list(keys[start : start + size]) for start in range(0, len(keys), size))


def _time(tag: dict[str, Any]) -> datetime | None:
    text = tag.get("LastUpdatedDate")
    return None if not text else datetime.fromisoformat(str(text))
