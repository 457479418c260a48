"""A guest house behind the door: an emulated AWS that bills. Only ``cli.context`` knows it exists."""

from costsentry_cli.sandbox.contract import HttpRequest, HttpResponse, ServiceError, Violation
from costsentry_cli.sandbox.core import Sandbox, environment
from costsentry_cli.sandbox.faults import FaultRule
from costsentry_cli.sandbox.status import Status

__all__ = [
    "FaultRule",
    "HttpRequest",
    "HttpResponse",
    "Sandbox",
    "ServiceError",
    "Status",
    "Violation",
    "environment",
]
