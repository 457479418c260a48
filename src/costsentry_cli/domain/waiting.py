"""Waiting for what only time brings, on an injected clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

FIRST_PAUSE = 30.0
"""Seconds until the second look; every further pause is twice as long."""
LONGEST_PAUSE = 300.0


def wait_until(
    done: Callable[[], bool], clock: Callable[[], datetime], wait: Callable[[float], None], deadline: timedelta
) -> bool:
    """Look at once and again, at growing intervals of five minutes at most, until it is done or the time is over.

    The last look is at the deadline. False when it was not done by then; what ``done`` and ``wait`` raise passes.
    ``wait`` takes seconds.
    """
    end, pause = clock() + deadline, FIRST_PAUSE
    while not done():
        left = (end - clock()).total_seconds()
        if left <= 0:
            return False
        wait(min(pause, left))
        pause = min(pause * 2, LONGEST_PAUSE)
    return True
