"""`cloudwatch`: PutMetricData, ListMetrics, GetMetricData and GetMetricStatistics, by AWS's limits.

Expressions are metric math with SEARCH, and Metrics Insights. Setting: ``metric_lag_seconds``.
"""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from costsentry_cli.sandbox.contract import Handler, Request, ServiceError
from costsentry_cli.sandbox.services import cloudwatch_query as query
from costsentry_cli.sandbox.services.cloudwatch_answers import Answer, answers
from costsentry_cli.sandbox.services.cloudwatch_put import put_metric_data
from costsentry_cli.sandbox.services.cloudwatch_series import Series, active

LIST_PAGE = 500
"""Metrics per page of ListMetrics."""

_LISTED_FOR = 14 * 86400
_RECENT = 3 * 3600


def list_metrics(request: Request) -> dict[str, Any]:
    """ListMetrics: series with a point in the last two weeks (``RecentlyActive``: three hours), 500 a page."""
    params = request.params
    since = request.now.timestamp() - (_RECENT if "RecentlyActive" in params else _LISTED_FOR)
    found = [series for series in active(request, since, query.known_until(request)) if _matches(series, params)]
    start = _position(params, "InvalidParameterValue")
    page: dict[str, Any] = {"Metrics": [series.as_metric() for series in found[start : start + LIST_PAGE]]}
    if len(found) > start + LIST_PAGE:
        page["NextToken"] = _token(params, start + LIST_PAGE)
    return page


def get_metric_data(request: Request) -> dict[str, Any]:
    """GetMetricData: every result on every page, its points in one order; a page holds ``MaxDatapoints``.

    A result whose points go on on the next page is PartialData.
    """
    params = request.params
    asked = query.checked(request)
    start = _position(params, "InvalidNextToken")
    room = params.get("MaxDatapoints", query.MOST_POINTS)
    found, messages = answers(request, asked)
    descending = params.get("ScanBy", "TimestampDescending") == "TimestampDescending"
    results, position = [], 0
    for answer in found:
        points = sorted(answer.points.items(), reverse=descending)
        first, last = max(start - position, 0), max(start + room - position, 0)
        results.append(_result(answer, points[first:last], partial=len(points) > last))
        position += len(points)
    page: dict[str, Any] = {"MetricDataResults": results, "Messages": messages}
    if position > start + room:
        page["NextToken"] = _token(params, start + room)
    return page


def _result(answer: Answer, shown: list[tuple[int, float]], *, partial: bool) -> dict[str, Any]:
    """One MetricDataResult."""
    return {
        "Id": answer.id,
        "Label": answer.label,
        "Timestamps": [datetime.fromtimestamp(start, UTC) for start, _ in shown],
        "Values": [value for _, value in shown],
        "StatusCode": "PartialData" if partial else "Complete",
    }


def get_metric_statistics(request: Request) -> dict[str, Any]:
    """GetMetricStatistics: one metric, several statistics, 1,440 points at most."""
    return query.statistics(request)


def _position(params: dict[str, Any], code: str) -> int:
    """The position a ``NextToken`` stands for. Raises ``code`` for a token of another question."""
    token = params.get("NextToken")
    if not token:
        return 0
    try:
        of, _, position = base64.urlsafe_b64decode(token.encode()).decode().partition("/")
        if of == _question(params):
            return int(position)
    except ValueError:
        pass
    raise ServiceError(code, "The next token specified is invalid.")


def _token(params: dict[str, Any], position: int) -> str:
    """An opaque token for a position in the answer to a question."""
    return base64.urlsafe_b64encode(f"{_question(params)}/{position}".encode()).decode()


def _question(params: dict[str, Any]) -> str:
    asked = {name: value for name, value in params.items() if name not in {"NextToken", "MaxDatapoints"}}
    return hashlib.sha256(json.dumps(asked, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _matches(series: Series, params: dict[str, Any]) -> bool:
    if params.get("Namespace", series.namespace) != series.namespace:
        return False
    if params.get("MetricName", series.name) != series.name:
        return False
    have = dict(json.loads(series.dimensions))
    wanted = params.get("Dimensions", ())
    return all(each["Name"] in have and each.get("Value", have[each["Name"]]) == have[each["Name"]] for each in wanted)


OPERATIONS: dict[str, Handler] = {
    "PutMetricData": put_metric_data,
    "ListMetrics": list_metrics,
    "GetMetricData": get_metric_data,
    "GetMetricStatistics": get_metric_statistics,
}
