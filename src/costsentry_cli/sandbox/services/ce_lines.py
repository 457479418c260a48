"""The bill: what a call in table ``calls`` becomes in AWS's billing data.

One call makes one line item per token kind it used. Everything Cost Explorer answers is a fold over these.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
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
    costs = json.loads(row["costs"])
    tags = _tags(row["tags"])
    items = []
    for kind, column in _TOKEN_COLUMNS.items():
        if tokens := row[column]:
            meter = meter_of(row["model_id"], row["region"], row["operation"], row["tier"], kind, row["account"])
            cost = Decimal(costs[kind]) if kind in costs else _ZERO
            items.append(LineItem(row["at"], tags, meter, Decimal(tokens) / meter.tokens_per_unit, cost))
    return items


def lines_between(store: Store, start: float, end: float, account: str | None = None) -> Iterator[LineItem]:
    """Every line item with ``start <= at < end``, in the order of time; of one account, or of all."""
    rows = store.db.execute(
        "SELECT * FROM calls WHERE at >= ? AND at < ? AND account = coalesce(?, account) ORDER BY at, id",
        (start, end, account),
    )
    for row in rows:
        yield from line_items(row)


@lru_cache(maxsize=4096)
def _tags(text: str) -> Mapping[str, str]:
    found: dict[str, str] = json.loads(text)
    return found
