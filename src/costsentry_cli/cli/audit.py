"""``sentry audit``: the metered calls that were recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from costsentry_cli.cli import completion
from costsentry_cli.cli.context import open_context, open_sandbox, read_manifest
from costsentry_cli.cli.forms import DOCUMENT
from costsentry_cli.cli.options import FILE, OUTPUT, TARGET, Common, common, group
from costsentry_cli.cli.output import emit, emit_document, say
from costsentry_cli.domain.errors import SentryError

if TYPE_CHECKING:
    from costsentry_cli.cli.audit_file import AuditFile
    from costsentry_cli.domain.audit_query import Search
    from costsentry_cli.usecases.audit import LogGroup, Trail

app = group("Recorded calls: who called which model, what was decided, and what it took.")


class GroupBy(StrEnum):
    """What ``--group-by`` takes."""

    COST_CENTER = "costCenter"
    MODEL = "model"
    APPLICATION = "applicationId"
    ENVIRONMENT = "environment"
    DECISION = "decision"


class End(StrEnum):
    """What ``--ending`` takes."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    DENIED = "denied"
    UNKNOWN = "unknown"


Last = Annotated[str, typer.Option("--last", help="How far to look back: 30m, 24h, 7d.")]
CostCenter = Annotated[
    str, typer.Option("--cost-center", autocompletion=completion.COST_CENTERS, help="Only this cost centre's calls.")
]
Ending = Annotated[End | None, typer.Option("--ending", help="Only calls that ended so.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=10_000, help="At most so many.")]
From = Annotated[Path | None, typer.Option("--audit-file", help="Read this file, not the manifest's log group.")]
Group = Annotated[GroupBy, typer.Option("--group-by", "-g", help="What to add up by.")]


@dataclass(frozen=True)
class _Place:
    """Where recorded calls are looked for."""

    trail: Trail
    source: str
    target: Mapping[str, str]
    clock: Callable[[], datetime]
    file: AuditFile | None = None
    log_group: LogGroup | None = None

    def search(self, last: str, cost_center: str = "", ending: End | None = None, request_id: str = "") -> Search:
        from costsentry_cli.domain import audit_query

        since, until = audit_query.last(last, self.clock())
        return audit_query.Search(since, until, cost_center, ending or "", request_id)

    def told(self) -> None:
        """What the looking cost, and what could not be read."""
        if self.log_group is not None:
            say(f"CloudWatch Logs Insights: {self.log_group.scanned:,} bytes scanned")
        if self.file is not None and self.file.unreadable:
            say(f"{self.file.path}: {self.file.unreadable} lines hold no event of ours and are left out")


@app.command("list")
@common(FILE, TARGET, OUTPUT)
def list_calls(
    shared: Common,
    *,
    last: Last = "24h",
    cost_center: CostCenter = "",
    ending: Ending = None,
    limit: Limit = 50,
    audit_file: From = None,
) -> None:
    """List recorded calls, the newest first. Times are UTC; costs are estimates by catalogue prices."""
    from costsentry_cli.render import audit as view

    place = _place(shared, audit_file)
    search = place.search(last, cost_center, ending)
    events = place.trail.newest(search, limit)
    emit(shared, view.events_table(events, search, place.source), place.target)
    if len(events) == limit:
        say(f"the newest {limit}; there may be more: --limit")
    place.told()


@app.command()
@common(FILE, TARGET, OUTPUT, result=DOCUMENT)
def show(
    shared: Common,
    *,
    request_id: Annotated[str, typer.Argument(metavar="REQUEST_ID", help="Ours, or AWS's.")],
    last: Last = "30d",
    audit_file: From = None,
) -> None:
    """Show one recorded call, every attempt of it."""
    from costsentry_cli.render import audit as view
    from costsentry_cli.usecases import audit

    place = _place(shared, audit_file)
    events = audit.one(place.trail, place.search(last, request_id=request_id))
    text = "\n".join(view.event_text(event) for event in events)
    emit_document(shared, "call", {"source": place.source, "events": [dict(e) for e in events]}, place.target, text)
    place.told()


@app.command()
@common(FILE, TARGET, OUTPUT)
def stats(
    shared: Common,
    *,
    group_by: Group = GroupBy.COST_CENTER,
    last: Last = "7d",
    cost_center: CostCenter = "",
    ending: Ending = None,
    audit_file: From = None,
) -> None:
    """Add recorded calls up: calls, tokens, cost.

    How many, how many of them denied, and what they cost by catalogue prices.
    """
    from costsentry_cli.render import audit as view

    place = _place(shared, audit_file)
    search = place.search(last, cost_center, ending)
    sums = place.trail.sums(search, group_by)
    emit(shared, view.sums_table(sums, group_by, search, place.source), place.target)
    place.told()


def _place(shared: Common, audit_file: Path | None) -> _Place:
    """The file, or the manifest's log group. Raises ``SentryError`` CS0101 where the manifest has none."""
    from costsentry_cli.usecases.audit import LogGroup, Recorded

    if audit_file is not None:
        from costsentry_cli.cli.audit_file import AuditFile

        clock = open_sandbox(shared).now if shared.sandbox else lambda: datetime.now(UTC)
        file = AuditFile(audit_file)
        return _Place(Recorded(file), str(audit_file), {}, clock, file=file)
    manifest = read_manifest(shared)
    audit = manifest.audit
    if audit is None:
        advice = "add to it: audit: {}, then: sentry sync; or read a file: --audit-file FILE"
        raise SentryError("CS0101", f"{manifest.source.name} has no audit: calls are recorded nowhere", help=advice)
    context = open_context(shared, manifest)
    log_group = LogGroup(context.cloud, audit.log_group, audit.region, context.wait)
    source = f"CloudWatch Logs {audit.log_group}"
    return _Place(log_group, source, context.target.as_dict(), context.clock, log_group=log_group)
