"""The cost anomaly monitors of the manifest: tags that exist, and alerts that go where AWS can send them."""

from __future__ import annotations

from collections.abc import Sequence

from costsentry_cli.domain import aws_limits as aws
from costsentry_cli.domain.document import Mark, Scalar
from costsentry_cli.domain.manifest.carried import Carried
from costsentry_cli.domain.manifest.findings import Findings, shown
from costsentry_cli.domain.manifest.shapes import Filled
from costsentry_cli.domain.manifest.types import AnomalyAlert, AnomalyMonitor


def monitors_of(entries: Sequence[Filled], carried: Carried, findings: Findings) -> tuple[AnomalyMonitor, ...]:
    """The monitors; each alert needs a subscription of its own."""
    names: dict[str, Mark] = {}
    monitors = []
    alerts = 0
    for entry in entries:
        name, tag = entry.get("name"), entry.get("tag")
        if name is not None:
            _claim(name, names, findings)
        if tag is not None:
            carried.has(tag, "tag", findings)
        alert = _alert(entry.get("alert"), findings)
        alerts += alert is not None
        if alert is not None and alerts == aws.ANOMALY_SUBSCRIPTIONS_MAX + 1:
            message = f"this is alert {alerts}; AWS allows {aws.ANOMALY_SUBSCRIPTIONS_MAX} anomaly subscriptions"
            findings.add(alert.at, "CS0026", message, help="leave the alert out where nobody needs it")
        if not entry.broken:
            monitors.append(AnomalyMonitor(entry.values["name"].text, entry.values["tag"].text, alert, entry.at))
    return tuple(monitors)


def _claim(name: Scalar, names: dict[str, Mark], findings: Findings) -> None:
    first = names.setdefault(name.text, name.at)
    if first != name.at:
        message = f"the monitor name {shown(name.text)} is given twice; first on line {first.line}"
        findings.about(name, "CS0024", message, "choose another name")


def _alert(entry: Filled | None, findings: Findings) -> AnomalyAlert | None:
    if entry is None:
        return None
    email: tuple[Scalar, ...] = entry.get("email") or ()
    sns: tuple[Scalar, ...] = entry.get("sns") or ()
    if entry.get("frequency") is not None and not entry.broken & {"email", "sns"}:
        _reachable(entry, email, sns, findings)
    if entry.broken:
        return None
    return AnomalyAlert(
        above=entry.get("above"),
        above_percent=entry.get("above_percent"),
        frequency=entry.values["frequency"],
        email=tuple(each.text for each in email),
        sns=tuple(each.text for each in sns),
        at=entry.at,
    )


def _reachable(entry: Filled, email: tuple[Scalar, ...], sns: tuple[Scalar, ...], findings: Findings) -> None:
    """AWS sends single alerts to a topic and summaries by e-mail, and refuses a mixture."""
    frequency = entry.values["frequency"]
    if frequency == "immediate":
        wrong, right = email, sns
        where, other, missing = "an SNS topic, not to e-mail", "frequency: daily", "add: sns: [arn:aws:sns:…]"
    else:
        wrong, right = sns, email
        where, other, missing = "e-mail, not to SNS", "frequency: immediate", "add: email: [you@example.com]"
    if wrong:
        message = f"{_article(frequency)} alert goes to {where}"
        findings.about(wrong[0], "CS0014", message, f"write {other}, or make it two monitors")
    elif not right:
        findings.add(entry.at, "CS0011", f"{_article(frequency)} alert has nobody to tell", help=missing)


def _article(word: str) -> str:
    return f"an {word}" if word == "immediate" else f"a {word}"
