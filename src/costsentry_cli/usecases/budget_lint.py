"""Look over the account's budgets: what AWS tells of them, billing's tag keys, and what their slices cost."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from costsentry_cli.domain.budget_lint import Finding, Known, asked_window, concerns, lint
from costsentry_cli.domain.budget_spend import Asked, asked, paid_facts, questions_for
from costsentry_cli.domain.budgets_seen import seen_budgets, with_told
from costsentry_cli.domain.calls import Cloud
from costsentry_cli.domain.errors import Exit, SentryError
from costsentry_cli.domain.kind import Scope
from costsentry_cli.domain.kinds.cost_allocation_tag import listed
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.table import Column, Row, Table

COLUMNS = (
    Column("level", "Level"),
    Column("rule", "Rule"),
    Column("budget", "Budget"),
    Column("message", "What"),
    Column("help", "Help"),
    Column("manifest", "Manifest", unknown=""),
    Column("owner", "Owner"),
)
KEYS_UNASKED = "the tag keys are not checked: only the payer account may ask billing for them"


def findings(cloud: Cloud, scope: Scope, manifest: Manifest | None, now: datetime, *, with_cost: bool) -> Table:
    """A row for each finding, an error where one of our budgets does not work, else a warning.

    Free but for one Cost Explorer request for each set of tag keys the budgets are sliced by; ``with_cost`` False makes
    none and leaves out the rules that need it, as does a refusal, the ``costs_error`` of ``facts``. Those tell what was
    paid and how many budgets were looked at, too.
    """
    known = _without_cost(cloud, scope, manifest, now)
    costs = Asked({}, 0)
    if with_cost:
        questions = questions_for([one.slice for one in known.budgets])
        costs = asked(cloud, questions.values(), asked_window(now.date()))
        found = {name: costs.answers[one] for name, one in questions.items() if one in costs.answers}
        known = replace(known, spend=found)
    rows = tuple(_row(one, known, manifest) for one in lint(known))
    notes = (KEYS_UNASKED,) if known.active is None else ()
    facts = {"budgets": len(known.budgets), "notes": list(notes), **paid_facts(costs.paid, costs.error)}
    return Table("findings", COLUMNS, rows, notes=notes, facts=facts)


def _without_cost(cloud: Cloud, scope: Scope, manifest: Manifest | None, now: datetime) -> Known:
    """What can be known for nothing: the budgets that concern us, whom their alerts tell, the tag keys."""
    carried = _carried(manifest)
    found = Known(now, seen_budgets(cloud, scope), scope.namespace, carried=carried)
    budgets = with_told(cloud, scope.account, [one for one in found.budgets if concerns(one, found)])
    active = _active(cloud) if any(one.slice.tags for one in budgets) else {}
    return replace(found, budgets=budgets, active=active)


def _carried(manifest: Manifest | None) -> dict[str, frozenset[str]]:
    """Tag key -> the values that profiles of the manifest carry."""
    carried: dict[str, set[str]] = {}
    for profile in manifest.profiles if manifest is not None else ():
        for key, value in profile.tags.items():
            carried.setdefault(key, set()).add(value)
    return {key: frozenset(values) for key, values in carried.items()}


def _active(cloud: Cloud) -> dict[str, bool] | None:
    """Of every key that billing knows whether it is active; None in an account that may not ask."""
    try:
        return {key: tag.active for key, tag in listed(cloud).items()}
    except SentryError as error:
        if error.exit is not Exit.ACCESS:
            raise
        return None


def _row(one: Finding, known: Known, manifest: Manifest | None) -> Row:
    budget = next(each for each in known.budgets if each.name == one.budget)
    ours = budget.is_ours(known.namespace)
    level = "error" if one.broken and ours else "warning"
    owner = "ours" if ours else "foreign"
    return (level, one.rule, one.budget, one.message, one.help, _place(one.budget, manifest) if ours else None, owner)


def _place(name: str, manifest: Manifest | None) -> str | None:
    """Where the budget stands in the manifest: ``profiles.yaml:9``."""
    declared = manifest.budgets if manifest is not None else ()
    lines = [one.at.line for one in declared if one.name == name]
    return f"{manifest.source.name}:{lines[0]}" if lines and manifest is not None else None
