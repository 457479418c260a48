"""The composition root: which target, account, region and clock a command has. Only here is the sandbox known."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from costsentry_cli.cli.completion import MANIFEST
from costsentry_cli.cli.options import Common
from costsentry_cli.cli.output import say
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.skew import TOLD, Skew, words

if TYPE_CHECKING:
    from costsentry_cli.aws import Door
    from costsentry_cli.domain.calls import Cloud
    from costsentry_cli.domain.kind import Scope
    from costsentry_cli.domain.manifest.types import Account, Manifest
    from costsentry_cli.sandbox import Sandbox
    from costsentry_cli.sandbox.seed import SeedReport

SANDBOX_REGION = "us-east-1"
SANDBOX_DB = Path(".costsentry/sandbox.db")
ENDPOINT_VARIABLES = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_BEDROCK")


@dataclass(frozen=True)
class Target:
    """What a command talks to. ``account`` is twelve digits; ``note`` says how we got there."""

    kind: str
    account: str
    region: str
    note: str = ""

    def line(self) -> str:
        """The sentence printed first, on stderr."""
        if self.kind == "sandbox":
            return "target: sandbox (no AWS account touched)"
        masked = f"{self.account[:4]}****{self.account[-4:]}"
        return f"target: aws {masked} {self.region}" + (f" ({self.note})" if self.note else "")

    def as_dict(self) -> dict[str, str]:
        """For JSON documents."""
        return {"kind": self.kind, "account": self.account, "region": self.region}


@dataclass(frozen=True)
class Context:
    """Everything a use case is given: the cloud, who and where it is, the time, and how to wait."""

    cloud: Door
    target: Target
    clock: Callable[[], datetime]
    wait: Callable[[float], None] = time.sleep
    bill: Callable[[], str] = lambda: ""
    """A mark of the bill's state where it can be changed by hand, as in a sandbox: remembered answers are of one."""

    def skew(self) -> timedelta:
        """How far the clock is from the target's, as its latest answer tells; positive where it is behind."""
        return self.cloud.skew.least

    def home(self, manifest: Manifest) -> Scope:
        """The target's own account and region."""
        from costsentry_cli.domain.kind import Scope

        return Scope(self.target.account, self.target.region, manifest.namespace)

    def clouds(self, manifest: Manifest) -> tuple[dict[str, Cloud], dict[str, SentryError]]:
        """Account -> the cloud that reaches it, and account -> why it cannot be reached.

        The target's own account, or every account of the manifest, by its role. Raises ``SentryError`` when there is
        none that can be reached.
        """
        if not manifest.accounts:
            return {self.target.account: self.cloud}, {}
        reached: dict[str, Cloud] = {}
        unreachable: dict[str, SentryError] = {}
        for account in manifest.accounts:
            try:
                reached[account.id] = self._reach(account)
            except SentryError as error:
                unreachable[account.id] = error
        if not reached:
            raise next(iter(unreachable.values()))
        return reached, unreachable

    def _reach(self, account: Account) -> Cloud:
        from costsentry_cli.aws import assume

        if account.assume_role is not None:
            return assume(self.cloud, account.assume_role, external_id=account.external_id)
        if account.id == self.target.account:
            return self.cloud
        raise SentryError(
            "CS0204",
            f"account {account.id} has no assume_role, and these credentials belong to {self.target.account}",
            help="give it an assume_role, or use that account's credentials",
        )


class Waiting:
    """Says on stderr that a retry is being waited for, once it takes long, and not again for a while."""

    AFTER = 2.0
    AGAIN = 10.0

    def __init__(self) -> None:
        self.next = self.AFTER

    def __call__(self, what: str, seconds: float) -> None:
        """Hear of one retry."""
        if seconds >= self.next:
            self.next = seconds + self.AGAIN
            sys.stderr.write(f"{what} ({seconds:.0f} s)\n")
            sys.stderr.flush()


def manifest_path(common: Common) -> Path:
    """The manifest's file: ``-f``, ``COSTSENTRY_FILE`` (an option default), else ./profiles.yaml."""
    return common.file or MANIFEST


def read_manifest(common: Common) -> Manifest:
    """Load and check the manifest; raises ``InvalidDocument`` with every problem."""
    from costsentry_cli.manifest_file import read

    return read(manifest_path(common))


def open_context(
    common: Common, manifest: Manifest | None = None, *, quiet: bool = False, then: Sequence[str] = ()
) -> Context:
    """Connect to the target, say which it is, and refuse another account than the manifest names.

    ``then`` are the services the command goes on to call: AWS's clients for them are made while it says who we are.
    """
    context = _sandbox_context(common, manifest) if common.sandbox else _aws_context(common, manifest, then)
    if not quiet:
        print_target(context.target)
        tell_clock(context.skew())
    if manifest is not None and manifest.account not in (None, context.target.account):
        raise SentryError(
            "CS0204",
            f"the manifest is for account {manifest.account}, these credentials belong to {context.target.account}",
            where=manifest.source.name,
        )
    return context


