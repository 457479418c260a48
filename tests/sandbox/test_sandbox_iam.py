"""IAM in the sandbox: everything is allowed, but for what an ordered fault refuses; the rest is moto's."""

from __future__ import annotations

from sandbox_core_world import client, sandbox_at_noon

from costsentry_cli.sandbox import FaultRule

USER = "arn:aws:iam::123456789012:user/sandbox"


def decisions(sandbox, *actions, **more):
    answer = client(sandbox, "iam").simulate_principal_policy(PolicySourceArn=USER, ActionNames=list(actions), **more)
    return [
        (one["EvalActionName"], one["EvalResourceName"], one["EvalDecision"]) for one in answer["EvaluationResults"]
    ]


def test_everything_is_allowed_on_every_resource(tmp_path):
    sandbox = sandbox_at_noon(tmp_path)
    assert decisions(sandbox, "bedrock:InvokeModel") == [("bedrock:InvokeModel", "*", "allowed")]
    arns = ["arn:aws:logs:us-east-1:123456789012:log-group:a", "arn:aws:logs:us-east-1:123456789012:log-group:b"]
    assert decisions(sandbox, "logs:CreateLogGroup", ResourceArns=arns) == [
        ("logs:CreateLogGroup", arn, "allowed") for arn in arns
    ]


def test_what_a_fault_refuses_is_denied_until_the_fault_is_over(tmp_path):
    sandbox = sandbox_at_noon(tmp_path)
    sandbox.add_fault(FaultRule("budgets", "UpdateBudget", "error:AccessDeniedException:403"))
    sandbox.add_fault(FaultRule("ce", "*", "throttle"))
    assert decisions(sandbox, "budgets:ModifyBudget", "budgets:ViewBudget", "ce:GetAnomalies") == [
        ("budgets:ModifyBudget", "*", "implicitDeny"),
        ("budgets:ViewBudget", "*", "allowed"),
        ("ce:GetAnomalies", "*", "allowed"),
    ]


def test_users_are_still_moto_s(tmp_path):
    client(sandbox_at_noon(tmp_path), "iam").create_user(UserName="ann")
    assert sandbox_at_noon(tmp_path).status().moto == ("iam",)
