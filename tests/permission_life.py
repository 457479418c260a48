"""A life in a sandbox that drives every command down every path to AWS, written down call by call."""

from __future__ import annotations

import io
import os
from collections import defaultdict
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from pathlib import Path

import pytest

from billing_world import ACTION
from costsentry_cli.aws import assume, connect_to
from costsentry_cli.cli.context import Context, sandbox_at, sandbox_context
from costsentry_cli.cli.main import run
from costsentry_cli.domain.calls import ApiCall, Operation
from costsentry_cli.domain.ledger.counters import Amounts
from costsentry_cli.domain.ledger.dynamodb import DynamoLedger
from costsentry_cli.domain.ledger.gate import Gate
from costsentry_cli.domain.limit_standing import declared
from costsentry_cli.domain.policies.place import place_of
from costsentry_cli.domain.window import month_before
from costsentry_cli.manifest_file import read
from costsentry_cli.sandbox import FaultRule
from costsentry_cli.usecases import doctor_permissions
from fakes import ACCOUNT, BASIC, write_manifest
from foreign import made, seen
from recording import PRUNING, Recorder, command_of

MEMBER = "111122223333"
ROLE = f"arn:aws:iam::{MEMBER}:role/costsentry"
TEN = ", ".join(f"a{number}@example.com" for number in range(10))
ACCOUNTS = f"""\
accounts:
  - id: "{ACCOUNT}"
  - {{id: "{MEMBER}", assume_role: "{ROLE}"}}
"""
LIMITS = """\
limits:
  - match: {model: haiku}
    per: day
    tokens: 100000
"""
METERED = LIMITS + "audit: {}\n"
BUDGET = f"""\
budgets:
  - name: bedrock-{{costCenter}}
    for_each: costCenter
    amount: 0.01
    per: month
    alerts:
      - {{at: 80%, of: actual, email: [{TEN}]}}
      - {{at: 90%, of: actual, email: [a@example.com]}}
      - {{at: 95%, of: actual, email: [a@example.com, b@example.com]}}
{ACTION}"""
CHANGED_BUDGET = (
    BUDGET.replace("a9@example.com", "z9@example.com")  # a full list: one is swapped
    .replace("90%, of: actual, email: [a@example.com]", "91%, of: actual, email: [a@example.com]")  # moved
    .replace("[a@example.com, b@example.com]", "[a@example.com, c@example.com]")  # one comes, one goes
    .replace("at: 100%", "at: 110%")
    .replace("amount: 0.01", "amount: 0.02")
)
LAST_BUDGET = """\
budgets:
  - name: bedrock-{costCenter}
    for_each: costCenter
    amount: 0.02
    per: month
    alerts:
      - {at: 50%, of: forecast, email: [a@example.com]}
"""
MONITOR = """\
anomaly_monitors:
  - name: bedrock-by-cost-center
    tag: costCenter
    alert: {above: 50, above_percent: 40%, frequency: daily, email: [finops@example.com]}
"""
CHANGED_MONITOR = MONITOR.replace("daily", "weekly")
OTHER_MONITOR = MONITOR.replace("tag: costCenter", "tag: stage").replace("daily", "weekly")
SILENT_MONITOR = OTHER_MONITOR.replace(
    "    alert: {above: 50, above_percent: 40%, frequency: weekly, email: [finops@example.com]}\n", ""
)
ONE = BASIC.replace("[sales, services, support]", "sales")
FIRST = ONE + ACCOUNTS + METERED + BUDGET + MONITOR
SECOND = ONE.replace("environment: production", "stage: production").replace("environment]", "stage]")
SECOND += ACCOUNTS + METERED + CHANGED_BUDGET + CHANGED_MONITOR
THIRD = SECOND.replace("model: haiku\n    tags", "model: nova-lite\n    tags")


