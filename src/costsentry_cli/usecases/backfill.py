"""Backfills of cost allocation tags: the keys' present status, applied to earlier months."""

from __future__ import annotations

from datetime import UTC, date, datetime

from costsentry_cli.domain import backfill as backfills
from costsentry_cli.domain.backfill import Backfill, Effect
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.payer import Payer

_NEVER = datetime.min.replace(tzinfo=UTC)


def effect(payer: Payer) -> Effect:
    """Which keys a backfill would show on earlier usage, and of which it would erase the values."""
    return backfills.effect(payer.listed().values())


def history(payer: Payer) -> tuple[Backfill, ...]:
    """Every backfill there was, the newest first. Raises ``SentryError`` CS0407 in a member account."""
    try:
        pages = payer.cloud.pages(backfills.history_call())
        found = [backfills.read(one) for page in pages for one in page["BackfillRequests"]]
    except SentryError as error:
        raise payer.refused(error) from error
    return tuple(sorted(found, key=lambda one: one.requested or _NEVER, reverse=True))


def start(payer: Payer, first: date) -> Backfill:
    """Request one from the first day of a month on.

    Raises ``SentryError`` CS0407 in a member account, and CS0805 that says when it may be tried again where there was
    one lately.
    """
    try:
        answer = payer.cloud.call(backfills.start_call(first))
    except SentryError as error:
        raise _too_soon(payer, error) if backfills.LIMIT in error.message else payer.refused(error) from error
    return backfills.read(answer["BackfillRequest"])


def _too_soon(payer: Payer, error: SentryError) -> SentryError:
    try:
        known = history(payer)
    except SentryError:
        return error
    moment = backfills.again(known)
    if moment is None:
        return error
    under_way = any(one.status == backfills.PROCESSING for one in known)
    why = "one backfill is under way" if under_way else "AWS allows one backfill in 24 hours"
    when = f"run it again after {moment:%Y-%m-%d %H:%M} UTC; what there was: sentry tags backfill --history"
    return SentryError(error.code, why, where=error.where, help=when, details=(error.message,))
