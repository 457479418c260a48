"""What the commands over the billing services share: the target, where no region matters, telling what is not known."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

import typer

from costsentry_cli.cli.context import Context, open_context
from costsentry_cli.cli.forms import Format
from costsentry_cli.cli.options import Common
from costsentry_cli.cli.output import say
from costsentry_cli.domain.errors import Exit
from costsentry_cli.domain.kind import GLOBAL, Scope
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.partitions import partition_of

BILLING_REGION = "us-east-1"
"""Billing has one endpoint for all regions of the partition; the client library finds it from any of them."""
NoCost = Annotated[bool, typer.Option("--no-cost", help="Make no paid Cost Explorer request.")]


def open_billing(shared: Common, manifest: Manifest | None) -> tuple[Context, Scope]:
    """Open the target, and where what has no region is; without a manifest any namespace is ours.

    No region need be named: the manifest's tells the partition, else it is that of ``BILLING_REGION``.
    """
    if not shared.region and (manifest is None or not manifest.regions):
        shared = replace(shared, region=BILLING_REGION)
    context = open_context(shared, manifest)
    target, namespace = context.target, manifest.namespace if manifest is not None else ""
    return context, Scope(target.account, GLOBAL, namespace, partition_of(target.region))


def tell_unknown(facts: Mapping[str, Any] | None) -> Exit:
    """Say on stderr why costs are not known: then exit 6, else 0. ``facts`` are a table's."""
    error = (facts or {}).get("costs_error")
    if error is not None:
        say(f"costs are not known: {error['code']} {error['message']}")
    return Exit.OK if error is None else Exit.PARTIAL


def for_a_person(shared: Common) -> bool:
    """Nobody asked for a machine's format: the screen may be drawn."""
    return shared.output is Format.TABLE and shared.query is None


def ascii_only() -> bool:
    """Standard output cannot show more than ASCII for sure."""
    return not (sys.stdout.encoding or "").lower().startswith("utf")
