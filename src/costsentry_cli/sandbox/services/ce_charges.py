"""Line items that are no usage: credits, refunds and tax, ordered by settings; a sandbox has none of them by default.

``credit_usd_per_month`` pays for the month's first usage that AWS itself sells (credits do not cover Marketplace
spend), ``refund_usd_per_month`` gives back the month's first usage whoever sells it, and ``tax_percent`` is charged on
what remains. Each is a line at the time of the usage, under its account. A credit or refund keeps the service, usage
type and product attributes it is for; tax is a service of its own and has neither. None of them has tags.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from math import inf

from costsentry_cli.sandbox.services.ce_lines import LineItem
from costsentry_cli.sandbox.services.ce_meters import Meter
from costsentry_cli.sandbox.store import Store

_NOTHING = Decimal(0)
_OF_THE_TAXED = (
    "LEGAL_ENTITY_NAME",
    "INVOICING_ENTITY",
    "BILLING_ENTITY",
    "LINKED_ACCOUNT",
    "LINKED_ACCOUNT_NAME",
    "PAYER_ACCOUNT",
)


@dataclass(frozen=True)
class Terms:
    """What is charged and given beside usage; US dollars a month, and percent."""

    credit: Decimal
    refund: Decimal
    tax: Decimal


def terms_of(store: Store) -> Terms:
    """The terms a sandbox is set to."""
    names = ("credit_usd_per_month", "refund_usd_per_month", "tax_percent")
    return Terms(*(Decimal(store.setting(name, "0")) for name in names))


def with_charges(lines: Iterable[LineItem], terms: Terms) -> Iterator[LineItem]:
    """Every line, followed by what else is charged for it.

    With a credit or a refund ``lines`` are those of all accounts, in the order of time, from the beginning of a month:
    the same usage gets the same charges whatever part of them is then looked at. Tax alone takes any lines.
    """
    until, credit, refund = -inf, _NOTHING, _NOTHING
    for item in lines:
        yield item
        if item.at >= until:
            until, credit, refund = _end_of_month(item.at), terms.credit, terms.refund
        due = item.cost
        if credit and item.meter.dimensions["BILLING_ENTITY"] == "AWS":
            credited = min(credit, due)
            credit, due = credit - credited, due - credited
            yield from _charge(item, _given(item.meter, "Credit"), -credited)
        if refund:
            refunded = min(refund, due)
            refund, due = refund - refunded, due - refunded
            yield from _charge(item, _given(item.meter, "Refund"), -refunded)
        if terms.tax:
            yield from _charge(item, _taxed(item.meter), due * terms.tax / 100)


def _end_of_month(at: float) -> float:
    moment = datetime.fromtimestamp(at, UTC)
    return datetime(moment.year + moment.month // 12, moment.month % 12 + 1, 1, tzinfo=UTC).timestamp()


def _charge(item: LineItem, meter: Meter, cost: Decimal) -> Iterator[LineItem]:
    if cost:
        yield LineItem(item.at, {}, meter, _NOTHING, cost)


@lru_cache(maxsize=4096)
def _given(meter: Meter, record_type: str) -> Meter:
    return dataclasses.replace(meter, dimensions={**meter.dimensions, "RECORD_TYPE": record_type})


@lru_cache(maxsize=4096)
def _taxed(meter: Meter) -> Meter:
    kept = {name: meter.dimensions[name] for name in _OF_THE_TAXED}
    return dataclasses.replace(meter, dimensions=kept | {"SERVICE": "Tax", "RECORD_TYPE": "Tax"}, attributes={})
