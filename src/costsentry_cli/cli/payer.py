"""Commands about the payer's billing."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace

from costsentry_cli.cli.context import Context, open_context
from costsentry_cli.cli.options import Common
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.payer import Payer

BILLING_REGION = "us-east-1"
"""Billing has one endpoint for all regions of the partition; the client library finds it from any of them."""


def open_billing(shared: Common, manifest: Manifest | None) -> Context:
    """The target, in the manifest's region if there is one: no command about billing needs a region to be named."""
    if manifest is None and not shared.region:
        shared = replace(shared, region=BILLING_REGION)
    return open_context(shared, manifest)


def payer_of(context: Context, words: Sequence[str]) -> Payer:
    """The context's cloud as the payer's; ``sentry tags`` with these words is what to run there when it is not."""
    return Payer(context.cloud, context.target.account, f"sentry tags {shlex.join(words)}")
