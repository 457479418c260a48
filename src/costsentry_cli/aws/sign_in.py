"""What this machine knows of credentials: where they were looked for, and which commands would bring some.

Read from the client library's own view of the environment and the config files; no secret is looked at or told, and
nothing is asked over the network.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import botocore.session
from botocore.exceptions import BotoCoreError

from costsentry_cli.domain.alike import some
from costsentry_cli.domain.errors import Step
from costsentry_cli.domain.manifest.findings import most_similar

SANDBOX = Step("sentry ... --sandbox", "no account needed")
AGAIN = "then run this again"
SHOWN = 8
_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
HALVES = _KEYS[:2]
_FROM = {
    "env": "the environment (AWS_ACCESS_KEY_ID)",
    "shared-credentials-file": "the credentials file",
    "config-file": "the config file",
    "assume-role": "a role",
    "sso": "the SSO session",
    "login": "aws login",
    "container-role": "the container's role",
    "iam-role": "the machine's role",
    "custom-process": "the credential_process of the config file",
}


def profiles(session: botocore.session.Session) -> tuple[str, ...]:
    """The names of the AWS profiles of the config files; none when they cannot be read."""
    try:
        return tuple(session.available_profiles)
    except BotoCoreError:
        return ()


def looked_in(session: botocore.session.Session, now: datetime | None = None) -> tuple[str, ...]:
    """A line for each place where credentials were looked for, and what was there."""
    keys = ", ".join(f"{key} is {'set' if os.environ.get(key) else 'not set'}" for key in HALVES)
    return (
        f"looked in the environment: {keys}",
        *(f"looked in {_tilde(path)}: {_file(path, session)}" for path in _files(session)),
        *_sessions(session, now or datetime.now(UTC)),
        f"looked for a container's or machine's role: {_role()}",
    )


def ways_in(session: botocore.session.Session) -> tuple[Step, ...]:
    """The commands that bring credentials, the likeliest first; the sandbox needs none."""
    own, names = signed_in_again(session), profiles(session)
    current = _current(session)
    others = [name for name in names if name != current]
    steps = [own] if own is not None else []
    if others:
        steps.append(Step(f"sentry ... --aws-profile {others[0]}", f"you have: {some(names, SHOWN)}"))
    if not names:
        steps.append(Step("aws configure sso", "or: aws login, aws configure"))
    return (*steps, SANDBOX)


def signed_in_again(session: botocore.session.Session) -> Step | None:
    """The command that renews the session of the profile in use; None when it has none."""
    profile, config = _current(session), _config(session)
    about = config.get("profiles", {}).get(profile or "default", {})
    if "sso_session" in about:
        return Step(f"aws sso login --sso-session {about['sso_session']}", AGAIN)
    named = f" --profile {profile}" if profile else ""
    if "sso_start_url" in about:
        return Step(f"aws sso login{named}", AGAIN)
    if "login_session" in about:
        return Step(f"aws login{named}", AGAIN)
    sessions = list(config.get("sso_sessions", {}))
    return Step(f"aws sso login --sso-session {sessions[0]}", AGAIN) if sessions else None


def meant(session: botocore.session.Session, profile: str) -> tuple[tuple[str, ...], tuple[Step, ...]]:
    """What to say of a profile there is not: the names there are, and the one that was most likely meant."""
    names = profiles(session)
    if not names:
        return ("there is no AWS profile on this machine",), (Step("aws configure sso", "makes one"), SANDBOX)
    close = most_similar(profile, names)
    steps = [Step(f"sentry ... --aws-profile {close}", "did you mean this one?")] if close else []
    return (f"there are: {some(names, SHOWN)}",), (*steps, Step("aws configure list-profiles"))


def origin_of(method: str) -> tuple[str, ...]:
    """Where the credentials that AWS refused came from; ``method`` is the library's word."""
    return (f"the credentials come from {_FROM.get(method, method)}",) if method else ()


def instead_of(method: str, session: botocore.session.Session) -> tuple[Step, ...]:
    """What to do about credentials that AWS refused, by where they came from."""
    if method == "env":
        return (Step(f"unset {' '.join(_KEYS)}", "or set new ones"), *ways_in(session))
    return ways_in(session)


def _current(session: botocore.session.Session) -> str | None:
    name = session.get_config_variable("profile")
    return str(name) if name else None


def _config(session: botocore.session.Session) -> Mapping[str, Any]:
    try:
        config: Mapping[str, Any] = session.full_config
    except BotoCoreError:
        return {}
    return config


def _files(session: botocore.session.Session) -> Iterator[Path]:
    for name in ("credentials_file", "config_file"):
        yield Path(str(session.get_config_variable(name))).expanduser()


def _file(path: Path, session: botocore.session.Session) -> str:
    if not path.exists():
        return "there is no such file"
    current = _current(session) or "default"
    return f"nothing usable for the profile {current!r}"


def _sessions(session: botocore.session.Session, now: datetime) -> Iterator[str]:
    for name in _config(session).get("sso_sessions", {}):
        yield f"looked in the SSO cache: session {name!r} {_expiry(name, now)}"


def _expiry(name: str, now: datetime) -> str:
    token = Path("~/.aws/sso/cache").expanduser() / f"{hashlib.sha1(name.encode()).hexdigest()}.json"  # noqa: S324 AWS's own
    try:
        ends = datetime.fromisoformat(json.loads(token.read_text(encoding="utf-8"))["expiresAt"])
        left = (ends if ends.tzinfo else ends.replace(tzinfo=UTC)) - now
    except (OSError, ValueError, KeyError, TypeError):
        return "was never signed in to"
    minutes = abs(int(left.total_seconds())) // 60
    long = f"{minutes} min" if minutes < 120 else f"{minutes // 60} h" if minutes < 2880 else f"{minutes // 1440} d"
    return f"expired {long} ago" if left.total_seconds() < 0 else f"is good for {long}"


def _role() -> str:
    if any(os.environ.get(f"AWS_CONTAINER_CREDENTIALS_{form}_URI") for form in ("RELATIVE", "FULL")):
        return "the container gave none"
    off = os.environ.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true"
    return "not asked (AWS_EC2_METADATA_DISABLED)" if off else "none answered"


def _tilde(path: Path) -> str:
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)
