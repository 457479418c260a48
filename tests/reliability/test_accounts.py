"""The account the reliability tests rest on answers as the sandbox does, whatever is done to it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import Account
from costsentry_cli.aws import connect_to
from costsentry_cli.domain.calls import ApiCall, Cloud
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.sandbox import Sandbox
from fakes import ACCOUNT, HAIKU, NOON, FrozenClock

SOURCES = [
    f"arn:aws:bedrock:us-east-1:{ACCOUNT}:inference-profile/{HAIKU}",
    "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0",
]
ARN = re.compile(r"arn:aws:bedrock:us-east-1:\d{12}:application-inference-profile/(\w{12})")
QUOTA = 6
TAG_SETS = [{}, {"costCenter": "sales"}, {"costCenter": "support", "team": "docs"}, {"aws:own": "x"}]

small = st.integers(0, 3)
step = st.one_of(
    st.tuples(st.just("create"), small, st.integers(0, 1), small),
    st.tuples(st.sampled_from(["get", "tags", "delete"]), small),
    st.tuples(st.just("tag"), small, small),
    st.tuples(st.just("untag"), small, st.sampled_from(["costCenter", "team", "none"])),
    st.tuples(st.just("list"), st.sampled_from([1, 2, 1000])),
    st.tuples(st.just("wait"), st.sampled_from([1, 4, 400, 601])),
)


@dataclass
class Side:
    """One of the two: its cloud, and the ARNs it has given so far, in order."""

    cloud: Cloud
    arns: list[str]

    def told(self, call: ApiCall) -> str:
        """The answer or the error's code, with ARNs as the numbers in which they were first seen."""
        try:
            pages = list(self.cloud.pages(call)) if call.operation == "ListInferenceProfiles" else None
            said: Any = self.cloud.call(call) if pages is None else pages
        except SentryError as error:
            return error.code
        if pages is None:
            said.pop("ResponseMetadata", None)
            said.pop("inferenceProfileId", None)
        else:
            said = [len(page["inferenceProfileSummaries"]) for page in pages], *_sorted(pages, self.number)
        return ARN.sub(self.number, json.dumps(said, default=str, sort_keys=True))

    def number(self, match: re.Match[str]) -> str:
        arn = match.group(0)
        if arn not in self.arns:
            self.arns.append(arn)
        return f"#{self.arns.index(arn)}"


def _sorted(pages: list[Any], number: Any) -> list[str]:
    """Every summary as text without the id, which differs; the order among the equally old is nobody's business."""
    found = [dict(summary) for page in pages for summary in page["inferenceProfileSummaries"]]
    for summary in found:
        summary.pop("inferenceProfileId")
    return sorted(ARN.sub(number, json.dumps(summary, default=str, sort_keys=True)) for summary in found)


def call(words: tuple[Any, ...], side: Side) -> ApiCall:
    """A step as a call to one side; a profile is named by the number in which it was first seen."""
    what, *rest = words
    arn = side.arns[rest[0] % len(side.arns)] if side.arns else f"{SOURCES[1]}"
    resource = {"resourceARN": arn}
    if what == "create":
        token, source, tags = rest
        params = {
            "inferenceProfileName": f"p{token}",
            "clientRequestToken": f"token-{token}",
            "modelSource": {"copyFrom": SOURCES[source]},
            "tags": [{"key": key, "value": value} for key, value in TAG_SETS[tags].items()],
        }
        return ApiCall("bedrock", "CreateInferenceProfile", params)
    if what == "tag":
        tags = [{"key": key, "value": value} for key, value in TAG_SETS[rest[1]].items()]
        return ApiCall("bedrock", "TagResource", resource | {"tags": tags})
    if what == "untag":
        return ApiCall("bedrock", "UntagResource", resource | {"tagKeys": [rest[1]]})
    if what == "tags":
        return ApiCall("bedrock", "ListTagsForResource", resource)
    if what == "list":
        return ApiCall("bedrock", "ListInferenceProfiles", {"typeEquals": "APPLICATION", "maxResults": rest[0]})
    operation = "GetInferenceProfile" if what == "get" else "DeleteInferenceProfile"
    return ApiCall("bedrock", operation, {"inferenceProfileIdentifier": arn})


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Sandbox, FrozenClock, Cloud]:
    clock = FrozenClock(NOON)
    sandbox = Sandbox(tmp_path_factory.mktemp("contract") / "sandbox.db", clock=clock)
    return sandbox, clock, connect_to(sandbox.plug, "us-east-1")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(step, min_size=4, max_size=20), lag=st.sampled_from([0, 5]))
@pytest.mark.model_violations(reason="tags that begin with aws: are sent on purpose")
def test_account_and_sandbox_answer_alike(
    shared: tuple[Sandbox, FrozenClock, Cloud], steps: list[tuple[Any, ...]], lag: int
) -> None:
    sandbox, clock, cloud = shared
    sandbox.reset()
    clock.now = NOON
    sandbox.configure("list_lag_seconds", str(lag))
    sandbox.configure("profile_quota", str(QUOTA))
    theirs = Side(cloud, [])
    ours = Side(Account(clock, timedelta(seconds=lag), quota=QUOTA), [])
    for words in [*steps, ("list", 2), ("wait", 6), ("list", 1000)]:
        if words[0] == "wait":
            clock.move(timedelta(seconds=words[1]))
        elif words[0] in ("create", "list") or ours.arns:
            assert ours.told(call(words, ours)) == theirs.told(call(words, theirs)), words
