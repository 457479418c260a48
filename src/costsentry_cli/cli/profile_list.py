"""``sentry profiles list``: what profiles there are."""

from __future__ import annotations

from typing import Annotated

import typer

from costsentry_cli.cli import completion
from costsentry_cli.cli.options import FILE, OUTPUT, TARGET, Common, common, group
from costsentry_cli.cli.output import emit
from costsentry_cli.cli.reach import manifest_if_any, reach
from costsentry_cli.usecases import profiles

app = group("Application inference profiles.")


@app.command("list")
@common(FILE, TARGET, OUTPUT)
def list_profiles(
    shared: Common,
    *,
    namespace: Annotated[
        str | None,
        typer.Option("--namespace", autocompletion=completion.NAMESPACES, help="Only this namespace's profiles."),
    ] = None,
) -> None:
    """List application inference profiles, ours and foreign.

    In every account and region of the manifest where there is one, else in the target's own.
    """
    seen = reach(shared, manifest_if_any(shared))
    table = profiles.listing(seen.clouds, seen.scopes, namespace)
    target = seen.context.target.as_dict()
    emit(shared, table, target, None if table.rows else "No application inference profiles here.\n")
    seen.tell_troubles()
