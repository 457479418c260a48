"""The report's page: bars as wide as the figures say, in its text and, where there is a browser, in its pixels."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import make_pictures
from costsentry_cli.render import chart

MARGIN = 16
"""Pixels beside the page's content."""


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_pictures.page(tmp_path_factory.mktemp("page"))


@pytest.fixture(scope="module")
def rows(shown: Path) -> list[dict[str, Any]]:
    document = json.loads(shown.with_suffix(".json").read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = document["costs"]
    return found


def test_the_pages_bars_and_texts_are_those_of_the_tables_numbers(shown: Path, rows: list[dict[str, Any]]) -> None:
    page = shown.read_text(encoding="utf-8")
    widths = [Decimal(found) / 100 for found in re.findall(r'<rect class="c\d" [^>]*?width="([0-9.]+)%"', page)]
    assert len(rows) > 4
    for row, width in zip(rows, widths, strict=False):
        share, cost = Decimal(row["share"]), Decimal(row["cost_usd"])
        assert abs(width - share) < Decimal("0.0001")
        assert f"${cost:,.2f} \N{MIDDLE DOT} {share:.1%}" in page
        assert f'<td class="right">${cost:,.2f}</td><td class="right">{share:.1%}</td>' in page


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_browser_draws_the_bars_as_wide_as_their_shares(
    dark: bool, shown: Path, rows: list[dict[str, Any]], tmp_path: Path
) -> None:
    chromium = make_pictures.browser()
    if chromium is None:
        pytest.skip("no Chromium is installed")
    image = pytest.importorskip("PIL.Image")
    make_pictures.photograph(chromium, shown, tmp_path / "page.png", dark=dark)
    with image.open(tmp_path / "page.png") as drawn:
        picture = drawn.convert("RGB")
    ink = [tuple(bytes.fromhex(color[1:])) for color in (chart.DARK if dark else chart.LIGHT)]
    assert picture.getpixel((2, 2)) == tuple(bytes.fromhex(chart.PAPER[dark][1:]))
    whole = make_pictures.SIZE[0] - 2 * MARGIN
    for number, row in enumerate(rows):
        widest = max(
            sum(picture.getpixel((x, y)) == ink[number] for x in range(MARGIN, MARGIN + whole))
            for y in range(60, 60 + chart.STEP * (len(rows) + 1), 4)
        )
        assert abs(widest / whole - float(row["share"])) < 0.005


def test_without_a_browser_no_picture_is_made_and_that_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert make_pictures.main(lambda _: None, tmp_path) == 0
    assert capsys.readouterr().err.startswith("no pictures were made: none of chromium, ")
    assert list(tmp_path.iterdir()) == []
