"""Policies by IAM's grammar and AWS's own table of actions, resource types and condition keys."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costsentry_cli.domain import iam_actions, needs
from costsentry_cli.domain.policies.callers import profiles_only
from costsentry_cli.domain.policies.document import (
    MANAGED_POLICY_MAX,
    Statement,
    allowing,
    document,
    parts,
    size,
)
from costsentry_cli.domain.policies.grants import GRANTS
from costsentry_cli.domain.policies.place import Place, place_of
from fakes import BASIC, HAIKU, manifest
from permission_life import FIRST

REFERENCE = json.loads((Path(__file__).parents[1] / "iam_reference.json").read_text(encoding="utf-8"))["actions"]
ACCOUNT = "123456789012"
OPEN = frozenset(
    [
        "logs:GetQueryResults",
        *("ce:GetAnomalies", "ce:GetAnomalyMonitors", "ce:GetAnomalySubscriptions", "ce:ListTagsForResource"),
        *("ce:GetCostAndUsage", "ce:GetCostForecast", "ce:GetDimensionValues"),
    ]
)
"""Allowed on every resource although AWS knows a type: they read by an id, list what there is, or
read the account's own bill, which is no billing view."""
NAMES = [name for name in needs.names() if " " not in name]
ARN = re.compile(r"arn:aws(-[a-z]+)*:[a-z-]+:[a-z0-9*-]*:(\d{12}|\*|):[^\s]+")


def places(folder: Path) -> dict[str, Place]:
    return {"generic": place_of(None), "manifest": place_of(manifest(folder, FIRST), account=ACCOUNT)}


def statements(name: str, place: Place, *, prune: bool = True) -> tuple[Statement, ...]:
    return allowing(needs.operations_of(needs.matching(name), prune=prune), place)


@pytest.mark.parametrize("where", ["generic", "manifest"])
@pytest.mark.parametrize("name", NAMES)
def test_a_policy_is_valid_by_iam_s_grammar(name: str, where: str, tmp_path: Path) -> None:
    body = document(statements(name, places(tmp_path)[where]))
    assert set(body) == {"Version", "Statement"}
    assert body["Version"] == "2012-10-17"
    sids = [one["Sid"] for one in body["Statement"]]
    assert len(set(sids)) == len(sids)
    for one in body["Statement"]:
        assert set(one) - {"Condition"} == {"Sid", "Effect", "Action", "Resource"}
        assert re.fullmatch(r"[A-Za-z0-9]+", one["Sid"])
        assert one["Effect"] == "Allow"
        assert one["Action"] == sorted(set(one["Action"])) != []
        assert all(resource == "*" or ARN.fullmatch(resource) for resource in one["Resource"]), one["Resource"]


@pytest.mark.parametrize("where", ["generic", "manifest"])
def test_every_action_stands_on_a_resource_type_that_aws_knows_for_it(where: str, tmp_path: Path) -> None:
    for one in statements("all", places(tmp_path)[where]):
        for action in one.actions:
            types = REFERENCE[action]["resources"]
            if "*" in one.resources:
                assert types == ["*"] or action in OPEN, action
            else:
                arns = [*one.resources, *(f"{arn[:-1]}log-stream:*" for arn in one.resources if arn.endswith(":*"))]
                assert any(form_of(one_type).fullmatch(arn) for one_type in types for arn in arns), action


def form_of(text: str) -> re.Pattern[str]:
    """AWS's ARN with a name in the place of each variable: the last may hold anything, others no colon."""
    first, *rest = re.split(r"\$\{[A-Za-z]+\}", text)
    *middle, last = rest or [""]
    return re.compile(re.escape(first) + "".join("[^:]*" + re.escape(part) for part in middle) + ".*" + re.escape(last))


def test_every_condition_key_is_one_that_aws_checks_for_the_action(tmp_path: Path) -> None:
    for place in places(tmp_path).values():
        for one in (*statements("all", place), *profiles_only(place, ["sales"])):
            for action in one.actions:
                known = REFERENCE[action]["keys"]
                for keys in (keys for operator, keys in one.condition.items() if not operator.endswith("IfExists")):
                    for key in keys:
                        form = re.sub(r"^(aws:(?:Request|Resource)Tag/).*", r"\1${TagKey}", key)
                        assert form in known, (action, key)


def test_every_action_that_is_needed_has_its_grants_and_no_other_has() -> None:
    needed = {action for one in iam_actions.every_operation() for action in iam_actions.actions(*one)}
    assert set(GRANTS) == needed


def test_what_is_created_must_be_marked_ours_and_only_ours_is_changed_or_deleted(tmp_path: Path) -> None:
    by_action: dict[str, list[Statement]] = {}
    for one in statements("sync", places(tmp_path)["manifest"]):
        for action in one.actions:
            by_action.setdefault(action, []).append(one)
    marked = {"aws:ResourceTag/costsentry:namespace": "docs-helper"}
    for action in ("bedrock:DeleteInferenceProfile", "bedrock:UntagResource", "ce:DeleteAnomalyMonitor"):
        assert [one.condition for one in by_action[action]] == [{"StringEquals": marked}]
    creating = [one for one in by_action["bedrock:CreateInferenceProfile"] if "application" in one.resources[0]]
    assert [one.condition["StringEquals"] for one in creating] == [
        {"aws:RequestTag/costsentry:namespace": "docs-helper"}
    ]


