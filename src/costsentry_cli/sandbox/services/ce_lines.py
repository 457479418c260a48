"""The bill: what a call in table ``calls`` becomes in AWS's billing data.

One call makes one line item per token kind it used. Everything Cost Explorer answers is a fold over these; where many
calls are alike, over their sums.
"""

from __future__ import annotations

import json
import sqlite3
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from costsentry_cli.sandbox.services.ce_meters import Meter, meter_of
from costsentry_cli.sandbox.store import Store

CallRow = Mapping[str, Any] | sqlite3.Row

_TOKEN_COLUMNS = {
    "input": "input_tokens",
    "output": "output_tokens",
    "cache_read": "cache_read_tokens",
    "cache_write_5m": "cache_write_5m_tokens",
    "cache_write_1h": "cache_write_1h_tokens",
}
# What tells lines apart beside the time: the arguments of ``meter_of``, and the tags.
_LIKE = ("model_id", "region", "operation", "tier", "account", "tags")
_Group = tuple[Any, ...]
_ZERO = Decimal(0)


class LineItem(NamedTuple):
    """One charge: when (seconds since the epoch), the resource's tags then, what was metered, how much, USD.

    ``quantity`` is in the meter's own unit (1,000 tokens first-party, 1,000,000 on the Marketplace). The cost is 0
    when the catalogue has no price: the usage is shown, as AWS shows usage it does not charge.
    """

    at: float
    tags: Mapping[str, str]
    meter: Meter
    quantity: Decimal
    cost: Decimal


def line_items(row: CallRow) -> list[LineItem]:
    """The line items of one row of ``calls``; none for a call that used no tokens (throttled, refused).

    The row's ``model_id`` is that of what served the call, with its geo prefix: global usage has its own usage types.
    """
    like = tuple(row[name] for name in _LIKE)
    used = {kind: row[column] for kind, column in _TOKEN_COLUMNS.items()}
    costs = {kind: Decimal(cost) for kind, cost in json.loads(row["costs"]).items()}
    return list(_items(row["at"], like, used, costs))


def lines_between(store: Store, start: float, end: float, account: str | None = None) -> Iterator[LineItem]:
    """Every line item with ``start <= at < end``, in the order of time; of one account, or of all."""
    rows = store.db.execute(
        "SELECT * FROM calls WHERE at >= ? AND at < ? AND account = coalesce(?, account) ORDER BY at, id",
        (start, end, account),
    )
    for row in rows:
        yield from line_items(row)


def merged_lines(
    store: Store, start: float, end: float, account: str | None, edges: Sequence[float]
) -> Iterator[LineItem]:
    """What ``lines_between`` has, in no order, lines that are alike between two neighbouring ``edges`` as one.

    ``edges`` are sorted times; nobody may tell two moments apart that have none between them. The sums are exact.
    """
    tokens: dict[_Group, list[int]] = {}
    costs: dict[_Group, defaultdict[str, Decimal]] = {}
    first: dict[_Group, float] = {}
    rows = store.db.execute(
        f"SELECT at, costs, {', '.join(_TOKEN_COLUMNS.values())}, {', '.join(_LIKE)} FROM calls"  # noqa: S608 - own columns
        " WHERE at >= ? AND at < ? AND account = coalesce(?, account)",
        (start, end, account),
    )
    rows.row_factory = None
    for at, cost, inp, out, read, write_5m, write_1h, *like in rows:
        group = (bisect_right(edges, at), *like)
        sums = tokens.get(group)
        if sums is None:
            first[group], costs[group], sums = at, defaultdict(Decimal), tokens.setdefault(group, [0] * 5)
        sums[0] += inp
        sums[1] += out
        sums[2] += read
        sums[3] += write_5m
        sums[4] += write_1h
        if cost != "{}":
            known = costs[group]
            for kind, text in json.loads(cost).items():
                known[kind] += Decimal(text)
    for group, sums in tokens.items():
        yield from _items(first[group], group[1:], dict(zip(_TOKEN_COLUMNS, sums, strict=True)), costs[group])


def _items(at: float, like: Sequence[str], used: Mapping[str, int], costs: Mapping[str, Decimal]) -> Iterator[LineItem]:
    *served, account, tags = like
    for kind, tokens in used.items():
        if tokens:
            meter = meter_of(*served, kind, account)
            quantity = Decimal(tokens) / meter.tokens_per_unit
            yield LineItem(at, _tags(tags), meter, quantity, costs.get(kind, _ZERO))


@lru_cache(maxsize=4096)
def _tags(text: str) -> Mapping[str, str]:
    found: dict[str, str] = json.loads(text)
    return found
