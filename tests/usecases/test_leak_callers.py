"""``report coverage`` names who calls past the profiles where the invocation log can be asked, and says where not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from costsentry_cli.aws import assume
from costsentry_cli.cli.context import Context
from costsentry_cli.domain.calls import ApiCall, Cloud
from costsentry_cli.domain.kind import Scope
from costsentry_cli.domain.reports.coverage import Route
from costsentry_cli.domain.reports.invocation_log import Call, model_id, principal, read, role_of
from costsentry_cli.domain.reports.leak_callers import callers
from costsentry_cli.domain.reports.moments import Cut, last
from costsentry_cli.render.screen import as_screen
from costsentry_cli.sandbox import FaultRule, Sandbox
from costsentry_cli.usecases.report_coverage import Coverage, Question, coverage
from fakes import ACCOUNT, HAIKU, LITE, FakeCloud, FrozenClock
from foreign import called, made

SCREENS = Path(__file__).parents[1] / "cli" / "screens"
GROUP = "/bedrock/invocations"
LOGS = {"cloudWatchConfig": {"logGroupName": GROUP, "roleArn": f"arn:aws:iam::{ACCOUNT}:role/bedrock-logs"}}
BUCKET = {"s3Config": {"bucketName": "our-logs", "keyPrefix": "bedrock"}}


def logged(context: Context, config: Mapping[str, Any]) -> None:
    if "cloudWatchConfig" in config:
        context.cloud.call(ApiCall("logs", "CreateLogGroup", {"logGroupName": GROUP}))
    context.cloud.call(ApiCall("bedrock", "PutModelInvocationLoggingConfiguration", {"loggingConfig": config}))


def somebody(context: Context, role: str, session: str) -> Cloud:
    return assume(context.cloud, f"arn:aws:iam::{ACCOUNT}:role/{role}", session_name=session)


def calls(cloud: Cloud, model: str, times: int) -> None:
    params = {"modelId": model, "messages": [{"role": "user", "content": [{"text": "Hi"}]}]}
    for _ in range(times):
        cloud.call(ApiCall("bedrock-runtime", "Converse", params, "us-east-1", paid=True))


def report(context: Context, clock: FrozenClock, span: str = "1d") -> Coverage:
    question = Question("costCenter", last(span, Cut.DAILY, clock()), clock(), lambda _: None)
    return coverage({ACCOUNT: context.cloud}, [Scope(ACCOUNT, "us-east-1", "")], question, None)


def screen(found: Coverage, width: int) -> str:
    people = found.table.kept(tuple(one for one in found.table.columns if one.key != "caller"))
    who = "" if found.callers is None else "\n" + as_screen(found.callers, width=width)
    return as_screen(people, width=width) + who


@pytest.fixture
def leaking(context: Context) -> Context:
    """Attributed calls of one profile, and leaks of four callers by two ways."""
    for _ in range(6):
        called(context, made_once(context))
    calls(somebody(context, "etl", "nightly"), HAIKU, 4)
    calls(somebody(context, "dev", "alice@example.com"), HAIKU, 1)
    calls(somebody(context, "dev", "bob@example.com"), LITE, 1)
    calls(context.cloud, LITE, 2)
    return context


def made_once(context: Context) -> str:
    listed = context.cloud.call(ApiCall("bedrock", "ListInferenceProfiles", {"typeEquals": "APPLICATION"}))
    known = [one["inferenceProfileArn"] for one in listed["inferenceProfileSummaries"]]
    return str(known[0]) if known else made(context, "docs-sales", tags={"costCenter": "sales"})


@pytest.fixture
def recorded(context: Context, request: pytest.FixtureRequest) -> Context:
    logged(context, LOGS)
    leaking: Context = request.getfixturevalue("leaking")
    return leaking


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_screen_names_who_makes_the_leaks_where_the_log_has_a_group(
    recorded: Context, clock: FrozenClock, width: int
) -> None:
    text = screen(report(recorded, clock), width)
    assert text == (SCREENS / f"coverage_callers_{width}.txt").read_text(encoding="utf-8")
    assert max(map(len, text.splitlines())) <= width


def test_the_screen_says_that_the_log_is_off_and_how_to_turn_it_on(leaking: Context, clock: FrozenClock) -> None:
    text = screen(report(leaking, clock), 80)
    assert text == (SCREENS / "coverage_log_off.txt").read_text(encoding="utf-8")


def test_the_screen_says_that_the_log_goes_to_s3_alone(leaking: Context, clock: FrozenClock) -> None:
    logged(leaking, BUCKET)
    text = screen(report(leaking, clock), 80)
    assert text == (SCREENS / "coverage_log_s3.txt").read_text(encoding="utf-8")
    assert '"s3Config":{"bucketName":"our-logs","keyPrefix":"bedrock"}' in text  # a put replaces the whole


def test_machines_get_every_caller_with_its_arn_and_the_foremost_beside_the_leak(
    recorded: Context, clock: FrozenClock
) -> None:
    found = report(recorded, clock)
    keys = [column.key for column in found.table.columns]
    rows = [dict(zip(keys, row, strict=True)) for row in found.table.rows]
    assert {row["name"]: row["caller"] for row in rows} == {
        None: None,
        HAIKU: "assumed-role/etl/nightly",
        LITE: "user/sandbox",
    }
    facts: Any = found.table.facts
    assert {one["caller"] for one in facts["leak_callers"]} == {
        f"arn:aws:sts::{ACCOUNT}:assumed-role/etl/nightly",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/dev/alice@example.com",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/dev/bob@example.com",
        f"arn:aws:iam::{ACCOUNT}:user/sandbox",
    }
    assert facts["invocation_logs"] == [{"region": "us-east-1", "state": "on", "place": GROUP, "why": None}]
    assert found.scanned > 0
    for row in rows[1:]:
        mine = [one for one in facts["leak_callers"] if one["name"] == row["name"]]
        assert sum(one["tokens"] for one in mine) == row["tokens"]
        assert sum(one["requests"] for one in mine) == row["requests"]


def test_a_great_sum_is_read_as_insights_writes_it(clock: FrozenClock) -> None:
    who = f"arn:aws:iam::{ACCOUNT}:user/alice"
    row = {"caller": who, "model": HAIKU, "calls": "1.2E5", "t0": "2.5E7", "t1": "40.0"}
    config = {"loggingConfig": LOGS}
    cloud = FakeCloud(
        {
            "GetModelInvocationLoggingConfiguration": config,
            "StartQuery": {"queryId": "q"},
            "GetQueryResults": {
                "status": "Complete",
                "results": [[{"field": name, "value": value} for name, value in row.items()]],
            },
        }
    )
    log = read(cloud, "us-east-1", last("1d", Cut.DAILY, clock()), lambda _: None)
    assert log.calls == (Call(who, HAIKU, 120_000, 25_000_040),)


def test_only_the_time_asked_about_is_read(recorded: Context, clock: FrozenClock) -> None:
    clock.move(timedelta(days=3))
    calls(somebody(recorded, "etl", "late"), HAIKU, 1)
    facts: Any = report(recorded, clock).table.facts
    assert [one["caller"].rpartition("/")[2] for one in facts["leak_callers"]] == ["late"]


@pytest.mark.parametrize("operation", ["bedrock.GetModelInvocationLoggingConfiguration", "logs.StartQuery"])
def test_a_refusal_to_be_asked_is_told_and_the_report_is_there(
    recorded: Context, sandbox: Sandbox, clock: FrozenClock, operation: str
) -> None:
    service, _, name = operation.partition(".")
    sandbox.add_fault(FaultRule(service, name, "error:AccessDeniedException:403", times=None))
    found = report(recorded, clock)
    (note,) = (one for one in found.table.notes if one.startswith("Who makes"))
    assert note.startswith("Who makes the other calls could not be asked in us-east-1: CS04")
    assert found.tokens is not None
    assert found.callers is None


def test_a_log_that_began_later_says_that_it_has_none_of_the_calls(leaking: Context, clock: FrozenClock) -> None:
    logged(leaking, LOGS)
    assert f"Bedrock's invocation log {GROUP} has none of these calls" in " ".join(report(leaking, clock).table.notes)


def test_without_a_leak_nobody_is_looked_for(context: Context, clock: FrozenClock) -> None:
    called(context, made_once(context))
    found = report(context, clock)
    assert found.tokens == 1
    assert not any("Who makes" in note for note in found.table.notes)


SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/etl/"
LEAK = (Route.RAW, LITE)


@pytest.mark.parametrize(("sessions", "told"), [(3, 3), (4, 1)])
def test_many_sessions_of_a_role_are_told_as_the_role(sessions: int, told: int) -> None:
    made = [(LEAK, Call(f"{SESSION}i-{n}", LITE, 1, 10)) for n in range(sessions)]
    found = callers([*made, (LEAK, Call(f"arn:aws:iam::{ACCOUNT}:user/eve", LITE, 1, 5))])
    assert len(found) == told + 1
    assert sum(one.tokens for one in found) == sessions * 10 + 5
    assert (found[0].label == "assumed-role/etl (4 sessions)") == (sessions == 4)


@pytest.mark.parametrize(
    ("arn", "shown", "role"),
    [
        (f"{SESSION}nightly", "assumed-role/etl/nightly", SESSION[:-1]),
        (f"arn:aws:iam::{ACCOUNT}:user/team/alice", "user/team/alice", f"arn:aws:iam::{ACCOUNT}:user/team/alice"),
        (f"arn:aws:iam::{ACCOUNT}:root", "root", f"arn:aws:iam::{ACCOUNT}:root"),
        ("", "", ""),
    ],
)
def test_a_caller_is_read_by_the_end_of_its_arn(arn: str, shown: str, role: str) -> None:
    assert (principal(arn), role_of(arn)) == (shown, role)


@pytest.mark.parametrize(
    ("reference", "counted"),
    [
        (LITE, LITE),
        (f"arn:aws:bedrock:us-east-1::foundation-model/{LITE}", LITE),
        (f"arn:aws:bedrock:us-east-1:{ACCOUNT}:inference-profile/{HAIKU}", HAIKU),
        (f"arn:aws:bedrock:us-east-1:{ACCOUNT}:application-inference-profile/abc123def456", "abc123def456"),
        ("", ""),
    ],
)
def test_the_log_names_a_model_as_it_was_called_and_cloudwatch_by_its_id(reference: str, counted: str) -> None:
    assert model_id(reference) == counted


def test_shares_of_a_leak_are_of_the_tokens_in_the_log(recorded: Context, clock: FrozenClock) -> None:
    found = report(recorded, clock)
    assert found.callers is not None
    assert [row[0] for row in found.callers.rows] == [HAIKU, "", LITE, ""]
    shares = [row[-1] for row in found.callers.rows if isinstance(row[-1], Decimal)]
    assert [round(sum(two), 20) for two in (shares[:2], shares[2:])] == [1, 1]
