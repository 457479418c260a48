"""What each command asks of AWS: the operations it may call, in the order of ``--help``.

The test-suite writes down what every command calls: a call that is missing here fails the test that made it, and one
that no command makes any more fails, too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from costsentry_cli.domain.activity import ACTIVITY
from costsentry_cli.domain.calls import Operation, operations
from costsentry_cli.domain.kind import Kind
from costsentry_cli.domain.kinds import KINDS
from costsentry_cli.domain.kinds.anomaly_monitor import AnomalyMonitor
from costsentry_cli.domain.kinds.budget import Budget
from costsentry_cli.domain.kinds.cost_allocation_tag import LISTING, CostAllocationTag
from costsentry_cli.domain.kinds.inference_profile import InferenceProfile
from costsentry_cli.domain.tagged import LOOKING

ALL = "all"
"""Stands for every command."""
IDENTITY = operations("sts", "GetCallerIdentity")
ROLES = operations("sts", "AssumeRole")
"""Where the manifest has accounts that are entered by a role."""
PROFILES = operations("bedrock", "ListInferenceProfiles ListTagsForResource")
ONE_PROFILE = operations("bedrock", "GetInferenceProfile")
CAN_BE_MADE = operations("bedrock", "GetFoundationModelAvailability") | operations("service-quotas", "GetServiceQuota")
"""What ``domain.lint`` asks before anything is made."""
COSTS = operations("ce", "GetCostAndUsage")
KEYS = operations("ce", "ListCostAllocationTags")
SERVICES = operations("ce", "GetDimensionValues")
BUDGETS = operations("budgets", "DescribeBudgets ListTagsForResource DescribeBudgetNotificationsForAccount")
TOLD = operations("budgets", "DescribeSubscribersForNotification")
MEASURED = operations("cloudwatch", "ListMetrics GetMetricData")
LEDGER = operations("dynamodb", "GetItem")
INSIGHTS = operations("logs", "StartQuery GetQueryResults StopQuery")
PROBED = (
    PROFILES
    | ONE_PROFILE
    | operations("bedrock", "GetModelInvocationLoggingConfiguration")
    | operations("ce", "ListCostAllocationTagBackfillHistory")
    | operations("cloudwatch", "ListMetrics")
    | operations("service-quotas", "GetServiceQuota")
)
"""What ``domain.doctor`` asks beside what the kinds read."""
METERED = (
    PROFILES
    | operations("bedrock-runtime", "Converse ConverseStream CountTokens")
    | operations("dynamodb", "PutItem UpdateItem")
    | operations("cloudwatch", "GetMetricData ListMetrics PutMetricData")
    | operations("logs", "CreateLogStream PutLogEvents")
)


@dataclass(frozen=True)
class Need:
    """What a command may call; ``pruning`` only where ``--prune`` lets it delete."""

    always: frozenset[Operation]
    pruning: frozenset[Operation] = frozenset()

    def operations(self, *, prune: bool) -> frozenset[Operation]:
        """All of it, or all but the deletions."""
        return self.always | self.pruning if prune else self.always


def _kinds(*kinds: Kind) -> dict[str, Need]:
    """``plan`` and ``sync`` of these kinds."""
    asked = CAN_BE_MADE if any(kind.measured for kind in kinds) else frozenset()
    reading = IDENTITY | ROLES | asked | frozenset[Operation]().union(*(kind.reading for kind in kinds))
    writing = frozenset[Operation]().union(*(kind.writing for kind in kinds))
    looking = LOOKING if any(kind.tagged_type for kind in kinds) else frozenset()
    return {"plan": Need(reading, looking), "sync": Need(reading | writing, _deleting(kinds))}


def _deleting(kinds: Iterable[Kind]) -> frozenset[Operation]:
    """What deletes, and what looks for more to delete."""
    found = (kind.deleting | LOOKING if kind.tagged_type else kind.deleting for kind in kinds)
    return frozenset[Operation]().union(*found)


def _under(noun: str, **commands: Need) -> dict[str, Need]:
    return {f"{noun} {name}": need for name, need in commands.items()}


def _need(*parts: frozenset[Operation]) -> Need:
    return Need(IDENTITY.union(*parts))


def _destroyed() -> Need:
    owned = [kind for kind in KINDS if kind.owned]
    return _need(ROLES, *(kind.reading for kind in owned), _deleting(owned))


COMMANDS: dict[str, Need] = {
    **_kinds(*KINDS),
    **_under(
        "profiles",
        **_kinds(InferenceProfile()),
        list=_need(ROLES, PROFILES),
        resolve=_need(ROLES, PROFILES, ONE_PROFILE),
        env=_need(ROLES, PROFILES, operations("ssm", "PutParameter")),
        adopt=_need(ROLES, PROFILES, ONE_PROFILE, operations("bedrock", "TagResource UntagResource")),
        **{"import": _need(PROFILES)},
    ),
    "destroy": _destroyed(),
    **_under(
        "tags",
        **_kinds(CostAllocationTag()),
        status=_need(ROLES, PROFILES, LISTING, COSTS),
        activate=_need(CostAllocationTag.reading, CostAllocationTag.writing),
        deactivate=_need(CostAllocationTag.reading, CostAllocationTag.writing),
        backfill=_need(
            LISTING, operations("ce", "ListCostAllocationTagBackfillHistory StartCostAllocationTagBackfill")
        ),
    ),
    **_under(
        "budgets",
        **_kinds(Budget()),
        list=_need(BUDGETS),
        status=_need(BUDGETS, TOLD, COSTS),
        lint=_need(BUDGETS, TOLD, COSTS, KEYS),
        simulate=_need(COSTS),
    ),
    **_under(
        "anomalies",
        **_kinds(AnomalyMonitor()),
        list=_need(AnomalyMonitor.reading, operations("ce", "GetAnomalies"), COSTS),
    ),
    "invoke": _need(METERED),
    **_under(
        "report",
        costs=_need(ROLES, COSTS, SERVICES, KEYS),
        usage=_need(ROLES, PROFILES, MEASURED, INSIGHTS),
        coverage=_need(
            ROLES,
            PROFILES,
            MEASURED,
            COSTS,
            SERVICES,
            INSIGHTS,
            operations("bedrock", "GetModelInvocationLoggingConfiguration"),
        ),
        forecast=_need(COSTS, SERVICES, operations("ce", "GetCostForecast")),
        compare=_need(COSTS, SERVICES),
    ),
    **_under(
        "limits",
        status=_need(LEDGER, MEASURED),
        show=_need(LEDGER, MEASURED),
        reset=_need(operations("dynamodb", "GetItem UpdateItem")),
        expire=_need(operations("dynamodb", "Scan UpdateItem")),
    ),
    **_under("audit", list=_need(INSIGHTS), show=_need(INSIGHTS), stats=_need(INSIGHTS)),
}
COMMANDS["doctor"] = _need(
    ROLES,
    frozenset[Operation]().union(*(kind.reading for kind in KINDS)) - ACTIVITY,
    PROBED,
    COSTS,
    operations("iam", "GetRole SimulatePrincipalPolicy"),
)


def matching(name: str) -> list[str]:
    """The commands a name means: itself, all commands of a group, or every one; none for a name there is not."""
    if name == ALL:
        return list(COMMANDS)
    return [command for command in COMMANDS if command == name or command.startswith(f"{name} ")]


def names() -> list[str]:
    """Everything ``matching`` knows, groups before their commands."""
    every = [part for command in COMMANDS for part in (command.partition(" ")[0], command)]
    return [*dict.fromkeys(every), ALL]


def operations_of(commands: Iterable[str], *, prune: bool = False) -> frozenset[Operation]:
    """What these commands may call together; ``prune`` counts the deletions of ``--prune`` in."""
    return frozenset[Operation]().union(*(COMMANDS[command].operations(prune=prune) for command in commands))