class Life:
    """Runs commands in a folder; ``recorded`` is what each called, ``pruned`` what it called beyond that to delete."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.recorder = Recorder(monkeypatch)
        self.recorded: defaultdict[str, set[Operation]] = defaultdict(set)
        self.pruned: defaultdict[str, set[Operation]] = defaultdict(set)
        self.said: list[str] = []
        for name in list(os.environ):
            if name.startswith(("AWS_", "COSTSENTRY_")):
                monkeypatch.delenv(name)
        monkeypatch.setenv("COSTSENTRY_SANDBOX", "1")
        monkeypatch.setenv("COSTSENTRY_SANDBOX_DB", str(folder / "sandbox.db"))
        monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        monkeypatch.chdir(folder)

    def manifest(self, text: str) -> None:
        write_manifest(self.folder, text)

    def sentry(self, line: str, *more: str) -> int:
        words = [*line.split(), *more]
        self.recorder.forget()
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            status = run(words)
        book = self.pruned if any(word in words for word in PRUNING) else self.recorded
        book[command_of(words)] |= self.recorder.operations()
        self.said.append(f"{' '.join(words)} -> {status}\n{out.getvalue()}{err.getvalue()}")
        return status

    def call(self, service: str, operation: str, **params: object) -> None:
        """Somebody else's call."""
        sandbox_context(sandbox_at(self.folder / "sandbox.db"), "us-east-1").cloud.call(
            ApiCall(service, operation, params)
        )

    def context(self) -> Context:
        """Somebody else's way into the sandbox."""
        return sandbox_context(sandbox_at(self.folder / "sandbox.db"), "us-east-1")

    def switch(self, key: str, status: str) -> None:
        """A tag key switched by hand."""
        self.call("ce", "UpdateCostAllocationTagsStatus", CostAllocationTagsStatus=[{"TagKey": key, "Status": status}])

    def fault(self, service: str, operation: str, effect: str) -> None:
        """The next such call fails."""
        sandbox_at(self.folder / "sandbox.db").add_fault(FaultRule(service, operation, effect))

    def abandon(self) -> None:
        """Reserve as a process does that is killed before it settles."""
        sandbox = sandbox_at(self.folder / "sandbox.db")
        gate = Gate(DynamoLedger(connect_to(sandbox.plug, "us-east-1"), "costsentry-docs-helper"), sandbox.now, 120)
        gate.admit(
            [one.rule for one in declared(read(self.folder / "profiles.yaml"))], Amounts(requests=1), note="sales"
        )

    def log_invocations(self) -> None:
        """Bedrock's own log of who called, switched on by somebody else, and a call past the profiles in it."""
        group, role = "/bedrock/calls", f"arn:aws:iam::{ACCOUNT}:role/bedrock-logs"
        self.call("logs", "CreateLogGroup", logGroupName=group)
        to = {"cloudWatchConfig": {"logGroupName": group, "roleArn": role}, "textDataDeliveryEnabled": False}
        self.call("bedrock", "PutModelInvocationLoggingConfiguration", loggingConfig=to)
        words = {"messages": [{"role": "user", "content": [{"text": "Hi"}]}], "inferenceConfig": {"maxTokens": 9}}
        self.call("bedrock-runtime", "Converse", modelId="amazon.nova-lite-v1:0", **words)

    def profile(self) -> str:
        """The ARN of a profile."""
        return next(iter(seen(self.context())))

    def rename_the_monitor(self) -> None:
        """As somebody does by hand."""
        self.call("ce", "UpdateAnomalyMonitor", MonitorArn=self.monitors()[0], MonitorName="renamed")

    def monitors(self) -> list[str]:
        answer = self.context().cloud.call(ApiCall("ce", "GetAnomalyMonitors"))
        return [monitor["MonitorArn"] for monitor in answer["AnomalyMonitors"]]

    def setting(self, name: str, value: str | None) -> None:
        sandbox_at(self.folder / "sandbox.db").configure(name, value)


def lived(life: Life) -> None:
    """Every command, from an empty account to an empty account."""
    life.setting("list_lag_seconds", "20")
    life.manifest(FIRST)
    life.sentry("plan")
    life.sentry("profiles plan")
    life.sentry("profiles sync --yes")
    life.sentry("sync --yes")
    life.setting("list_lag_seconds", None)
    life.sentry("sandbox advance 1m")
    life.sentry("sandbox seed --days 30")
    life.sentry("doctor")
    life.fault("iam", "SimulatePrincipalPolicy", "error:AccessDenied:403")
    life.sentry("doctor --paid")
    _metered(life)
    _tags(life)
    _views(life)
    _changed(life)
    _gone(life)
    _adopted(life)
    _as_a_role(life)
    _member(life)


