"""Commands that only the payer account may run."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from costsentry_cli.cli.context import Context
from costsentry_cli.domain.payer import Payer


def payer_of(context: Context, words: Sequence[str]) -> Payer:
    """The context's cloud as the payer's; ``sentry tags`` with these words is what to run there when it is not."""
    return Payer(context.cloud, context.target.account, f"sentry tags {shlex.join(words)}")
