"""Plausible, reproducible traffic: who calls which model when, with how many tokens.

Pure: the same callers, range and random numbers give the same calls.
"""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate

from costsentry_cli.domain.catalog import ModelRef, Price, Tokens, load
from costsentry_cli.sandbox.contract import ACCOUNT
from costsentry_cli.sandbox.services.billing import split

CALLS_PER_WORKDAY = 180
"""Calls of all callers together on a workday in the middle of the range."""

_OFFICE = list(accumulate((1, 1, 1, 1, 1, 2, 4, 10, 22, 30, 32, 28, 18, 26, 32, 30, 26, 18, 8, 4, 3, 2, 1, 1)))
_NIGHT = list(accumulate((9, 9, 9, 9, 6, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 6, 9)))
_WEEKEND = 0.15
_SATURDAY = 5
_GROWTH = 0.6
_SPIKE_PLACE = 0.7
_SPIKE = 6.0
_LEAK_SHARE = 0.08
_LEAK_SINCE = 0.6
_STREAMED = 0.25
# Tokens of a cached prefix, and the chance that a call writes it, or writes or reads it.
_PREFIX, _PREFIX_WRITTEN, _PREFIX_READ = 4_096, 0.04, 0.4
_FAILURES = (("throttled", 0.006), ("client-error", 0.01), ("server-error", 0.002))


@dataclass(frozen=True)
class Caller:
    """One source of traffic. ``since`` and ``until`` are the parts of the range after which it begins and ends."""

    requested: str
    metric_id: str
    profile_arn: str | None
    region: str
    ref: ModelRef | None
    model_id: str
    tags: Mapping[str, str]
    share: float
    account: str = ACCOUNT
    since: float = 0.0
    until: float = 1.0
    by_night: bool = False
    spikes: bool = False


@dataclass(frozen=True)
class Pace:
    """How much traffic: calls of all callers together on a workday in the middle of the range, and how big they are.

    ``size`` multiplies the tokens; ``strain`` is the part of the spike's calls that is throttled, 0 for no more than
    on other days.
    """

    calls: int = CALLS_PER_WORKDAY
    size: float = 1.0
    strain: float = 0.0


@dataclass(frozen=True)
class CallMade:
    """One row of table ``calls``; the fields are its columns, ``tags`` and ``costs`` JSON."""

    at: float
    region: str
    operation: str
    request_id: str
    requested: str
    metric_id: str
    profile_arn: str | None
    model_id: str
    outcome: str
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_5m_tokens: int
    cache_write_1h_tokens: int
    latency_ms: int
    first_token_ms: int | None
    tier: str
    tags: str
    costs: str
    account: str


NORMAL = Pace()
"""The traffic of a short seed."""


def shares(count: int) -> list[float]:
    """The parts of the traffic of ``count`` callers, the first the largest; they add up to 1."""
    weights = [1 / (place + 1.5) for place in range(count)]
    return [weight / sum(weights) for weight in weights]


def leak(requested: str, account: str, region: str) -> Caller:
    """A script that calls a model directly, by night, past every profile: its spend has no tags."""
    ref = load().resolve(requested)
    model_id = ref.id if ref else requested
    return Caller(
        requested, requested, None, region, ref, model_id, {}, _LEAK_SHARE, account, _LEAK_SINCE, by_night=True
    )


def traffic(
    callers: Sequence[Caller], start: datetime, now: datetime, rng: random.Random, pace: Pace = NORMAL
) -> list[CallMade]:
    """Every call from ``start`` (a midnight) until before ``now``, in the order of time.

    Workdays with office hours, quiet weekends, growth over the range, and one day on which the callers that spike
    call six times as much.
    """
    days = (now - start) // timedelta(days=1) + 1
    spike = _workday(start, int(days * _SPIKE_PLACE))
    made = [call for caller in callers for call in _calls_of(caller, start, days, spike, rng, pace)]
    until = now.timestamp()
    return sorted((call for call in made if call.at < until), key=lambda call: (call.at, call.request_id))


