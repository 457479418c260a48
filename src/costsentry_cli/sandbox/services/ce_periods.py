"""The time range of a Cost Explorer request: its rules, and the periods it is cut into."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from costsentry_cli.domain.assumptions import COST_EXPLORER_HISTORY_MONTHS, PRODUCT_ATTRIBUTES_SINCE
from costsentry_cli.sandbox.services.ce_filter import names_product_attributes, refuse

_FORMATS = {"HOURLY": ("%Y-%m-%dT%H:%M:%SZ", "yyyy-MM-ddTHH:mm:ssZ")}
_DAY_FORMAT = ("%Y-%m-%d", "yyyy-MM-dd")
_HOURLY_DAYS = 14
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Period:
    """One row of an answer: ``start`` inclusive, ``end`` exclusive, UTC."""

    start: datetime
    end: datetime


def periods_of(params: dict[str, Any], now: datetime) -> list[Period]:
    """The periods of a request, gapless and in order; ValidationException or DataUnavailableException as AWS has them.

    A month at the edge of the range is cut to the range, as AWS does.
    """
    granularity: str = params["Granularity"]
    start = _moment("Start", params["TimePeriod"]["Start"], granularity)
    end = _moment("End", params["TimePeriod"]["End"], granularity)
    _check_range(start, end, granularity, now)
    if start.date() < PRODUCT_ATTRIBUTES_SINCE and _looks_at_attributes(params):
        refuse(
            f"Product attributes are only available from {PRODUCT_ATTRIBUTES_SINCE} on.",
            "DataUnavailableException",
        )
    periods = []
    while start < end:
        until = min(_next(start, granularity), end)
        periods.append(Period(start, until))
        start = until
    return periods


def spelled(moment: datetime, granularity: str) -> str:
    """A moment as Cost Explorer writes it for a granularity."""
    return moment.strftime(_FORMATS.get(granularity, _DAY_FORMAT)[0])


def is_estimate(period: Period, now: datetime) -> bool:
    """Whether AWS may still change a period: it reaches into the current month or the last two days."""
    return period.end > min(_month(now), _midnight(now) - 2 * _DAY)


def _moment(name: str, text: str, granularity: str) -> datetime:
    pattern, words = _FORMATS.get(granularity, _DAY_FORMAT)
    try:
        moment = datetime.strptime(text, pattern).replace(tzinfo=UTC)
    except ValueError:
        moment = None
    if moment is None or moment.minute or moment.second:
        refuse(f"{name} time {text} is invalid. Valid format is: {words}.")
    return moment


def _check_range(start: datetime, end: datetime, granularity: str, now: datetime) -> None:
    if start >= end:
        refuse("Start date (and hour) should be before end date (and hour)")
    if end > _following(_month(now)):
        refuse("end date past the beginning of next month")
    if start > now:
        refuse("start date is in the future")
    if start < _months_before(_month(now), COST_EXPLORER_HISTORY_MONTHS):
        refuse(f"You haven't enabled historical data beyond {COST_EXPLORER_HISTORY_MONTHS + 1} months.")
    if granularity == "HOURLY" and start < _midnight(now) - _HOURLY_DAYS * _DAY:
        refuse("start date is too old for hourly, the max supported days for hourly granularity is 14 days")


def _looks_at_attributes(params: dict[str, Any]) -> bool:
    grouped = any(group.get("Type") == "PRODUCT_ATTRIBUTE" for group in params.get("GroupBy", ()))
    return grouped or names_product_attributes(params.get("Filter", {}))


def _next(start: datetime, granularity: str) -> datetime:
    if granularity == "MONTHLY":
        return _following(_month(start))
    return start + (timedelta(hours=1) if granularity == "HOURLY" else _DAY)


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _month(moment: datetime) -> datetime:
    return _midnight(moment).replace(day=1)


def _following(month: datetime) -> datetime:
    return _month(month + 31 * _DAY)


def _months_before(month: datetime, count: int) -> datetime:
    for _ in range(count):
        month = _month(month - _DAY)
    return month
