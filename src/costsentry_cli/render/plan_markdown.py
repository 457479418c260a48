"""A plan as Markdown: a comment on a pull request, or a job's summary. Data stands in code spans: it names nobody."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable

from costsentry_cli.domain.kind import GLOBAL, Action, Change
from costsentry_cli.domain.plan import LEFT, PENDING, Plan
from costsentry_cli.domain.resource import TAG_FIELD
from costsentry_cli.render.cells import field_diff
from costsentry_cli.render.formats import md_row
from costsentry_cli.render.plan import ASKED, MARKS, WHY_LEFT, counted, place, used
from costsentry_cli.render.safe import safe_line

ROOM = 65_536
"""GitHub's bound of a comment in characters; ours in bytes."""
WORST_FIRST = (Action.DELETE, Action.REPLACE, Action.RETIRE, Action.UPDATE, Action.CREATE)
"""What a reviewer must not miss comes first: it is never what did not fit."""
HEADER = [md_row(["Change", "What", "Details", "Where"]), md_row(["---"] * 4)]
LONGEST = 500
"""So many characters of one text are shown."""
MOST = 10
"""So many names or warnings of a sort are told one by one: they stand before and after the table, whatever its room."""


def as_markdown(plan: Plan, manifest_name: str, target: str, room: int = ROOM) -> str:
    """The plan in at most ``room`` bytes, for room of a few thousand; ``target`` is the sentence about who was asked.

    Its first line, invisible, is the same for every plan of this manifest here: by it a comment is found again.
    """
    many = len({change.scope for change in plan.changes if change.scope.region != GLOBAL}) > 1
    head = [_marker(plan, manifest_name), _title(plan, manifest_name), "", safe_line(target), *_alerts(plan), ""]
    rows = [_row(change, manifest_name, many=many) for action in WORST_FIRST for change in plan.of(action)]
    tail = _tail(plan)
    left = room - _size(head) - _size(tail) - _size(HEADER) - len(_missing(len(rows)).encode()) - 2
    shown = _fitting(rows, left)
    lines = head + ([*HEADER, *shown, ""] if rows else [])
    if len(shown) < len(rows):
        lines += [_missing(len(rows) - len(shown)), ""]
    return "\n".join([*lines, *tail]) + "\n"


def _marker(plan: Plan, manifest_name: str) -> str:
    found = [change.scope for change in plan.changes] + [trouble.scope for trouble in plan.troubles]
    scopes = sorted({f"{one.account} {one.namespace}" for one in found})
    return f"<!-- sentry-plan {hashlib.sha256(repr((manifest_name, scopes)).encode()).hexdigest()[:16]} -->"


def _title(plan: Plan, manifest_name: str) -> str:
    if not plan.pending:
        return f"### {_code(manifest_name)}: no changes"
    counts = [f"{plan.count(one)} to {ASKED.get(one, one)}" for one in PENDING if plan.count(one)]
    return f"### {_code(manifest_name)}: {', '.join(counts)}"


def _alerts(plan: Plan) -> list[str]:
    unread = [f"not read: {one.scope.account} {one.scope.region} ({one.error.message})" for one in plan.troubles]
    lines: list[str] = []
    for kind, texts in (("CAUTION", plan.refused), ("WARNING", (*unread, *plan.warnings))):
        if texts:
            lines += ["", f"> [!{kind}]", *(f"> {_code(text)}  " for text in texts[:MOST])]
        if len(texts) > MOST:
            lines.append(f"> and {len(texts) - MOST} more")
    return lines


def _row(change: Change, manifest_name: str, *, many: bool) -> str:
    what = f"{change.kind.noun} {_code(change.name)}"
    where = [place(change, manifest_name), f"{change.scope.account} {change.scope.region}" if many else ""]
    details, places = "<br>".join(_details(change)), "<br>".join(_code(one) for one in where if one)
    cells = [f"{MARKS[change.action]}&nbsp;{change.action}", what, details, places]
    return md_row([cell.replace("|", "\\|") for cell in cells])


def _details(change: Change) -> Iterable[str]:
    tags = [f for f in change.fields if f.field.startswith(TAG_FIELD)]
    new = change.action is Action.CREATE
    for field in change.fields:
        if new and field not in tags and field.new:
            yield _code(f"{field.field}: {field.new}")
        elif not new:
            yield _code(field_diff(field.field, field.old, field.new))
    if new and tags:
        yield _code("tags: " + " ".join(f"{one.field.removeprefix(TAG_FIELD)}={one.new}" for one in tags))
    if change.action is Action.REPLACE:
        yield "its ARN changes; the old one goes on working until it is pruned"
    if change.kind.measured and change.action in (Action.REPLACE, Action.DELETE):
        yield used(change.seen, retired=change.retired)
    if change.held:
        yield f"**held:** {_code(change.held)}"


def _tail(plan: Plan) -> list[str]:
    waits: dict[tuple[str, str], list[str]] = {}
    for change in plan.of(Action.WAIT):
        waits.setdefault((change.kind.noun, change.kind.waiting), []).append(change.name)
    lines = [f"Waiting for {noun}s {_listed(names)}: {why}." for (noun, why), names in waits.items()]
    if plan.count(Action.SAME):
        lines.append(f"As wanted already: {counted(plan.of(Action.SAME))}.")
    left = Counter(change.action for change in plan.of(*LEFT))
    lines += [f"{number} {WHY_LEFT[action]}." for action, number in left.items()]
    lines.append("Nothing has been changed." + (" `sentry sync` makes it so." if plan.pending else ""))
    return [text for line in lines for text in (line, "")][:-1]


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
    return ", ".join(map(_code, names[:MOST])) + more


def _missing(number: int) -> str:
    return f"**{number} more changes did not fit here**; `sentry plan` shows them all."


def _fitting(rows: list[str], room: int) -> list[str]:
    """The first rows that fit; none after one that does not, whatever its size: what is shown is without holes."""
    shown: list[str] = []
    for row in rows:
        room -= len(row.encode()) + 1
        if room < 0:
            break
        shown.append(row)
    return shown


def _size(lines: list[str]) -> int:
    return sum(len(line.encode()) + 1 for line in lines)


def _code(text: str) -> str:
    """Data as a code span: no markup, no link, nobody is mentioned."""
    line = safe_line(text)
    line = line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
    fence = "`" * (max((len(run) for run in re.findall("`+", line)), default=0) + 1)
    space = " " if "`" in line else ""
    return f"{fence}{space}{line}{space}{fence}"
