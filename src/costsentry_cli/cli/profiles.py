"""``sentry profiles``: application inference profiles."""

from __future__ import annotations

from typing import Annotated

import typer

from costsentry_cli.cli import profile_adoption, profile_lookup
from costsentry_cli.cli.context import open_context
from costsentry_cli.cli.manage import add_commands
from costsentry_cli.cli.options import FILE, OUTPUT, TARGET, Common, common, group
from costsentry_cli.cli.output import emit
from costsentry_cli.domain.kind import Kind
from costsentry_cli.domain.kinds.inference_profile import InferenceProfile
from costsentry_cli.usecases import profiles

app = group("Application inference profiles: what the manifest declares, made so.")
KINDS: tuple[Kind, ...] = (InferenceProfile(),)
add_commands(app, lambda: KINDS, "sentry profiles sync")
profile_lookup.add_commands(app)
profile_adoption.add_commands(app)


@app.command("list")
@common(FILE, TARGET, OUTPUT)
def list_profiles(
    shared: Common,
    *,
    namespace: Annotated[str | None, typer.Option("--namespace", help="Only this namespace's profiles.")] = None,
) -> None:
    """List application inference profiles, ours and foreign."""
    context = open_context(shared)
    table = profiles.listing(context.cloud, context.target.account, [context.target.region], namespace)
    emit(shared, table, context.target.as_dict(), None if table.rows else "No application inference profiles here.\n")