def _metered(life: Life) -> None:
    life.sentry("invoke --cost-center sales", "Hello")
    life.sentry("invoke --cost-center sales --stream", "Hello")
    life.manifest(FIRST.replace("limits:", "ledger: cloudwatch\nlimits:"))
    life.sentry("invoke --cost-center sales", "Hello")
    life.sentry("limits status")
    life.sentry("limits show model=haiku/day")
    life.manifest(FIRST)
    life.sentry("limits reset model=haiku/day --yes")
    life.abandon()
    life.sentry("sandbox advance 26h")
    for line in ("status", "show model=haiku/day", "expire"):
        life.sentry(f"limits {line}")
    for line in ("list", "show x", "stats"):
        life.sentry(f"audit {line}")
        life.fault("logs", "GetQueryResults", "error:InvalidParameterException:400")
        life.sentry(f"audit {line}")


def _tags(life: Life) -> None:
    for line in ("plan", "sync --yes", "status", "deactivate applicationId --yes --force", "activate applicationId"):
        life.sentry(f"tags {line}")
    life.sentry("tags backfill --yes --from", f"{month_before(datetime.now(UTC).date()):%Y-%m}")
    life.sentry("tags backfill --history")
    life.switch("environment", "Inactive")
    life.sentry("sync --yes")


def _views(life: Life) -> None:
    for line in (
        "profiles list",
        "profiles resolve aws-docs-sales-prod --account 123456789012",
        "profiles env --account 123456789012 --ssm-parameter /costsentry/profiles --yes",
        "budgets plan", "budgets list", "budgets status", "budgets lint", "budgets simulate",
        "anomalies plan", "anomalies list",
        "report costs", "report costs --accounts",
        "report costs -g applicationID", "report costs --exclude service=x --refresh",
        "report usage", "report usage --audit",
        "report coverage", "report forecast --refresh", "report compare --exclude service=x",
    ):  # fmt: skip
        life.sentry(line)
    life.fault("logs", "GetQueryResults", "error:InvalidParameterException:400")
    life.sentry("report usage --audit")
    life.log_invocations()
    life.fault("logs", "GetQueryResults", "error:InvalidParameterException:400")
    life.sentry("report coverage")
    life.sentry("profiles resolve", life.profile())


def _changed(life: Life) -> None:
    life.manifest(SECOND)
    life.rename_the_monitor()
    life.sentry("sync --yes")
    life.manifest(THIRD)
    life.sentry("plan --allow-replace --prune")
    life.sentry("profiles plan --allow-replace --prune")
    life.sentry("profiles sync --yes --allow-replace")
    life.manifest(THIRD.replace(CHANGED_BUDGET, LAST_BUDGET).replace(CHANGED_MONITOR, OTHER_MONITOR))
    life.sentry("sync --yes --allow-replace")
    life.manifest(THIRD.replace(CHANGED_BUDGET, LAST_BUDGET).replace(CHANGED_MONITOR, SILENT_MONITOR))
    life.sentry("sync --yes")
    life.manifest(ONE.replace("costCenter: sales", "costCenter: support") + ACCOUNTS)
    life.sentry("sync --yes --prune --force --max-deletes 99")


def _gone(life: Life) -> None:
    life.manifest(FIRST)
    life.sentry("sync --yes")
    life.sentry("destroy --confirm docs-helper --force")


def _adopted(life: Life) -> None:
    made(life.context(), "aws-docs-sales-prod", tags={"costsentry:retired": "2026-01-01T00:00:00Z"})
    life.sentry("profiles import")
    life.sentry("profiles adopt aws-docs-sales-prod --account 123456789012 --yes")


def _member(life: Life) -> None:
    life.setting("caller_account", MEMBER)
    for line in (
        "plan", "sync --yes", "budgets lint", "report costs -g applicationID", "doctor",
        "tags plan", "tags sync --yes", "tags status", "tags activate costCenter",
        "tags deactivate costCenter --yes --force",
        "tags backfill --yes --from 2026-01",
    ):  # fmt: skip
        life.sentry(line)


def _as_a_role(life: Life) -> None:
    """The doctor's question of a role's session: a sandbox is entered as a user."""
    life.recorder.forget()
    role = assume(life.context().cloud, ROLE)
    doctor_permissions.permitted(role, "us-east-1", place_of(None), ["plan"])
    life.recorded["doctor"] |= life.recorder.operations()
