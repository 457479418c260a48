"""An account whose every free text is hostile: a sandbox behind HTTP that twists what it answers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from costsentry_cli.sandbox import Sandbox
from costsentry_cli.sandbox.contract import HttpRequest, HttpResponse

ESCAPES = "\x1b[2J\x1b]0;owned\x07\x9b31m\x00\x08\x7f"
STEERING = "\u202eevil\u2066\u200b\u2028\u2029\ufeff\u00ad\r"
MARKUP = "[/foo][link=http://evil]x[/link][bold red]"
FORMULA = "=cmd()|' /C calc'!A0"
HOSTILE = ESCAPES + STEERING + MARKUP + FORMULA + "\ud800"
IN_XML = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\r]", "", HOSTILE)  # XML cannot carry the rest

STEERS = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
    "|\r(?!\n)"
)
"""What no output may hold, tabs and line ends aside."""

_BY_PROGRAM = re.compile(
    r"At$|^At|arn|id$|^id|token|type|status|state|unit|date|time|start|end|amount|value$|arnlike|version|operator|frequency|"
    r"period|granularity|metric|threshold|region|account|^key$|^keys$|^[SNB]$|class|requested|nextpage|stop|tier|match",
    re.IGNORECASE,
)
"""Members that programs read: ids, dates, enumerations, amounts. All others, and tag values, are for people."""


@dataclass
class HostileAccount:
    """Answers as the sandbox does; ``twists`` says which members become hostile, none while it is None."""

    sandbox: Sandbox
    twists: Callable[[str], bool] | None = None
    twisted: int = 0
    refuses: str = ""
    ready: bool = False

    def handle(self, request: HttpRequest) -> HttpResponse:
        """One request."""
        if self.refuses and self.refuses in request.headers.get("x-amz-target", request.url):
            return refusal()
        answer = self.sandbox.handle(request)
        if answer.status >= 500:  # it was sent back what no sandbox can store; AWS refuses that
            return refusal()
        if self.twists is None or not answer.body.startswith((b"{", b"<")):
            return answer
        if answer.body.startswith(b"<"):
            return replace(answer, body=re.sub(rb"(</Arn>)", IN_XML.encode() + rb"\1", answer.body))
        return replace(answer, body=json.dumps(self._twisted("", json.loads(answer.body))).encode())

    def _twisted(self, name: str, node: Any) -> Any:
        if isinstance(node, dict):
            tag = {"key", "value"} == {one.lower() for one in node}
            return {key: self._twisted("tag" if tag and key.lower() == "value" else key, v) for key, v in node.items()}
        if isinstance(node, list):
            return [self._twisted(name, one) for one in node]
        if isinstance(node, str) and self.twists is not None and self.twists(name):
            self.twisted += 1
            return node + HOSTILE
        return node


def refusal() -> HttpResponse:
    """No, in a hostile sentence."""
    body = {"__type": "ValidationException", "message": f"You {HOSTILE} cannot"}
    headers = {"x-amzn-errortype": "ValidationException", "Content-Type": "application/json"}
    return HttpResponse(400, headers | {"x-amzn-requestid": "req-1"}, json.dumps(body).encode())


def for_people(name: str) -> bool:
    """Whether a member is free text: names, descriptions, tag values, addresses, messages."""
    return not _BY_PROGRAM.search(name)


def everything(name: str) -> bool:
    """Whatever it is called: such an account breaks every rule of AWS's own models."""
    return name is not None
