"""Calls seen on resources, from CloudWatch: what is in use is not deleted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from costsentry_cli.domain.calls import ApiCall, operations
from costsentry_cli.domain.references import profile_id

ACTIVITY = operations("cloudwatch", "GetMetricData")
"""What ``activity_calls`` calls."""
WINDOW = timedelta(days=14)
HOUR = timedelta(hours=1)
SERIES_PER_CALL = 500

Activity = Mapping[str, Mapping[datetime, int]]
"""ARN -> hour -> calls, for the hours with any; an ARN that is missing was not asked for."""


def activity_calls(arns: Sequence[str], region: str, now: datetime) -> tuple[ApiCall, ...]:
    """The GetMetricData calls for the last two weeks, hour by hour, five hundred profiles in each."""
    end = now.replace(minute=0, second=0, microsecond=0) + HOUR
    batches = [arns[start : start + SERIES_PER_CALL] for start in range(0, len(arns), SERIES_PER_CALL)]
    return tuple(
        ApiCall(
            "cloudwatch",
            "GetMetricData",
            {
                "MetricDataQueries": [_query(number, arn) for number, arn in enumerate(batch)],
                "StartTime": end - WINDOW,
                "EndTime": end,
            },
            region,
        )
        for batch in batches
    )


def folded(arns: Sequence[str], pages: Iterable[Mapping[str, Any]]) -> dict[str, dict[datetime, int]]:
    """The calls per hour of one call's answer; ``arns`` in the order they were asked for."""
    seen: dict[str, dict[datetime, int]] = {arn: {} for arn in arns}
    for page in pages:
        for result in page["MetricDataResults"]:
            hours = seen[arns[int(result["Id"][1:])]]
            for at, value in zip(result.get("Timestamps", []), result.get("Values", []), strict=True):
                hours[at] = hours.get(at, 0) + int(value)
    return seen


def since(activity: Activity, arn: str, start: datetime | None = None) -> int | None:
    """Calls on the resource, from the first whole hour after ``start`` on; None when that is not known."""
    hours = activity.get(arn)
    if hours is None:
        return None
    return sum(number for at, number in hours.items() if start is None or at >= start)


def _query(number: int, arn: str) -> dict[str, Any]:
    metric = {
        "Namespace": "AWS/Bedrock",
        "MetricName": "Invocations",
        "Dimensions": [{"Name": "ModelId", "Value": profile_id(arn)}],
    }
    return {"Id": f"m{number}", "MetricStat": {"Metric": metric, "Period": 3600, "Stat": "Sum"}}
