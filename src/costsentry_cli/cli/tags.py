"""``sentry tags``: which tag keys billing splits costs by."""

from __future__ import annotations

from typing import Annotated

import typer

from costsentry_cli.cli.context import open_context, read_manifest
from costsentry_cli.cli.options import FILE, OUTPUT, TARGET, Common, common, group
from costsentry_cli.cli.output import emit, say
from costsentry_cli.domain.errors import Exit, SentryError
from costsentry_cli.domain.kind import Scope
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.render.activation import as_table
from costsentry_cli.usecases import tags

app = group("Cost allocation tags: which keys billing splits costs by.")
Keys = Annotated[list[str] | None, typer.Argument(help="Tag keys (default: the manifest's cost_allocation_tags).")]


@app.command()
@common(FILE, TARGET, OUTPUT)
def status(shared: Common, *, keys: Keys = None) -> None:
    """Show where each key stands, and since when."""
    manifest = read_manifest(shared)
    wanted = _wanted(manifest, keys)
    context = open_context(shared, manifest)
    scope = Scope(context.target.account, context.target.region, manifest.namespace)
    emit(shared, tags.status(context.cloud, wanted, scope, context.clock()), context.target.as_dict())


@app.command()
@common(FILE, TARGET, OUTPUT)
def activate(shared: Common, *, keys: Keys = None) -> int:
    """Activate keys for cost allocation.

    A key that billing has not seen yet stays pending: run it again in a day.
    """
    manifest = read_manifest(shared)
    wanted = _wanted(manifest, keys)
    context = open_context(shared, manifest)
    done = tags.activate(context.cloud, wanted)
    emit(shared, as_table(done), context.target.as_dict())
    if done.refused:
        say("pending keys: use a tagged profile once, wait a day, then run this again")
    elif done.activated:
        say("costs carry the tags from about a day after now; earlier costs stay untagged")
    return Exit.OK


def _wanted(manifest: Manifest, keys: list[str] | None) -> list[str]:
    wanted = list(dict.fromkeys(keys or manifest.cost_allocation_tags))
    if not wanted:
        raise SentryError("CS0101", "no tag keys are named", help="list them in cost_allocation_tags:, or as arguments")
    return wanted
