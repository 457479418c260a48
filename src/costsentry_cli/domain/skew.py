"""How far this machine's clock is from AWS's, told by the ``Date`` of its answers (RFC 9110, 6.6.1).

A wrong clock passes no limit: it counts in a neighbouring window. It is said above ``TOLD``, and above ``REFUSED`` a
limit per minute, whose window would be another one altogether, is not checked any more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from costsentry_cli.domain.errors import SentryError

TOLD = timedelta(seconds=5)
REFUSED = timedelta(seconds=30)
SECOND = timedelta(seconds=1)
NONE = timedelta()
MINUTE = 60


def utc_now() -> datetime:
    """The machine's time."""
    return datetime.now(UTC)


class Skew:
    """The skew as the latest telling answer has it; safe to use from many threads.

    ``clock`` is the one that windows are taken from (aware). ``least`` is positive where it is behind AWS's.
    """

    def __init__(self, clock: Callable[[], datetime] = utc_now) -> None:
        self.clock = clock
        self.least = NONE

    def heard(self, sent: datetime, headers: Mapping[str, str]) -> None:
        """Hear an answer to a request sent at ``sent``; see ``apart``."""
        found = apart(sent, self.clock(), headers)
        if found is not None:
            self.least = found


def apart(sent: datetime, received: datetime, headers: Mapping[str, str]) -> timedelta | None:
    """The least that AWS's clock is from ours by an answer's headers (their names in lower case).

    None: one that took longer than what is told says too little, one without a date nothing.
    """
    try:
        said = parsedate_to_datetime(headers["date"])
        return least(sent, received, said) if NONE <= received - sent <= TOLD else None
    except (KeyError, TypeError, ValueError):
        return None


def least(sent: datetime, received: datetime, said: datetime) -> timedelta:
    """The least that AWS's clock is ahead of ours, or behind it (negative), when it said a whole second in between."""
    if said > received:
        return said - received
    return min(NONE, said + SECOND - sent)


def wrong_clock(skew: timedelta) -> SentryError:
    """Why a limit cannot be checked by this clock."""
    return SentryError("CS0209", words(skew), help="set the clock (NTP), or limit an hour or a day instead")


def words(skew: timedelta) -> str:
    """``this machine's clock is 42 s behind AWS's``; minutes where there are two or more."""
    seconds = round(abs(skew).total_seconds())
    long = f"{seconds} s" if seconds < 2 * MINUTE else f"{seconds // MINUTE:,} min"
    return f"this machine's clock is {long} {'behind' if skew > NONE else 'ahead of'} AWS's"