def _workday(start: datetime, day: int) -> int:
    while (start + timedelta(days=day)).weekday() >= _SATURDAY:
        day += 1
    return day


def _calls_of(  # noqa: PLR0913, RUF100 pure: all it depends on
    caller: Caller, start: datetime, days: int, spike: int, rng: random.Random, pace: Pace
) -> Iterator[CallMade]:
    price = load().price(caller.ref, caller.region) if caller.ref else None
    tags = json.dumps(dict(caller.tags), sort_keys=True)
    for day in range(int(days * caller.since), int(days * caller.until)):
        midnight = start + timedelta(days=day)
        level = pace.calls * caller.share * (1 + _GROWTH * (day / days - 0.5))
        if midnight.weekday() >= _SATURDAY and not caller.by_night:
            level *= _WEEKEND
        strain = 0.0
        if day == spike and caller.spikes:
            level, strain = level * _SPIKE, pace.strain
        for _ in range(int(level * rng.uniform(0.8, 1.2) + rng.random())):
            at = midnight.timestamp() + _second_of_day(caller, rng)
            yield _call(caller, price, tags, at, rng, pace.size, strain)


def _second_of_day(caller: Caller, rng: random.Random) -> float:
    hour = rng.choices(range(24), cum_weights=_NIGHT if caller.by_night else _OFFICE)[0]
    return hour * 3600 + round(rng.uniform(0, 3599.9), 3)


def _call(  # noqa: PLR0913, RUF100 pure: all it depends on
    caller: Caller, price: Price | None, tags: str, at: float, rng: random.Random, size: float, strain: float
) -> CallMade:
    outcome = "throttled" if strain and rng.random() < strain else _outcome(rng)
    tokens = _tokens(price, rng, size) if outcome == "ok" else Tokens()
    streamed = rng.random() < _STREAMED
    first = 180 + tokens.context // 20
    return CallMade(
        at=at,
        region=caller.region,
        operation="ConverseStream" if streamed else "Converse",
        request_id=str(uuid.UUID(int=rng.getrandbits(128), version=4)),
        requested=caller.requested,
        metric_id=caller.metric_id,
        profile_arn=caller.profile_arn,
        model_id=caller.model_id,
        outcome=outcome,
        input_tokens=tokens.input,
        output_tokens=tokens.output,
        cache_read_tokens=tokens.cache_read,
        cache_write_5m_tokens=tokens.cache_write_5m,
        cache_write_1h_tokens=tokens.cache_write_1h,
        latency_ms=first + 12 * tokens.output if outcome == "ok" else 0,
        first_token_ms=first if streamed and outcome == "ok" else None,
        tier="default",
        tags=tags,
        costs=json.dumps(split(price, tokens)) if price else "{}",
        account=caller.account,
    )


def _outcome(rng: random.Random) -> str:
    drawn = rng.random()
    for name, probability in _FAILURES:
        if drawn < probability:
            return name
        drawn -= probability
    return "ok"


def _tokens(price: Price | None, rng: random.Random, size: float) -> Tokens:
    """Documents with a question: some thousand tokens in, some hundred out, a part of the prompt cached."""
    input_tokens = min(int(size * rng.lognormvariate(8.3, 0.7)) + 20, 60_000)
    output_tokens = min(int(size * rng.lognormvariate(6.2, 0.6)) + 5, 4_000)
    drawn = rng.random()
    if price is None or price.cache_read is None or price.cache_write_5m is None:
        return Tokens(input_tokens, output_tokens)
    if drawn < _PREFIX_WRITTEN:
        return Tokens(input_tokens, output_tokens, cache_write_5m=_PREFIX)
    if drawn < _PREFIX_READ:
        return Tokens(input_tokens, output_tokens, cache_read=_PREFIX)
    return Tokens(input_tokens, output_tokens)
