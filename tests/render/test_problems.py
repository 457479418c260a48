"""Problems as a person and as a program sees them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from costsentry_cli.domain.document import Mark, Problem, Source
from costsentry_cli.render.problems import as_json, text

SOURCE = Source("profiles.yaml", ("profiles:", "  - name: docs", "    modl: x", "", "last: 1"))
UNKNOWN = Problem(Mark(3, 5), "CS0012", "unknown key 'modl'", "did you mean 'model'?", 4)


def test_a_problem_shows_its_line_the_line_before_a_caret_and_what_helps() -> None:
    assert text([UNKNOWN], SOURCE) == (
        "error[CS0012]: unknown key 'modl'\n"
        "  --> profiles.yaml:3:5\n"
        "   |\n"
        " 2 |   - name: docs\n"
        " 3 |     modl: x\n"
        "   |     ^^^^\n"
        "   = help: did you mean 'model'?\n"
        "\n"
        "1 error in profiles.yaml\n"
    )


def test_a_limit_shows_the_first_and_counts_all() -> None:
    assert text([UNKNOWN, UNKNOWN, UNKNOWN], SOURCE, limit=2).endswith(
        "\n3 errors in profiles.yaml (the first 2 are shown)\n"
    )


def test_an_empty_line_before_is_left_out_and_no_help_is_no_line() -> None:
    shown = text([Problem(Mark(5, 1), "CS0012", "unknown", "", 4)], SOURCE)
    assert shown.splitlines()[2:5] == ["   |", " 5 | last: 1", "   | ^^^^"]


def shown_line(line: str, column: int, length: int = 1, width: int = 100) -> tuple[str, str]:
    rows = text([Problem(Mark(1, column), "CS0013", "m", "", length)], Source("f", (line,)), width=width).splitlines()
    return rows[3], rows[4]


def test_tabs_and_wide_characters_keep_the_caret_under_its_place() -> None:
    assert shown_line("\t名前: x", 6) == (" 1 |     名前: x", "   |           ^")


def test_combining_characters_take_no_column() -> None:
    assert shown_line("e\u0301: x", 5)[1] == "   |    ^"


def test_control_characters_are_visible_escapes() -> None:
    line, carets = shown_line("a: \x1b[31m\u202e", 4)
    assert line == " 1 | a: \\x1b[31m\\u202e"
    assert carets == "   |    ^^^^"


@pytest.mark.parametrize("width", [60, 80, 100])
def test_a_long_line_is_cut_around_the_place(width: int) -> None:
    line, carets = shown_line("x" * 500 + "HERE" + "y" * 500, 501, 4, width)
    assert len(line) <= width
    assert line.count("…") == 2
    assert line[carets.index("^") : carets.rindex("^") + 1] == "HERE"


def test_an_underline_longer_than_the_line_ends_with_it() -> None:
    assert shown_line("abc", 2, 50)[1] == "   |  ^^"


def test_a_place_behind_the_end_of_the_line_has_one_caret() -> None:
    assert shown_line("abc", 4)[1] == "   |    ^"


def columns(piece: str) -> int:
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in piece)


@settings(max_examples=300, deadline=None)
@given(
    st.text(alphabet="ab \t名\x1b\u202e\u200b", max_size=300),
    st.integers(1, 320),
    st.integers(1, 50),
    st.sampled_from([60, 80]),
)
@example("aaaaaaaaa" + "\x1b" * 3 + "\u200b" * 4 + "名" * 5, 22, 1, 60)
def test_no_excerpt_is_wider_than_asked_or_steers_the_terminal(line: str, column: int, length: int, width: int) -> None:
    shown = text([Problem(Mark(1, column), "CS0013", "m", "", length)], Source("f", (line,)), width=width)
    assert all(columns(row) <= width for row in shown.splitlines())
    assert not set("\t\x1b\u202e\u200b") & set(shown)
    assert "^" in shown


def test_as_json_every_problem_is_plain_values() -> None:
    assert as_json([UNKNOWN], SOURCE) == [
        {
            "file": "profiles.yaml",
            "line": 3,
            "column": 5,
            "length": 4,
            "code": "CS0012",
            "message": "unknown key 'modl'",
            "help": "did you mean 'model'?",
        }
    ]
