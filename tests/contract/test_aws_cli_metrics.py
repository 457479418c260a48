"""The real ``aws`` CLI against a served sandbox: CloudWatch's metric math, SEARCH and Metrics Insights."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from costsentry_cli.sandbox import Sandbox
from costsentry_cli.sandbox.core import environment
from costsentry_cli.sandbox.server import start

AWS = Path(sys.executable).parent / "aws"
NAMESPACE = "GenAIRateLimiting"
Run = Callable[..., Any]


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Runs the CLI; its JSON, or with ``fails`` what it says on stderr. Two cost centres have published tokens."""
    folder = tmp_path_factory.mktemp("metrics")
    with start(Sandbox(folder / "sandbox.db")) as url:
        clean = {key: item for key, item in os.environ.items() if not key.startswith("AWS_")}
        variables = clean | environment(url) | {"HOME": str(folder), "AWS_PAGER": ""}

        def run(*words: str, fails: bool = False) -> Any:
            command = [str(AWS), "cloudwatch", *words, "--output", "json"]
            ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=variables)
            assert (ended.returncode != 0) == fails, ended.stderr
            if fails:
                return ended.stderr
            return json.loads(ended.stdout) if ended.stdout.strip() else {}

        data = [
            {"MetricName": name, "Value": value, "Dimensions": [{"Name": "CostCenter", "Value": centre}]}
            for name, centre, value in [
                ("TotalRequests", "sales", 8), ("TotalRequests", "support", 4),
                ("RateLimitDenied", "sales", 2), ("RateLimitDenied", "support", 0),
            ]
        ]  # fmt: skip
        run("put-metric-data", "--namespace", NAMESPACE, "--metric-data", json.dumps(data))
        yield run


def span() -> tuple[str, ...]:
    now = datetime.now(UTC)
    return (
        "--start-time", (now - timedelta(hours=1)).isoformat(), "--end-time", (now + timedelta(hours=1)).isoformat(),
    )  # fmt: skip


def data(aws: Run, *queries: dict[str, Any], fails: bool = False) -> Any:
    return aws("get-metric-data", "--metric-data-queries", json.dumps(queries), *span(), fails=fails)


def test_the_share_of_denied_calls_is_metric_math_over_searches(aws: Run) -> None:
    def summed(name: str) -> str:
        return f"""SUM(SEARCH('{{{NAMESPACE},CostCenter}} MetricName="{name}"', 'Sum', 86400))"""

    answer = data(
        aws,
        {"Id": "denied", "Expression": summed("RateLimitDenied"), "ReturnData": False},
        {"Id": "share", "Expression": f"100 * denied / {summed('TotalRequests')}", "Label": "denied %"},
    )
    (result,) = answer["MetricDataResults"]
    assert (result["Label"], result["Values"]) == ("denied %", [pytest.approx(100 * 2 / 12)])


def test_metrics_insights_gives_a_series_for_each_group(aws: Run) -> None:
    query = f'SELECT SUM(TotalRequests) FROM SCHEMA("{NAMESPACE}", CostCenter) GROUP BY CostCenter ORDER BY SUM() DESC'
    results = data(aws, {"Id": "q1", "Expression": query, "Period": 86400})["MetricDataResults"]
    assert [(each["Id"], each["Label"], each["Values"]) for each in results] == [
        ("q1", "sales", [8.0]),
        ("q1", "support", [4.0]),
    ]


def test_a_wrong_expression_is_named_in_the_error(aws: Run) -> None:
    said = data(aws, {"Id": "e1", "Expression": "NONSENSE(1)"}, fails=True)
    assert "ValidationError" in said
    assert "Error in expression 'e1': Function 'NONSENSE' not found" in said
