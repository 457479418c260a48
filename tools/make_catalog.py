"""Write ``data/models.json``, the model catalogue, from litellm's public price map (MIT) and the overlay tables.

Run: ``python tools/make_catalog.py [--wheel FILE] [--date YYYY-MM-DD] [--out FILE]``. Without ``--wheel`` the newest
litellm wheel is downloaded with pip into a temporary directory; litellm itself is never installed or imported.
The same wheel and date give the same bytes. Without ``--date`` the day stays as it is in the file when the litellm
version has not changed (wheels carry no date of their own: their members say 1980), else it is today in UTC.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import catalog_overlay as overlay
from catalog_models import REGION, Entry, model_row

MEMBER = "litellm/model_prices_and_context_window_backup.json"
OUT = Path(__file__).parent.parent / "src" / "costsentry_cli" / "data" / "models.json"
PREFIXES = sorted(overlay.GEOGRAPHIES, key=len, reverse=True)
TIERS = {"default": "", "batch": "_batches", "flex": "_flex", "priority": "_priority"}
KINDS = {
    "input": "input_cost_per_token",
    "output": "output_cost_per_token",
    "cache_read": "cache_read_input_token_cost",
    "cache_write_5m": "cache_creation_input_token_cost",
    "cache_write_1h": "cache_creation_input_token_cost_above_1hr",
}
LONG = re.compile(r"input_cost_per_token_above_(\d+)k_tokens")


# --- the price map's keys -----------------------------------------------------------------------------------------
def placed(key: str) -> tuple[str, str] | None:
    """(model id, region class) of a key of the price map; None when it is not a Converse model by AWS's spelling.

    Region class: a geo prefix (``us``, ``global``), a region (``eu-west-1``), or ``""`` for the bare id.
    """
    route, _, name = key.removeprefix("bedrock/").rpartition("/")
    if route and not REGION.fullmatch(route):
        return None
    geo = next((p for p in PREFIXES if name.startswith(p + ".")), "")
    model = name.removeprefix(geo + ".") if geo else name
    provider = model.partition(".")[0]
    if provider not in overlay.PROVIDERS or "@" in model or model in overlay.NOT_A_MODEL:
        return None
    return overlay.SAME_MODEL.get(model, model), route or geo


def grouped(price_map: Mapping[str, Entry]) -> dict[str, dict[str, Entry]]:
    """Model id -> region class -> entry, for chat models of Bedrock's runtime; two spellings must agree on prices."""
    models: dict[str, dict[str, Entry]] = {name: {} for name in overlay.DROPPED}
    for key, entry in price_map.items():
        if entry.get("mode") != "chat" or entry.get("litellm_provider") not in ("bedrock", "bedrock_converse"):
            continue
        place = placed(key)
        if place is None:
            continue
        model, region_class = place
        known = models.setdefault(model, {}).setdefault(region_class, entry)
        if any(known.get(kind) != entry.get(kind) for kind in KINDS.values()):
            sys.exit(f"{key}: a second price for {model} in {region_class or 'its region'}")
    return models


# --- prices -------------------------------------------------------------------------------------------------------
def per_million(per_token: float) -> str:
    """An exact decimal string, USD per million tokens; ``repr`` of a float is the decimal that was written."""
    return format((Decimal(repr(per_token)) * 1_000_000).normalize(), "f")


def rates(entry: Entry, infix: str, suffix: str) -> dict[str, str]:
    """The known prices of one tier; ``infix`` picks a long-context step, ``suffix`` the tier."""
    fields = {kind: entry.get(f"{name}{infix}{suffix}") for kind, name in KINDS.items()}
    return {kind: per_million(value) for kind, value in fields.items() if value}


def steps(entry: Entry, suffix: str) -> list[dict[str, Any]]:
    """The long-context steps of one tier: above so many input tokens these prices hold."""
    found = (LONG.fullmatch(name.removesuffix(suffix) if suffix else name) for name in entry)
    thousands = sorted(int(match[1]) for match in found if match)
    long = [{"above": n * 1000, **rates(entry, f"_above_{n}k_tokens", suffix)} for n in thousands]
    return [step for step in long if "input" in step and "output" in step]


def price_rows(model: str, region_class: str, entry: Entry, origin: str, day: str) -> Iterable[dict[str, Any]]:
    """One row for each tier whose input and output prices are both known."""
    for tier, suffix in TIERS.items():
        known = rates(entry, "", suffix)
        if "input" in known and "output" in known:
            row: dict[str, Any] = {"model": model, "region_class": region_class, "tier": tier, **known}
            long = steps(entry, suffix)
            if long:
                row["long_context"] = long
            yield row | {"source": entry.get("source", origin), "date": day}


# --- the file -----------------------------------------------------------------------------------------------------
def catalog(price_map: Mapping[str, Entry], version: str, day: str) -> dict[str, Any]:
    """The whole document."""
    models = grouped(price_map)
    origin = f"litellm {version}"
    prices = [
        row
        for model in sorted(models)
        for region_class in sorted(models[model])
        for row in price_rows(model, region_class, models[model][region_class], origin, day)
    ]
    return {
        "schema_version": 1,
        "source": {"name": "litellm", "version": version, "licence": "MIT"},
        "generated_on": day,
        "unit": "USD per million tokens",
        "geographies": overlay.GEOGRAPHIES,
        "models": [model_row(model, models[model], day) for model in sorted(models)],
        "prices": prices,
    }


def written(document: Mapping[str, Any]) -> str:
    """The file's text: compact, one model or price row a line, so that a diff shows what changed."""
    compact = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
    lines = []
    for key, value in document.items():
        text = compact(value)
        if key in ("models", "prices"):
            text = "[\n" + ",\n".join(map(compact, value)) + "\n]"
        lines.append(f"{compact(key)}:{text}")
    return "{" + ",\n".join(lines) + "}\n"


def download(into: Path) -> Path:
    """The newest litellm wheel, through pip."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(into), "litellm"]
    subprocess.run(command, check=True)
    return next(into.glob("litellm-*.whl"))


def day_of(version: str, out: Path) -> str:
    """The day to stamp: the file's own when it was made from this version, else today."""
    if out.exists():
        header = json.loads(out.read_text(encoding="utf-8"))
        if header["source"]["version"] == version:
            return str(header["generated_on"])
    return datetime.now(UTC).date().isoformat()


def make(wheel: Path, day: str | None, out: Path) -> None:
    """Read the wheel, write the file."""
    version = wheel.name.split("-")[1]
    with zipfile.ZipFile(wheel) as members:
        price_map = json.loads(members.read(MEMBER))
    document = catalog(price_map, version, day or day_of(version, out))
    out.write_text(written(document), encoding="utf-8", newline="\n")
    print(f"{out}: {len(document['models'])} models, {len(document['prices'])} prices of litellm {version}")


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--wheel", type=Path, help="a litellm wheel; downloaded when not given")
    parser.add_argument("--date", help="the day to stamp, YYYY-MM-DD")
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as into:
        make(given.wheel or download(Path(into)), given.date, given.out)


if __name__ == "__main__":
    main()
