"""A plan as a comment on a pull request: what it says, that it fits, and that data in it stays data."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costsentry_cli.domain.document import Mark
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.kind import Action, Change, FieldChange, Scope
from costsentry_cli.domain.kinds import KINDS
from costsentry_cli.domain.plan import Plan, Trouble
from costsentry_cli.domain.resource import TAG_FIELD
from costsentry_cli.render.plan_markdown import MOST, ROOM, as_markdown

PROFILE = next(kind for kind in KINDS if kind.noun == "profile")
TAG_KEY = next(kind for kind in KINDS if kind.noun == "tag key")
HERE = Scope("123456789012", "us-east-1", "docs-helper")
TARGET = "target: aws 1234****9012 us-east-1"


def change(action: Action, name: str, *fields: FieldChange, **more: object) -> Change:
    return Change(action, PROFILE, HERE, name, fields, at=Mark(9, 3), **more)  # type: ignore[arg-type]


def comment(*changes: Change, room: int = ROOM, **more: object) -> str:
    return as_markdown(Plan(changes, **more), "profiles.yaml", TARGET, room)  # type: ignore[arg-type]


MODEL = FieldChange("model", None, "lite")
TAG = FieldChange(f"{TAG_FIELD}costCenter", None, "sales")
AGAIN = "its ARN changes; the old one goes on working until it is pruned<br>212 calls in the last 14 days"
REVIEWED = f"""\
### `profiles.yaml`: 1 to create, 1 to replace, 1 to wait for

{TARGET}

| Change | What | Details | Where |
| --- | --- | --- | --- |
| !&nbsp;replace | profile `support` | `model: lite -> pro`<br>{AGAIN}<br>**held:** `no` | `profiles.yaml:9` |
| +&nbsp;create | profile `sales` | `model: lite`<br>`tags: costCenter=sales` | `profiles.yaml:9` |

Waiting for tag keys `costCenter`: {TAG_KEY.waiting}.

As wanted already: 1 profile.

1 not in this namespace, left alone.

Nothing has been changed. `sentry sync` makes it so.
"""


def test_a_comment_as_a_reviewer_reads_it() -> None:
    moved = FieldChange("model", "lite", "pro")
    made = comment(
        change(Action.CREATE, "sales", MODEL, TAG),
        change(Action.REPLACE, "support", moved, seen=212, held="no"),
        change(Action.SAME, "services"),
        Change(Action.WAIT, TAG_KEY, HERE, "costCenter"),
        Change(Action.FOREIGN, PROFILE, HERE, "theirs"),
    )
    assert made.partition("\n")[2] == REVIEWED


def test_without_changes_it_says_so() -> None:
    assert comment(change(Action.SAME, "sales")).splitlines()[1:] == [
        "### `profiles.yaml`: no changes",
        "",
        TARGET,
        "",
        "As wanted already: 1 profile.",
        "",
        "Nothing has been changed.",
    ]


def test_what_was_refused_or_not_read_stands_above_the_table() -> None:
    trouble = Trouble(HERE, SentryError("CS0801", "it is down"))
    lines = comment(change(Action.DELETE, "sales"), refused=("too many deletions",), troubles=(trouble,)).splitlines()
    assert lines[5:10] == [
        "> [!CAUTION]",
        "> `too many deletions`  ",
        "",
        "> [!WARNING]",
        "> `not read: 123456789012 us-east-1 (it is down)`  ",
    ]


def test_the_first_line_finds_the_comment_again_whatever_the_plan_says_now() -> None:
    first, second = comment(change(Action.CREATE, "sales")), comment(change(Action.SAME, "sales"))
    assert first.splitlines()[0] == second.splitlines()[0]
    assert re.fullmatch(r"<!-- sentry-plan [0-9a-f]{16} -->", first.splitlines()[0])
    other = as_markdown(Plan((change(Action.CREATE, "sales"),)), "staging.yaml", TARGET)
    assert other.splitlines()[0] != first.splitlines()[0]


def test_a_plan_too_large_for_a_comment_says_how_much_is_missing_and_keeps_the_deletions() -> None:
    changes = [change(Action.CREATE, f"profile-{n}", MODEL, TAG) for n in range(2_000)]
    made = comment(*changes, change(Action.DELETE, "old"))
    assert len(made.encode()) <= ROOM
    assert "-&nbsp;delete | profile `old`" in made
    shown = made.count("&nbsp;create |")
    assert f"**{2_000 - shown} more changes did not fit here**; `sentry plan` shows them all." in made
    assert made.startswith(comment(change(Action.CREATE, "sales")).splitlines()[0])


@pytest.mark.parametrize("text", ["@everyone", "a | b", "`rm`", "``` x", "#12", "<img src=x>", "a\nb", "[x](http://y)"])
def test_data_is_a_code_span_of_one_line(text: str) -> None:
    (row,) = [line for line in comment(change(Action.CREATE, text)).splitlines() if "&nbsp;create" in line]
    shown = text.replace("\n", "\\n").replace("|", "\\|")
    fence = {"`rm`": "``", "``` x": "````"}.get(text, "`")
    space = " " if "`" in text else ""
    assert f"profile {fence}{space}{shown}{space}{fence} |" in row


@given(
    st.lists(st.tuples(st.sampled_from(list(Action)), st.text(max_size=700)), max_size=80),
    st.lists(st.text(max_size=700), max_size=2 * MOST),
    st.integers(24_000, ROOM),
)
def test_it_always_fits_and_no_change_is_lost_in_silence(
    made_of: list[tuple[Action, str]], warnings: list[str], room: int
) -> None:
    changes = tuple(change(action, name) for action, name in made_of)
    made = comment(*changes, room=room, warnings=tuple(warnings))
    assert len(made.encode()) <= room
    rows = sum("&nbsp;" in line.partition(" | ")[0] for line in made.splitlines() if line.startswith("| "))
    missing = re.search(r"\*\*(\d+) more changes", made)
    listed = (Action.DELETE, Action.REPLACE, Action.RETIRE, Action.UPDATE, Action.CREATE)
    assert rows + int(missing[1] if missing else 0) == sum(action in listed for action, _ in made_of)
