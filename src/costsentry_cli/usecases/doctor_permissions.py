"""Find out what these credentials may do, without writing and without paying."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from costsentry_cli.domain import needs
from costsentry_cli.domain.calls import ApiCall, Cloud
from costsentry_cli.domain.doctor import permissions
from costsentry_cli.domain.doctor.findings import Area, Finding, ok
from costsentry_cli.domain.doctor.permissions import Known
from costsentry_cli.domain.doctor.probes import paid_probe, probes
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.policies.document import Statement, allowing
from costsentry_cli.domain.policies.place import Place


def permitted(
    cloud: Cloud, region: str, place: Place, names: Sequence[str], *, paid_on: date | None = None
) -> list[Finding]:
    """A finding for each of these commands or groups; for every group where none is named.

    IAM is asked where it may be (``iam:SimulatePrincipalPolicy``); else free reading calls are made, and what only
    writing would tell stays unknown; ``paid_on`` (today) allows one paid request. Raises ``SentryError`` when AWS does
    not say who this is.
    """
    caller = cloud.call(ApiCall("sts", "GetCallerIdentity"))
    arn, account = str(caller["Arn"]), str(caller["Account"])
    if permissions.is_root(arn):
        return [
            ok(Area.PERMISSIONS, "root", "the root user may do everything; give a role what sentry iam-policy prints")
        ]
    here = replace(place, home=account, accounts=(account,))
    shown = list(names) or permissions.groups()
    wanted = needs.operations_of(command for name in shown for command in needs.matching(name))
    statements = allowing(wanted, here)
    known = _simulated(cloud, arn, account, statements)
    if known is None:
        paid = [] if paid_on is None else [paid_probe(paid_on)]
        asked = (*probes(here, region), *paid)
        calls = [call for call in asked if (call.service, call.operation) in wanted]
        known = permissions.by_probes(((end.call, end.error) for end in cloud.each(calls)), statements)
    return permissions.judged(known, shown, here, asked=bool(names))


def _simulated(cloud: Cloud, arn: str, account: str, statements: Sequence[Statement]) -> Known | None:
    """What IAM says; None where it may not be asked, or does not know this caller."""
    principal = permissions.simulated_principal(arn)
    if not principal or not statements:
        return None
    if ":role/" in principal:
        principal = _role(cloud, principal)
    ends = list(cloud.each([permissions.simulation(principal, one, account) for one in statements]))
    if any(end.error is not None for end in ends):
        return None
    return permissions.together(
        [permissions.simulated(one, end.answer or {}) for one, end in zip(statements, ends, strict=True)]
    )


def _role(cloud: Cloud, arn: str) -> str:
    """The role's ARN with its path, where IAM tells it."""
    try:
        answer = cloud.call(ApiCall("iam", "GetRole", {"RoleName": arn.rpartition("/")[2]}))
    except SentryError:
        return arn
    return str(answer["Role"]["Arn"])
