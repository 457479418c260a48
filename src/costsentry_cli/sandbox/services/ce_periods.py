"""The time range of a Cost Explorer request: its rules, and the periods it is cut into."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from costsentry_cli.domain.assumptions import COST_EXPLORER_HISTORY_MONTHS
from costsentry_cli.sandbox.services.ce_filter import refuse

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
    """The periods of a request for the past, gapless and in order; ValidationException as AWS has it."""
    granularity: str = params["Granularity"]
    whole = period_of(params["TimePeriod"], granularity)
    _check_past(whole, granularity, now)
    return cut(whole, granularity)


def range_of(params: dict[str, Any], now: datetime) -> Period:
    """The one period of a request for the past that has no granularity; ValidationException as AWS has it."""
    whole = period_of(params["TimePeriod"], "DAILY")
    _check_past(whole, "DAILY", now)
    return whole


def month_of(asked: dict[str, str], now: datetime) -> Period:
    """A period of the past that must be one whole month; ValidationException as AWS has it."""
    whole = period_of(asked, "MONTHLY")
    if whole.start.day != 1 or whole.end != _following(whole.start):
        refuse("The time period must start and end on the first day of a month, with a duration of exactly one month.")
    _check_past(whole, "MONTHLY", now)
    return whole


def period_of(asked: dict[str, str], granularity: str) -> Period:
    """A time range as it was asked for; ValidationException unless it is well written and ends after its start."""
    start, end = (_moment(name, asked[name], granularity) for name in ("Start", "End"))
    if start >= end:
        refuse("Start date (and hour) should be before end date (and hour)")
    return Period(start, end)


def cut(whole: Period, granularity: str) -> list[Period]:
    """The periods a range is made of; a month at the edge of the range is cut to the range, as AWS does."""
    start, periods = whole.start, []
    while start < whole.end:
        until = min(_next(start, granularity), whole.end)
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


def _check_past(whole: Period, granularity: str, now: datetime) -> None:
    if whole.end > _following(_month(now)):
        refuse("end date past the beginning of next month")
    if whole.start > now:
        refuse("start date is in the future")
    if whole.start < _months_before(_month(now), COST_EXPLORER_HISTORY_MONTHS):
        refuse(f"You haven't enabled historical data beyond {COST_EXPLORER_HISTORY_MONTHS + 1} months.")
    if granularity == "HOURLY" and whole.start < _midnight(now) - _HOURLY_DAYS * _DAY:
        refuse("start date is too old for hourly, the max supported days for hourly granularity is 14 days")


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
