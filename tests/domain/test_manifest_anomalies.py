"""Cost anomaly monitors of the manifest: what they mean, and every rule they can break."""

from __future__ import annotations

from decimal import Decimal

import pytest
from manifest_reading import HEAD, ONE, only, problems, read

from costsentry_cli.domain.document import Mark

TOPIC = "arn:aws:sns:us-east-1:123456789012:costs"
TOLD = "frequency: daily, email: [a@example.com]"


def monitors(*bodies: str) -> str:
    return f"{HEAD}{ONE}anomaly_monitors:\n" + "".join(f"  - {{{body}}}\n" for body in bodies)


def alerted(alert: str) -> str:
    return monitors(f"name: m, tag: costCenter, alert: {{{alert}}}")


def test_a_monitor_is_read_whole() -> None:
    (made,) = read(alerted(f"above: 50, above_percent: 40.5%, {TOLD}")).anomaly_monitors
    assert (made.name, made.tag, made.at) == ("m", "costCenter", Mark(6, 5))
    assert made.alert is not None
    assert (made.alert.above, made.alert.above_percent) == (Decimal(50), Decimal("40.5"))
    assert (made.alert.frequency, made.alert.email, made.alert.sns) == ("daily", ("a@example.com",), ())
    assert made.alert.at == Mark(6, 39)


def test_an_immediate_alert_goes_to_one_topic_and_one_threshold_is_enough() -> None:
    (made,) = read(alerted(f"above_percent: 10%, frequency: immediate, sns: ['{TOPIC}']")).anomaly_monitors
    assert made.alert is not None
    assert (made.alert.above, made.alert.frequency, made.alert.sns) == (None, "immediate", (TOPIC,))


def test_a_monitor_need_not_alert_and_two_may_watch_one_tag() -> None:
    found = read(monitors("name: a b, tag: costCenter", f"name: {'n' * 50}, tag: costCenter")).anomaly_monitors
    assert [(each.name, each.alert) for each in found] == [("a b", None), ("n" * 50, None)]


def test_without_the_section_there_are_none() -> None:
    assert read(HEAD + ONE).anomaly_monitors == ()


BROKEN = [
    ("tag: costCenter", "CS0011", "an anomaly monitor has no 'name'", "add: name:"),
    ("name: m", "CS0011", "an anomaly monitor has no 'tag'", "add: tag:"),
    ("name: m, tags: costCenter", "CS0012", "unknown key 'tags'", "did you mean 'tag'?"),
    ("name: m, tag: costcenter", "CS0025", "tag 'costcenter' names no tag of a profile", "did you mean 'costCenter'?"),
    ("name: m, tag: zzz", "CS0025", "tag 'zzz' names no tag of a profile", "tag keys in use: costCenter"),
    (f"name: {'n' * 51}, tag: costCenter", "CS0021", "name has 51 characters; at most 50", ""),
    ("name: ' m', tag: costCenter", "CS0021", "is not the name of a monitor", "without a space at either end"),
    ("name: 'm ', tag: costCenter", "CS0021", "is not the name of a monitor", "without a space at either end"),
    ("name: m*, tag: costCenter", "CS0021", "'m*' is not the name of a monitor", "letters, digits"),
    ("name: '', tag: costCenter", "CS0021", "'' is not the name of a monitor", "letters, digits"),
    ("name: m, tag: costCenter, alert: daily", "CS0013", "an anomaly alert is a mapping", ""),
]
ALERTS = [
    (TOLD, "CS0011", "an anomaly alert has no threshold", "add: above: 50 (USD), or above_percent: 40%"),
    (f"abov: 5, {TOLD}", "CS0012", "unknown key 'abov'", "did you mean 'above'?"),
    (f"above: 0, {TOLD}", "CS0014", "above is above 0", ""),
    (f"above_percent: 40, {TOLD}", "CS0013", "above_percent is a percentage such as 80%", ""),
    ("above: 5, email: [a@example.com]", "CS0011", "an anomaly alert has no 'frequency'", "add: frequency:"),
    ("above: 5, frequency: dayly, email: [a@example.com]", "CS0014", "frequency is", "did you mean 'daily'?"),
    ("above: 5, frequency: daily", "CS0011", "a daily alert has nobody to tell", "add: email:"),
    ("above: 5, frequency: weekly, email: []", "CS0011", "a weekly alert has nobody to tell", "add: email:"),
    ("above: 5, frequency: immediate", "CS0011", "an immediate alert has nobody to tell", "add: sns:"),
    (f"above: 5, frequency: daily, sns: ['{TOPIC}']", "CS0014", "a daily alert goes to e-mail", "immediate"),
    (f"above: 5, {TOLD}, sns: ['{TOPIC}']", "CS0014", "a daily alert goes to e-mail, not to SNS", "two monitors"),
    ("above: 5, frequency: immediate, email: [a@b.ch]", "CS0014", "goes to an SNS topic, not to e-mail", "daily"),
    ("above: 5, frequency: immediate, sns: [x]", "CS0013", "sns 'x' is not the ARN of an SNS topic", ""),
    (f"above: 5, frequency: immediate, sns: ['{TOPIC}', '{TOPIC}2']", "CS0026", "sns has 2 topics; at most 1", ""),
    ("above: 5, frequency: daily, email: [x]", "CS0013", "email 'x' is not an e-mail address", ""),
]


