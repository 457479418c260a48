"""What the emulator's core and its services agree on.

A service module has ``OPERATIONS: dict[str, Handler]``. The core has routed, parsed and strictly validated the input
before a handler runs, holds one write transaction round it, and validates what it returns against AWS's model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from costsentry_cli.sandbox.store import Store

ACCOUNT = "123456789012"
"""The account of everybody who has not assumed a role of another one, and the payer of all accounts."""

USER_ARN = f"arn:aws:iam::{ACCOUNT}:user/sandbox"
"""The principal of everybody who has not assumed a role."""


@dataclass(frozen=True)
class HttpRequest:
    """One HTTP request: ``url`` absolute or from the path on, still percent-encoded; header names in lower case."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True)
class HttpResponse:
    """The answer. ``broken`` names a failure of the transport the caller must see instead of the answer.

    It is empty, or one of ``read-timeout``, ``connect-timeout`` and ``closed``.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    broken: str = ""


@dataclass(frozen=True)
class Request:
    """One parsed call: ``params`` are spelled as in AWS's model, ``now`` is the sandbox clock (UTC, aware).

    ``account`` is the caller's, ``principal`` the ARN that GetCallerIdentity answers.
    """

    service: str
    operation: str
    params: dict[str, Any]
    region: str
    now: datetime
    request_id: str
    store: Store
    account: str = ACCOUNT
    principal: str = USER_ARN


class ServiceError(Exception):
    """An error as AWS would answer it: modelled code, message, HTTP status, further members of the error shape.

    ``code`` is the name of the error's shape or its wire code. A status of 400 (the default) gives way to the status
    the model has for the code. What the handler wrote is rolled back, unless ``commit`` is True: a failed call that
    was measured or billed keeps its rows.
    """

    def __init__(self, code: str, message: str, status: int = 400, *, commit: bool = False, **members: Any) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.commit = commit
        self.members: dict[str, Any] = members


Handler = Callable[[Request], dict[str, Any]]
"""Takes a request, returns the output members of AWS's model. Timestamps are aware datetimes, blobs bytes.

An event stream member is a list of one-member dicts, in order: ``{"stream": [{"messageStart": {...}}, ...]}``.
An exception of the stream is one of them: ``{"throttlingException": {"message": ...}}``.
"""


@dataclass(frozen=True)
class Violation:
    """A message that AWS's own model does not allow; ``side`` is ``input`` or ``output``."""

    service: str
    operation: str
    side: str
    problem: str
    user_agent: str = field(default="", compare=False)
