"""``sentry profiles``: application inference profiles."""

from __future__ import annotations

from typing import Annotated

import typer

from costsentry_cli.cli import profile_adoption, profile_lookup
from costsentry_cli.cli.manage import add_commands
from costsentry_cli.cli.options import FILE, OUTPUT, TARGET, Common, common, group
from costsentry_cli.cli.output import emit
from costsentry_cli.cli.reach import manifest_if_any, reach
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
    """List application inference profiles, ours and foreign.

    In every account and region of the manifest where there is one, else in the target's own.
    """
    seen = reach(shared, manifest_if_any(shared))
    table = profiles.listing(seen.clouds, seen.scopes, namespace)
    target = seen.context.target.as_dict()
    emit(shared, table, target, None if table.rows else "No application inference profiles here.\n")
    seen.tell_troubles()
