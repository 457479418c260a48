"""Ask, before anything is made, whether it can be."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from costsentry_cli.domain import lint
from costsentry_cli.domain.calls import Cloud
from costsentry_cli.domain.plan import Plan


def linted(clouds: Mapping[str, Cloud], plan: Plan, now: datetime) -> Plan:
    """The plan with its warnings, and with what cannot work held back; reading calls only where something is made."""
    plan = lint.lifecycles(plan, now.date())
    for scope, calls in lint.questions(plan).items():
        outcomes = clouds[scope.account].each(calls)
        plan = lint.answered(plan, scope, [(outcome.call, outcome.answer) for outcome in outcomes])
    return plan
