"""One profile with all there is to know of it: a short list for people, flat fields for scripts, a document."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Protocol

from costsentry_cli.domain.lookup import Found
from costsentry_cli.domain.money import places, plain, usd
from costsentry_cli.domain.pricing import Price
from costsentry_cli.domain.references import profile_id
from costsentry_cli.domain.resource import OWN
from costsentry_cli.render.cells import plain_value
from costsentry_cli.render.safe import safe_line

LABEL = 12
MILLION = Decimal(1_000_000)
UNKNOWN = "unknown"


class Resolved(Protocol):
    """A profile and what the catalogue says of its model."""

    @property
    def found(self) -> Found:
        """The profile and where it is."""
        ...

    @property
    def model(self) -> str:
        """Its source."""
        ...

    @property
    def certain(self) -> bool:
        """Whether the source was recorded."""
        ...

    @property
    def price(self) -> Price | None:
        """Per token; None is unknown."""
        ...

    @property
    def status(self) -> str | None:
        """ACTIVE, LEGACY or EOL; None is unknown."""
        ...

    @property
    def end_of_life(self) -> date | None:
        """The day from which calls fail."""
        ...


def as_document(one: Resolved) -> dict[str, Any]:
    """The profile as JSON data; money as decimal strings, what is not known as null."""
    thing, scope = one.found.observed, one.found.scope
    return {
        "name": thing.name,
        "arn": thing.arn,
        "id": profile_id(thing.arn),
        "key": thing.key,
        "namespace": thing.namespace,
        "account": scope.account,
        "region": scope.region,
        "model": one.model,
        "model_from": "recorded" if one.certain else "member models",
        "description": thing.fields.get("description"),
        "price": None if one.price is None else _price(one.price),
        "lifecycle": {"status": one.status, "end_of_life": plain_value(one.end_of_life)},
        "retired": plain_value(thing.retired),
        "tags": {key: value for key, value in sorted(thing.tags.items()) if not key.startswith(OWN)},
    }


def as_fields(one: Resolved) -> dict[str, str]:
    """Every field a script can ask for, as text; nested ones with a dot (``tags.costCenter``, ``price.source``)."""
    fields: dict[str, str] = {}
    for name, value in as_document(one).items():
        parts = value.items() if isinstance(value, dict) else ()
        fields |= {f"{name}.{part}": _word(inner) for part, inner in parts}
        if not isinstance(value, dict):
            fields[name] = _word(value)
    return fields


def as_text(one: Resolved) -> str:
    """Two columns: what it is called, what it is."""
    thing, scope = one.found.observed, one.found.scope
    told = "" if one.certain else "  (told by its member models)"
    pairs = [
        ("name", thing.name),
        ("arn", thing.arn),
        ("id", profile_id(thing.arn)),
        ("model", f"{one.model}{told}"),
        ("region", f"{scope.region}, account {scope.account}"),
        ("managed by", f"{thing.namespace}, key {thing.key}" if thing.namespace else "nobody (foreign)"),
        *_price_words(one.price),
        ("lifecycle", _lifecycle(one)),
    ]
    if thing.retired is not None:
        pairs.append(("retired", f"since {plain_value(thing.retired)}: another took its place"))
    pairs += [("description", thing.fields["description"])] if "description" in thing.fields else []
    tags = [f"{key}={value}" for key, value in as_document(one)["tags"].items()]
    pairs += [("tags" if number == 0 else "", tag) for number, tag in enumerate(tags)]
    return "".join(f"{label:<{LABEL}}{safe_line(value)}\n" for label, value in pairs)


def _price(price: Price) -> dict[str, str]:
    return {
        "input_per_million_usd": plain(price.input * MILLION),
        "output_per_million_usd": plain(price.output * MILLION),
        "source": price.source,
        "as_of": price.as_of.isoformat(),
    }


def _price_words(price: Price | None) -> list[tuple[str, str]]:
    if price is None:
        return [("price", f"{UNKNOWN}: the catalogue has no price for this model here")]
    amounts = [price.input * MILLION, price.output * MILLION]
    each = [usd(amount, places([amount])) for amount in amounts]
    words = f"{each[0]} in, {each[1]} out per million tokens"
    return [("price", words), ("", f"{price.as_of}, {price.source}")]


def _lifecycle(one: Resolved) -> str:
    if one.status is None:
        return f"{UNKNOWN}: the catalogue does not have this model"
    if one.end_of_life is None:
        return one.status
    return f"{one.status}, calls fail {'since' if one.status == 'EOL' else 'from'} {one.end_of_life}"


def _word(value: object) -> str:
    return "" if value is None else str(value)
