"""The real ``aws`` CLI against a served sandbox: CloudWatch Logs and DynamoDB."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from costsentry_cli.sandbox import Sandbox
from costsentry_cli.sandbox.core import environment
from costsentry_cli.sandbox.server import start

AWS = Path(sys.executable).parent / "aws"
Run = Callable[..., Any]


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[Run]:
    """Runs the CLI; its JSON, or with ``fails`` what it says on stderr."""
    with start(Sandbox(tmp_path / "sandbox.db")) as url:
        clean = {key: item for key, item in os.environ.items() if not key.startswith("AWS_")}
        variables = clean | environment(url) | {"HOME": str(tmp_path), "AWS_PAGER": ""}

        def run(*words: str, fails: bool = False) -> Any:
            command = [str(AWS), *words, "--output", "json"]
            ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=variables)
            assert (ended.returncode != 0) == fails, ended.stderr
            if fails:
                return ended.stderr
            return json.loads(ended.stdout) if ended.stdout.strip() else {}

        yield run


def test_logs_are_put_searched_and_queried(aws: Run) -> None:
    group, stream = ("--log-group-name", "calls"), ("--log-stream-name", "one")
    aws("logs", "create-log-group", *group, "--tags", "costCenter=sales")
    aws("logs", "create-log-stream", *group, *stream)
    now = datetime.now(UTC)
    at = int(now.timestamp() * 1000)
    calls = [{"costCenter": center, "gen_ai.usage.input_tokens": n} for n, center in enumerate(("sales", "services"))]
    events = json.dumps([{"timestamp": at, "message": json.dumps(call)} for call in calls])
    assert "rejectedLogEventsInfo" not in aws("logs", "put-log-events", *group, *stream, "--log-events", events)
    pattern = '{ $.costCenter = "sal*" }'
    found = aws("logs", "filter-log-events", *group, "--filter-pattern", pattern)["events"]
    assert [json.loads(event["message"]) for event in found] == calls[:1]
    query = "stats sum(`gen_ai.usage.input_tokens`) as tokens by costCenter | sort tokens desc | limit 1"
    span = ("--start-time", str(at // 1000 - 60), "--end-time", str(at // 1000 + 60))
    started = aws("logs", "start-query", *group, *span, "--query-string", query)["queryId"]
    answer = aws("logs", "get-query-results", "--query-id", started)
    assert answer["status"] == "Complete"
    assert answer["results"] == [[{"field": "costCenter", "value": "services"}, {"field": "tokens", "value": "1"}]]
    said = aws("logs", "start-query", *group, *span, "--query-string", "explode it", fails=True)
    assert "MalformedQueryException" in said
    assert "'explode'" in said


def test_a_ledger_table_takes_conditional_writes(aws: Run) -> None:
    table = ("--table-name", "ledger")
    aws(
        "dynamodb", "create-table", *table, "--billing-mode", "PAY_PER_REQUEST",
        "--attribute-definitions", "AttributeName=pk,AttributeType=S",
        "--key-schema", "AttributeName=pk,KeyType=HASH",
    )  # fmt: skip
    add = (
        "dynamodb", "update-item", *table, "--key", '{"pk": {"S": "L#sales#2026-11"}}',
        "--update-expression", "ADD used :one",
        "--condition-expression", "attribute_not_exists(used) OR used < :limit",
        "--expression-attribute-values", '{":one": {"N": "1"}, ":limit": {"N": "1"}}',
        "--return-values-on-condition-check-failure", "ALL_OLD",
    )  # fmt: skip
    aws(*add)
    assert "ConditionalCheckFailedException" in aws(*add, fails=True)
    scanned = aws("dynamodb", "scan", *table)
    assert scanned["Items"] == [{"pk": {"S": "L#sales#2026-11"}, "used": {"N": "1"}}]
