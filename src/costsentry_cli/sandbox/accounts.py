"""Whose request it is: the account and the principal, told by the credentials a request is signed with.

The account ``contract.ACCOUNT`` is the default and the payer of all others. Any other account is entered through
``sts.AssumeRole``: the access key id it hands out holds the account of the role's ARN, the session token the role and
the session. Nothing is kept, so that such credentials work in every process and never end.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from typing import NamedTuple
from urllib.parse import parse_qs

from costsentry_cli.sandbox.contract import ACCOUNT, USER_ARN, HttpRequest
from costsentry_cli.sandbox.routes import split

ROLE_ARN = re.compile(r"arn:aws(?:-[a-z]+)*:iam::(\d{12}):role/(?:[!-~]*/)?([\w+=,.@-]{1,64})")
"""An IAM role's ARN: the account, the role's name without its path."""

_TEMPORARY = "ASIA"
_KEY = re.compile(rf"Credential={_TEMPORARY}([A-Z2-7]{{16}})/")


class Principal(NamedTuple):
    """Who calls: the account (twelve digits) and the ARN GetCallerIdentity answers."""

    account: str
    arn: str


def principal_of(request: HttpRequest, default: str = ACCOUNT) -> Principal:
    """The principal of a request: a role's session where AssumeRole made the credentials, else the default's user."""
    account = _held(_signature(request))
    if account is None:
        return Principal(default, user_arn(default))
    return Principal(account, _session_of(request, account) or user_arn(account))


def user_arn(account: str) -> str:
    """The ARN of an account's user."""
    return USER_ARN.replace(ACCOUNT, account)


def session_arn(account: str, role: str, session: str) -> str:
    """The ARN of a role's session; ``role`` is its name."""
    return f"arn:aws:sts::{account}:assumed-role/{role}/{session}"


def access_key(account: str, distinction: str) -> str:
    """A temporary access key id that holds the account; unequal ``distinction`` makes unequal keys."""
    held = int(account).to_bytes(5, "big") + hashlib.sha256(distinction.encode()).digest()[:2]
    return _TEMPORARY + base64.b32encode(held + _seal(held)).decode()


def session_token(role: str, session: str) -> str:
    """A session token that holds the role's name and the session's."""
    return base64.urlsafe_b64encode(json.dumps([role, session]).encode()).decode()


def _held(signature: str) -> str | None:
    """The account a signature's key holds, None when it is no key of ours."""
    key = _KEY.search(signature)
    if key is None:
        return None
    content = base64.b32decode(key[1])
    held, seal = content[:7], content[7:]
    number = int.from_bytes(held[:5], "big")
    return f"{number:012d}" if seal == _seal(held) and number < 10**12 else None


def _seal(held: bytes) -> bytes:
    """Tells our keys from real ones, which may look like holding an account."""
    return hashlib.sha256(b"costsentry sandbox" + held).digest()[:3]


def _signature(request: HttpRequest) -> str:
    """The part of a request that names its access key, from the header or a presigned URL."""
    signed = request.headers.get("authorization", "")
    return signed or "".join(f"Credential={text}" for text in _query(request).get("X-Amz-Credential", ()))


def _query(request: HttpRequest) -> dict[str, list[str]]:
    return parse_qs(split(request).query) if "X-Amz-" in request.url else {}


def _session_of(request: HttpRequest, account: str) -> str:
    """The ARN of the role's session in the token, empty for a token that is not ours."""
    presigned = _query(request).get("X-Amz-Security-Token", [""])
    token = request.headers.get("x-amz-security-token", presigned[0])
    try:
        role, session = json.loads(base64.urlsafe_b64decode(token.encode()))
    except (binascii.Error, ValueError, TypeError):
        return ""
    return session_arn(account, str(role), str(session))