def print_target(target: Target) -> None:
    """The target line; before anything else happens."""
    sys.stderr.write(target.line() + "\n")
    sys.stderr.flush()


def tell_clock(skew: timedelta) -> None:
    """Warn of a clock that is wrong: windows of limits, and days of reports, begin by it."""
    if abs(skew) > TOLD:
        say(f"warning: {words(skew)}: calls may count in a neighbouring window")


def sandbox_path(common: Common) -> Path:
    """The sandbox's state file."""
    return Path(common.sandbox_db) if common.sandbox_db else SANDBOX_DB


def open_sandbox(common: Common) -> Sandbox:
    """The sandbox itself, for the commands that steer it."""
    return sandbox_at(sandbox_path(common))


def sandbox_at(path: Path, clock: Callable[[], datetime] | None = None) -> Sandbox:
    """The sandbox in this file; ``clock`` replaces the machine's (aware, UTC)."""
    import sqlite3

    from costsentry_cli.sandbox import Sandbox

    try:
        return Sandbox(path) if clock is None else Sandbox(path, clock=clock)
    except (sqlite3.DatabaseError, OSError) as error:
        raise SentryError("CS0813", f"cannot use {path}: {error}") from error


def serve_sandbox(sandbox: Sandbox, port: int, ready: Callable[[str], None]) -> None:
    """Serve on loopback until interrupted; ``ready`` is told the URL."""
    from costsentry_cli.sandbox.server import serve

    try:
        serve(sandbox, port, ready)
    except OSError as error:
        raise SentryError("CS0101", f"port {port}: {error.strerror}", help="--port 0 takes a free one") from error


def sandbox_environment(endpoint: str) -> dict[str, str]:
    """Environment variables for other AWS clients."""
    from costsentry_cli.sandbox import environment

    return environment(endpoint)


def seed_sandbox(sandbox: Sandbox, days: int, random_seed: int, *, invocation_log: bool) -> SeedReport:
    """Fill the sandbox with past traffic."""
    from costsentry_cli.sandbox.seed import seed

    return seed(sandbox.store, sandbox.now(), days=days, random_seed=random_seed, invocation_log=invocation_log)


def order_fault(  # noqa: PLR0913, RUF100 one fault has this many sides
    sandbox: Sandbox, service: str, operation: str, effect: str, skip: int, times: int, probability: float
) -> None:
    """Order a fault; raises ``ValueError`` for an effect there is not."""
    from costsentry_cli.sandbox import FaultRule

    sandbox.add_fault(FaultRule(service, operation, effect, skip=skip, times=times, probability=probability))


def _region(common: Common, manifest: Manifest | None) -> str | None:
    if common.region:
        return common.region
    return manifest.regions[0] if manifest is not None and manifest.regions else None


def _sandbox_context(common: Common, manifest: Manifest | None) -> Context:
    return sandbox_context(open_sandbox(common), _region(common, manifest) or SANDBOX_REGION)


def sandbox_context(sandbox: Sandbox, region: str) -> Context:
    """A context whose cloud is this sandbox and whose time is the sandbox's clock."""
    from costsentry_cli.aws import connect_to, identity

    door = connect_to(sandbox.plug, region)
    door.patience, door.skew = replace(door.patience, told=Waiting()), Skew(sandbox.now)
    target = Target("sandbox", identity(door), region)
    return Context(door, target, sandbox.now, bill=lambda: _bill(sandbox))


def _bill(sandbox: Sandbox) -> str:
    """What Cost Explorer's answers rest on, but for the time: another seed, setting, call or fault, another mark."""
    with sandbox.store.transaction() as db:
        settings = [
            tuple(row) for row in db.execute("SELECT name, value FROM settings WHERE name <> 'requests' ORDER BY name")
        ]
        tables = ("calls", "cost_tags", "cost_tag_spans", "tag_backfills", "faults")
        counts = [tuple(db.execute(f"SELECT count(*), max(rowid) FROM {one}").fetchone()) for one in tables]  # noqa: S608
    return repr((settings, counts))


def _aws_context(common: Common, manifest: Manifest | None, then: Sequence[str]) -> Context:
    from costsentry_cli.aws import connect, identity

    door = connect(_region(common, manifest), common.aws_profile)
    door.patience = replace(door.patience, told=Waiting())
    named = common.aws_profile or os.environ.get("AWS_PROFILE")
    endpoint = next((os.environ[name] for name in ENDPOINT_VARIABLES if os.environ.get(name)), None)
    notes = [f"aws profile: {named}"] if named else []
    notes += [f"endpoint: {endpoint}"] if endpoint else []
    by_role = manifest is not None and manifest.accounts  # those have sessions, and so clients, of their own
    target = Target("aws", identity(door, () if by_role else then), door.region, ", ".join(notes))
    return Context(door, target, lambda: datetime.now(UTC))
