"""A counter as a DynamoDB item, both ways.

One item per limit and window; it holds every unit, so that tokens and dollars of one limit are admitted in one write:

===================  ====  ==========================================================================================
attribute            type  what
===================  ====  ==========================================================================================
``pk``               S     ``L#<limit id>#<window id>``, the partition key
``c_<unit>``         N     committed: settled and held, for tokens, input_tokens, output_tokens, requests, nano_usd
``s_<unit>``         N     settled, for the same units
``r``                M     reservation id -> hold: ``t i o q u`` (N, the units that are not zero), ``e`` (N, expiry in
                           epoch seconds), ``n`` (S, who; only when known)
``d``                M     reservation id -> S, how it ended: ``settled 1795435200``; the latest few only
``ttl``              N     epoch seconds from which DynamoDB may delete the item
``v``                N     1, the layout
===================  ====  ==========================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.ledger.counters import UNITS, Amounts, Count, Hold
from costsentry_cli.domain.ledger.port import Key
from costsentry_cli.domain.ledger.windows import window_of

Item = Mapping[str, Mapping[str, Any]]

PREFIX = "L#"
PARTITION_KEY = "pk"
TTL_ATTRIBUTE = "ttl"
KEPT_AFTER = timedelta(days=35)
"""How long a window's item stays after the window's end."""
LAYOUT = 1
CODES = dict(zip(UNITS, "tioqu", strict=True))
"""Unit -> its name inside a hold, where every byte is paid for with each write."""


def number(value: int) -> dict[str, str]:
    """An integer as an attribute value."""
    return {"N": str(value)}


def text(value: str) -> dict[str, str]:
    """A string as an attribute value."""
    return {"S": value}


def item_key(key: Key) -> dict[str, dict[str, str]]:
    """The item's primary key."""
    return {PARTITION_KEY: text(f"{PREFIX}{key.limit}#{key.window}")}


def new_item(key: Key) -> dict[str, Any]:
    """A counter with nothing counted."""
    zeros = {f"{kind}_{unit}": number(0) for kind in "cs" for unit in UNITS}
    gone = int((window_of(key.window).end + KEPT_AFTER).timestamp())
    return {**item_key(key), **zeros, "r": {"M": {}}, "d": {"M": {}}, TTL_ATTRIBUTE: number(gone), "v": number(LAYOUT)}


def hold_value(amounts: Amounts, expires: int, note: str) -> dict[str, Any]:
    """A hold as an attribute value."""
    held = {CODES[unit]: number(value) for unit, value in amounts.items() if value}
    return {"M": {**held, "e": number(expires), **({"n": text(note)} if note else {})}}


def count_of(item: Item) -> Count:
    """The counter an item holds. Raises ``SentryError`` CS0809 for an item that is none of ours."""
    try:
        holds = {rid: _hold(rid, value["M"]) for rid, value in item["r"]["M"].items()}
        done = {rid: str(value["S"]) for rid, value in item["d"]["M"].items()}
        return Count(_amounts(item, "c"), _amounts(item, "s"), holds, done)
    except (KeyError, TypeError, ValueError) as error:
        name = item.get(PARTITION_KEY, {}).get("S", "")
        raise SentryError("CS0809", f"the ledger's item {name!r} cannot be read: {error!r}") from error


def key_of(item: Item) -> Key:
    """Which counter an item is."""
    limit, _, window = item[PARTITION_KEY]["S"].removeprefix(PREFIX).rpartition("#")
    return Key(limit, window)


def _amounts(item: Item, kind: str) -> Amounts:
    return Amounts(*(int(item[f"{kind}_{unit}"]["N"]) for unit in UNITS))


def _hold(rid: str, value: Item) -> Hold:
    amounts = Amounts(*(int(value[code]["N"]) if code in value else 0 for code in CODES.values()))
    return Hold(rid, amounts, int(value["e"]["N"]), value["n"]["S"] if "n" in value else "")
