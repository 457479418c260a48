"""AWS IAM, as much as moto does not have: what a principal may do. In a sandbox that is everything.

A fault that answers ``AccessDenied`` is a permission that is missing: what it refuses is denied here, too.
"""

from __future__ import annotations

from typing import Any

from costsentry_cli.domain.iam_actions import actions, every_operation
from costsentry_cli.sandbox import faults
from costsentry_cli.sandbox.contract import Handler, Request


def simulate_principal_policy(request: Request) -> dict[str, Any]:
    """SimulatePrincipalPolicy: every action on every resource, one page; policies are not kept, and not read."""
    denied = _denied(request)
    resources = request.params.get("ResourceArns") or ["*"]
    results = [
        {
            "EvalActionName": action,
            "EvalResourceName": resource,
            "EvalDecision": "implicitDeny" if action in denied else "allowed",
            "MatchedStatements": [],
            "MissingContextValues": [],
        }
        for action in request.params["ActionNames"]
        for resource in resources
    ]
    return {"EvaluationResults": results, "IsTruncated": False}


def _denied(request: Request) -> set[str]:
    """The actions of every call that a fault refuses."""
    rules = faults.refused(request.store.db)
    return {
        action
        for service, operation in every_operation()
        if any(one in ("*", service) and other in ("*", operation) for one, other in rules)
        for action in actions(service, operation)
    }


OPERATIONS: dict[str, Handler] = {"SimulatePrincipalPolicy": simulate_principal_policy}
"""Operation name to handler; moto answers all others."""
