"""``sentry report coverage``: how much is attributed, as a report and as a gate."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Annotated

import typer

from costsentry_cli.cli import completion
from costsentry_cli.cli.billing import for_a_person
from costsentry_cli.cli.forms import CHART
from costsentry_cli.cli.memory import Wishes, remembered
from costsentry_cli.cli.options import FILE, OUTPUT, TARGET, Common, common, group
from costsentry_cli.cli.output import drawn, emit, say
from costsentry_cli.cli.reach import manifest_if_any, reach
from costsentry_cli.domain.errors import Exit, SentryError
from costsentry_cli.domain.reports import moments
from costsentry_cli.domain.reports.moments import Cut
from costsentry_cli.usecases import report_coverage

app = group("How much is attributed.")
FailUnder = Annotated[str | None, typer.Option("--fail-under", help="Exit 3 when less than this is tagged: 95%.")]


@app.command()
@common(FILE, TARGET, OUTPUT, result=CHART)
def coverage(
    shared: Common,
    *,
    key: Annotated[
        str, typer.Option("--key", "-k", autocompletion=completion.TAG_KEYS, help="The tag key that attributes.")
    ] = "costCenter",
    last: Annotated[str, typer.Option("--last", help="Whole UTC days with today: 7d, 30d.")] = "30d",
    fail_under: FailUnder = None,
    no_cost: Annotated[bool, typer.Option("--no-cost", help="Ask Cost Explorer nothing.")] = False,
    no_callers: Annotated[
        bool, typer.Option("--no-callers", help="Do not ask Bedrock's invocation log who calls past the profiles.")
    ] = False,
    wishes: Wishes,
) -> int:
    """The share of tokens that goes through tagged profiles, and the leaks: profiles without the tag, system profiles,
    bare models; with who makes them, where Bedrock's invocation log goes to CloudWatch Logs.

    Tokens are CloudWatch's, in every account and region of the manifest; the billed share is Cost Explorer's.
    """
    least = _share(fail_under) if fail_under is not None else None
    manifest = manifest_if_any(shared)
    place = reach(shared, manifest)
    now = place.context.clock()
    wait = None if no_callers else place.context.wait
    asked = report_coverage.Question(key, moments.last(last, Cut.DAILY, now), now, wait)
    with remembered(shared, place.context, wishes) as memory:
        found = report_coverage.coverage(place.clouds, place.scopes, asked, None if no_cost else memory)
        emit(shared, found.table, place.context.target.as_dict(), _screen(shared, found))
    if found.scanned:
        say(f"CloudWatch Logs Insights: {found.scanned:,} bytes scanned")
    place.tell_troubles()
    if least is not None and found.tokens is not None and found.tokens < least:
        say(f"{found.tokens:.1%} of the tokens carry {key}, less than {least:.1%}")
        return Exit.GATE
    return Exit.PARTIAL if place.troubles else Exit.OK


def _screen(shared: Common, found: report_coverage.Coverage) -> str | None:
    """For people: the leaks, and below them who makes them."""
    if not for_a_person(shared):
        return None
    leaks = found.table.kept(tuple(column for column in found.table.columns if column.key != "caller"))
    return drawn(shared, leaks) + ("" if found.callers is None else "\n" + drawn(shared, found.callers))


def _share(text: str) -> Decimal:
    try:
        share = Decimal(text.removesuffix("%")) / 100
    except InvalidOperation:
        share = Decimal(-1)
    if not 0 <= share <= 1:
        raise SentryError("CS0101", f"--fail-under {text!r} is no share", help="for example --fail-under 95%")
    return share
