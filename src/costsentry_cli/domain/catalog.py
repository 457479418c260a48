"""The models of Amazon Bedrock: what they take, how long they live, where they run, who bills them, what they cost.

Everything here is a row of ``data/models.json`` (made by ``tools/make_catalog.py``, dated, with its source); a new
model is a new row. The file is read once, on the first ``load()``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from costsentry_cli.domain.pricing import KINDS, LongContext, Price, Rates, Tokens
from costsentry_cli.domain.references import GEO_PREFIXES, kind_of_reference, profile_id, read_reference

__all__ = [
    "GEO_PREFIXES",
    "KINDS",
    "Capabilities",
    "Catalog",
    "LongContext",
    "Model",
    "ModelRef",
    "Price",
    "Rates",
    "Tokens",
    "kind_of_reference",
    "load",
    "parse",
    "profile_id",
]

Row = Mapping[str, Any]

_NARROW_FIRST = ("jp", "au", "in", "ca", "us", "eu", "apac", "us-gov")
"""Geographies, a country before the continent it lies in."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a model takes in a Converse request.

    ``sampling``: ``all``, ``temperature_xor_top_p`` or ``none``. ``prefill``: continues a trailing assistant message.
    ``system`` / ``mid_system``: system prompt, and system role between messages. ``top_k``: where it goes, as
    ``additional:PATH`` inside additionalModelRequestFields, or None. ``caching``: prompt caching, from
    ``cache_min_tokens`` on when known. ``count_tokens``: CountTokens accepts the bare id.
    """

    sampling: str
    prefill: bool
    system: bool
    mid_system: bool
    top_k: str | None
    caching: bool
    count_tokens: bool
    cache_min_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Model:
    """One foundation model.

    ``id`` is the base id without geo prefix; ``geos`` the prefixes of its system profiles; ``in_region`` whether the
    base id itself is callable on demand. ``status`` (ACTIVE, LEGACY, EOL) holds on the catalogue's day; ask
    ``status_on`` for another. ``service_name`` is the value Cost Explorer's SERVICE has for it.
    """

    id: str
    name: str
    provider: str
    family: str
    max_input: int | None
    max_output: int | None
    capabilities: Capabilities
    status: str
    end_of_life: date | None
    geos: tuple[str, ...]
    in_region: bool
    service_name: str
    marketplace: bool

    def status_on(self, day: date) -> str:
        """The lifecycle status on a day: EOL from the end of life on, else as the catalogue has it."""
        if self.end_of_life is not None:
            return "EOL" if self.end_of_life <= day else "LEGACY"
        return self.status


@dataclass(frozen=True, slots=True)
class ModelRef:
    """A model as somebody named it: in its region (``geo`` ``""``) or through a system profile (``us``, ``global``).

    ``region`` is the one an ARN carried, None for a plain id.
    """

    model: Model
    geo: str = ""
    region: str | None = None

    @property
    def id(self) -> str:
        """The id to call it by: ``us.anthropic.…``, or the base id."""
        return f"{self.geo}.{self.model.id}" if self.geo else self.model.id


@dataclass(frozen=True, eq=False)
class Catalog:
    """The catalogue of one day. ``source`` names where the rows come from (``litellm 1.109.1``)."""

    as_of: date
    source: str
    models: tuple[Model, ...]
    geographies: Mapping[str, tuple[str, ...]] = field(repr=False)
    _by_id: Mapping[str, Model] = field(repr=False)
    _rows: Mapping[tuple[str, str], Mapping[str, Row]] = field(repr=False)

    def resolve(self, reference: str) -> ModelRef | None:
        """The model a reference names; None when unknown.

        Takes a base id, a geo id, a foundation-model ARN (an empty region is the global profile's model) and a
        system-defined profile's ARN. An application profile's ARN is opaque: map it to its model first.
        """
        kind, name, geo, region = read_reference(reference)
        if kind == "foundation-model-arn":
            return None if geo else self._known(name, "" if region else "global", region)
        if kind == "system-profile-arn":
            return self._known(name, geo, region) if geo else None
        return self._known(name, geo, "") if kind in ("model-id", "system-profile-id") else None

    def _known(self, name: str, geo: str, region: str) -> ModelRef | None:
        """The model of that base id, when it has that geography."""
        model = self._by_id.get(name)
        return ModelRef(model, geo, region or None) if model and geo in ("", *model.geos) else None

    def price(self, ref: ModelRef, region: str, tier: str = "default") -> Price | None:
        """The price of a call made in ``region`` (an ARN's own region wins); None = unknown, never 0.

        The most specific row wins: the profile's own, the region's, its geography's, what all geographies agree on,
        and last the base row, whose ``region_class`` is ``""``. AWS: a bare id and a geographic profile cost what
        their geography costs; only ``global.`` costs the base. GovCloud has prices of its own or none here.
        """
        rows = self._rows.get((ref.model.id, tier), {})
        row = next(self._speaking(rows, ref.geo, ref.region or region), None)
        return None if row is None else _price(row)

    def _speaking(self, rows: Mapping[str, Row], geo: str, region: str) -> Iterator[Row]:
        """The rows that may speak for a call, the most specific first."""
        around = (g for g in _NARROW_FIRST if region in self.geographies.get(g, ()))
        classes = ("global", "") if geo == "global" else (geo, region) if geo else (region, *around)
        yield from (rows[c] for c in classes if c in rows)
        if geo in ("global", "us-gov") or region.startswith("us-gov-"):
            return
        others = [row for c, row in rows.items() if c in self.geographies and c not in ("global", "us-gov")]
        yield from _agreed(others)
        if "" in rows and not (geo and others):
            yield rows[""]

    def closest(self, text: str) -> tuple[str, ...]:
        """Up to three living ids that look like ``text``: base ids, or geo ids when a geography is meant or needed."""
        from difflib import get_close_matches  # only a mistake pays for it

        reference = read_reference(text)
        wanted = reference.id.lower()
        alive = [model for model in self.models if model.status != "EOL"]
        spellings = {spelling: model for model in alive for spelling in _spellings(model)}
        found = [spellings[spelling] for spelling in get_close_matches(wanted, spellings, n=6, cutoff=0.6)]
        if not found and wanted:  # one word of a name, "haiku": the newest stand last
            found = [model for model in reversed(alive) if wanted in model.name.lower().split()]
        return tuple(dict.fromkeys(_callable_id(model, reference.geo) for model in found))[:3]

    def regions_of(self, geo: str) -> tuple[str, ...]:
        """The destination regions of a geography's profiles; none for ``global`` and for an unknown one."""
        return self.geographies.get(geo, ())

    def system_profiles(self, region: str) -> tuple[ModelRef, ...]:
        """The system-defined profiles a caller in ``region`` sees: its geographies' and the global ones.

        Models at the end of their life on the catalogue's day are left out, as AWS leaves them out.
        """
        geos = {geo for geo, members in self.geographies.items() if region in members}
        if not region.startswith("us-gov-"):
            geos.add("global")
        alive = (model for model in self.models if model.status != "EOL")
        return tuple(ModelRef(model, geo, region) for model in alive for geo in model.geos if geo in geos)


def _spellings(model: Model) -> tuple[str, ...]:
    """How people write a model: its id and its name, with and without maker, date and version."""
    undated = re.sub(r"(-20\d{6})?(-v\d+)?(:\d+)?$", "", model.id)
    name = model.name.lower()
    return model.id, undated, model.id.partition(".")[2], undated.partition(".")[2], name, name.replace(" ", "-")


def _callable_id(model: Model, geo: str) -> str:
    """An id that can be called: in the geography meant, else the base id, else through a profile."""
    if geo in model.geos:
        return f"{geo}.{model.id}"
    if model.in_region or not model.geos:
        return model.id
    return f"{'us' if 'us' in model.geos else model.geos[0]}.{model.id}"


def _agreed(rows: list[Row]) -> list[Row]:
    """The one row all these rows say the same as, where they say anything; none when two differ."""
    prices = [{(kind, str(row[kind])) for kind in (*KINDS, "long_context") if kind in row} for row in rows]
    return [row for row, said in zip(rows, prices, strict=True) if all(other <= said for other in prices)][:1]


def _rates(row: Row) -> Rates:
    """USD per token from USD per million; a kind that is absent is unknown."""
    return Rates(**{kind: Decimal(row[kind]).scaleb(-6) for kind in KINDS if kind in row})


def _price(row: Row) -> Price:
    """A row of the file as a price."""
    base = _rates(row)
    return Price(
        base.input,
        base.output,
        base.cache_read,
        base.cache_write_5m,
        base.cache_write_1h,
        tier=row["tier"],
        region_class=row["region_class"],
        source=row["source"],
        as_of=date.fromisoformat(row["date"]),
        long_context=tuple(LongContext(step["above"], _rates(step)) for step in row.get("long_context", ())),
    )


def _model(row: Row) -> Model:
    """A row of the file as a model."""
    last = row["end_of_life"]
    return Model(
        **dict(row)
        | {
            "capabilities": Capabilities(**row["capabilities"]),
            "end_of_life": date.fromisoformat(last) if last else None,
            "geos": tuple(row["geos"]),
        }
    )


def parse(text: str | bytes) -> Catalog:
    """A catalogue from the text of ``models.json``."""
    document = json.loads(text)
    models = tuple(_model(row) for row in document["models"])
    rows: dict[tuple[str, str], dict[str, Row]] = {}
    for row in document["prices"]:
        rows.setdefault((row["model"], row["tier"]), {})[row["region_class"]] = row
    return Catalog(
        as_of=date.fromisoformat(document["generated_on"]),
        source=f"{document['source']['name']} {document['source']['version']}",
        models=models,
        geographies={geo: tuple(regions) for geo, regions in document["geographies"].items()},
        _by_id={model.id: model for model in models},
        _rows=rows,
    )


@cache
def load() -> Catalog:
    """The catalogue that came with the program, read once."""
    return parse((Path(__file__).parent.parent / "data" / "models.json").read_bytes())
