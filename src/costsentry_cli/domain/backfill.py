"""Backfills of cost allocation tags: which months can be asked for, the calls, and when one may be asked for again.

Source: AWS Billing user guide, "Backfill cost allocation tags"; service ``ce``, payer account only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from costsentry_cli.domain.assumptions import BACKFILL_AGAIN_AFTER, BACKFILL_MONTHS
from costsentry_cli.domain.calls import ApiCall
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.kinds.cost_allocation_tag import TagKey

LIMIT = "BackfillLimitExceededException"
"""AWS's word for a request while another is under way, or within a day of it."""
PROCESSING = "processing"
_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})(?:-01)?", re.ASCII)


@dataclass(frozen=True)
class Backfill:
    """One requested backfill; ``status`` is processing, succeeded or failed."""

    first: date
    requested: datetime | None
    completed: datetime | None
    status: str


@dataclass(frozen=True)
class Effect:
    """What a backfill would do to the keys billing knows, by their present status; both in order."""

    active: tuple[str, ...]
    inactive: tuple[str, ...]


def month(text: str, today: date) -> date:
    """The first day of ``2026-06``. Raises ``SentryError`` CS0107 for no month, the future, and too far back."""
    found = _MONTH.fullmatch(text)
    if found is None or not 1 <= int(found[2]) <= 12 or int(found[1]) < 1:
        raise SentryError("CS0107", f"--from {text!r} is not a month", help="write it as 2026-06")
    first = date(int(found[1]), int(found[2]), 1)
    back = (today.year - first.year) * 12 + today.month - first.month
    if back < 0:
        raise SentryError("CS0107", f"--from {text} lies in the future", help=f"{today:%Y-%m} at the latest")
    if back > BACKFILL_MONTHS:
        raise SentryError(
            "CS0107",
            f"--from {text} is {back} months ago, {BACKFILL_MONTHS} may be",
            help=f"{earliest(today):%Y-%m} at the earliest",
        )
    return first


def earliest(today: date) -> date:
    """The first day of the earliest month a backfill reaches."""
    months = today.year * 12 + today.month - 1 - BACKFILL_MONTHS
    return date(months // 12, months % 12 + 1, 1)


def effect(known: Iterable[TagKey]) -> Effect:
    """What becomes of these keys, which are all that billing knows."""
    keys = sorted(known, key=lambda tag: tag.key)
    return Effect(tuple(tag.key for tag in keys if tag.active), tuple(tag.key for tag in keys if not tag.active))


def start_call(first: date) -> ApiCall:
    """Ask for a backfill from this first day of a month on."""
    return ApiCall("ce", "StartCostAllocationTagBackfill", {"BackfillFrom": f"{first:%Y-%m-%d}T00:00:00Z"})


def history_call() -> ApiCall:
    """The backfills there were; paged."""
    return ApiCall("ce", "ListCostAllocationTagBackfillHistory", {})


def read(request: Mapping[str, Any]) -> Backfill:
    """One backfill as AWS tells it, in an answer to ``start_call`` or on a page of the history."""
    first = _time(request.get("BackfillFrom"))
    if first is None:
        raise SentryError("CS0809", "a backfill without a beginning")
    status = str(request.get("BackfillStatus", PROCESSING)).lower()
    return Backfill(first.date(), _time(request.get("RequestedAt")), _time(request.get("CompletedAt")), status)


def again(history: Sequence[Backfill]) -> datetime | None:
    """When the next one may be requested, a day after the last request; None where there was none."""
    last = max((one.requested for one in history if one.requested is not None), default=None)
    return None if last is None else last + BACKFILL_AGAIN_AFTER


def _time(text: str | None) -> datetime | None:
    return None if not text else datetime.fromisoformat(str(text)).astimezone(UTC)
