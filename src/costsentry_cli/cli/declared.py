"""``sentry plan`` and ``sentry sync``: everything the manifest declares."""

from __future__ import annotations

from costsentry_cli.cli.manage import add_commands
from costsentry_cli.cli.options import group
from costsentry_cli.domain.kinds import KINDS

app = group("Everything the manifest declares.")
add_commands(app, lambda: KINDS, "sentry sync")
