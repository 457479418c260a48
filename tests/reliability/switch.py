"""The door's other side in a forked caller: it notes, for whoever kills, where the caller is."""

from __future__ import annotations

import mmap

from botocore.session import Session

from costsentry_cli.sandbox import Sandbox
from costsentry_cli.sandbox.contract import HttpRequest, HttpResponse
from costsentry_cli.sandbox.plug import plug

AFTER = 1000
"""Added to the place of a request whose answer is there."""
PLACES = ("birth", "PutItem", "reserving", "Converse", "settling", "PutMetricData", "other")


class Switch:
    """The door's other side: whichever sandbox is in it; it notes where each caller is."""

    def __init__(self, sandbox: Sandbox, callers: int) -> None:
        self.sandbox = sandbox
        self.notes = memoryview(mmap.mmap(-1, 8 * callers + 4)).cast("I")
        self.number = 0

    def plug(self, session: Session) -> None:
        """As ``Sandbox.plug``."""
        plug(session, self.handle)

    def handle(self, request: HttpRequest) -> HttpResponse:
        """As ``Sandbox.handle``."""
        place = PLACES.index(_operation(request))
        self.notes[2 * self.number] = place
        self.notes[2 * self.number + 1] += 1
        response = self.sandbox.handle(request)
        self.notes[2 * self.number] = AFTER + place
        return response

    def place(self, number: int) -> str:
        """Where a caller is: ``in Converse``, ``after settling``."""
        note = self.notes[2 * number]
        return f"{'after' if note >= AFTER else 'in'} {PLACES[note % AFTER]}"

    def requests(self) -> int:
        """Requests of all callers so far."""
        return sum(self.notes[1::2])


def _operation(request: HttpRequest) -> str:
    said = request.headers.get("x-amz-target", "").rpartition(".")[2]
    if said == "UpdateItem":
        return "settling" if b" REMOVE " in request.body else "reserving"
    if request.url.endswith("/converse"):
        return "Converse"
    if "//monitoring." in request.url:
        return "PutMetricData"
    return said if said in PLACES else "other"
