"""With which status a run ends that did several things: one rule for sync, adopt and destroy."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from costsentry_cli.domain.errors import Exit, SentryError


class Ended(Protocol):
    """One thing that was tried."""

    @property
    def error(self) -> SentryError | None:
        """What stopped it."""
        ...


def status_of(ended: Iterable[Ended], *, left: bool = False, interrupted: bool = False) -> Exit:
    """Interrupted, 130. Everything failed, the status of the first failure. Some of it failed, or something was
    ``left`` (refused, or not looked at): 6. Else 0.
    """
    if interrupted:
        return Exit.INTERRUPTED
    errors = [one.error for one in ended]
    failed = [error for error in errors if error is not None]
    if failed and len(failed) == len(errors) and not left:
        return failed[0].exit
    return Exit.PARTIAL if failed or left else Exit.OK
