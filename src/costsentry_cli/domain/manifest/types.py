"""What a manifest means once it is read: the desired state, as plain values.

Every value remembers the place it was declared at (``at``), for messages about it later on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from costsentry_cli.domain.document import Mark, Source

Per = Literal["minute", "hour", "day", "month"]
BudgetPer = Literal["day", "month", "quarter", "year"]
Mode = Literal["enforce", "observe"]
OnLedgerError = Literal["deny", "allow"]
AlertOf = Literal["actual", "forecast"]
Approval = Literal["automatic", "manual"]
Frequency = Literal["immediate", "daily", "weekly"]
LedgerKind = Literal["dynamodb", "cloudwatch"]
Expired = Literal["charge", "release"]


@dataclass(frozen=True)
class DesiredProfile:
    """One application inference profile that should exist, in each of ``regions`` (empty: the target's region).

    ``key`` is its identity under the namespace, ``name`` what AWS shows. ``model`` is the reference as written,
    ``model_id`` what it stands for: a model id, a system profile id or the ARN of either. ``tags`` are the common and
    own tags merged, read-only and in key order, without the ownership tags.
    """

    key: str
    name: str
    model: str
    model_id: str
    tags: Mapping[str, str]
    description: str | None
    regions: tuple[str, ...]
    at: Mark


@dataclass(frozen=True)
class Limit:
    """A bound on what calls may use in each window of ``per``; at least one of the amounts is set.

    ``match`` selects calls by ``model`` (an alias), ``costCenter``, ``applicationId`` and ``environment``;
    empty matches every call. ``fallback`` is the alias to try when this limit denies.
    """

    match: Mapping[str, str]
    per: Per
    tokens: int | None
    input_tokens: int | None
    output_tokens: int | None
    requests: int | None
    usd: Decimal | None
    mode: Mode
    on_ledger_error: OnLedgerError
    fallback: str | None
    at: Mark


@dataclass(frozen=True)
class Alert:
    """Who hears of a budget when ``of`` (actual or forecast cost) passes ``at_percent`` of its amount."""

    at_percent: Decimal
    of: AlertOf
    email: tuple[str, ...]
    sns: tuple[str, ...]
    at: Mark


@dataclass(frozen=True)
class BudgetAction:
    """What AWS does once ``of`` passes ``at_percent``: attach the IAM ``policy`` (an ARN) to ``roles`` (names).

    ``execution_role`` is the ARN of the role AWS Budgets does it with; ``manual`` waits for a person's approval.
    """

    at_percent: Decimal
    of: AlertOf
    policy: str
    roles: tuple[str, ...]
    execution_role: str
    approval: Approval
    email: tuple[str, ...]
    sns: tuple[str, ...]
    at: Mark


@dataclass(frozen=True)
class Budget:
    """An AWS budget over Bedrock spend, in USD.

    ``name`` is filled in already. ``tags`` is the slice: costs that carry all of these, every Bedrock cost when empty;
    a ``for_each`` entry makes one budget for every value of that tag. Either ``amount`` is set, or ``planned``: the
    amount from each first day on (of a month or quarter), in the order of days.
    """

    name: str
    tags: Mapping[str, str]
    amount: Decimal | None
    planned: tuple[tuple[date, Decimal], ...]
    per: BudgetPer
    alerts: tuple[Alert, ...]
    action: BudgetAction | None
    at: Mark


@dataclass(frozen=True)
class AnomalyAlert:
    """Who hears of an anomaly: when its impact is at least ``above`` USD and ``above_percent`` of what was expected.

    One of the two may be None. ``immediate`` goes to one SNS topic, ``daily`` and ``weekly`` summaries to e-mail.
    """

    above: Decimal | None
    above_percent: Decimal | None
    frequency: Frequency
    email: tuple[str, ...]
    sns: tuple[str, ...]
    at: Mark


@dataclass(frozen=True)
class AnomalyMonitor:
    """A cost anomaly monitor over the values of the cost allocation tag ``tag``, and who hears of what it finds."""

    name: str
    tag: str
    alert: AnomalyAlert | None
    at: Mark


@dataclass(frozen=True)
class Account:
    """An account the profiles belong in, and the role that is assumed there; without one the credentials' own."""

    id: str
    assume_role: str | None
    external_id: str | None
    at: Mark


@dataclass(frozen=True)
class Ledger:
    """Where limits are counted: in the table of every caller, or by CloudWatch's metrics (advisory, no ``table``).

    ``region`` None is the target's. ``expired`` is what an abandoned reservation becomes. ``at`` is the first limit's
    where the manifest has limits and does not say.
    """

    kind: LedgerKind
    table: str
    region: str | None
    expired: Expired
    at: Mark | None


@dataclass(frozen=True)
class Audit:
    """The log group every metered call is recorded in; ``region`` None is the target's."""

    log_group: str
    retention_days: int
    region: str | None
    at: Mark


@dataclass(frozen=True)
class Manifest:
    """A valid manifest.

    ``models`` maps aliases to what they stand for; ``tags`` are the common tags with every value each may take;
    ``profiles`` are expanded: one for every combination of listed tag values. ``grace`` is how long a replaced profile
    is kept, None for the default.
    """

    version: int
    namespace: str
    account: str | None
    regions: tuple[str, ...]
    models: Mapping[str, str]
    tags: Mapping[str, tuple[str, ...]]
    profiles: tuple[DesiredProfile, ...]
    cost_allocation_tags: tuple[str, ...]
    limits: tuple[Limit, ...]
    budgets: tuple[Budget, ...]
    anomaly_monitors: tuple[AnomalyMonitor, ...]
    source: Source
    accounts: tuple[Account, ...] = ()
    grace: timedelta | None = None
    ledger: Ledger | None = None
    audit: Audit | None = None
