"""A stand-in behind a session: it answers what AWS's HTTP would, from a list, and remembers what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import botocore.session
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from costsentry_cli.aws import Door, connect_to
from costsentry_cli.domain.calls import ApiCall
from costsentry_cli.domain.pacing import Pace, Patience

LISTING = ApiCall("bedrock", "ListInferenceProfiles", {"typeEquals": "APPLICATION"})
CONVERSE = ApiCall(
    "bedrock-runtime",
    "Converse",
    {"modelId": "amazon.nova-lite-v1:0", "messages": [{"role": "user", "content": [{"text": "Hi"}]}]},
    paid=True,
)
EMPTY = {"inferenceProfileSummaries": []}


class Body:
    """The raw stream of an HTTP answer."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def stream(self) -> Iterator[bytes]:
        yield self.content


def answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> AWSResponse:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {"x-amzn-requestid": "req-1", "content-type": "application/json"} | (headers or {})
    return AWSResponse("https://stand-in/", status, named, Body(content))


def refusal(code: str, status: int, message: str = "said no") -> AWSResponse:
    return answer({"message": message}, status, {"x-amzn-errortype": code})


class StandIn:
    """Answers a session's requests from a list; the last answer serves for ever. Exceptions are raised."""

    def __init__(self, *answers: AWSResponse | Exception | Callable[[AWSPreparedRequest], AWSResponse]) -> None:
        self.answers = list(answers)
        self.requests: list[AWSPreparedRequest] = []
        self.lock = threading.Lock()

    def plug(self, session: botocore.session.Session) -> None:
        session.register("before-send", self.send)

    def send(self, request: AWSPreparedRequest, **_: object) -> AWSResponse:
        with self.lock:
            self.requests.append(request)
            said = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(said, Exception):
            raise said
        return said(request) if callable(said) and not isinstance(said, AWSResponse) else said


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.naps: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += seconds

    def patience(self, **more: Any) -> Patience:
        return Patience(clock=lambda: self.now, sleep=self.sleep, dice=lambda: 1.0, **more)


def door(*answers: Any, time: Time | None = None) -> tuple[Door, StandIn]:
    behind = StandIn(*answers)
    made = connect_to(behind.plug, "us-east-1")
    made.patience = (time or Time()).patience()
    return made, behind


def tag_reads(count: int) -> list[ApiCall]:
    """So many independent calls; the number is the end of the ARN."""
    base = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/x"
    return [ApiCall("bedrock", "ListTagsForResource", {"resourceARN": f"{base}{n:03}"}) for n in range(count)]


STILL = Patience(clock=lambda: 0.0, sleep=lambda _: None)
TAGS = answer({"tags": []})
THROTTLED = refusal("ThrottlingException", 429)


def still_door(*answers: object, width: int = 8) -> tuple[Door, StandIn]:
    """A door whose clock stands still: nothing is ever late."""
    made, behind = door(*answers)
    made.patience, made.pace = STILL, Pace(width, max(width, 1))
    return made, behind


def asked(request: AWSPreparedRequest) -> int:
    """Which of the tag reads it is."""
    return int(json.loads(request.body)["resourceARN"][-3:])
