"""A plan as people read it, and as a table for every other format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from costsentry_cli.domain.alike import grouped, some
from costsentry_cli.domain.kind import GLOBAL, Action, Change
from costsentry_cli.domain.money import usd
from costsentry_cli.domain.plan import LEFT, PENDING, Plan, Trouble
from costsentry_cli.domain.resource import TAG_FIELD
from costsentry_cli.domain.table import Column, Row, Table, Type
from costsentry_cli.render.cells import field_diff
from costsentry_cli.render.safe import safe_line

MARKS = {
    Action.CREATE: "+",
    Action.UPDATE: "~",
    Action.REPLACE: "!",
    Action.RETIRE: "~",
    Action.WAIT: ">",
    Action.DELETE: "-",
    Action.SAME: "=",
    Action.RETIRED: ".",
    Action.UNLISTED: "?",
    Action.FOREIGN: "?",
}
WHY_LEFT = {
    Action.FOREIGN: "not in this namespace, left alone",
    Action.UNLISTED: "not in the manifest any more (--prune deletes it)",
    Action.RETIRED: "replaced; --prune deletes it after its grace, once idle",
}
COLUMNS = (
    Column("action", "Action"),
    Column("kind", "Kind", drop=3),
    Column("name", "Name"),
    Column("account", "Account", drop=5),
    Column("region", "Region", drop=2),
    Column("changes", "Changes", Type.CHANGES, drop=1),
    Column("calls_seen", "Calls in 14 d", Type.COUNT, drop=4),
    Column("arn", "ARN", drop=6),
    Column("manifest", "Manifest", drop=3),
    Column("held", "Held", drop=4),
)
ASKED = {Action.WAIT: "wait for"}
LABEL = 10
INDENT = " " * 15
NOTE = "AWS cannot edit this: a new {} with a NEW ARN is made, the old one goes on working until it is pruned"


def as_table(plan: Plan, manifest_name: str, facts: dict[str, object]) -> Table:
    """One row per resource; the counts and what the plan rests on stand beside the rows in JSON."""
    rows = tuple(_row(change, manifest_name) for change in plan.changes)
    summary = {action.value: plan.count(action) for action in Action}
    troubles = [{"account": t.scope.account, "region": t.scope.region, "error": t.error.message} for t in plan.troubles]
    said = {"summary": summary, "refused": list(plan.refused), "warnings": list(plan.warnings), "troubles": troubles}
    notes = (sentence(plan), *plan.refused, *plan.warnings)
    return Table("changes", COLUMNS, rows, title="", notes=notes, facts=said | facts)


def _row(change: Change, manifest_name: str) -> Row:
    fields = tuple((f.field, f.old, f.new) for f in change.fields)
    return (
        change.action.value,
        change.kind.noun,
        change.name,
        change.scope.account,
        change.scope.region,
        fields,
        change.seen,
        change.arn,
        place(change, manifest_name) or None,
        change.held or None,
    )


def as_text(plan: Plan, manifest_name: str) -> str:
    """The plan for a terminal, ``fold.laid_out`` to be: what would change in full, what is the same in number."""
    places = {change.scope for change in plan.changes} | {trouble.scope for trouble in plan.troubles}
    many = len({place for place in places if place.region != GLOBAL}) > 1
    body = listed(plan, manifest_name, many=many)
    lines = [_head(plan, manifest_name), "", *body, ""] if body else []
    lines += warned(plan)
    lines.append(sentence(plan).replace(" ", " \t", 1) if plan.pending else f"\t{_no_changes(plan, manifest_name)}")
    lines += [f"refused: \t{safe_line(why)}" for why in plan.refused]
    return "\n".join(lines) + "\n"


def listed(plan: Plan, manifest_name: str, *, many: bool) -> list[str]:
    """A paragraph for each change, a line for what is left alone; with ``many`` each says its account and region.

    What has a paragraph of its own because its name is somebody else's is not left alone a second time.
    """
    lines = _Lines(plan, manifest_name, many)
    told = [line for change in plan.of(*PENDING) if change.action is not Action.WAIT for line in lines.told(change)]
    told += lines.waiting()
    if plan.count(Action.SAME) and plan.pending:
        told.append(f"  = same     \t{counted(plan.of(Action.SAME))}")
    held = {(change.kind.noun, change.scope, change.name) for change in plan.of(Action.CREATE) if change.held}
    rest = (c for c in plan.of(*LEFT) if (c.kind.noun, c.scope, c.name) not in held)
    told += [lines.left(change) for change in rest]
    return told + [_unread(alike) for alike in grouped(plan.troubles, lambda one: one.error)]


def warned(plan: Plan) -> list[str]:
    """A line for each warning."""
    return [f"warning: \t{safe_line(warning)}" for warning in plan.warnings]


@dataclass(frozen=True)
class _Lines:
    """How the changes of one plan are written: ``many`` tells places apart."""

    plan: Plan
    manifest_name: str
    many: bool

    @cached_property
    def several(self) -> bool:
        """The plan has more than one kind: a name alone does not say what it names."""
        return len({change.kind.noun for change in self.plan.changes}) > 1

    @cached_property
    def column(self) -> int:
        """How wide the names are."""
        return max((len(self.named(change)) for change in self.plan.of(*PENDING)), default=0) + 2

    def named(self, change: Change) -> str:
        """The name, with the kind before it where the plan has several."""
        return f"{change.kind.noun} {safe_line(change.name)}" if self.several else safe_line(change.name)

    def told(self, change: Change) -> list[str]:
        """A paragraph."""
        place_in_file, scope = place(change, self.manifest_name), _scope(change) if self.many else ""
        facts = (place_in_file, scope, "retired" if change.retired else "")
        where = "  ".join(fact for fact in facts if fact)
        head = f"  {MARKS[change.action]} {change.action:<8} \t{self.named(change):<{self.column}}{where}".rstrip()
        return [head, *(INDENT + line for line in _details(change))]

    def waiting(self) -> list[str]:
        """A line for each that only AWS can make, and below those of a kind why it is waited for."""
        told: list[str] = []
        waits = self.plan.of(Action.WAIT)
        for number, change in enumerate(waits):
            told += self.told(change)
            if change.kind not in (other.kind for other in waits[number + 1 :]):
                told.append(f"{INDENT}\t{change.kind.waiting}")
        return told

    def left(self, change: Change) -> str:
        """A line for what is left alone."""
        where = f"  {_scope(change)}" if self.many else ""
        return f"  {MARKS[change.action]} {change.action:<8} \t{self.named(change)}{where}  {WHY_LEFT[change.action]}"


def _unread(alike: Sequence[Trouble]) -> str:
    error, places = alike[0].error, []
    for one in alike:
        what = f"{one.kind.noun}s of " if one.kind is not None else ""
        places.append(f"{what}{one.scope.account} {one.scope.region}".rstrip())
    return f"  x unread   \t{some(places)}: {error.code} {safe_line(error.message)}"


def counted(changes: Sequence[Change]) -> str:
    """``3 profiles, 1 tag key``."""
    numbers = Counter(change.kind.noun for change in changes)
    return ", ".join(f"{number} {noun}{'s' if number != 1 else ''}" for noun, number in numbers.items())


def sentence(plan: Plan) -> str:
    """``Plan: 3 to create, 0 to update, 0 to replace, 0 to delete.``"""
    shown = [a for a in PENDING if a not in (Action.RETIRE, Action.WAIT) or plan.count(a)]
    return f"Plan: {', '.join(f'{plan.count(action)} to {ASKED.get(action, action)}' for action in shown)}."


def series_line(profiles: int, series: int, monthly: Decimal) -> str:
    """What the metrics of the declared profiles cost once they are used."""
    if not profiles:
        return ""
    return f"metrics: \t{profiles} profiles x {series} series, about {usd(monthly)} a month once all are used\n"


def _no_changes(plan: Plan, manifest_name: str) -> str:
    same = plan.of(Action.SAME)
    if not same:
        return f"No changes. {manifest_name} asks for nothing here."
    return f"No changes. {counted(same)} {'matches' if len(same) == 1 else 'match'} {manifest_name}."


def _head(plan: Plan, manifest_name: str) -> str:
    wanted = plan.count(Action.CREATE, Action.UPDATE, Action.REPLACE, Action.WAIT, Action.SAME)
    foreign = plan.count(Action.FOREIGN)
    live = len(plan.changes) - plan.count(Action.CREATE, Action.WAIT)
    note = f" ({foreign} not managed here)" if foreign else ""
    return f"{manifest_name} -> {wanted} wanted, {live} live{note}"


def region_of(change: Change) -> str:
    """Where it is: of what is declared once for all regions (a ledger table) the ARN tells; ``global`` has none."""
    parts = (change.arn or "").split(":")
    told = parts[3] if change.scope.region == GLOBAL and len(parts) > 3 else ""
    return told or change.scope.region


def _scope(change: Change) -> str:
    return f"{change.scope.account} {region_of(change)}"


def _details(change: Change) -> Iterable[str]:
    if change.action is Action.CREATE:
        yield from _wanted(change)
    for field in () if change.action is Action.CREATE else change.fields:
        name, _, rest = field_diff(field.field, field.old, field.new).partition(": ")
        yield f"{safe_line(name)}: \t{safe_line(rest)}" if rest else f"\t{safe_line(name)}"
    if change.action in (Action.REPLACE, Action.RETIRE, Action.DELETE):
        yield _detail("arn", change.arn or "")
    if change.kind.measured and change.action in (Action.REPLACE, Action.DELETE):
        yield _detail("in use", used(change.seen, retired=change.retired))
    if change.action is Action.REPLACE:
        yield _detail("note", NOTE.format(change.kind.noun))
    if change.held:
        yield _detail("held", change.held)


def _detail(label: str, text: str, width: int = LABEL) -> str:
    return f"{safe_line(label):<{width}}\t{safe_line(text)}"


def _wanted(change: Change) -> Iterable[str]:
    plain = [field for field in change.fields if not field.field.startswith(TAG_FIELD)]
    label = max((len(field.field) + 2 for field in plain), default=0)
    for field in plain:
        yield _detail(field.field, field.new or "", max(LABEL, label))
    tags = [f"{f.field.removeprefix(TAG_FIELD)}={f.new}" for f in change.fields if f.field.startswith(TAG_FIELD)]
    if tags:
        yield _detail("tags", " ".join(tags))


def used(seen: int | None, *, retired: bool) -> str:
    """``212 calls in the last 14 days``, or that it is not known."""
    if seen is None:
        return "not known (CloudWatch could not be asked)"
    span = "since it was replaced" if retired else "in the last 14 days"
    return f"{seen:,} call{'s' if seen != 1 else ''} {span}" if seen else f"no calls {span}"


def place(change: Change, manifest_name: str) -> str:
    """``profiles.yaml:12``, or nothing for what is not in the manifest."""
    return f"{manifest_name}:{change.at.line}" if change.at is not None else ""
