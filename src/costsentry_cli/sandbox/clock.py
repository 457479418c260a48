"""The sandbox's time: a clock that the composition root injects, plus an offset kept with the state."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from costsentry_cli.sandbox.store import Store

Clock = Callable[[], datetime]
"""Answers the current time, aware, UTC."""


def utc_now() -> datetime:
    """The machine's time."""
    return datetime.now(UTC)


def offset(store: Store) -> timedelta:
    """How far the sandbox's clock has been advanced."""
    return timedelta(microseconds=int(store.setting("clock_offset_us", "0")))


def set_offset(store: Store, by: timedelta) -> None:
    """Keep the offset; the caller holds the transaction."""
    store.set_setting("clock_offset_us", str(by // timedelta(microseconds=1)))
