"""AWS STS: who am I, and the way into another account.

Settings: ``role_external_id:<role arn>`` is the external id a role asks for, ``role_denied:<role arn>`` = 1 closes it.
Every other role of every account exists and trusts everybody.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta
from typing import Any

from costsentry_cli.sandbox import accounts
from costsentry_cli.sandbox.contract import ACCOUNT, Handler, Request, ServiceError

_CHAINED_SECONDS = 3600


def get_caller_identity(request: Request) -> dict[str, Any]:
    """GetCallerIdentity: the account's user, or the role's session."""
    kind, _, name = request.principal.rpartition(":")[2].partition("/")
    role, _, session = name.partition("/")
    user_id = f"{_role_id(request.account, role)}:{session}" if kind == "assumed-role" else _user_id(request.account)
    return {"UserId": user_id, "Account": request.account, "Arn": request.principal}


def assume_role(request: Request) -> dict[str, Any]:
    """AssumeRole: credentials of the role's account. ``Expiration`` is on the sandbox clock and not enforced."""
    wanted, session = request.params["RoleArn"], request.params["RoleSessionName"]
    named = accounts.ROLE_ARN.fullmatch(wanted)
    if named is None:
        raise ServiceError("ValidationError", f"{wanted} is invalid")
    account, role = named.groups()
    _check_trust(request, wanted)
    return {
        "Credentials": {
            "AccessKeyId": accounts.access_key(account, f"{request.request_id}/{wanted}/{session}"),
            "SecretAccessKey": "sandbox",
            "SessionToken": accounts.session_token(role, session),
            "Expiration": request.now + _lifetime(request),
        },
        "AssumedRoleUser": {
            "AssumedRoleId": f"{_role_id(account, role)}:{session}",
            "Arn": accounts.session_arn(account, role, session),
        },
    }


def _check_trust(request: Request, role_arn: str) -> None:
    needed = request.store.setting(f"role_external_id:{role_arn}", "")
    denied = request.store.setting(f"role_denied:{role_arn}", "0") == "1"
    if denied or (needed and request.params.get("ExternalId") != needed):
        # AWS says no more than this, whatever the trust policy lacks.
        problem = f"User: {request.principal} is not authorized to perform: sts:AssumeRole on resource: {role_arn}"
        raise ServiceError("AccessDenied", problem, 403)


def _lifetime(request: Request) -> timedelta:
    seconds = int(request.params.get("DurationSeconds", _CHAINED_SECONDS))
    if seconds > _CHAINED_SECONDS and ":assumed-role/" in request.principal:
        problem = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"
        raise ServiceError("ValidationError", problem)
    return timedelta(seconds=seconds)


def _role_id(account: str, role: str) -> str:
    """AROA and 16 characters: the same for a role in every call."""
    return "AROA" + base64.b32encode(hashlib.sha256(f"{account}/{role}".encode()).digest()[:10]).decode()


def _user_id(account: str) -> str:
    return "AIDASANDBOXSANDBOX00" if account == ACCOUNT else f"AIDASAND{account}"


OPERATIONS: dict[str, Handler] = {"GetCallerIdentity": get_caller_identity, "AssumeRole": assume_role}
