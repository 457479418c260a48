"""What anybody wrote into a tag arrives as data in every format, and as nothing else."""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from decimal import Decimal
from html.parser import HTMLParser

import openpyxl
import pyarrow.parquet
import pytest

from costsentry_cli.domain.table import Column, Table, Type
from costsentry_cli.render.csv_text import as_csv, as_written
from costsentry_cli.render.formats import BINARY, FORMATS
from costsentry_cli.render.safe import safe_line
from costsentry_cli.render.screen import as_screen

HOSTILE = [
    "=cmd()|' /C calc'!A0",
    "'=1",
    "+1",
    "-1",
    "@x",
    "\t=1",
    "\x1b[31mred",
    "\x1b]8;;http://x\x07y",
    "\x9b1m",
    "\x00",
    "[/red]",
    "[link=x]y",
    "a\u202eb",
    "a\u2028b",
    "a\nb",
    "a\rb",
    "a\r\nb",
    "$(id)`id`",
    "a|b",
    "a,b",
    'a"b',
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title></style></svg>",
    "&lt;&#x1b;&amp;",
    "]]>",
    "\ufffe\uffff",
    "_x0041_",
    "\ud800",
    " x ",
    "\uff1dcmd()e\u0301",
]
DRAWING = {"svg", "title", "desc", "style", "rect", "text", "g"}
PAGE = DRAWING | {"html", "head", "meta", "body", "main", "h1", "figure", "div", "ul", "li", "dl", "dt", "dd"}
PAGE |= {"table", "caption", "thead", "tr", "th", "tbody", "td"}
STEERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]|\r(?!\n)")


def table_of(text: str) -> Table:
    """The text wherever data stands: cell, key, title, note, fact."""
    columns = (Column(text, text), Column("cost_usd", "Cost", Type.MONEY))
    return Table("rows", columns, ((text, Decimal(1)),), None, text, (text,), {"source": text})


def utf8(text: str) -> str:
    """The text, half a surrogate pair as an escape: UTF-8 has no way to write that."""
    return text.encode(errors="backslashreplace").decode()


def read_json(made: str) -> list[str]:
    document = json.loads(made)
    ((key, cell), _) = document["rows"][0].items()
    return [key, cell, document["source"]]


def read_jsonl(made: str) -> list[str]:
    (line,) = made.splitlines()
    ((key, cell), _) = json.loads(line).items()
    return [key, cell]


def read_csv(made: str) -> list[str]:
    head, row = csv.reader(io.StringIO(made, newline=""))
    return [as_written(head[0]), as_written(row[0])]


def read_markdown(made: str) -> list[str]:
    title, _, head, _, row, *_ = made.rstrip("\n").split("\n", 6)
    return [
        re.sub(r"\\([\\|`*_<\[\]])", r"\1", one)
        for one in (title[4:], *(r[2:].rpartition(" | ")[0] for r in (head, row)))
    ]


class Elements(HTMLParser):
    """The elements of a page and the texts of those that hold data."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.attributes: set[str] = set()
        self.texts: dict[str, list[str]] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in ("meta", "rect"):
            self.open.append(tag)
            self.texts.setdefault(tag, []).append("")

    def handle_endtag(self, tag: str) -> None:
        if tag != "rect":
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open:
            self.texts[self.open[-1]][-1] += data


def read_html(made: str) -> list[str]:
    page = Elements()
    page.feed(made)
    page.close()
    assert page.seen <= PAGE
    assert not {name for name in page.attributes if name.startswith("on") or name in ("href", "src", "style")}
    return [page.texts["h1"][0], page.texts["th"][0], page.texts["th"][2], page.texts["dd"][-1]]


def read_svg(made: str) -> list[str]:
    drawing = ET.fromstring(made)
    name = "{http://www.w3.org/2000/svg}"
    assert {element.tag.removeprefix(name) for element in drawing.iter()} <= DRAWING
    return [drawing.findtext(f"{name}title") or "", (drawing.findall(f".//{name}text")[1].text or "")]


def read_parquet(made: bytes) -> list[str]:
    found = pyarrow.parquet.read_table(io.BytesIO(made))
    return [
        found.column_names[0],
        found.column(0)[0].as_py(),
        json.loads(found.schema.metadata[b"costsentry"])["title"],
    ]


def read_xlsx(made: bytes) -> list[str]:
    book = openpyxl.load_workbook(io.BytesIO(made))
    cells = [book["rows"]["A1"], book["rows"]["A2"], book["about"]["B2"]]
    assert {cell.data_type for cell in cells} == {"s"}
    return [re.sub(r"_x([0-9A-F]{4})_", lambda found: chr(int(found[1], 16)), cell.value) for cell in cells]


EXACT: dict[str, Callable[[str], list[str]]] = {
    "json": read_json,
    "jsonl": read_jsonl,
    "csv": read_csv,
}
FOR_PEOPLE: dict[str, Callable[[str], list[str]]] = {
    "markdown": read_markdown,
    "html": read_html,
    "svg": read_svg,
}


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("form", EXACT)
def test_programs_get_the_very_text(form: str, text: str) -> None:
    made = FORMATS[form](table_of(text), {})
    assert set(EXACT[form](made)) == {text}
    if form != "csv":
        assert made.isascii()
        assert not STEERS.search(made)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("form", FOR_PEOPLE)
def test_people_see_the_text_and_what_would_steer_as_an_escape(form: str, text: str) -> None:
    made = FORMATS[form](table_of(text), {})
    shown = {safe_line(text), safe_line(text).replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")}
    assert set(FOR_PEOPLE[form](made)) <= shown
    assert not STEERS.search(made)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_terminal_shows_the_text_and_is_not_steered(text: str) -> None:
    made = as_screen(table_of(text), width=80)
    assert made.count(safe_line(text).strip()) >= 2
    assert not STEERS.search(made)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_data_frames_file_has_the_text(text: str) -> None:
    assert set(read_parquet(BINARY["parquet"](table_of(text), {}))) <= {text, utf8(text)}


@pytest.mark.parametrize("text", HOSTILE)
def test_no_cell_of_a_workbook_is_a_formula(text: str) -> None:
    assert set(read_xlsx(BINARY["xlsx"](table_of(text), {}))) == {text}


@pytest.mark.parametrize("text", HOSTILE)
def test_focus_columns_are_no_place_for_a_text(text: str) -> None:
    table = Table("rows", (Column("x_Tag", "Tag"), Column("BilledCost", "", Type.MONEY)), ((text, Decimal(1)),))
    assert read_csv(FORMATS["focus"](table, {})) == ["x_Tag", text]


@pytest.mark.parametrize("text", HOSTILE)
def test_raw_csv_adds_nothing(text: str) -> None:
    head, row = csv.reader(io.StringIO(as_csv(table_of(text), raw=True), newline=""))
    assert (head[0], row[0]) == (text, text)


def test_every_format_is_tried() -> None:
    assert {*EXACT, *FOR_PEOPLE, "focus"} == set(FORMATS)
    assert set(BINARY) == {"parquet", "xlsx", "png"}
