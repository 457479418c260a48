"""Every table in every format: exact for machines, readable for people, harmless for both."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costsentry_cli.domain.table import Column, Row, Table, Type
from costsentry_cli.render.cells import bar, trend
from costsentry_cli.render.formats import as_csv, as_json, as_markdown
from costsentry_cli.render.safe import safe, safe_line
from costsentry_cli.render.screen import as_screen, fitted

COLUMNS = (
    Column("costCenter", "costCenter", unknown="(untagged)"),
    Column("cost_usd", "Cost", Type.MONEY, unknown="unknown"),
    Column("requests", "Requests", Type.COUNT, drop=3),
    Column("share", "Share", Type.SHARE),
    Column("bar", "", Type.BAR, drop=1),
    Column("days", "By day", Type.TREND, drop=2),
    Column("since", "Since", Type.DATE, drop=4),
)
D = Decimal
ROWS: tuple[Row, ...] = (
    ("sales", D("412.88"), 41200, D("0.8"), D("0.8"), (D(1), D(2), D(4)), date(2026, 9, 2)),
    (None, D("103.22"), None, D("0.2"), D("0.2"), (D(0), D(0), D(4)), None),
)
TOTAL: Row = ("Total", D("516.10"), 41200, D(1), D(1), (D(1), D(2), D(8)), None)
TABLE = Table("costs", COLUMNS, ROWS, TOTAL, "Bedrock cost by costCenter", ("a note",), {"source": "Cost Explorer"})
TARGET = {"kind": "sandbox"}


def named(text: str) -> Table:
    return Table("rows", (Column("name", "Name"), Column("n", "N", Type.COUNT)), ((text, 1),))


def test_the_screen_has_aligned_columns_a_bold_total_and_notes_below() -> None:
    assert as_screen(TABLE, width=100) == (
        "Bedrock cost by costCenter\n"
        "\n"
        "costCenter     Cost  Requests   Share                    By day  Since\n"
        "sales       $412.88    41,200   80.0%  ████████████████  ▃▅█     2026-09-02\n"
        "(untagged)  $103.22         -   20.0%  ████              ▁▁█     -\n"
        "Total       $516.10    41,200  100.0%                    ▂▃█     -\n"
        "\n"
        "a note\n"
    )


def test_columns_leave_a_narrow_screen_in_their_order_and_the_essential_ones_never() -> None:
    keys = {width: [c.key for c in fitted(TABLE, width).columns] for width in (100, 70, 60, 50, 10)}
    assert keys[100] == [c.key for c in COLUMNS]
    assert keys[70] == ["costCenter", "cost_usd", "requests", "share", "bar", "days"]
    assert keys[60] == ["costCenter", "cost_usd", "share", "bar", "days"]
    assert keys[50] == ["costCenter", "cost_usd", "share", "bar"]
    assert keys[10] == ["costCenter", "cost_usd", "share"]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_wider_than_the_screen(width: int) -> None:
    assert max(map(len, as_screen(TABLE, width=width).splitlines())) <= width


def test_a_long_title_is_folded_between_words() -> None:
    table = Table("costs", TABLE.columns, (), title="Bedrock cost by costCenter, 2026-11-01 .. 2026-11-26 (26 days)")
    assert as_screen(table, width=60).startswith(
        "Bedrock cost by costCenter, 2026-11-01 .. 2026-11-26 (26\n  days)\n\n"
    )


def test_a_long_text_is_folded_on_a_screen_and_whole_in_a_pipe() -> None:
    text = "x" * 90
    assert as_screen(named(text), width=60).replace("\n", "").count("x") == 90
    assert text in as_screen(named(text), width=None)


def test_a_terminal_without_utf8_gets_ascii_drawings() -> None:
    assert as_screen(TABLE, width=100, ascii_only=True).isascii()


def test_colour_is_only_there_when_it_is_wanted() -> None:
    assert "\x1b[" not in as_screen(TABLE, width=100)
    assert "\x1b[1m" in as_screen(TABLE, width=100, color=True)


def test_json_has_schema_version_target_facts_rows_and_total_as_decimal_strings() -> None:
    document = json.loads(as_json(TABLE, TARGET))
    assert document["schema_version"] == 1
    assert document["target"] == TARGET
    assert document["source"] == "Cost Explorer"
    assert document["costs"][0] == {
        "costCenter": "sales",
        "cost_usd": "412.88",
        "requests": 41200,
        "share": "0.80",
        "since": "2026-09-02",
    }
    assert document["costs"][1]["costCenter"] is None
    assert document["total"] == {"cost_usd": "516.10", "requests": 41200, "share": "1.00", "since": None}


def test_csv_has_a_header_of_stable_keys_and_no_total_row() -> None:
    assert as_csv(TABLE, TARGET) == (
        "costCenter,cost_usd,requests,share,since\r\nsales,412.88,41200,0.80,2026-09-02\r\n,103.22,,0.20,\r\n"
    )


def test_markdown_is_a_github_table_with_the_total_in_bold() -> None:
    assert as_markdown(TABLE, TARGET) == (
        "### Bedrock cost by costCenter\n"
        "\n"
        "| costCenter | Cost | Requests | Share | Since |\n"
        "| --- | ---: | ---: | ---: | --- |\n"
        "| sales | $412.88 | 41,200 | 80.0% | 2026-09-02 |\n"
        "| (untagged) | $103.22 | - | 20.0% | - |\n"
        "| **Total** | **$516.10** | **41,200** | **100.0%** | **-** |\n"
        "\na note\n"
    )


def test_markup_in_data_is_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert "[/red]" in as_screen(named("[/red]"), width=80)
    assert as_markdown(named("a|b"), TARGET).splitlines()[2] == "| a\\|b | 1 |"


def test_control_characters_are_shown_as_what_they_are() -> None:
    assert safe("a\x1b[0m\n\u202e") == "a\\x1b[0m\n\\u202e"
    assert safe_line("a\nb\tc\r\nd") == "a\\nb\\tc\\r\\nd"
    assert safe("a\tb\r\nc\rd") == "a\tb\r\nc\\x0dd"


@given(st.text())
def test_safe_text_has_no_character_that_steers_and_plain_text_is_untouched(text: str) -> None:
    made = safe(text)
    assert all(
        c in "\n\t\r"
        or (c >= " " and not "\x7f" <= c <= "\x9f" and c not in "\u202a\u202b\u202c\u202d\u202e\u2066\u200b")
        for c in made
    )
    if text.isascii() and text.isprintable():
        assert made == text


@pytest.mark.parametrize(
    ("share", "drawn"), [(None, ""), (D(0), ""), (D("0.0001"), "▏"), (D("0.5"), "█" * 10), (D(1), "█" * 20)]
)
def test_a_bar_is_as_long_as_its_share(share: Decimal | None, drawn: str) -> None:
    assert bar(share) == drawn


def test_a_trend_of_nothing_is_flat_and_only_what_is_zero_is_lowest() -> None:
    assert trend([D(0), D(0)]) == "▁▁"
    assert trend([]) == ""
    assert trend([D(0), D(1), D(8)]) == "▁▂█"


def test_times_are_utc_in_rfc_3339() -> None:
    table = Table("rows", (Column("at", "At", Type.DATE),), ((datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC),),))
    assert json.loads(as_json(table, {}))["rows"][0]["at"] == "2026-11-23T01:02:03Z"
    assert "2026-11-23 01:02" in as_screen(table, width=80)