def test_what_is_found_by_its_tags_is_reached_where_ledger_and_audit_trail_are(tmp_path: Path) -> None:
    text = BASIC + "ledger: {region: eu-west-1}\naudit: {region: eu-central-1}\n"
    found = statements("destroy", place_of(manifest(tmp_path, text), account=ACCOUNT))
    at = {action: one.resources for one in found for action in one.actions}
    assert at["dynamodb:DeleteTable"] == (f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/*",)
    assert at["logs:DeleteLogGroup"] == (f"arn:aws:logs:eu-central-1:{ACCOUNT}:log-group:*",)
    several = statements("destroy", place_of(manifest(tmp_path, FIRST), account=None))
    (tables,) = [one.resources for one in several if "dynamodb:DeleteTable" in one.actions]
    assert tables == ("arn:aws:dynamodb:us-east-1:*:table/*",)  # the ledger is in the payer's account alone


@pytest.mark.parametrize("name", ["plan", "sync", "doctor"])
def test_without_prune_no_other_table_or_log_group_than_ours_by_name_is_reached(name: str, tmp_path: Path) -> None:
    place = place_of(manifest(tmp_path, BASIC), account=ACCOUNT)
    reached = {arn for one in statements(name, place, prune=False) for arn in one.resources if arn.endswith("*")}
    assert not [arn for arn in reached if arn.endswith(("table/*", "log-group:*"))]


def test_metrics_are_written_to_our_namespace_alone(tmp_path: Path) -> None:
    (one,) = [s for s in statements("invoke", place_of(None)) if "cloudwatch:PutMetricData" in s.actions]
    assert one.condition == {"StringEquals": {"cloudwatch:namespace": "GenAIRateLimiting"}}


def test_a_model_is_called_through_profiles_in_every_region_it_may_run_in(tmp_path: Path) -> None:
    place = place_of(manifest(tmp_path, BASIC), account=ACCOUNT)
    (one,) = [s for s in statements("invoke", place) if s.sid == "CallModelsThroughProfiles"]
    base = HAIKU.removeprefix("us.")
    assert [arn.split(":")[3] for arn in one.resources] == ["us-east-1", "us-east-2", "us-west-2"]
    assert {arn.split("/")[1] for arn in one.resources} == {base}
    profiles = [f"arn:aws:bedrock:us-east-1:{ACCOUNT}:application-inference-profile/*"]
    assert one.condition == {"StringLike": {"bedrock:InferenceProfileArn": profiles}}


def test_a_global_profile_may_run_anywhere(tmp_path: Path) -> None:
    text = BASIC.replace("haiku: us.", "haiku: global.")
    (one,) = [
        s for s in statements("invoke", place_of(manifest(tmp_path, text))) if s.sid == "CallModelsThroughProfiles"
    ]
    assert one.resources == (f"arn:aws:bedrock:*::foundation-model/{HAIKU.removeprefix('us.')}",)


def test_a_role_is_handed_to_budgets_only_where_the_manifest_names_it(tmp_path: Path) -> None:
    (passed,) = [s for s in statements("sync", places(tmp_path)["manifest"]) if "iam:PassRole" in s.actions]
    assert passed.resources == (f"arn:aws:iam::{ACCOUNT}:role/budgets",)
    assert passed.condition == {"StringEquals": {"iam:PassedToService": "budgets.amazonaws.com"}}
    without = statements("sync", place_of(manifest(tmp_path, BASIC)))
    assert not {"iam:PassRole", "budgets:CreateBudgetAction", "sts:AssumeRole"} & {
        a for s in without for a in s.actions
    }


def test_govcloud_and_china_have_their_own_partition(tmp_path: Path) -> None:
    for region, partition in (("us-gov-west-1", "aws-us-gov"), ("cn-north-1", "aws-cn")):
        found = statements("plan", place_of(None, region))
        assert {arn.split(":")[1] for one in found for arn in one.resources if arn != "*"} == {partition}


def test_every_command_alone_fits_one_managed_policy(tmp_path: Path) -> None:
    for place in places(tmp_path).values():
        for name in NAMES:
            if name != "all":
                assert size(statements(name, place)) <= MANAGED_POLICY_MAX, name


STATEMENTS = st.lists(
    st.builds(
        lambda number, width: Statement(f"S{number}", ("a:B",), tuple(f"arn:{number}:{n}" for n in range(width))),
        st.integers(0, 99),
        st.integers(1, 80),
    ),
    max_size=12,
    unique_by=lambda one: one.sid,
)


@given(STATEMENTS, st.integers(300, 2000))
def test_parts_hold_everything_and_none_is_too_large(whole: list[Statement], most: int) -> None:
    cut = parts(whole, most)
    assert all(size(part) <= most for part in cut)
    granted = [(one.sid[:3], arn) for part in cut for one in part for arn in one.resources]
    assert sorted({arn for _, arn in granted}) == sorted({arn for one in whole for arn in one.resources})
    assert len(granted) == sum(len(one.resources) for one in whole)


def test_callers_reach_models_through_tagged_profiles_or_not_at_all(tmp_path: Path) -> None:
    place = place_of(manifest(tmp_path, BASIC), account=ACCOUNT)
    allowed, through, never = profiles_only(place, ["sales"])
    profiles = (f"arn:aws:bedrock:us-east-1:{ACCOUNT}:application-inference-profile/*",)
    assert (allowed.resources, allowed.condition) == (
        profiles,
        {"StringLike": {"aws:ResourceTag/costCenter": ["sales"]}},
    )
    assert through.condition == {"StringLike": {"bedrock:InferenceProfileArn": list(profiles)}}
    assert (never.effect, never.resources) == ("Deny", ("arn:aws:bedrock:*::foundation-model/*",))
    assert never.condition == {"StringNotLike": {"bedrock:InferenceProfileArn": list(profiles)}}
