"""What these credentials may do: asked of IAM statement by statement, or told by reading calls that cost nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from costsentry_cli.domain import needs
from costsentry_cli.domain.calls import ApiCall
from costsentry_cli.domain.doctor.findings import Area, Finding, fail, ok, warn
from costsentry_cli.domain.doctor.probes import SAMPLE
from costsentry_cli.domain.errors import NOT_THERE, Exit, SentryError
from costsentry_cli.domain.iam_actions import actions
from costsentry_cli.domain.policies.document import Statement, allowing
from costsentry_cli.domain.policies.place import ANY, Place

MOST_RESULTS = 1000
BY_IAM = "simulated by IAM, action by action; resource policies are not in it"
BY_CALLS = "told by reading calls; iam:SimulatePrincipalPolicy would tell all"
_IF_EXISTS = "IfExists"

Permission = tuple[str, str]
"""A statement's id and an action in it: one action may be allowed on one thing and not on another."""


@dataclass(frozen=True)
class Known:
    """What is known: the permissions denied and allowed, and by which way."""

    denied: frozenset[Permission]
    allowed: frozenset[Permission]
    way: str


def simulated_principal(arn: str) -> str:
    """The ARN that IAM simulates for a caller; empty for one that has none (root, a federated user).

    A role's session names its role without the path: where IAM does not tell it (``GetRole``), it is taken to be ``/``.
    """
    parts = arn.split(":", 5)
    kind, _, name = parts[5].partition("/")
    if kind == "user":
        return arn
    if kind == "assumed-role":
        return f"arn:{parts[1]}:iam::{parts[4]}:role/{name.partition('/')[0]}"
    return ""


def is_root(arn: str) -> bool:
    """The account's root user: allowed everything, and not to be simulated."""
    return arn.endswith(":root")


def simulation(principal: str, one: Statement, account: str) -> ApiCall:
    """Ask IAM whether the principal may do what the statement allows; free, and nothing is done."""
    resources = [_sampled(arn, account) for arn in one.resources if arn != ANY]
    params: dict[str, Any] = {"PolicySourceArn": principal, "ActionNames": list(one.actions), "MaxItems": MOST_RESULTS}
    entries = [
        {"ContextKeyName": key, "ContextKeyValues": [_sampled(value, account)], "ContextKeyType": "string"}
        for operator, keys in one.condition.items()
        if not operator.endswith(_IF_EXISTS)
        for key, values in keys.items()
        for value in ([values] if isinstance(values, str) else values[:1])
    ]
    return ApiCall(
        "iam",
        "SimulatePrincipalPolicy",
        params | ({"ResourceArns": resources} if resources else {}) | ({"ContextEntries": entries} if entries else {}),
    )


def simulated(one: Statement, answer: Mapping[str, Any]) -> Known:
    """What a simulation's answer says of the statement's actions: allowed on everything that was asked about."""
    decided: dict[str, bool] = {}
    for result in answer.get("EvaluationResults", ()):
        name = str(result["EvalActionName"])
        decided[name] = decided.get(name, True) and result.get("EvalDecision") == "allowed"
    allowed = frozenset((one.sid, action) for action in one.actions if decided.get(action))
    denied = frozenset((one.sid, action) for action in one.actions if decided.get(action) is False)
    return Known(denied, allowed, BY_IAM)


def probed(error: SentryError | None) -> bool | None:
    """Whether the call was allowed; None where its end does not say."""
    if error is None or error.code == NOT_THERE:
        return True
    return False if error.exit is Exit.ACCESS else None


def by_probes(ends: Iterable[tuple[ApiCall, SentryError | None]], statements: Sequence[Statement]) -> Known:
    """What probes say of the statements' permissions; what no probe needs stays unknown."""
    allowed: set[str] = set()
    denied: set[str] = set()
    for call, error in ends:
        verdict = probed(error)
        if verdict is not None:
            (allowed if verdict else denied).update(actions(call.service, call.operation))
    every = [(one.sid, action) for one in statements for action in one.actions]
    return Known(
        frozenset(one for one in every if one[1] in denied),
        frozenset(one for one in every if one[1] in allowed - denied),
        BY_CALLS,
    )


def judged(known: Known, names: Sequence[str], place: Place, *, asked: bool) -> list[Finding]:
    """The way first, then one finding for each name (a command or a group).

    ``asked``: the caller wants to run these, so that a lack is a failure.
    """
    return [ok(Area.PERMISSIONS, "how", known.way), *(_of_name(known, name, place, asked=asked) for name in names)]


def _of_name(known: Known, name: str, place: Place, *, asked: bool) -> Finding:
    statements = allowing(needs.operations_of(needs.matching(name)), place)
    wanted = [(one.sid, action) for one in statements for action in one.actions]
    every = {action for _, action in wanted}
    lacking = sorted({one[1] for one in wanted if one in known.denied})
    unknown = sorted({one[1] for one in wanted if one not in known.denied | known.allowed})
    if lacking:
        says, fix = f"{len(lacking)} of {_actions(every)} denied", f"sentry iam-policy --for {_word(name)}"
        if asked:
            return fail(Area.PERMISSIONS, name, says, fix, Exit.ACCESS, *lacking)
        return warn(Area.PERMISSIONS, name, says, fix, *lacking)
    if unknown:
        says = f"nothing denied; {len(unknown)} of {_actions(every)} cannot be tried"
        return ok(Area.PERMISSIONS, name, says, *(f"not known: {action}" for action in unknown))
    return ok(Area.PERMISSIONS, name, f"all {_actions(every)} allowed" if every else "needs no permission")


def _actions(every: Collection[str]) -> str:
    return f"{len(every)} action{'' if len(every) == 1 else 's'}"


def _word(name: str) -> str:
    return f"'{name}'" if " " in name else name


def groups() -> list[str]:
    """The names shown where none is asked for: each first word once."""
    return [name for name in needs.names() if " " not in name and name not in (needs.ALL, "doctor")]


def together(some: Collection[Known]) -> Known:
    """What several simulations say."""
    way = next((one.way for one in some), "")
    return Known(
        frozenset().union(*(one.denied for one in some)), frozenset().union(*(one.allowed for one in some)), way
    )


def _sampled(text: str, account: str) -> str:
    """An ARN or value without wildcards: the caller's account where that is open, else a sample."""
    parts = text.split(":")
    if text.startswith("arn:") and len(parts) > 5 and parts[4] == ANY:
        parts[4] = account
    return ":".join(parts).replace(ANY, SAMPLE)
