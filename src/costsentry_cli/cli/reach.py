"""Which accounts and regions a command looks at: the manifest's, narrowed by ``--region`` and ``--account``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import typer

from costsentry_cli.cli import completion
from costsentry_cli.cli.context import Context, manifest_path, open_context, read_manifest
from costsentry_cli.cli.options import Common
from costsentry_cli.cli.output import say
from costsentry_cli.domain.alike import grouped, some
from costsentry_cli.domain.calls import Cloud
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.kind import Scope, regions_of
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.plan import Trouble

AccountOption = Annotated[
    str | None,
    typer.Option("--account", autocompletion=completion.ACCOUNTS, help="Only this one of the manifest's accounts."),
]


@dataclass(frozen=True)
class Reach:
    """An open context with the clouds by account and the scopes to look at."""

    context: Context
    clouds: Mapping[str, Cloud]
    scopes: tuple[Scope, ...]
    troubles: tuple[Trouble, ...] = ()
    """The accounts that cannot be reached, and why."""

    def tell_troubles(self) -> None:
        """A line for each account that is left out."""
        tell_troubles(self.troubles)


def tell_troubles(troubles: Sequence[Trouble]) -> None:
    """A line for each reason why places are left out, with those places."""
    for alike in grouped(troubles, lambda one: one.error):
        places = dict.fromkeys(f"{one.scope.account} {one.scope.region}".strip() for one in alike)
        say(f"not looked at: {some(tuple(places))}: {alike[0].error.code} {alike[0].error.message}")


def manifest_if_any(shared: Common) -> Manifest | None:
    """The manifest that was named or stands in the folder; None when there is none."""
    return None if shared.file is None and not manifest_path(shared).exists() else read_manifest(shared)


def reach(shared: Common, manifest: Manifest | None, account: str | None = None) -> Reach:
    """Open the target; an account that cannot be reached is a trouble and left out."""
    context = open_context(shared, manifest)
    target = context.target
    if manifest is None:
        return Reach(context, {target.account: context.cloud}, (Scope(target.account, target.region, ""),))
    clouds, unreachable = context.clouds(manifest)
    if account is not None:
        clouds = _only(account, clouds, unreachable)
        unreachable = {}
    regions = [shared.region] if shared.region else regions_of(manifest, target.region)
    scopes = tuple(Scope(number, region, manifest.namespace) for number in clouds for region in regions)
    troubles = tuple(Trouble(Scope(number, "", manifest.namespace), error) for number, error in unreachable.items())
    return Reach(context, clouds, scopes, troubles)


def _only(account: str, clouds: Mapping[str, Cloud], unreachable: Mapping[str, SentryError]) -> dict[str, Cloud]:
    if account in unreachable:
        raise unreachable[account]
    if account not in clouds:
        raise SentryError("CS0101", f"--account {account} is none of: {', '.join(clouds)}")
    return {account: clouds[account]}
