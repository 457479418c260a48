"""The limits of the manifest: what they refer to must exist, and nothing stands twice."""

from __future__ import annotations

from collections.abc import Sequence

from costsentry_cli.domain.document import Mark
from costsentry_cli.domain.manifest.findings import Findings, shown
from costsentry_cli.domain.manifest.models import Models
from costsentry_cli.domain.manifest.shapes import Filled
from costsentry_cli.domain.manifest.types import Limit


def limits_of(entries: Sequence[Filled], models: Models, used: frozenset[str], findings: Findings) -> tuple[Limit, ...]:
    """The limits; ``used`` are the models profiles name directly."""
    limits = []
    seen: dict[tuple[tuple[tuple[str, str], ...], str], Mark] = {}
    for entry in entries:
        match = entry.get("match")
        _check_models(entry, match, models, used, findings)
        if entry.broken:
            continue
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
