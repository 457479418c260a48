"""``sentry anomalies list``."""

from __future__ import annotations

from dataclasses import replace

from costsentry_cli.cli.billing import NoCost, for_a_person, open_billing, tell_unknown
from costsentry_cli.cli.memory import Wishes, remembered
from costsentry_cli.cli.options import FILE, OUTPUT, TARGET, Common, common, group
from costsentry_cli.cli.output import drawn, emit
from costsentry_cli.cli.reach import manifest_if_any
from costsentry_cli.domain.table import Table
from costsentry_cli.usecases import anomalies

app = group("Cost anomaly monitors.")


@app.command("list")
@common(FILE, TARGET, OUTPUT)
def list_anomalies(
    shared: Common,
    *,
    no_cost: NoCost = False,
    wishes: Wishes,
) -> int:
    """List the monitors, the anomalies of the last 90 days, and what the detector cannot see.

    One paid Cost Explorer request for the share of last month's cost it cannot see; --no-cost makes none.
    """
    context, scope = open_billing(shared, manifest_if_any(shared))
    with remembered(shared, context, wishes) as memory:
        monitors, found = anomalies.listing(memory, scope, context.clock(), with_cost=not no_cost)
        people = _screen(shared, monitors, found) if for_a_person(shared) else None
        emit(shared, monitors, context.target.as_dict(), people)
        return tell_unknown(monitors.facts)


def _screen(shared: Common, monitors: Table, found: Table) -> str:
    """The monitors, what they found, and the truth about what they see."""
    notes = drawn(shared, replace(monitors, rows=()))
    if not monitors.rows:
        return f"No anomaly monitors here: anomaly_monitors: in the manifest, then sentry anomalies sync\n\n{notes}"
    above = drawn(shared, replace(monitors, notes=()))
    below = drawn(shared, found) if found.rows else "No anomalies in the last 90 days.\n"
    return f"{above}\n{below}\n{notes}"
