"""What a run of the command leaves behind."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    status: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


Sentry = Callable[..., Ran]


class Terminal(io.StringIO):
    """A standard stream that is a terminal's."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True
