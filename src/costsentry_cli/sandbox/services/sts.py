"""AWS STS: who am I. Answers for every caller: the sandbox has one account and one user."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from costsentry_cli.sandbox.contract import Handler, Request

USER = "sandbox"


def _get_caller_identity(request: Request) -> dict[str, Any]:
    return {
        "UserId": "AIDASANDBOXSANDBOX00",
        "Account": request.account,
        "Arn": f"arn:aws:iam::{request.account}:user/{USER}",
    }


def _assume_role(request: Request) -> dict[str, Any]:
    """Credentials that open nothing, so that profiles with a ``role_arn`` work."""
    session = request.params["RoleSessionName"]
    role = request.params["RoleArn"].rpartition("/")[2]
    lifetime = timedelta(seconds=request.params.get("DurationSeconds", 3600))
    return {
        "Credentials": {
            "AccessKeyId": "ASIASANDBOXSANDBOX00",
            "SecretAccessKey": "sandbox",
            "SessionToken": "sandbox",
            "Expiration": request.now + lifetime,
        },
        "AssumedRoleUser": {
            "AssumedRoleId": f"AROASANDBOXSANDBOX00:{session}",
            "Arn": f"arn:aws:sts::{request.account}:assumed-role/{role}/{session}",
        },
    }


OPERATIONS: dict[str, Handler] = {"GetCallerIdentity": _get_caller_identity, "AssumeRole": _assume_role}
