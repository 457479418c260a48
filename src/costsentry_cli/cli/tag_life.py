"""``sentry tags status``, ``activate`` and ``deactivate``: the life of a tag key."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from costsentry_cli.cli import completion
from costsentry_cli.cli.billing import open_billing, tell_unknown
from costsentry_cli.cli.context import Context, read_manifest
from costsentry_cli.cli.memory import Wishes, remembered
from costsentry_cli.cli.options import FILE, OUTPUT, TARGET, Common, common, group
from costsentry_cli.cli.output import ask, drawn, emit, say, terminal_width
from costsentry_cli.cli.payer import payer_of
from costsentry_cli.cli.reach import manifest_if_any, reach, tell_troubles
from costsentry_cli.cli.waiting import DEADLINE, Deadline, Wait, duration
from costsentry_cli.domain.errors import Exit, SentryError
from costsentry_cli.domain.manifest.findings import most_similar
from costsentry_cli.domain.payer import Payer

if TYPE_CHECKING:
    from costsentry_cli.domain.manifest.types import Manifest
    from costsentry_cli.domain.tag_life import Switched
    from costsentry_cli.usecases.tags import Activating

app = group("Cost allocation tags.")
MUCH_ALIKE = 0.85
"""From here on a key that billing does not know is most likely one that it knows, misspelled."""
Keys = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[KEY]...",
        autocompletion=completion.TAG_KEYS,
        help="Tag keys (default: the manifest's cost_allocation_tags).",
    ),
]
Named = Annotated[list[str], typer.Argument(metavar="KEY...", autocompletion=completion.TAG_KEYS, help="Tag keys.")]
NoCost = Annotated[bool, typer.Option("--no-cost", help="Ask Cost Explorer nothing: a request for each key is paid.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Deactivate without asking.")]
Force = Annotated[bool, typer.Option("--force", help="What the manifest wants active, too.")]


@app.command()
@common(FILE, TARGET, OUTPUT)
def status(
    shared: Common,
    *,
    keys: Keys = None,
    no_cost: NoCost = False,
    wishes: Wishes,
) -> int:
    """Show where each key stands, what its costs say, and what to do next.

    Every key that was ever active is one paid Cost Explorer request ($0.01). Profiles are counted in all accounts and
    regions of the manifest.
    """
    from costsentry_cli.render import tag_status as view
    from costsentry_cli.usecases import tags

    manifest = manifest_if_any(shared) if keys else read_manifest(shared)
    wanted = _wanted(manifest, keys)
    place = reach(shared, manifest)
    context = place.context
    with remembered(shared, context, wishes) as memory:
        payer = replace(payer_of(context, ["status", *wanted]), cloud=memory)
        found = tags.status(payer, place.clouds, place.scopes, wanted, context.clock(), with_cost=not no_cost)
        found = replace(found, troubles=(*place.troubles, *found.troubles))
        screen = drawn(shared, view.as_people_see_it(found, terminal_width()))
        table = view.as_table(found)
        emit(shared, table, context.target.as_dict(), screen)
        tell_troubles(found.troubles)
        priced = tell_unknown(table.facts)
    return Exit.PARTIAL if found.troubles else priced


@app.command()
@common(FILE, TARGET, OUTPUT)
def activate(shared: Common, *, keys: Keys = None, wait: Wait = False, deadline: Deadline = DEADLINE) -> int:
    """Activate keys for cost allocation.

    A key that billing has not seen yet stays pending: run it again in a day, or let it --wait.
    """
    from costsentry_cli.domain.tag_life import Switched
    from costsentry_cli.usecases.tags import Activating

    longest = duration(deadline)
    manifest = manifest_if_any(shared) if keys else read_manifest(shared)
    wanted = _wanted(manifest, keys)
    context, _ = open_billing(shared, manifest)
    work = Activating(payer_of(context, ["activate", *wanted]), Switched(pending=tuple(wanted)))
    return carry_on(shared, context, work, longest if wait else None)


@app.command()
@common(FILE, TARGET, OUTPUT)
def deactivate(shared: Common, *, keys: Named, yes: Yes = False, force: Force = False) -> int:
    """Deactivate keys: costs from now on do not carry them, those of before still do.

    Keys that the manifest lists under cost_allocation_tags need --force: the next sync activates them again.
    """
    from costsentry_cli.render.activation import as_table
    from costsentry_cli.usecases import tags

    manifest = manifest_if_any(shared)
    wanted = _wanted(None, keys)
    if manifest is not None and not force:
        _refuse_declared(manifest, wanted)
    context, _ = open_billing(shared, manifest)
    payer = payer_of(context, ["deactivate", *wanted])
    _refuse_unknown(payer, wanted)
    for line in _meaning(manifest, wanted):
        say(line)
    if not yes and not ask(f"Deactivate {'this key' if len(wanted) == 1 else f'these {len(wanted)} keys'}?", "--yes"):
        say("nothing was changed")
        return Exit.OK
    done = tags.deactivate(payer, wanted)
    emit(shared, as_table(done, "deactivated", "already inactive"), context.target.as_dict())
    return _ending(context, done, len(wanted))


def carry_on(shared: Common, context: Context, work: Activating, longest: timedelta | None) -> int:
    """Activate, with ``longest`` until nothing is pending any more; what was done is told however that ends.

    Exit 6 when keys are still pending at the deadline; without one that is no failure. Raises the ``SentryError`` of a
    later round when the first ones have been told.
    """
    asked = len(work.so_far.pending)
    interrupted, error = False, None
    try:
        _rounds(context, work, longest)
    except KeyboardInterrupt:
        interrupted = True
    except SentryError as refusal:
        error = refusal
    done = work.so_far
    if error is not None and len(done.pending) == asked:
        raise error
    _tell(shared, context, done)
    if error is None and not interrupted and not context.cloud.interrupted:
        _tell_near(work.payer, done.pending)
    if error is not None:
        raise error
    if interrupted or context.cloud.interrupted:
        say("interrupted: run it again to go on")
        return Exit.INTERRUPTED
    if longest is not None and done.pending and not done.failed:
        say("the deadline is over; run it again to go on waiting")
        return Exit.PARTIAL
    return _ending(context, done, asked)


def _rounds(context: Context, work: Activating, longest: timedelta | None) -> None:
    from costsentry_cli.domain.waiting import wait_until

    if longest is None:
        work.done()
        return
    until, told = context.clock() + longest, False

    def wait(seconds: float) -> None:
        nonlocal told
        if not told:
            keys = ", ".join(work.so_far.pending)
            say(f"waiting for billing to see {keys}; until {until:%Y-%m-%d %H:%M} UTC, Ctrl-C ends it")
            told = True
        context.wait(seconds)

    wait_until(work.done, context.clock, wait, longest)


def _tell(shared: Common, context: Context, done: Switched) -> None:
    from costsentry_cli.render.activation import as_table

    emit(shared, as_table(done), context.target.as_dict())
    if done.pending:
        again = f"sentry tags activate --wait {shlex.join(done.pending)}"
        say("pending keys: use a profile with the tag once; about a day later billing knows the key")
        say(shared.pasteable(f"then run this again, or let it wait: {again}"))
    elif done.changed:
        say("costs carry the keys from about a day after now; earlier costs stay without them")


def _tell_near(payer: Payer, pending: Sequence[str]) -> None:
    """Of a pending key the one that billing knows and it may be misspelled for: it would be waited for in vain."""
    known = payer.listed() if pending else {}
    for key in pending:
        near = most_similar(key, tuple(known), MUCH_ALIKE)
        if near is not None:
            say(f"billing knows {near}, but not {key}: is it misspelled? keys that differ in case are different keys")


def _ending(context: Context, done: Switched, asked: int) -> int:
    if context.cloud.interrupted:
        return Exit.INTERRUPTED
    if not done.failed:
        return Exit.OK
    return done.failed[0].error.exit if len(done.failed) == asked else Exit.PARTIAL


def _meaning(manifest: Manifest | None, keys: Sequence[str]) -> list[str]:
    """What deactivating these keys does, and what of the manifest uses them."""
    lines = [
        f"deactivating {', '.join(keys)}: costs from now on do not carry {'it' if len(keys) == 1 else 'them'}",
        "what was billed before keeps its values, until somebody requests a backfill",
    ]
    return lines if manifest is None else [*lines, *(line for key in keys for line in _uses(manifest, key))]


def _uses(manifest: Manifest, key: str) -> list[str]:
    budgets = [budget.name for budget in manifest.budgets if key in budget.tags]
    monitors = [monitor.name for monitor in manifest.anomaly_monitors if monitor.tag == key]
    lines = [f"budgets by {key}, which will miss new costs: {', '.join(budgets)}"] if budgets else []
    if monitors:
        lines.append(f"anomaly monitors over {key}, which will see no new costs: {', '.join(monitors)}")
    return lines


def _refuse_declared(manifest: Manifest, keys: Sequence[str]) -> None:
    declared = [key for key in keys if key in manifest.cost_allocation_tags]
    if declared:
        listed = f"{', '.join(declared)} {'is' if len(declared) == 1 else 'are'} listed under cost_allocation_tags"
        message = f"{listed}: the next sync would activate {'it' if len(declared) == 1 else 'them'} again"
        raise SentryError("CS0203", message, help="take it out of the manifest, or --force")


def _refuse_unknown(payer: Payer, keys: Sequence[str]) -> None:
    """Raises ``SentryError`` CS0101 for a key that billing does not know: most likely it is misspelled."""
    known = payer.listed()
    for key in keys:
        if key not in known:
            near = most_similar(key, tuple(known))
            raise SentryError(
                "CS0101",
                f"billing knows no tag key {key!r}" + (f"; did you mean {near}?" if near else ""),
                help="see what is active: sentry tags status",
            )


def _wanted(manifest: Manifest | None, keys: Sequence[str] | None) -> list[str]:
    """The keys that are named, else the manifest's. Raises ``SentryError`` CS0101 when there is none."""
    declared = manifest.cost_allocation_tags if manifest is not None else ()
    wanted = list(dict.fromkeys(keys or declared))
    if not wanted:
        raise SentryError("CS0101", "no tag keys are named", help="list them in cost_allocation_tags:, or as arguments")
    return wanted
