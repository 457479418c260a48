"""The requests of the DynamoDB ledger as data: each is one item, so each is atomic. Placeholders only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from costsentry_cli.domain.calls import ApiCall
from costsentry_cli.domain.ledger import items
from costsentry_cli.domain.ledger.counters import UNITS, Amounts, Hold
from costsentry_cli.domain.ledger.items import number, text
from costsentry_cli.domain.ledger.port import Claim, Key, Policy, Reservation
from costsentry_cli.domain.ledger.transitions import ending_of


def open_call(table: str, key: Key) -> ApiCall:
    """PutItem of a zero counter, if there is none: repeating it does nothing."""
    update = _Write(table)
    params = {
        "TableName": table,
        "Item": items.new_item(key),
        "ConditionExpression": f"attribute_not_exists({update.name(items.PARTITION_KEY)})",
        "ExpressionAttributeNames": update.names,
    }
    return ApiCall("dynamodb", "PutItem", params)


def reserve_call(table: str, claim: Claim) -> ApiCall:
    """``SET committed = committed + a, r.rid = hold IF r.rid and d.rid are not there AND committed <= limit - a``.

    The condition has one comparison per bounded unit, also for those the claim needs nothing of.
    """
    write = _Write(table)
    hold, done = write.name("r", claim.rid), write.name("d", claim.rid)
    write.add("c", claim.amounts)
    write.set(hold, items.hold_value(claim.amounts, claim.expires, claim.note))
    write.check(f"attribute_exists({write.name(items.PARTITION_KEY)})")
    write.check(f"attribute_not_exists({hold})")
    write.check(f"attribute_not_exists({done})")
    for unit, bound in claim.ceiling.bounds():
        room = write.value(number(bound - getattr(claim.amounts, unit)))
        write.check(f"{write.name(f'c_{unit}')} <= {room}")
    return write.call(claim.key)


def settle_call(table: str, reservation: Reservation, actual: Amounts) -> ApiCall:
    """``SET committed = committed + (actual - a), settled = settled + actual, d.rid = how REMOVE r.rid IF r.rid``."""
    write = _Write(table)
    hold = write.name("r", reservation.rid)
    write.add("c", actual - reservation.amounts)
    write.add("s", actual)
    write.set(write.name("d", reservation.rid), text(f"settled {reservation.expires}"))
    write.remove(hold)
    for rid in reservation.forget:
        write.remove(write.name("d", rid))
    write.check(f"attribute_exists({hold})")
    return write.call(reservation.key)


def expire_call(table: str, key: Key, hold: Hold, now: int, policy: Policy) -> ApiCall:
    """``SET settled = settled + a, d.rid REMOVE r.rid IF r.rid.e < now``; ``release`` lowers committed instead."""
    write = _Write(table)
    charged = policy == "charge"
    write.add("s" if charged else "c", hold.amounts if charged else Amounts() - hold.amounts)
    write.set(write.name("d", hold.rid), text(ending_of(hold, policy)))
    write.remove(write.name("r", hold.rid))
    write.check(f"{write.name('r', hold.rid, 'e')} < {write.value(number(now))}")
    return write.call(key)


def reset_call(table: str, key: Key) -> ApiCall:
    """``SET committed = committed - settled, settled = 0 IF there``: what is held stays committed."""
    write = _Write(table)
    for unit in UNITS:
        committed, settled = write.name(f"c_{unit}"), write.name(f"s_{unit}")
        write.sets.append(f"{committed} = {committed} - {settled}")
        write.set(settled, number(0))
    write.check(f"attribute_exists({write.name(items.PARTITION_KEY)})")
    return write.call(key)


def read_call(table: str, key: Key) -> ApiCall:
    """GetItem, strongly consistent."""
    return ApiCall("dynamodb", "GetItem", {"TableName": table, "Key": items.item_key(key), "ConsistentRead": True})


def scan_call(table: str, after: Any = None) -> ApiCall:
    """One page of every counter, strongly consistent; ``after`` is the last page's ``LastEvaluatedKey``."""
    write = _Write(table)
    params = {
        "TableName": table,
        "FilterExpression": f"begins_with({write.name(items.PARTITION_KEY)}, {write.value(text(items.PREFIX))})",
        "ExpressionAttributeNames": write.names,
        "ExpressionAttributeValues": write.values,
        "ConsistentRead": True,
    }
    return ApiCall("dynamodb", "Scan", params if after is None else {**params, "ExclusiveStartKey": after})


@dataclass
class _Write:
    """An UpdateItem in the making. Names and values become placeholders, numbered as they come."""

    table: str
    names: dict[str, str] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    sets: list[str] = field(default_factory=list)
    removes: list[str] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)
    _known: dict[str, str] = field(default_factory=dict)

    def name(self, *path: str) -> str:
        """The placeholders of a path."""
        return ".".join(self._placeholder(part) for part in path)

    def _placeholder(self, part: str) -> str:
        if part not in self._known:
            self._known[part] = f"#n{len(self._known)}"
            self.names[self._known[part]] = part
        return self._known[part]

    def value(self, value: Any) -> str:
        """The placeholder of a value."""
        self.values[placeholder := f":v{len(self.values)}"] = value
        return placeholder

    def set(self, path: str, value: Any) -> None:
        """Write a value."""
        self.sets.append(f"{path} = {self.value(value)}")

    def add(self, kind: str, amounts: Amounts) -> None:
        """Add to the counters of a kind (``c`` or ``s``), where there is something to add."""
        for unit, value in amounts.items():
            if value:
                path = self.name(f"{kind}_{unit}")
                self.sets.append(f"{path} = {path} + {self.value(number(value))}")

    def remove(self, path: str) -> None:
        """Take an attribute away."""
        self.removes.append(path)

    def check(self, condition: str) -> None:
        """A condition, beside the others."""
        self.checks.append(condition)

    def call(self, key: Key) -> ApiCall:
        """The request. A failed condition answers with the item as it is, a success with what it has become."""
        removes = f" REMOVE {', '.join(self.removes)}" if self.removes else ""
        params = {
            "TableName": self.table,
            "Key": items.item_key(key),
            "UpdateExpression": f"SET {', '.join(self.sets)}{removes}",
            "ConditionExpression": " AND ".join(self.checks),
            "ExpressionAttributeNames": self.names,
            "ExpressionAttributeValues": self.values,
            "ReturnValues": "ALL_NEW",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        return ApiCall("dynamodb", "UpdateItem", params)
