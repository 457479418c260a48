"""Annotations: GitHub's and GitLab's forms, their escapes and their limits."""

from __future__ import annotations

import json
from typing import Any

import pytest

from costsentry_cli.domain.document import Mark, Problem, Source
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.table import Column, Table, Type
from costsentry_cli.render.annotations import (
    Annotation,
    as_github,
    as_gitlab,
    as_summary,
    of_problems,
    of_table,
)

COLUMNS = tuple(
    Column(key, key, Type.CHANGES if key == "changes" else Type.TEXT)
    for key in ("action", "name", "account", "region", "changes", "arn", "manifest", "held")
)


def change(action: str, name: str, line: int | None = 9, **more: Any) -> tuple[Any, ...]:
    place = f"infra/profiles.yaml:{line}" if line else None
    row = {"action": action, "name": name, "account": "1", "region": "us-east-1", "manifest": place} | more
    return tuple(row.get(column.key) for column in COLUMNS)


def plan(*rows: tuple[Any, ...], **facts: Any) -> Table:
    return Table("changes", COLUMNS, rows, facts=facts)


def problem(message: str, line: int = 5) -> Problem:
    return Problem(Mark(line, 3), "CS0012", message, "did you mean 'model'?")


def many(count: int, level: str = "notice") -> list[Annotation]:
    return [Annotation("a.yaml", n, None, level, "c", f"t{n}", "m", str(n)) for n in range(1, count + 1)]


def test_a_problem_is_an_error_at_its_line_and_column() -> None:
    found = of_problems([problem("unknown key 'modl'")], Source("profiles.yaml", ()))
    line = "::error file=profiles.yaml,line=5,col=3,title=CS0012::unknown key 'modl' (did you mean 'model'?)\n"
    assert as_github(found) == line


@pytest.mark.parametrize(
    ("action", "level"),
    [
        ("create", "notice"),
        ("update", "notice"),
        ("replace", "warning"),
        ("delete", "warning"),
        ("unlisted", "warning"),
    ],
)
def test_the_level_follows_from_the_action(action: str, level: str) -> None:
    (found,) = of_table(plan(change(action, "docs")))
    assert (found.level, found.file, found.line, found.check) == (level, "infra/profiles.yaml", 9, f"plan-{action}")


def test_what_is_held_is_a_warning_with_the_reason() -> None:
    (found,) = of_table(plan(change("create", "docs", held="at its end of life")))
    assert found.level == "warning"
    assert found.message.endswith("held: at its end of life")


@pytest.mark.parametrize("action", ["same", "foreign", "retired"])
def test_what_needs_nobody_has_no_annotation(action: str) -> None:
    assert of_table(plan(change(action, "docs"))) == []


def test_a_deletion_stands_at_the_manifest_without_a_line() -> None:
    found = of_table(plan(change("create", "a"), change("delete", "b", None, arn="arn:b")))
    assert as_github(found).splitlines()[0] == ("::warning file=infra/profiles.yaml,title=delete b::1 us-east-1: arn:b")


def test_refusals_warnings_and_troubles_of_the_plan_are_there() -> None:
    facts = {
        "refused": ["too many deletes"],
        "warnings": ["haiku is LEGACY"],
        "troubles": [{"account": "1", "region": "eu-west-1", "error": "denied"}],
    }
    assert [(one.level, one.message) for one in of_table(plan(**facts))] == [
        ("error", "too many deletes"),
        ("error", "denied"),
        ("warning", "haiku is LEGACY"),
    ]


def test_github_properties_and_messages_are_escaped() -> None:
    hostile = Annotation("a,b:c.yaml", 1, None, "notice", "c", "50%, x: y", "100%\n::error::gone\r", "f")
    assert as_github([hostile]) == (
        "::notice file=a%2Cb%3Ac.yaml,line=1,title=50%25%2C x%3A y::100%25%0A::error::gone\\x0d\n"
    )


def test_github_gets_ten_of_a_level_and_the_number_of_the_rest() -> None:
    lines = as_github([*many(12), *many(10, "warning"), *many(11, "error")]).splitlines()
    assert [sum(line.startswith(f"::{level} ") for line in lines) for level in ("error", "warning", "notice")] == [
        10
    ] * 3
    assert lines[-1].startswith("1 more of level error, 2 more of level notice: ")
    assert len(lines) == 31


def test_the_summary_has_all_of_them_and_escapes_markup() -> None:
    text = as_summary([*many(40), Annotation("a|b.yaml", 1, None, "error", "c", "<i>", "x | y", "f")], 1 << 20)
    assert text.count("\n| notice |") == 40
    assert "| error | a\\|b.yaml:1 | \\<i>: x \\| y |" in text


@pytest.mark.parametrize("room", [0, 1, 60, 150, 151, 500, 5_000])
def test_the_summary_never_exceeds_its_room_and_counts_what_is_missing(room: int) -> None:
    text = as_summary(many(300), room)
    assert len(text.encode()) <= room
    shown = text.count("\n| notice |")
    assert not text or f"\n{300 - shown} more did not fit.\n" in text


def test_gitlab_findings_have_unique_fingerprints_also_for_equal_problems() -> None:
    found = of_problems([problem("same", 5), problem("same", 9)], Source("profiles.yaml", ()))
    report = json.loads(as_gitlab(found))
    assert len({finding["fingerprint"] for finding in report}) == 2
    assert report[0] == {
        "description": "CS0012: same (did you mean 'model'?)",
        "check_name": "CS0012",
        "fingerprint": report[0]["fingerprint"],
        "severity": "major",
        "location": {"path": "profiles.yaml", "lines": {"begin": 5}},
    }


def test_a_fingerprint_does_not_move_with_the_line() -> None:
    one, other = (of_table(plan(change("update", "docs", line)))[0] for line in (9, 12))
    assert one.fingerprint == other.fingerprint
    assert one.fingerprint != of_table(plan(change("update", "other", 9)))[0].fingerprint


def test_gitlab_wants_a_line_and_a_path_for_everything() -> None:
    (finding,) = json.loads(as_gitlab(of_table(plan(refused=["no"]))))
    assert finding["location"] == {"path": "profiles.yaml", "lines": {"begin": 1}}


def test_nothing_found_is_nothing_for_github_and_an_empty_report_for_gitlab() -> None:
    assert (as_github([]), as_gitlab([])) == ("", "[]\n")


def test_another_table_has_no_annotations() -> None:
    with pytest.raises(SentryError) as caught:
        of_table(Table("profiles", (), ()))
    assert caught.value.code == "CS0101"
