"""The page and its chart: complete in themselves, for everybody, and drawn as the figures are."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from decimal import Decimal

import pytest

from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.table import Column, Row, Table, Type
from costsentry_cli.render import chart
from costsentry_cli.render.chart import as_svg
from costsentry_cli.render.formats import as_html
from costsentry_cli.render.png import as_png

D = Decimal
SVG = "{http://www.w3.org/2000/svg}"
COLUMNS = (
    Column("costCenter", "costCenter", unknown="(untagged)"),
    Column("cost_usd", "Cost", Type.MONEY),
    Column("share", "Share", Type.SHARE),
    Column("bar", "", Type.BAR),
    Column("trend", "By day", Type.TREND),
)
ROWS: tuple[Row, ...] = (
    ("sales", D("412.88"), D("0.8"), D("0.8"), (D(100), D("112.88"), D(200))),
    (None, D("103.22"), D("0.2"), D("0.2"), (D("3.22"), D(0), D(100))),
)
TOTAL: Row = ("Total", D("516.10"), D(1), D(1), ())
FACTS = {
    "period": {"start": "2026-09-01", "end": "2026-09-04"},
    "source": "Cost Explorer",
    "age": None,
    "estimated": True,
    "not_looked_at": [],
}
TABLE = Table("costs", COLUMNS, ROWS, TOTAL, "Bedrock cost by costCenter", ("a note",), FACTS)


def shares(*values: str) -> Table:
    columns = (Column("name", "Name"), Column("share", "Share", Type.SHARE))
    return Table("rows", columns, tuple((f"n{i}", D(value)) for i, value in enumerate(values)))


def rectangles(made: str, kind: str) -> list[ET.Element]:
    found = ET.fromstring(made).iter(f"{SVG}rect")
    return [one for one in found if kind in one.get("class", "").split()]


def widths(made: str) -> list[str]:
    return [one.get("width", "") for one in rectangles(made, "bar")]


def texts(made: str) -> list[str]:
    return [one.text or "" for one in ET.fromstring(made).iter(f"{SVG}text")]


def test_a_bar_is_as_wide_as_its_share() -> None:
    assert widths(as_svg(TABLE)) == ["80%", "20%"]
    assert re.findall(r'class="bar c\d" y="\d+" width="([^"]+)"', as_html(TABLE, {})) == ["80%", "20%"]
    assert widths(as_svg(shares("0.123456", "1", "0", "-0.5", "3.2"))) == ["12.3456%", "100%", "100%"]


def test_without_a_share_an_amount_is_drawn_as_its_part_of_all_that_was_spent() -> None:
    columns = (Column("name", ""), Column("cost_usd", "", Type.MONEY))
    assert widths(as_svg(Table("rows", columns, (("a", D(3)), ("b", D(1)), ("credit", D(-2)))))) == ["75%", "25%"]


def test_a_change_is_no_part_of_a_whole() -> None:
    columns = (Column("name", ""), Column("change", "", Type.DELTA))
    with pytest.raises(SentryError, match="there is no share"):
        as_svg(Table("rows", columns, (("a", D(3)),)))


def test_every_bar_has_its_label_and_its_figures() -> None:
    assert texts(as_svg(TABLE)) == [
        "Bedrock cost by costCenter",
        "sales",
        "$412.88 · 80.0%",
        "(untagged)",
        "$103.22 · 20.0%",
        "By day. Highest: $300.00 on 2026-09-03",
        "2026-09-01",
        "2026-09-03",
    ]


def test_the_pieces_of_a_day_stand_on_one_another_as_high_as_their_values() -> None:
    days = rectangles(as_svg(TABLE), "day")
    drawn = [(one.get("x"), one.get("class"), D(one.get("y", "")), D(one.get("height", ""))) for one in days]
    floor = drawn[0][2] + drawn[0][3]
    assert [(x, kind, height) for x, kind, _, height in drawn] == [
        ("0%", "day c0", D(40)),
        ("0%", "day c1", D("1.288")),
        ("33.3333%", "day c0", D("45.152")),
        ("66.6667%", "day c0", D(80)),
        ("66.6667%", "day c1", D(40)),
    ]
    assert [floor - y for _, _, y, _ in drawn] == [D(40), D("41.288"), D("45.152"), D(80), D(120)]


def test_without_a_known_period_days_have_numbers() -> None:
    assert "day 3" in texts(as_svg(Table("costs", COLUMNS, ROWS)))


def test_many_rows_share_the_last_bar_and_their_shares_add_up() -> None:
    made = as_svg(shares(*["0.05"] * 20))
    assert len(widths(made)) == chart.BARS
    assert widths(made)[-1] == "25%"
    assert texts(made)[-2:] == ["5 more", "25.0%"]


def test_without_rows_the_chart_says_so_and_the_page_has_none() -> None:
    empty = Table("costs", COLUMNS, (), None, "Bedrock cost", ("No Bedrock cost in this period.",))
    assert texts(as_svg(empty)) == ["Bedrock cost", "There is nothing to draw in this period"]
    page = as_html(empty, {})
    assert "<svg" not in page
    assert "<table" not in page
    assert "<li>No Bedrock cost in this period.</li>" in page


def test_the_drawing_is_told_to_who_does_not_see_it() -> None:
    drawing = ET.fromstring(as_svg(TABLE))
    assert drawing.get("role") == "img"
    assert drawing.get("aria-labelledby") == "chart-title chart-desc"
    assert drawing.findtext(f"{SVG}title") == "Bedrock cost by costCenter"
    assert drawing.findtext(f"{SVG}desc") == (
        "sales: $412.88 · 80.0%; (untagged): $103.22 · 20.0%. Highest: $300.00 on 2026-09-03"
    )


def test_the_page_has_the_table_with_its_total_notes_and_facts() -> None:
    body = as_html(TABLE, {"kind": "sandbox"}).partition("<div")[2]
    assert body == (
        ' class="scroll" role="region" aria-labelledby="rows" tabindex="0">\n'
        '<table>\n<caption id="rows">Costs: 2 rows</caption>\n<thead>\n'
        '<tr><th scope="col">costCenter</th><th scope="col" class="right">Cost</th>'
        '<th scope="col" class="right">Share</th></tr>\n</thead>\n<tbody>\n'
        '<tr><th scope="row">sales</th><td class="right">$412.88</td><td class="right">80.0%</td></tr>\n'
        '<tr><th scope="row">(untagged)</th><td class="right">$103.22</td><td class="right">20.0%</td></tr>\n'
        "</tbody>\n<tfoot>\n"
        '<tr><th scope="row">Total</th><td class="right">$516.10</td><td class="right">100.0%</td></tr>\n'
        "</tfoot>\n</table>\n</div>\n<ul>\n<li>a note</li>\n</ul>\n<dl>\n"
        "<dt>target</dt><dd>kind sandbox</dd>\n<dt>period</dt><dd>2026-09-01 .. 2026-09-03</dd>\n"
        "<dt>source</dt><dd>Cost Explorer</dd>\n<dt>age</dt><dd>not known</dd>\n<dt>estimated</dt><dd>yes</dd>\n"
        "</dl>\n</main>\n</body>\n</html>\n"
    )


def test_the_page_needs_nothing_from_outside_and_runs_nothing() -> None:
    page = as_html(TABLE, {})
    assert "default-src 'none'" in page
    assert not re.search(r"https?:|//|url\(|@import|<script|<link|<img|<iframe|\bon\w+=", page)
    assert as_svg(TABLE).count("http") == 1  # the name of SVG itself


def test_the_page_is_light_dark_and_printed_light() -> None:
    style = as_html(TABLE, {}).partition("<style>")[2].partition("</style>")[0]
    dark = style.index("prefers-color-scheme:dark")
    printed = style.index("@media print")
    assert style.index("--paper:#ffffff") < dark < style.index("--paper:#0d1117") < printed
    assert "--paper:#ffffff" in style[printed:]
    assert chart.page_rules(dark=False) in style[printed:]


def luminance(color: str) -> float:
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(
    ("colors", "paper", "ink"),
    [(chart.LIGHT, chart.PAPER[0], chart.INK[0]), (chart.DARK, chart.PAPER[1], chart.INK[1])],
    ids=["light", "dark"],
)
def test_colours_stand_out_from_the_paper_as_wcag_asks(colors: Sequence[str], paper: str, ink: str) -> None:
    assert min(contrast(color, paper) for color in colors) >= 3
    assert contrast(ink, paper) >= 7


def test_a_picture_is_the_chart_at_twice_its_size() -> None:
    cairo = pytest.importorskip("cairosvg", exc_type=OSError)
    assert cairo
    made = as_png(TABLE)
    assert made.startswith(b"\x89PNG\r\n")
    height = int(ET.fromstring(as_svg(TABLE)).get("height", ""))
    assert [int.from_bytes(made[i : i + 4]) for i in (16, 20)] == [2 * chart.WIDTH, 2 * height]


def test_shares_of_a_count_are_told_with_the_count_and_never_in_dollars() -> None:
    columns = (
        Column("name", "Name"), Column("tokens", "Tokens", Type.COUNT), Column("share", "Share", Type.SHARE),
        Column("estimated_usd", "Est. cost", Type.MONEY), Column("trend", "By day", Type.TREND),
    )  # fmt: skip
    row: Row = ("Nova", 1500, Decimal(1), Decimal(3), (Decimal(500), Decimal(1000)))
    made = as_svg(Table("coverage", columns, (row,)))
    assert "1,500 · 100.0%" in texts(made)
    assert "Highest: 1,000 on day 2" in made
    assert "$" not in made
