"""Sentences fit the terminal; what somebody pastes stays whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costsentry_cli.domain.table import Column, Table
from costsentry_cli.render.fold import columns, folded, laid_out
from costsentry_cli.render.screen import as_screen

SENTENCE = "Recent days are AWS's estimates. Cost Explorer is about a day late, and this sentence is long."
ARN = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abcdefghijkl"


@pytest.mark.parametrize("width", [40, 60, 80])
def test_a_sentence_is_folded_at_spaces_and_its_rest_stands_two_further_in(width: int) -> None:
    lines = folded(SENTENCE, width).split("\n")
    assert max(map(len, lines)) <= width
    assert all(line.startswith("  ") for line in lines[1:])
    assert " ".join(line.strip() for line in lines) == SENTENCE


def test_what_fits_and_line_ends_stay_as_they_are() -> None:
    assert folded("a\n\n  b  c\r\nd", 10) == "a\n\n  b  c\r\nd"


@pytest.mark.parametrize(
    "command",
    [
        "sentry tags backfill --from 2026-10 --sandbox --file profiles.yaml",
        'eval "$(sentry sandbox env --port 12345 --sandbox-db /tmp/some.db)"',
        "pip install 'costsentry-cli[frames]' and more words behind it",
        "aws ce get-cost-and-usage --time-period Start=2026-10-01,End=2026-11-01",
    ],
)
def test_a_command_stays_in_one_piece(command: str) -> None:
    assert folded(f"5.1% of the costs carry no costCenter: {command}", 40).endswith(f"\n  {command}")
    assert folded(f"  {command}", 20) == f"  {command}"


def test_an_arn_and_json_stay_in_one_piece() -> None:
    assert folded(f"not looked at: {ARN} for it was away", 40) == f"not looked at:\n  {ARN}\n  for it was away"
    assert folded('{"a": 1, "b": [1, 2, 3]}', 10) == '{"a": 1, "b": [1, 2, 3]}'


def test_the_rest_of_a_line_that_stands_in_stands_further_in() -> None:
    assert folded("  active, shown where it was", 16) == "  active, shown\n    where it was"


def test_wide_letters_count_twice() -> None:
    assert columns("費用 é e\u0301") == 8
    assert folded("費用 費用 費用", 9) == "費用 費用\n  費用"


@given(st.text(st.sampled_from("ab c\u0301費\n{")), st.integers(4, 30))
def test_folding_loses_no_letter_and_what_fits_is_not_folded_again(text: str, width: int) -> None:
    once = folded(text, width)
    assert once.replace(" ", "").replace("\n", "") == text.replace(" ", "").replace("\n", "")
    assert folded(text, 1000) == text


@pytest.mark.parametrize("width", [60, 80])
def test_notes_below_a_table_fit_its_screen_and_are_whole_in_a_pipe(width: int) -> None:
    table = Table("rows", (Column("name", "Name"),), (("a",),), notes=(SENTENCE, f"so: sentry report --file {ARN}"))
    lines = as_screen(table, width=width).splitlines()
    assert [len(line) <= width for line in lines] == [*[True] * (len(lines) - 1), False]
    assert lines[-1] == f"  sentry report --file {ARN}"
    assert SENTENCE in as_screen(table, width=None)


HELD = "      held      \ta budget of this name exists: choose another one\n"


def test_a_screen_s_long_line_goes_on_below_the_place_that_a_tab_marks() -> None:
    assert laid_out(HELD, 40) == (
        "      held      a budget of this name\n                exists: choose another\n                one\n"
    )
    assert laid_out(HELD, None) == laid_out(HELD, 80) == HELD.replace("\t", "")
    assert laid_out("no tab, so it stays as it is\n", 10) == "no tab, so it stays as it is\n"


def test_a_word_that_does_not_fit_there_begins_a_line_and_an_arrow_stays_with_what_it_points_to() -> None:
    assert laid_out("    model: \told -> a-new-model-id\n", 21) == "    model:\n    old\n    -> a-new-model-id\n"
    assert laid_out(f"  arn       \t{ARN}\n", 60) == f"  arn       {ARN}\n"


@given(st.integers(0, 12), st.lists(st.text("abc", min_size=1, max_size=12), min_size=1), st.integers(14, 40))
def test_laying_out_loses_no_word_and_passes_the_width_by_single_words_alone(
    indent: int, words: list[str], width: int
) -> None:
    lines = laid_out(f"{' ' * indent}x \t{' '.join(words)}\n", width).splitlines()
    assert " ".join(lines).split() == ["x", *words]
    assert all(len(line) <= width or " " not in line.strip().removeprefix("x ") for line in lines)


@given(
    st.lists(st.tuples(*[st.lists(st.text("ab", min_size=1, max_size=9), min_size=1).map(" ".join)] * 2), min_size=1)
)
def test_a_table_that_has_to_fold_breaks_no_word_and_stays_within_the_width(rows: list[tuple[str, str]]) -> None:
    table = Table("t", (Column("one", "One"), Column("two", "Two")), tuple(rows))
    lines = as_screen(table, width=24).splitlines()
    assert max(map(len, lines)) <= 24
    words = [word for row in rows for cell in row for word in cell.split()]
    assert sorted(" ".join(lines).split()) == sorted(["One", "Two", *words])
