"""``sentry profiles``: application inference profiles."""

from __future__ import annotations

from costsentry_cli.cli.lazy import lazy
from costsentry_cli.cli.options import group

COMMANDS: dict[str, tuple[str, str]] = {
    "plan": ("profile_sync", "Show what sync would do; nothing is changed."),
    "sync": ("profile_sync", "Make the account what the manifest says."),
    "list": ("profile_list", "List application inference profiles, ours and foreign."),
    "resolve": ("profile_lookup", "Show one profile: ARN, model, price, lifecycle, tags."),
    "env": ("profile_lookup", "Print the profiles' ARNs by cost centre for a shell or a file."),
    "adopt": ("profile_adoption", "Take existing profiles under management, none replaced."),
    "import": ("profile_adoption", "Write a manifest for the profiles an account has."),
}
app = group("Application inference profiles: what the manifest declares, made so.", lazy(COMMANDS))
