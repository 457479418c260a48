"""``sentry limits``: what calls may use in a minute, hour, day or month, and what they have used."""

from __future__ import annotations

from costsentry_cli.cli.lazy import lazy
from costsentry_cli.cli.options import group

COMMANDS: dict[str, tuple[str, str]] = {
    "status": ("limit_views", "Show where every limit stands now."),
    "show": ("limit_views", "Show one limit: who holds it, its last windows."),
    "reset": ("limit_changes", "Forget what was used in the present window."),
    "expire": ("limit_changes", "End reservations that nobody settled in time."),
}
app = group("Limits on calls: what the manifest allows, and what is used of it.", lazy(COMMANDS))
