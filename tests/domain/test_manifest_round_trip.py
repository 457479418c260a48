"""A manifest that is written down and read again is the same manifest."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from costsentry_cli.domain.manifest.reader import read as meaning
from costsentry_cli.domain.manifest.types import AnomalyMonitor, Budget
from costsentry_cli.manifest_file import parse

_word = st.text(alphabet="abcxyz019", min_size=1, max_size=5).map("w{}".format)
_tag_text = st.text(alphabet="abzAZ019 ._:/=+@-", max_size=12)
_regions = st.lists(st.sampled_from(["us-east-1", "eu-west-1", "us-gov-west-1"]), max_size=3, unique=True)
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./+=-]*")
_EMAIL: dict[str, object] = {"email": ["a@example.com", "b@example.com"]}
_TOPIC: dict[str, object] = {"sns": ["arn:aws:sns:us-east-1:123456789012:costs"]}
_told = st.sampled_from([_EMAIL, _TOPIC, _EMAIL | _TOPIC])
_amounts = st.decimals(min_value=Decimal("1e-9"), max_value=10**9, places=9).map("{:f}".format)
_percents = st.integers(1, 100_000).map(lambda cents: f"{cents // 100}.{cents % 100:02}%")
_years = st.integers(2000, 2086)
_PERIODS = {
    "month": st.builds("{}-{:02}".format, _years, st.integers(1, 12)),
    "quarter": st.builds("{}-Q{}".format, _years, st.integers(1, 4)),
}
_TAG_KEYS = ["costCenter", "applicationId", "environment", "team", "owner:id"]


@dataclass(frozen=True)
class Written:
    """A manifest as plain values: what the text says and what must come back."""

    namespace: str
    regions: list[str]
    models: dict[str, str]
    tags: dict[str, str]
    profiles: list[dict[str, object]]
    limits: list[dict[str, object]]
    budgets: list[dict[str, object]]
    monitors: list[dict[str, object]]


def scalar(text: str) -> str:
    """A scalar as YAML: plain where that is safe for sure, else in double quotes."""
    plain = _PLAIN.fullmatch(text) and text.lower() != "null"
    return text if plain else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def flow(value: object) -> str:
    """A value in flow style."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{scalar(key)}: {flow(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(each) for each in value) + "]"
    return scalar(str(value))


def text(manifest: Written) -> str:
    """The manifest as YAML."""
    lines = ["version: 1", f"namespace: {scalar(manifest.namespace)}", f"models: {flow(manifest.models)}"]
    lines += [f"regions: {flow(manifest.regions)}"] if manifest.regions else []
    lines += [f"tags: {flow(manifest.tags)}", "profiles:" if manifest.profiles else "profiles: []"]
    for profile in manifest.profiles:
        rows = [f"{key}: {flow(value)}" for key, value in profile.items()]
        lines += [f"  - {rows[0]}", *(f"    {row}" for row in rows[1:])]
    lines += [f"limits: {flow(manifest.limits)}", f"budgets: {flow(manifest.budgets)}"]
    lines += [f"anomaly_monitors: {flow(manifest.monitors)}"]
    return "\n".join(lines) + "\n"


@st.composite
def manifests(draw: st.DrawFn) -> Written:
    """A valid manifest with up to four profiles, unique by name."""
    models = draw(
        st.dictionaries(_word, st.sampled_from(["amazon.nova-lite-v1:0", "us.a.b-1"]), min_size=1, max_size=3)
    )
    tags = st.dictionaries(st.sampled_from(_TAG_KEYS), _tag_text, max_size=4)
    names = draw(st.lists(_word, max_size=4, unique=True))
    profiles: list[dict[str, object]] = []
    for name in names:
        profile: dict[str, object] = {"name": name, "model": draw(st.sampled_from(sorted(models)))}
        if draw(st.booleans()):
            profile["tags"] = draw(tags)
        if draw(st.booleans()):
            profile["regions"] = draw(_regions.filter(bool))
        profiles.append(profile)
    common = draw(tags)
    windows = draw(st.lists(st.sampled_from(["minute", "hour", "day", "month"]), max_size=3, unique=True))
    limits: list[dict[str, object]] = [{"per": per, "tokens": draw(st.integers(1, 10**15))} for per in windows]
    return Written(
        draw(_word),
        draw(_regions),
        models,
        common,
        profiles,
        limits,
        draw(budgets()),
        draw(monitors(_keys(common, profiles))),
    )


def _keys(common: dict[str, str], profiles: list[dict[str, object]]) -> list[str]:
    return sorted({*common, *(key for each in profiles for key in each.get("tags", {}))})  # type: ignore[attr-defined]


