"""A plan as people read it, and as a table for every other format."""

from __future__ import annotations

from collections.abc import Iterable

from costsentry_cli.domain.plan import PENDING, WRITING, Action, Change, FieldChange, Plan
from costsentry_cli.domain.table import Column, Row, Table, Type
from costsentry_cli.render.cells import field_diff
from costsentry_cli.render.safe import safe_line

MARKS = {
    Action.CREATE: "+",
    Action.UPDATE: "~",
    Action.REPLACE: "!",
    Action.SAME: "=",
    Action.UNLISTED: "?",
    Action.FOREIGN: "?",
}
WHY_LEFT = {
    Action.FOREIGN: "not in this namespace, left alone",
    Action.UNLISTED: "not in the manifest any more, left alone",
}
COLUMNS = (
    Column("action", "Action"),
    Column("kind", "Kind", drop=3),
    Column("name", "Name"),
    Column("region", "Region", drop=2),
    Column("changes", "Changes", Type.CHANGES, drop=1),
    Column("arn", "ARN", drop=4),
    Column("manifest", "Manifest", drop=3),
)
LABEL = 10
INDENT = " " * 15
DETAIL_WIDTH = 80 - len(INDENT) - LABEL


def as_table(plan: Plan, manifest_name: str) -> Table:
    """One row per resource; the counts stand beside the rows in JSON."""
    rows = tuple(_row(change, manifest_name) for change in plan.changes)
    summary = {action.value: plan.count(action) for action in Action}
    return Table("changes", COLUMNS, rows, notes=(sentence(plan),), facts={"summary": summary})


def _row(change: Change, manifest_name: str) -> Row:
    fields = tuple((f.field, f.old, f.new) for f in change.fields)
    return (
        change.action.value,
        change.noun,
        change.name,
        change.region,
        fields,
        change.arn,
        _place(change, manifest_name) or None,
    )


def as_text(plan: Plan, manifest_name: str, *, regions: bool) -> str:
    """The plan for a terminal: what would change in full, what is the same in number."""
    if not plan.pending and not plan.of(Action.UNLISTED, Action.FOREIGN):
        return f"{_no_changes(plan, manifest_name)}\n"
    lines = [_head(plan, manifest_name), ""]
    for change in plan.of(*PENDING):
        lines += _told(change, manifest_name, regions)
    same = plan.count(Action.SAME)
    if same:
        lines.append(f"  = same     {same}")
    for change in plan.of(Action.UNLISTED, Action.FOREIGN):
        lines.append(f"  ? {change.action:<8} {safe_line(change.name)}  {WHY_LEFT[change.action]}")
    lines += ["", sentence(plan) if plan.pending else _no_changes(plan, manifest_name)]
    return "\n".join(lines) + "\n"


def sentence(plan: Plan) -> str:
    """``Plan: 3 to create, 0 to update, 0 to replace.``"""
    counts = ", ".join(f"{plan.count(action)} to {action}" for action in PENDING)
    return f"Plan: {counts}."


def _no_changes(plan: Plan, manifest_name: str) -> str:
    number = plan.count(Action.SAME)
    verb = "matches" if number == 1 else "match"
    return f"No changes. {number} profile{'s' if number != 1 else ''} {verb} {manifest_name}."


def _head(plan: Plan, manifest_name: str) -> str:
    wanted = len(plan.of(*PENDING, Action.SAME))
    foreign = plan.count(Action.FOREIGN)
    live = wanted - plan.count(Action.CREATE) + plan.count(Action.UNLISTED) + foreign
    note = f" ({foreign} not managed here)" if foreign else ""
    return f"{manifest_name} -> {wanted} wanted, {live} live{note}"


def _told(change: Change, manifest_name: str, regions: bool) -> list[str]:  # noqa: FBT001 a private part of as_text
    where = _place(change, manifest_name) + (f"  {change.region}" if regions else "")
    name = safe_line(change.name)
    lines = [f"  {MARKS[change.action]} {change.action:<8} {name:<36}{'' if len(name) < 36 else '  '}{where}".rstrip()]
    lines += [INDENT + line for line in _details(change)]
    if change.action is Action.REPLACE:
        lines += [INDENT + line for line in _replace_note(change)]
    return lines


def _details(change: Change) -> Iterable[str]:
    if change.action is Action.CREATE:
        for field in change.fields:
            if not field.field.startswith("tags."):
                yield f"{field.field:<{LABEL}}{safe_line(field.new or '')}"
        tags = [f"{f.field.removeprefix('tags.')}={f.new}" for f in change.fields if f.field.startswith("tags.")]
        for number, line in enumerate(_wrapped(tags)):
            yield f"{'tags' if number == 0 else '':<{LABEL}}{line}"
        return
    for field in change.fields:
        yield _diff_line(field)


def _wrapped(words: list[str]) -> list[str]:
    """The words on as few lines as fit 80 columns; a word is never broken."""
    lines: list[str] = []
    for word in map(safe_line, words):
        if lines and len(lines[-1]) + 1 + len(word) <= DETAIL_WIDTH:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _diff_line(field: FieldChange) -> str:
    return safe_line(field_diff(field.field, field.old, field.new))


def _replace_note(change: Change) -> list[str]:
    return [
        f"{'arn':<{LABEL}}{safe_line(change.arn or '')}",
        f"{'note':<{LABEL}}AWS cannot edit this: it needs a new profile with a new ARN.",
        f"{'':<{LABEL}}sync leaves it alone; give the entry a new name to make one beside it.",
    ]


def _place(change: Change, manifest_name: str) -> str:
    return f"{manifest_name}:{change.at.line}" if change.at is not None else ""


def writes(plan: Plan) -> int:
    """How many resources would be written."""
    return len(plan.of(*WRITING))
