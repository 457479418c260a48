"""What the doctor does at a target: asks IAM where it may, else reads; one failed look never stops the others."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from costsentry_cli.domain.calls import Answer, ApiCall
from costsentry_cli.domain.doctor.findings import Area, Finding, Level, ok
from costsentry_cli.domain.errors import Exit, SentryError
from costsentry_cli.domain.policies.place import place_of
from costsentry_cli.usecases.doctor import examined, who
from costsentry_cli.usecases.doctor_permissions import permitted
from fakes import ACCOUNT, BASIC, NOON, FakeCloud, manifest

USER = f"arn:aws:iam::{ACCOUNT}:user/anna"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/finops/anna"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/teams/finops"
DENIED = SentryError("CS0403", "AccessDenied: no")
GONE = SentryError("CS0803", "ResourceNotFoundException: no such thing")


def identity(arn: str, date_header: str = "") -> Mapping[str, Any]:
    headers = {"HTTPHeaders": {"date": date_header}} if date_header else {}
    return {"Arn": arn, "Account": ACCOUNT, "UserId": "A", "ResponseMetadata": headers}


def iam(*denied: str) -> Any:
    """An IAM that allows all but these actions."""

    def simulate(call: ApiCall) -> Answer:
        names = call.params["ActionNames"]
        decisions = [{"EvalActionName": n, "EvalDecision": "implicitDeny" if n in denied else "allowed"} for n in names]
        return {"EvaluationResults": decisions}

    return simulate


def asked(cloud: FakeCloud, *names: str, paid_on: date | None = None) -> list[Finding]:
    return permitted(cloud, "us-east-1", place_of(None), names, paid_on=paid_on)


def test_iam_is_asked_statement_by_statement_and_nothing_else_is_called() -> None:
    cloud = FakeCloud({"GetCallerIdentity": identity(USER), "SimulatePrincipalPolicy": iam("budgets:ModifyBudget")})
    how, budgets, tags = asked(cloud, "budgets sync", "tags")
    assert how.says.startswith("simulated by IAM")
    assert (budgets.level, budgets.exit) == (Level.FAIL, Exit.ACCESS)
    assert (budgets.details, budgets.fix) == (("budgets:ModifyBudget",), "sentry iam-policy --for 'budgets sync'")
    assert (tags.level, tags.says) == (Level.OK, "all 8 actions allowed")
    assert set(cloud.operations()) == {"GetCallerIdentity", "SimulatePrincipalPolicy"}
    assert {call.params["PolicySourceArn"] for call in cloud.calls[1:]} == {USER}


def test_a_condition_is_simulated_with_its_value_and_a_resource_with_a_sample() -> None:
    cloud = FakeCloud({"GetCallerIdentity": identity(USER), "SimulatePrincipalPolicy": iam()})
    asked(cloud, "invoke")
    (one,) = [call for call in cloud.calls if "cloudwatch:PutMetricData" in call.params.get("ActionNames", ())]
    assert one.params["ContextEntries"] == [
        {
            "ContextKeyName": "cloudwatch:namespace",
            "ContextKeyValues": ["GenAIRateLimiting"],
            "ContextKeyType": "string",
        }
    ]
    (one,) = [call for call in cloud.calls if "dynamodb:PutItem" in call.params.get("ActionNames", ())]
    assert one.params["ResourceArns"] == [
        f"arn:aws:dynamodb:costsentry-doctor:{ACCOUNT}:table/costsentry-costsentry-doctor"
    ]


def test_a_role_s_path_is_asked_for_and_the_role_is_simulated() -> None:
    script = {"GetCallerIdentity": identity(SESSION), "SimulatePrincipalPolicy": iam(), "GetRole": role()}
    cloud = FakeCloud(script)
    asked(cloud, "plan")
    assert {c.params["PolicySourceArn"] for c in cloud.calls if c.operation == "SimulatePrincipalPolicy"} == {ROLE}
    cloud = FakeCloud(script | {"GetRole": DENIED})
    asked(cloud, "plan")
    assert cloud.calls[-1].params["PolicySourceArn"] == f"arn:aws:iam::{ACCOUNT}:role/finops"


def role() -> Mapping[str, Any]:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    return {"Role": {"Path": "/teams/", "RoleName": "finops", "RoleId": "A", "Arn": ROLE, "CreateDate": moment}}


READS = """
    ListInferenceProfiles ListTagsForResource GetInferenceProfile GetModelInvocationLoggingConfiguration
    DescribeBudgets DescribeBudgetActionsForBudget ListCostAllocationTags ListCostAllocationTagBackfillHistory
    GetAnomalyMonitors GetAnomalySubscriptions DescribeTable DescribeTimeToLive DescribeContinuousBackups
    DescribeLogGroups ListMetrics GetServiceQuota DescribeOrganization
