"""Limits and budgets of the manifest: what they refer to must exist, and nothing stands twice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from costsentry_cli.domain import aws_limits as aws
from costsentry_cli.domain.document import Mark, Scalar, Source
from costsentry_cli.domain.manifest.fields import AMOUNTS
from costsentry_cli.domain.manifest.findings import Findings, shown
from costsentry_cli.domain.manifest.models import Models
from costsentry_cli.domain.manifest.shapes import Filled
from costsentry_cli.domain.manifest.templates import filled, known_only
from costsentry_cli.domain.manifest.types import Alert, Budget, DesiredProfile, Limit


def limits_of(entries: Sequence[Filled], models: Models, used: frozenset[str], findings: Findings) -> tuple[Limit, ...]:
    """The limits; ``used`` are the models profiles name directly."""
    limits = []
    seen: dict[tuple[tuple[tuple[str, str], ...], str], Mark] = {}
    for entry in entries:
        match = entry.get("match")
        _check_models(entry, match, models, used, findings)
        if entry.broken:
            continue
        if not any(entry.get(amount) for amount in AMOUNTS):
            advice = f"add one of: {', '.join(AMOUNTS)}"
            findings.add(entry.at, "CS0011", "a limit has no amount", help=advice)
        limit = _limit(entry, match)
        first = seen.setdefault((tuple(sorted(limit.match.items())), limit.per), entry.at)
        if first != entry.at:
            message = f"a limit with this match per {limit.per} stands on line {first.line} already"
            findings.add(entry.at, "CS0014", message, help="put the amounts into one limit")
        limits.append(limit)
    return tuple(limits)


def _check_models(
    entry: Filled, match: Filled | None, models: Models, used: frozenset[str], findings: Findings
) -> None:
    model = match.get("model") if match else None
    if model is not None:
        models.alias(model, "model", used, findings)
    fallback = entry.get("fallback")
    if fallback is not None:
        models.alias(fallback, "fallback", used, findings)
        if model is not None and fallback.text == model.text:
            message = f"fallback is the limited model itself, {shown(model.text)}"
            findings.about(fallback, "CS0014", message, "name another model, or leave fallback out")


def _limit(entry: Filled, match: Filled | None) -> Limit:
    fallback = entry.get("fallback")
    return Limit(
        match={key: value.text for key, value in match.values.items()} if match else {},
        per=entry.values["per"],
        tokens=entry.get("tokens"),
        input_tokens=entry.get("input_tokens"),
        output_tokens=entry.get("output_tokens"),
        requests=entry.get("requests"),
        usd=entry.get("usd"),
        mode=entry.get("mode") or "enforce",
        on_ledger_error=entry.get("on_ledger_error") or "deny",
        fallback=fallback.text if fallback else None,
        at=entry.at,
    )


def budgets_of(
    entries: Sequence[Filled],
    profiles: Sequence[DesiredProfile],
    keys: tuple[str, ...],
    source: Source,
    findings: Findings,
) -> tuple[Budget, ...]:
    """The budgets; ``keys`` are the tag keys of the profiles, ``profiles`` those that could be made."""
    names: dict[str, Mark] = {}
    budgets = []
    for entry in entries:
        alerts = tuple(_alert(each, findings) for each in entry.get("alerts") or () if not each.broken)
        _differ(alerts, findings)
        if "name" in entry.broken or "for_each" in entry.broken:
            continue
        if _template_is_right(entry, keys, source, findings):
            _claim(entry, profiles, names, findings)
        if not entry.broken:
            budgets.append(_budget(entry, alerts))
    return tuple(budgets)


def _template_is_right(entry: Filled, keys: tuple[str, ...], source: Source, findings: Findings) -> bool:
    tag = entry.get("for_each")
    if tag is not None and tag.text not in keys:
        advice = findings.similar(tag.text, keys) or f"tag keys in use: {', '.join(keys[:10]) or 'none'}"
        findings.about(tag, "CS0025", f"for_each {shown(tag.text)} names no tag of a profile", advice)
        return False
    return known_only(entry.values["name"], (tag.text,) if tag else (), source, findings)


def _claim(entry: Filled, profiles: Sequence[DesiredProfile], names: dict[str, Mark], findings: Findings) -> None:
    """See to it that the names the budget expands to are acceptable and unique."""
    name, tag = entry.values["name"], entry.get("for_each")
    for words in _each(tag, profiles):
        text = filled(name.text, words)
        if len(text) > aws.BUDGET_NAME_MAX or not aws.BUDGET_NAME.fullmatch(text):
            advice = f"at most {aws.BUDGET_NAME_MAX} letters, digits, spaces and . _ / = + - % @"
            findings.about(name, "CS0021", f"AWS would refuse the budget name {shown(text)}", advice)
            return
        if text in names:
            same = names[text] == name.at
            advice = f"put {{{tag.text}}} into the name" if same else "choose another name"
            place = "by this entry" if same else f"on line {names[text].line}"
            findings.about(name, "CS0024", f"the budget name {shown(text)} is given twice; first {place}", advice)
            return
        names[text] = name.at


def _each(tag: Scalar | None, profiles: Iterable[DesiredProfile]) -> list[dict[str, str]]:
    if tag is None:
        return [{}]
    values = dict.fromkeys(profile.tags[tag.text] for profile in profiles if tag.text in profile.tags)
    return [{tag.text: value} for value in values]


def _budget(entry: Filled, alerts: tuple[Alert, ...]) -> Budget:
    tag = entry.get("for_each")
    return Budget(
        name=entry.values["name"].text,
        for_each=tag.text if tag else None,
        amount=entry.values["amount"],
        per=entry.values["per"],
        alerts=alerts,
        at=entry.at,
    )


def _alert(entry: Filled, findings: Findings) -> Alert:
    email = tuple(each.text for each in entry.get("email") or ())
    sns = tuple(each.text for each in entry.get("sns") or ())
    if not email and not sns:
        findings.add(entry.at, "CS0011", "an alert has nobody to tell", help="add: email: [you@example.com], or sns:")
    return Alert(entry.values["at"], entry.values["of"], email, sns, entry.at)


def _differ(alerts: Sequence[Alert], findings: Findings) -> None:
    """AWS knows an alert by kind and threshold: the same twice is a ``DuplicateRecordException``."""
    seen: dict[tuple[str, Decimal], Mark] = {}
    for alert in alerts:
        first = seen.setdefault((alert.of, alert.at_percent), alert.at)
        if first != alert.at:
            message = f"an alert at this share of the {alert.of} cost stands on line {first.line} already"
            findings.add(alert.at, "CS0014", message, help="put the addresses into one alert")
