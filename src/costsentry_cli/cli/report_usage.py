"""``sentry report usage``: what CloudWatch measured."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from costsentry_cli.cli.context import Context, read_manifest
from costsentry_cli.cli.forms import CHART
from costsentry_cli.cli.options import FILE, OUTPUT, TARGET, Common, common, group
from costsentry_cli.cli.output import emit, say
from costsentry_cli.cli.reach import manifest_if_any, reach
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.reports import moments
from costsentry_cli.domain.reports.moments import Cut
from costsentry_cli.domain.reports.question import words_of
from costsentry_cli.usecases import report_usage as reports

app = group("What CloudWatch measured.")
GroupBy = Annotated[
    list[str] | None,
    typer.Option(
        "--group-by", "-g", help="One or two of a tag key, profile, model, region, account (default: profile)."
    ),
]


@app.command()
@common(FILE, TARGET, OUTPUT, result=CHART)
def usage(
    shared: Common,
    *,
    group_by: GroupBy = None,
    last: Annotated[str, typer.Option("--last", help="15m, 24h, or whole UTC days with today: 30d.")] = "24h",
    source: Annotated[
        reports.Source, typer.Option("--source", help="bedrock: AWS's own count; metered: calls by this program.")
    ] = reports.Source.BEDROCK,
    granularity: Annotated[Cut, typer.Option("--granularity", help="One row a group, or one an hour or day.")] = (
        Cut.TOTAL
    ),
    audit: Annotated[
        bool, typer.Option("--audit", help="Read the manifest's recorded calls for names of profiles that are gone.")
    ] = False,
    audit_file: Annotated[
        Path | None, typer.Option("--audit-file", help="The same from a file of recorded calls.")
    ] = None,
) -> None:
    """Requests, tokens, throttles, errors and latency from CloudWatch, with an estimated cost.

    Of profiles and of models called directly, in every account and region of the manifest where there is one.
    """
    wanted = words_of(group_by or ["profile"])
    manifest = read_manifest(shared) if audit else manifest_if_any(shared)
    if manifest is not None and audit and manifest.audit is None:
        message = f"{manifest.source.name} has no audit: calls are recorded nowhere"
        raise SentryError("CS0101", message, help="leave --audit out, or give --audit-file FILE")
    seen = reach(shared, manifest)
    now = seen.context.clock()
    question = reports.Question(wanted, moments.last(last, granularity, now), now)
    events = _recorded(seen.context, question, manifest if audit else None, audit_file)
    table = reports.report(seen.clouds, seen.scopes, question, source, events)
    emit(shared, table, seen.context.target.as_dict())
    facts = table.facts or {}
    where = " on AWS" if shared.sandbox else ""
    say(f"CloudWatch: {facts['paid_metrics']:,} metrics asked for, ${facts['paid_metrics_usd']}{where}")
    seen.tell_troubles()


def _recorded(
    context: Context, question: reports.Question, manifest: Manifest | None, audit_file: Path | None
) -> list[Mapping[str, Any]]:
    """The recorded calls of a file, and the newest of the manifest's log group in the time asked about."""
    events: list[Mapping[str, Any]] = []
    if audit_file is not None:
        from costsentry_cli.cli.audit_file import AuditFile

        events += AuditFile(audit_file)
    if manifest is not None and manifest.audit is not None:
        from costsentry_cli.domain.audit_query import Search
        from costsentry_cli.domain.insights import MOST
        from costsentry_cli.usecases.audit import LogGroup

        log = LogGroup(context.cloud, manifest.audit.log_group, manifest.audit.region, context.wait)
        events += log.newest(Search(question.moments.start, min(question.moments.end, question.now)), MOST)
        say(f"CloudWatch Logs Insights: {log.scanned:,} bytes scanned")
    return events
