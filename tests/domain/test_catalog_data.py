"""The data file and the script that makes it: exact, dated, sourced, reproducible."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from costsentry_cli.domain.catalog import KINDS, Catalog, parse

ROOT = Path(__file__).parents[2]
FILE = ROOT / "src" / "costsentry_cli" / "data" / "models.json"
SCRIPT = ROOT / "tools" / "make_catalog.py"
TEXT = FILE.read_text(encoding="utf-8")
DOCUMENT: dict[str, Any] = json.loads(TEXT)
PRICES: list[dict[str, Any]] = DOCUMENT["prices"]
MODELS: list[dict[str, Any]] = DOCUMENT["models"]
PLAIN = re.compile(r"(0|[1-9]\d*)(\.\d*[1-9])?")
LITE = {
    "litellm_provider": "bedrock_converse",
    "mode": "chat",
    "max_input_tokens": 300000,
    "max_output_tokens": 10000,
    "input_cost_per_token": 6e-08,
    "output_cost_per_token": 2.4e-07,
}


def wheel(folder: Path, price_map: dict[str, Any], version: str = "9.9.9") -> Path:
    """A litellm wheel with nothing but a price map in it."""
    path = folder / f"litellm-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("litellm/model_prices_and_context_window_backup.json", json.dumps(price_map))
    return path


def make(source: Path, out: Path, *options: str) -> str:
    """Run the script; the text it wrote, or its complaint."""
    command = [sys.executable, str(SCRIPT), "--wheel", str(source), "--out", str(out), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return out.read_text(encoding="utf-8") if done.returncode == 0 else done.stderr


def made(tmp_path: Path, price_map: dict[str, Any]) -> Catalog:
    return parse(make(wheel(tmp_path, price_map), tmp_path / "models.json", "--date", "2026-11-23"))


def test_the_header_names_source_version_licence_and_day() -> None:
    assert DOCUMENT["schema_version"] == 1
    assert DOCUMENT["source"]["name"] == "litellm"
    assert DOCUMENT["source"]["licence"] == "MIT"
    assert DOCUMENT["source"]["version"]
    assert date.fromisoformat(DOCUMENT["generated_on"])


def test_the_file_is_what_the_script_writes_of_its_content(tmp_path: Path) -> None:
    code = "import json, sys, make_catalog; sys.stdout.write(make_catalog.written(json.load(sys.stdin)))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=TEXT,
        capture_output=True,
        encoding="utf-8",
        check=True,
        env={"PYTHONPATH": str(SCRIPT.parent), "PYTHONUTF8": "1"},
    )
    assert done.stdout == TEXT
    assert "\r" not in TEXT


def test_the_file_stays_small() -> None:
    assert FILE.stat().st_size < 400_000


def test_every_price_row_has_a_source_a_day_a_place_and_a_tier() -> None:
    regions = re.compile(r"[a-z]{2}(-gov)?-[a-z]+-\d")
    for row in PRICES:
        assert row["source"]
        assert date.fromisoformat(row["date"]) <= date.fromisoformat(DOCUMENT["generated_on"])
        assert row["tier"] in ("default", "flex", "priority", "batch")
        place = row["region_class"]
        assert place in ("", *DOCUMENT["geographies"]) or regions.fullmatch(place), place


def test_every_price_is_an_exact_positive_decimal_string() -> None:
    for row in PRICES:
        for rates in (row, *row.get("long_context", ())):
            assert {"input", "output"} <= rates.keys()
            for kind in set(KINDS) & rates.keys():
                assert PLAIN.fullmatch(rates[kind]), rates[kind]
                assert Decimal(rates[kind]) > 0
                assert len(Decimal(rates[kind]).as_tuple().digits) <= 7, f"binary dust: {rates[kind]}"


def test_no_price_row_stands_twice_and_each_has_a_model() -> None:
    keys = [(row["model"], row["region_class"], row["tier"]) for row in PRICES]
    assert len(keys) == len(set(keys))
    assert {row["model"] for row in PRICES} <= {model["id"] for model in MODELS}


def test_models_and_prices_are_sorted() -> None:
    assert [model["id"] for model in MODELS] == sorted(model["id"] for model in MODELS)
    places = [(row["model"], row["region_class"]) for row in PRICES]
    assert places == sorted(places)


def test_only_models_of_the_runtime_are_listed() -> None:
    for model in MODELS:
        assert not re.search(r"mantle|claude_platform|commitment|/|@|embed|rerank|image", model["id"])
        assert re.fullmatch(r"[a-z0-9-]+\.[a-z0-9.:-]+", model["id"])


def test_every_profile_with_a_price_is_listed_with_its_model() -> None:
    geos = {model["id"]: model["geos"] for model in MODELS}
    for row in PRICES:
        assert row["region_class"] not in DOCUMENT["geographies"] or row["region_class"] in geos[row["model"]]


def test_the_licence_of_the_source_goes_with_the_data() -> None:
    notice = (FILE.parent / "NOTICE.md").read_text(encoding="utf-8")
    assert "Copyright (c) 2023 Berri AI" in notice
    assert "MIT License" in notice


def test_the_same_wheel_and_day_make_the_same_bytes(tmp_path: Path) -> None:
    keys = ["us.amazon.nova-lite-v1:0", "amazon.nova-lite-v1:0", "amazon.nova-micro-v1:0"]
    source = wheel(tmp_path, dict.fromkeys(keys, LITE))
    backwards = wheel(tmp_path, dict.fromkeys(reversed(keys), LITE), "9.9.9+b")
    one = make(source, tmp_path / "one.json", "--date", "2026-11-23")
    assert make(source, tmp_path / "two.json", "--date", "2026-11-23") == one
    assert make(backwards, tmp_path / "three.json", "--date", "2026-11-23").replace("9.9.9+b", "9.9.9") == one


def test_a_second_run_with_the_same_version_keeps_the_day(tmp_path: Path) -> None:
    source = wheel(tmp_path, {"amazon.nova-lite-v1:0": LITE})
    first = make(source, tmp_path / "models.json", "--date", "2026-01-02")
    assert make(source, tmp_path / "models.json") == first


def test_floats_become_the_decimals_that_were_written(tmp_path: Path) -> None:
    catalog = made(tmp_path, {"amazon.nova-lite-v1:0": LITE | {"cache_read_input_token_cost": 8.75e-09}})
    ref = catalog.resolve("amazon.nova-lite-v1:0")
    assert ref is not None
    price = catalog.price(ref, "us-east-1")
    assert price is not None
    assert (price.input, price.cache_read) == (Decimal("0.00000006"), Decimal("0.00000000875"))
    assert (price.as_of, price.source) == (date(2026, 11, 23), "litellm 9.9.9")


@pytest.mark.parametrize(
    ("key", "change"),
    [
        ("bedrock/us-east-1/1-month-commitment/amazon.nova-lite-v1:0", {}),
        ("bedrock/claude_platform/claude-haiku-4-5", {}),
        ("claude-sonnet-4-5-20250929-v1:0", {}),
        ("anthropic.claude-haiku-4-5@20251001", {}),
        ("amazon.nova-lite-v1:0", {"litellm_provider": "bedrock_mantle"}),
        ("amazon.nova-lite-v1:0", {"mode": "embedding"}),
        ("twelvelabs.pegasus-1-2-v1:0", {}),
        ("gpt-4o", {"litellm_provider": "openai"}),
    ],
)
def test_what_the_runtime_does_not_serve_is_left_out(tmp_path: Path, key: str, change: dict[str, Any]) -> None:
    catalog = made(tmp_path, {key: LITE | change, "amazon.nova-pro-v1:0": LITE})
    dropped_by_the_source = {"anthropic.claude-3-", "cohere.command-"}
    found = [m.id for m in catalog.models if not m.id.startswith(tuple(dropped_by_the_source))]
    assert found == ["amazon.nova-pro-v1:0"]


def test_a_model_without_a_price_stays_and_costs_nothing_known(tmp_path: Path) -> None:
    catalog = made(tmp_path, {"amazon.nova-lite-v1:0": LITE | {"input_cost_per_token": 0.0}})
    ref = catalog.resolve("amazon.nova-lite-v1:0")
    assert ref is not None
    assert catalog.price(ref, "us-east-1") is None


def test_two_prices_for_one_place_stop_the_script(tmp_path: Path) -> None:
    twice = {"amazon.nova-lite-v1:0": LITE, "bedrock/amazon.nova-lite-v1:0": LITE | {"input_cost_per_token": 7e-08}}
    assert "a second price for amazon.nova-lite-v1:0" in make(wheel(tmp_path, twice), tmp_path / "models.json")
    assert not (tmp_path / "models.json").exists()


def test_a_new_model_needs_no_change_but_its_row(tmp_path: Path) -> None:
    new = LITE | {
        "supports_sampling_params": False,
        "supports_assistant_prefill": False,
        "deprecation_date": "2028-01-31",
    }
    catalog = made(tmp_path, {"us.anthropic.claude-sonnet-9-1-20271130-v1:0": new})
    ref = catalog.resolve("us.anthropic.claude-sonnet-9-1-20271130-v1:0")
    assert ref is not None
    assert ref.model.name == "Claude Sonnet 9.1"
    assert ref.model.service_name == "Claude Sonnet 9.1 (Amazon Bedrock Edition)"
    assert (ref.model.capabilities.sampling, ref.model.geos, ref.model.in_region) == ("none", ("us",), False)
    assert (ref.model.status, ref.model.end_of_life) == ("LEGACY", date(2028, 1, 31))
