"""An AWS account in memory, as a ``Cloud``: fast enough to be killed at every single call, with faults by hook.

It keeps AWS's rules that never making anything twice rests on: the client token, late listings, tags that come back
from one call only. ``tests/reliability/test_accounts.py`` compares it with the sandbox.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from costsentry_cli.domain.assumptions import CLIENT_TOKEN_LIFETIME
from costsentry_cli.domain.calls import Answer, ApiCall, Outcome, in_order
from costsentry_cli.domain.catalog import load
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.sandbox.services.bedrock_models import members
from fakes import ACCOUNT, FrozenClock

WRITING = ("CreateInferenceProfile", "TagResource", "UntagResource", "DeleteInferenceProfile")
MAX_TAGS = 50


class Crash(BaseException):
    """The process is killed here; nothing of it may catch this."""


Hook = Callable[[int, ApiCall], None]
"""Called with the number of a call (from 1, over the account's life) and the call; may raise."""


def unharmed(number: int, call: ApiCall) -> None:
    """The hook of a call that nothing happens to."""


def as_begun(count: int) -> Sequence[int]:
    """The order in which the calls of a batch take effect: that in which they were begun."""
    return range(count)


@dataclass(frozen=True)
class Profile:
    """One application inference profile; replaced, never changed, so that copies of an account can share it."""

    summary: Mapping[str, Any]
    source: str
    tags: Mapping[str, str]
    visible: datetime
    number: int

    @property
    def arn(self) -> str:
        return str(self.summary["inferenceProfileArn"])

    @property
    def name(self) -> str:
        return str(self.summary["inferenceProfileName"])


@dataclass
class Account:
    """One account in one region.

    ``before`` and ``after`` are called around the effect of each call: what ``before`` raises happens instead of it,
    what ``after`` raises happens although it took effect (a lost reply). ``order`` permutes what runs side by side.
    """

    clock: FrozenClock = field(default_factory=FrozenClock)
    list_lag: timedelta = timedelta(0)
    token_lifetime: timedelta = CLIENT_TOKEN_LIFETIME
    quota: int = 1000
    before: Hook = unharmed
    after: Hook = unharmed
    order: Callable[[int], Sequence[int]] = as_begun
    region: str = "us-east-1"
    interrupted: bool = False
    profiles: dict[str, Profile] = field(default_factory=dict)
    tokens: dict[str, tuple[Mapping[str, Any], str, datetime]] = field(default_factory=dict)
    invocations: dict[str, dict[datetime, int]] = field(default_factory=dict)
    writes: list[ApiCall] = field(default_factory=list)
    calls: int = 0
    ever: int = 0
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def copy(self) -> Account:
        """Another account in the same state, on a clock of its own, with no hooks and no call made yet."""
        return Account(
            FrozenClock(self.clock.now),
            self.list_lag,
            self.token_lifetime,
            self.quota,
            profiles=dict(self.profiles),
            tokens=dict(self.tokens),
            invocations={arn: dict(hours) for arn, hours in self.invocations.items()},
            ever=self.ever,
        )

    def unharmed(self) -> Account:
        """The account, with no fault any more."""
        self.before = self.after = unharmed
        self.order, self.interrupted = as_begun, False
        return self

    def call(self, call: ApiCall) -> Answer:
        if self.interrupted:
            raise SentryError("CS0902", "not tried: interrupted")
        with self._lock:
            self.calls += 1
            number = self.calls
        self.before(number, call)
        with self._lock:
            if call.operation in WRITING:
                self.writes.append(call)
            answer = _OPERATIONS[call.operation](self, call.params)
        self.after(number, call)
        return answer

    def pages(self, call: ApiCall) -> Iterator[Answer]:
        while True:
            answer = self.call(call)
            yield answer
            if "nextToken" not in answer:
                return
            params = {**call.params, "nextToken": answer["nextToken"]}
            call = ApiCall(call.service, call.operation, params, call.region, call.paid)

    def each(self, calls: Sequence[ApiCall]) -> Iterator[Outcome]:
        yield from in_order(self.as_ended(calls))

    def as_ended(self, calls: Sequence[ApiCall]) -> Iterator[Outcome]:
        for index in self.order(len(calls)):
            tried = not self.interrupted
            try:
                yield Outcome(calls[index], answer=self.call(calls[index]), index=index)
            except SentryError as error:
                yield Outcome(calls[index], error=error, index=index, tried=tried)

    def find(self, wanted: str) -> Profile:
        """By ARN or id. Raises ``SentryError`` CS0803."""
        arn = wanted if wanted.startswith("arn:") else f"{_PREFIX.format(self.region)}{wanted}"
        found = self.profiles.get(arn)
        if found is None:
            raise SentryError("CS0803", f"ResourceNotFoundException: {wanted}")
        return found

    def make(self, name: str, source: str, tags: Mapping[str, str], description: str | None = None) -> Profile:
        """A new profile, as somebody's call would make it; no quota is looked at."""
        self.ever += 1
        now = self.clock()
        arn = f"{_PREFIX.format(self.region)}{self.ever:012d}"
        described = {} if description is None else {"description": description}
        summary = described | {
            "inferenceProfileName": name,
            "createdAt": now,
            "updatedAt": now,
            "inferenceProfileArn": arn,
            "models": [{"modelArn": model} for model in _members(source, self.region)],
            "inferenceProfileId": arn.rpartition("/")[2],
            "status": "ACTIVE",
            "type": "APPLICATION",
        }
        made = self.profiles[arn] = Profile(summary, source, dict(tags), now + self.list_lag, self.ever)
        return made

    def retag(self, arn: str, tags: Mapping[str, str]) -> None:
        """Give a profile exactly these tags."""
        was = self.find(arn)
        self.profiles[arn] = Profile(was.summary, was.source, dict(tags), was.visible, was.number)


_PREFIX = f"arn:aws:bedrock:{{}}:{ACCOUNT}:application-inference-profile/"


@cache
def _members(source: str, region: str) -> tuple[str, ...]:
    reference = load().resolve(source)
    return () if reference is None else tuple(members(reference, region))


def _create(account: Account, params: Mapping[str, Any]) -> Answer:
    """The same token with the same request makes nothing again, also when that profile has been deleted since."""
    token, now = params.get("clientRequestToken"), account.clock()
    known = account.tokens.get(str(token))
    if known is not None and known[2] >= now - account.token_lifetime:
        if known[0] != params:
            raise SentryError("CS0804", "ConflictException: the token was used with other parameters")
        return {"inferenceProfileArn": known[1], "status": "ACTIVE"}
    tags = _checked({}, params.get("tags", []))
    if len(account.profiles) >= account.quota:
        raise SentryError("CS0805", "ServiceQuotaExceededException: too many profiles")
    name, source = params["inferenceProfileName"], params["modelSource"]["copyFrom"]
    made = account.make(name, source, tags, params.get("description"))
    if token is not None:
        account.tokens[token] = (params, made.arn, now)
    return {"inferenceProfileArn": made.arn, "status": "ACTIVE"}


def _list(account: Account, params: Mapping[str, Any]) -> Answer:
    now, size = account.clock(), params.get("maxResults", 100)
    after = int(params.get("nextToken", 0))
    shown = [p for p in account.profiles.values() if p.number > after and p.visible <= now]
    page: Answer = {"inferenceProfileSummaries": [p.summary for p in shown[:size]]}
    if len(shown) > size:
        page["nextToken"] = str(shown[size - 1].number)
    return page


def _get(account: Account, params: Mapping[str, Any]) -> Answer:
    return dict(account.find(params["inferenceProfileIdentifier"]).summary)


def _delete(account: Account, params: Mapping[str, Any]) -> Answer:
    del account.profiles[account.find(params["inferenceProfileIdentifier"]).arn]
    return {}


def _tags(account: Account, params: Mapping[str, Any]) -> Answer:
    tags = account.find(params["resourceARN"]).tags
    return {"tags": [{"key": key, "value": tags[key]} for key in sorted(tags)]}


def _tag(account: Account, params: Mapping[str, Any]) -> Answer:
    was = account.find(params["resourceARN"])
    account.retag(was.arn, _checked(was.tags, params["tags"]))
    return {}


def _untag(account: Account, params: Mapping[str, Any]) -> Answer:
    was = account.find(params["resourceARN"])
    account.retag(was.arn, {key: value for key, value in was.tags.items() if key not in params["tagKeys"]})
    return {}


def _checked(old: Mapping[str, str], new: Sequence[Mapping[str, str]]) -> dict[str, str]:
    named = {tag["key"]: tag["value"] for tag in new}
    if len(named) < len(new) or any(key.lower().startswith("aws:") for key in named):
        raise SentryError("CS0802", "ValidationException: tags")
    if len(old | named) > MAX_TAGS:
        raise SentryError("CS0805", "TooManyTagsException: tags")
    return {**old, **named}


def _metrics(account: Account, params: Mapping[str, Any]) -> Answer:
    results = []
    for query in params["MetricDataQueries"]:
        (dimension,) = query["MetricStat"]["Metric"]["Dimensions"]
        hours = account.invocations.get(dimension["Value"], {})
        shown = {at: calls for at, calls in hours.items() if params["StartTime"] <= at < params["EndTime"]}
        results.append({"Id": query["Id"], "Timestamps": list(shown), "Values": [float(v) for v in shown.values()]})
    return {"MetricDataResults": results}


def _availability(account: Account, params: Mapping[str, Any]) -> Answer:
    agreement = {"status": "AVAILABLE"}
    return {
        "modelId": params["modelId"],
        "agreementAvailability": agreement,
        "authorizationStatus": "AUTHORIZED",
        "entitlementAvailability": "AVAILABLE",
        "regionAvailability": "AVAILABLE",
    }


def _quota(account: Account, params: Mapping[str, Any]) -> Answer:
    return {"Quota": {"QuotaCode": params["QuotaCode"], "Value": float(account.quota)}}


_OPERATIONS: dict[str, Callable[[Account, Mapping[str, Any]], Answer]] = {
    "CreateInferenceProfile": _create,
    "ListInferenceProfiles": _list,
    "GetInferenceProfile": _get,
    "DeleteInferenceProfile": _delete,
    "ListTagsForResource": _tags,
    "TagResource": _tag,
    "UntagResource": _untag,
    "GetMetricData": _metrics,
    "GetFoundationModelAvailability": _availability,
    "GetServiceQuota": _quota,
}