@st.composite
def budgets(draw: st.DrawFn) -> list[dict[str, object]]:
    """Up to three valid budgets, unique by name, fixed or planned."""
    found: list[dict[str, object]] = []
    for name in draw(st.lists(_word, max_size=3, unique=True)):
        per = draw(st.sampled_from(["day", "month", "quarter", "year"]))
        budget: dict[str, object] = {"name": name, "per": per}
        if per in _PERIODS and draw(st.booleans()):
            budget["planned"] = draw(st.dictionaries(_PERIODS[per], _amounts, min_size=1, max_size=4))
        else:
            budget["amount"] = draw(_amounts)
        if draw(st.booleans()):
            budget["alerts"] = [{"at": draw(_percents), "of": "actual", **draw(_told)}]
        if draw(st.booleans()):
            budget["action"] = draw(actions())
        found.append(budget)
    return found


@st.composite
def actions(draw: st.DrawFn) -> dict[str, object]:
    """A valid action."""
    approval = draw(st.sampled_from([{}, {"approval": "manual"}, {"approval": "automatic"}]))
    return {
        "at": draw(_percents),
        "of": "actual",
        "policy": f"arn:aws:iam::123456789012:policy/{draw(_word)}",
        "roles": draw(st.lists(_word, min_size=1, max_size=3, unique=True)),
        "execution_role": f"arn:aws:iam::123456789012:role/a/{draw(_word)}",
        **approval,
        **draw(_told),
    }


@st.composite
def monitors(draw: st.DrawFn, keys: list[str]) -> list[dict[str, object]]:
    """Up to three valid monitors over some of the tag keys."""
    found: list[dict[str, object]] = []
    for name in draw(st.lists(_word, max_size=3, unique=True)) if keys else ():
        monitor: dict[str, object] = {"name": name, "tag": draw(st.sampled_from(keys))}
        if draw(st.booleans()):
            thresholds = st.fixed_dictionaries({"above": _amounts}, optional={"above_percent": _percents})
            way = draw(st.sampled_from([("immediate", _TOPIC), ("daily", _EMAIL), ("weekly", _EMAIL)]))
            monitor["alert"] = {**draw(thresholds), "frequency": way[0], **way[1]}
        found.append(monitor)
    return found


@settings(max_examples=500, deadline=None)
@given(manifests())
def test_a_manifest_written_down_and_read_is_the_same(written: Written) -> None:
    document = parse(text(written), "profiles.yaml")
    read = meaning(document.root, document.source, document.problems)
    assert (read.namespace, list(read.regions), dict(read.models)) == (
        written.namespace,
        written.regions,
        written.models,
    )
    assert {key: values[0] for key, values in read.tags.items()} == written.tags
    for made, asked in zip(read.profiles, written.profiles, strict=True):
        assert (made.name, made.model, made.model_id) == (asked["name"], asked["model"], written.models[made.model])
        assert dict(made.tags) == written.tags | asked.get("tags", {})  # type: ignore[operator]
        assert list(made.regions) == asked.get("regions", written.regions)
    assert [(limit.per, limit.tokens) for limit in read.limits] == [(x["per"], x["tokens"]) for x in written.limits]
    assert [as_written(each) for each in read.budgets] == [expected(each) for each in written.budgets]
    assert [as_watched(each) for each in read.anomaly_monitors] == [watched(each) for each in written.monitors]


def as_written(budget: Budget) -> tuple[Any, ...]:
    alerts = [(each.at_percent, each.of, each.email, each.sns) for each in budget.alerts]
    done = budget.action
    action = done and (
        done.at_percent,
        done.policy,
        done.roles,
        done.execution_role,
        done.approval,
        done.email,
        done.sns,
    )
    return budget.name, dict(budget.tags), budget.per, budget.amount, budget.planned, alerts, action


def expected(budget: dict[str, Any]) -> tuple[Any, ...]:
    amount = Decimal(budget["amount"]) if "amount" in budget else None
    planned = tuple(sorted((first_day(key), Decimal(value)) for key, value in budget.get("planned", {}).items()))
    alerts = [(percent(each["at"]), "actual", *told(each)) for each in budget.get("alerts", [])]
    done = budget.get("action")
    action = done and (
        percent(done["at"]), done["policy"], tuple(done["roles"]), done["execution_role"],
        done.get("approval", "manual"), *told(done),
    )  # fmt: skip
    return budget["name"], {}, budget["per"], amount, planned, alerts, action


def as_watched(monitor: AnomalyMonitor) -> tuple[Any, ...]:
    alert = monitor.alert
    how = alert and (alert.above, alert.above_percent, alert.frequency, alert.email, alert.sns)
    return monitor.name, monitor.tag, how


def watched(monitor: dict[str, Any]) -> tuple[Any, ...]:
    alert = monitor.get("alert")
    share = percent(alert["above_percent"]) if alert and "above_percent" in alert else None
    return monitor["name"], monitor["tag"], alert and (Decimal(alert["above"]), share, alert["frequency"], *told(alert))


def told(entry: dict[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return tuple(entry.get("email", ())), tuple(entry.get("sns", ()))


def percent(text: str) -> Decimal:
    return Decimal(text.removesuffix("%"))


def first_day(period: str) -> date:
    year, part = period.split("-")
    return date(int(year), {"Q1": 1, "Q2": 4, "Q3": 7, "Q4": 10}.get(part) or int(part), 1)