"""


def without_iam(**more: Any) -> FakeCloud:
    reads: dict[str, Any] = {name: {} for name in READS.split()}
    return FakeCloud(
        reads | {"GetCallerIdentity": identity(USER), "SimulatePrincipalPolicy": DENIED, "DescribeTable": GONE} | more
    )


def test_where_iam_may_not_be_asked_free_reading_calls_tell_and_writes_stay_unknown() -> None:
    cloud = without_iam(ListCostAllocationTags=DENIED)
    how, tags, limits = asked(cloud, "tags", "limits")
    assert how.says.startswith("told by reading calls")
    assert (tags.level, tags.details) == (Level.FAIL, ("ce:ListCostAllocationTags",))
    assert (limits.level, limits.details) == (
        Level.OK,
        tuple(
            f"not known: {one}"
            for one in ("cloudwatch:GetMetricData", "dynamodb:GetItem", "dynamodb:Scan", "dynamodb:UpdateItem")
        ),
    )
    assert not [name for name in cloud.operations() if name.startswith(("Create", "Update", "Put", "Delete", "Tag"))]


def test_the_least_policy_is_not_taken_for_too_little_where_only_reading_calls_tell(tmp_path: Path) -> None:
    text = BASIC + "ledger: {table: counts, region: eu-west-1}\naudit: {log_group: /trail}\n"
    place = place_of(manifest(tmp_path, text), "us-east-1", ACCOUNT)
    reached = {*place.table(), *place.log_group()}

    def least(call: ApiCall) -> Answer:
        table = f"arn:aws:dynamodb:{call.region}:{ACCOUNT}:table/{call.params.get('TableName')}"
        if call.params.get("resourceArn", table) not in reached:
            raise DENIED
        return {}

    names = ("DescribeTable", "DescribeTimeToLive", "DescribeContinuousBackups")

    def of_logs(call: ApiCall) -> Answer:
        return least(call) if call.service == "logs" else {}

    cloud = without_iam(**dict.fromkeys(names, least), ListTagsForResource=of_logs)
    found = permitted(cloud, "us-east-1", place, ["plan", "sync"])
    assert [one.details for one in found if one.level is Level.FAIL] == []
    assert {"DescribeTable", "ListTagsForResource"} <= set(cloud.operations())


def test_what_is_not_there_may_be_read() -> None:
    _, plan = asked(without_iam(), "plan")
    assert plan.level is Level.OK
    assert "not known: dynamodb:DescribeTable" not in plan.details


def test_cost_explorer_is_paid_for_only_when_that_is_asked_for() -> None:
    free = without_iam()
    asked(free, "report")
    assert "GetCostAndUsage" not in free.operations()
    paid = without_iam(GetCostAndUsage={"ResultsByTime": []})
    asked(paid, "report", paid_on=date(2026, 11, 23))
    assert paid.operations().count("GetCostAndUsage") == 1


def test_root_is_asked_nothing() -> None:
    cloud = FakeCloud({"GetCallerIdentity": identity(f"arn:aws:iam::{ACCOUNT}:root")})
    (found,) = asked(cloud)
    assert (found.level, found.check) == (Level.OK, "root")


def test_a_check_that_fails_is_a_finding_and_the_others_go_on() -> None:
    def broken() -> list[Finding]:
        raise SentryError("CS0807", "Could not connect", help="check network, proxy, region and AWS_ENDPOINT_URL")

    fine = ok(Area.WHO, "identity", "anna")
    found = examined([(Area.ACCOUNT, "account", broken), (Area.WHO, "identity", lambda: [fine])])
    assert [(one.check, one.level, one.exit) for one in found] == [
        ("account", Level.FAIL, Exit.AWS),
        ("identity", Level.OK, Exit.OK),
    ]


@pytest.mark.parametrize(("late", "level"), [(timedelta(0), Level.OK), (timedelta(minutes=7), Level.FAIL)])
def test_the_clock_is_held_against_the_answer_s_date(late: timedelta, level: Level) -> None:
    cloud = FakeCloud({"GetCallerIdentity": identity(USER, "Mon, 23 Nov 2026 12:00:00 GMT")})
    found = {one.check: one for one in who(cloud, "us-east-1", lambda: NOON + late, None)}
    assert found["clock"].level is level
    assert found["identity"].says == "user anna, account 1234****9012"


def test_an_answer_without_a_date_says_nothing_of_the_clock() -> None:
    for header in ("", "yesterday"):
        cloud = FakeCloud({"GetCallerIdentity": identity(USER, header)})
        assert "clock" not in {one.check for one in who(cloud, "us-east-1", lambda: NOON, None)}
