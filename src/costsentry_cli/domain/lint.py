"""What would go wrong, said before any call is made for it: models at their end, sources that do not fit, quotas."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from costsentry_cli.domain import catalog
from costsentry_cli.domain.calls import ApiCall
from costsentry_cli.domain.catalog import Catalog, kind_of_reference
from costsentry_cli.domain.kind import Action, Change, Scope
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.plan import MAKING, Plan

SERIES_PER_PROFILE = 6
SERIES_USD = Decimal("0.30")
QUOTA_CODE = "L-40EC9882"
USABLE = {"agreementAvailability": "AVAILABLE", "authorizationStatus": "AUTHORIZED"}


def series(manifest: Manifest) -> tuple[int, int, Decimal]:
    """Profiles, CloudWatch series for each (the six metrics), and about what all of them cost a month in USD."""
    places = len(manifest.accounts) or 1
    profiles = sum(len(profile.regions) or 1 for profile in manifest.profiles) * places
    return profiles, SERIES_PER_PROFILE, profiles * SERIES_PER_PROFILE * SERIES_USD


def lifecycles(plan: Plan, today: date) -> Plan:
    """Warn of legacy models, and hold what would be made from one that is at its end or not in the region."""
    known = catalog.load()
    models = dict.fromkeys(model for change in plan.changes if (model := _model(change)))
    warnings = {warning: None for model in models for warning in _warnings(known, model, today)}
    unusable = cache(lambda model, region: _unusable(known, model, region, today))
    changes = []
    for change in plan.changes:
        model = _model(change)
        held = unusable(model, change.scope.region) if model and change.action in MAKING else ""
        changes.append(hold(change, held) if held else change)
    places = dict.fromkeys(change.scope.region for change in plan.of(*MAKING) if _model(change))
    warnings |= dict.fromkeys(warning for region in places for warning in _region(known, region))
    return replace(plan, changes=tuple(changes), warnings=(*plan.warnings, *warnings))


def _region(known: Catalog, region: str) -> Iterable[str]:
    """A region no geography has is new, or mistyped."""
    regions = sorted({one for members in known.geographies.values() for one in members})
    near = difflib.get_close_matches(region, regions, n=1, cutoff=0.8)
    if region not in regions and near:
        yield f"{region} is no region the catalogue knows; did you mean {near[0]}?"


def hold(change: Change, why: str) -> Change:
    """The change without its calls, and why."""
    return replace(change, calls=(), after=(), held=change.held or why)


def _warnings(known: Catalog, model: str, today: date) -> Iterable[str]:
    reference = known.resolve(model)
    if reference is None:
        if kind_of_reference(model) in ("model-id", "system-profile-id"):
            near = known.closest(model)[:1]
            meant = f"; did you mean {near[0]}?" if near else ""
            yield f"{model} is not in the catalogue of {known.as_of}{meant}"
        return
    status, end = reference.model.status_on(today), reference.model.end_of_life
    if status == "LEGACY":
        until = f"; calls fail from {end} on" if end else ""
        yield f"{model} is LEGACY{until} (catalogue of {known.as_of})"
    elif status == "EOL":
        yield f"{model} is at its end of life{f' since {end}' if end else ''}: calls through its profiles fail"


def _unusable(known: Catalog, model: str, region: str, today: date) -> str:
    reference = known.resolve(model)
    if reference is None:
        return ""
    if reference.model.status_on(today) == "EOL":
        near = [one for one in known.closest(reference.model.family) if one != model]
        return f"{model} is at its end of life" + (f"; for example {near[0]} is not" if near else "")
    if reference.geo and reference.geo != "global" and region not in known.regions_of(reference.geo):
        return f"{model} is not offered in {region}; the bare id {reference.model.id} takes each region's own"
    return ""


def questions(plan: Plan) -> dict[Scope, tuple[ApiCall, ...]]:
    """The reading calls that tell whether what would be made can be: one per model and scope, and the quota."""
    asked: dict[Scope, tuple[ApiCall, ...]] = {}
    for scope in dict.fromkeys(change.scope for change in plan.of(*MAKING) if change.calls and _model(change)):
        models = dict.fromkeys(_base(change) for change in _made_in(plan, scope))
        calls = [
            ApiCall("bedrock", "GetFoundationModelAvailability", {"modelId": m}, scope.region) for m in models if m
        ]
        asked[scope] = (*calls, quota_call(scope.region))
    return asked


def quota_call(region: str) -> ApiCall:
    """How many profiles an account may have in a region."""
    return ApiCall("service-quotas", "GetServiceQuota", {"ServiceCode": "bedrock", "QuotaCode": QUOTA_CODE}, region)


def answered(plan: Plan, scope: Scope, answers: Sequence[tuple[ApiCall, Mapping[str, Any] | None]]) -> Plan:
    """Hold what the answers say cannot be made; an answer that is None could not be had, which is only a warning."""
    warnings: list[str] = []
    bad: dict[str, str] = {}
    for call, answer in answers:
        if answer is None:
            warnings.append(f"{scope.region}: {call.service}:{call.operation} could not be asked; not checked before")
        elif call.operation == "GetServiceQuota":
            warnings += _quota(plan, scope, answer)
        elif why := _denied(answer):
            bad[str(call.params["modelId"])] = why
    changes = tuple(_held_if_denied(change, scope, bad) for change in plan.changes)
    return replace(plan, changes=changes, warnings=tuple(dict.fromkeys((*plan.warnings, *warnings))))


def _held_if_denied(change: Change, scope: Scope, bad: Mapping[str, str]) -> Change:
    if change.scope != scope or change.action not in MAKING:
        return change
    why = bad.get(_base(change))
    return hold(change, why) if why else change


def _denied(answer: Mapping[str, Any]) -> str:
    agreement = answer.get("agreementAvailability", {}).get("status")
    states = {"agreementAvailability": agreement, "authorizationStatus": answer.get("authorizationStatus")}
    wrong = [f"{name} {state}" for name, state in states.items() if state not in (None, USABLE[name])]
    return f"this account may not use {answer['modelId']} here: {', '.join(wrong)}" if wrong else ""


def _quota(plan: Plan, scope: Scope, answer: Mapping[str, Any]) -> list[str]:
    value = answer.get("Quota", {}).get("Value")
    if value is None:
        return []
    here = [change for change in plan.changes if change.scope == scope and change.kind.measured]
    live = sum(change.action is not Action.CREATE for change in here)
    new = len(_made_in(plan, scope))
    if live + new <= value:
        return []
    room = max(0, int(value) - live)
    return [f"{scope.region}: room for {room} more profiles (quota {int(value)}), {new} would be made"]


def _made_in(plan: Plan, scope: Scope) -> list[Change]:
    return [change for change in plan.of(*MAKING) if change.scope == scope and change.calls and _model(change)]


def _base(change: Change) -> str:
    """The foundation model behind a wish; empty for one the catalogue cannot name."""
    reference = catalog.load().resolve(_model(change))
    return "" if reference is None else reference.model.id


def _model(change: Change) -> str:
    """The source a wish names; empty where nothing is wished, or a kind has none."""
    return "" if change.desired is None else change.desired.fields.get("model", "")
