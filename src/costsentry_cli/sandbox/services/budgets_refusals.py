"""How AWS Budgets says no."""

from __future__ import annotations

from typing import NoReturn

from costsentry_cli.sandbox.contract import ServiceError

DUPLICATE = "DuplicateRecordException"
NOT_FOUND = "NotFoundException"
TOO_MANY = "CreationLimitExceededException"
DENIED = "AccessDeniedException"
LOCKED = "ResourceLockedException"


def refuse(message: str, code: str = "InvalidParameterException") -> NoReturn:
    """Answer the caller's mistake: HTTP 400."""
    raise ServiceError(code, message)