@pytest.mark.parametrize(("body", "code", "message", "help"), BROKEN, ids=[row[0][:50] for row in BROKEN])
def test_a_broken_monitor_has_one_problem(body: str, code: str, message: str, help: str) -> None:
    problem = only(monitors(body))
    assert problem.code == code
    assert message in problem.message
    assert help in problem.help


@pytest.mark.parametrize(("alert", "code", "message", "help"), ALERTS, ids=[row[0][:60] for row in ALERTS])
def test_a_broken_anomaly_alert_has_one_problem(alert: str, code: str, message: str, help: str) -> None:
    problem = only(alerted(alert))
    assert problem.code == code
    assert message in problem.message
    assert help in problem.help


def test_the_wrong_address_is_underlined() -> None:
    problem = only(alerted("above: 5, frequency: immediate, email: [ab@example.com]"))
    assert (problem.at, problem.length) == (Mark(6, 80), len("ab@example.com"))


def test_two_monitors_with_one_name_are_named_by_both_places() -> None:
    problem = only(monitors("name: m, tag: costCenter", "name: m, tag: costCenter"))
    assert (problem.code, problem.at, problem.help) == ("CS0024", Mark(7, 12), "choose another name")
    assert problem.message == "the monitor name 'm' is given twice; first on line 6"


def test_more_alerts_than_aws_has_subscriptions_are_refused_where_the_first_too_many_stands() -> None:
    bodies = [f"name: m{number}, tag: costCenter, alert: {{above: 1, {TOLD}}}" for number in range(103)]
    assert len(read(monitors(*bodies[:100], "name: x, tag: costCenter")).anomaly_monitors) == 101
    problem = only(monitors(*bodies))
    assert (problem.code, problem.at.line) == ("CS0026", 106)
    assert problem.message == "this is alert 101; AWS allows 100 anomaly subscriptions"


def test_501_monitors_are_too_many() -> None:
    bodies = [f"name: m{number}, tag: costCenter" for number in range(501)]
    assert len(read(monitors(*bodies[:500])).anomaly_monitors) == 500
    assert only(monitors(*bodies)).message == "anomaly_monitors has 501 monitors; at most 500 are allowed"


def test_several_mistakes_are_told_at_once_in_the_order_of_places() -> None:
    found = problems(
        monitors(
            "name: m*, tag: costCentr, alert: {frequency: daily, sns: [x]}",
            "name: a, tag: costCenter, alert: {above: x, frequency: immediate}",
        )
    )
    assert [(each.at.line, each.code) for each in found] == [
        (6, "CS0021"), (6, "CS0025"), (6, "CS0011"), (6, "CS0013"), (7, "CS0011"), (7, "CS0013"),
    ]  # fmt: skip
