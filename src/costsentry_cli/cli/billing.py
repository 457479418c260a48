"""What the commands over the billing services share: the target, where no region matters, and telling what was paid."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Annotated

import typer

from costsentry_cli.cli.context import Context, open_context
from costsentry_cli.cli.options import Common, Format
from costsentry_cli.cli.output import say
from costsentry_cli.domain.budget_spend import price
from costsentry_cli.domain.kind import GLOBAL, Scope
from costsentry_cli.domain.manifest.types import Manifest

BILLING_REGION = "us-east-1"
"""Billing has one endpoint for all regions of the partition; the client library finds it from any of them."""
NoCost = Annotated[bool, typer.Option("--no-cost", help="Make no paid Cost Explorer request.")]


def open_billing(shared: Common, manifest: Manifest | None) -> tuple[Context, Scope]:
    """Open the target, which needs no region, and where its budgets are; without a manifest any namespace is ours."""
    context = open_context(shared if shared.region else replace(shared, region=BILLING_REGION), manifest)
    return context, Scope(context.target.account, GLOBAL, manifest.namespace if manifest is not None else "")


def tell_paid(paid: int) -> None:
    """Say what was paid for, on stderr; nothing when nothing was."""
    if paid:
        say(f"Cost Explorer: {paid} paid request{'s' if paid != 1 else ''}, ${price(paid)}")


def for_a_person(shared: Common) -> bool:
    """Nobody asked for a machine's format: the screen may be drawn."""
    return shared.output is Format.TABLE and shared.query is None


def ascii_only() -> bool:
    """Standard output cannot show more than ASCII for sure."""
    return not (sys.stdout.encoding or "").lower().startswith("utf")
