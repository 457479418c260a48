"""Who hears of a budget, and when, as text: ``actual > 80%`` and ``a@example.com, arn:aws:sns:…``.

Both directions: what is printed can be read back.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from costsentry_cli.domain.budgets.amount_text import UNIT, number_text

OF = {"actual": "ACTUAL", "forecast": "FORECASTED"}
_OF = {theirs: ours for ours, theirs in OF.items()}
_SIGNS = {">": "GREATER_THAN", "<": "LESS_THAN", "=": "EQUAL_TO"}
_SIGN = {name: sign for sign, name in _SIGNS.items()}
_TRIGGER = re.compile(rf"(?P<of>actual|forecast) (?P<sign>[<>=]) (?P<at>\S+?)(?P<share>%| {UNIT})")
_BLANK = re.compile(r"\s")


def trigger_text(notification: Mapping[str, Any]) -> str:
    """``actual > 80%`` or ``forecast > 400 USD`` of AWS's ``Notification``."""
    share = notification.get("ThresholdType", "PERCENTAGE") == "PERCENTAGE"
    sign = _SIGN[notification["ComparisonOperator"]]
    of = _OF[notification["NotificationType"]]
    return f"{of} {sign} {threshold_text(notification['Threshold'], share=share)}"


def trigger_of(text: str) -> dict[str, Any]:
    """AWS's ``Notification`` of ``actual > 80%``; AWS knows one by all of this."""
    found = _TRIGGER.fullmatch(text)
    if found is None:
        raise ValueError(f"no trigger: {text!r}")
    return {
        "NotificationType": OF[found["of"]],
        "ComparisonOperator": _SIGNS[found["sign"]],
        "Threshold": float(found["at"]),
        "ThresholdType": "PERCENTAGE" if found["share"] == "%" else "ABSOLUTE_VALUE",
    }


def threshold_text(threshold: float, *, share: bool) -> str:
    """``80%`` or ``400 USD``."""
    return f"{number_text(threshold)}{'%' if share else f' {UNIT}'}"


def subscribers_text(subscribers: Iterable[Mapping[str, Any]]) -> str:
    """The addresses: e-mail before topics, each sorted."""
    return addresses_text(subscriber["Address"] for subscriber in subscribers)


def addresses_text(addresses: Iterable[str]) -> str:
    """Addresses in the one order that says nothing."""
    return words_text(sorted(addresses, key=lambda address: (type_of(address), address)))


def subscribers_of(text: str) -> list[dict[str, str]]:
    """AWS's ``Subscriber``s: an ARN is a topic, anything else an e-mail address."""
    return [{"SubscriptionType": type_of(word), "Address": word} for word in words_of(text)]


def type_of(address: str) -> str:
    """SNS or EMAIL."""
    return "SNS" if address.startswith("arn:") else "EMAIL"


def words_text(words: Sequence[str]) -> str:
    """Words in a row, none of which then has a blank in it: ``a, b``."""
    return ", ".join(unbroken(word) for word in words)


def words_of(text: str) -> list[str]:
    """What ``words_text`` says."""
    return [json.loads(word) if word.startswith('"') else word for word in text.split(", ") if word]


def unbroken(word: str) -> str:
    """A word without blanks in it, so that ``, `` and ``; `` stand only between words."""
    if word and not word.startswith('"') and not _BLANK.search(word):
        return word
    return json.dumps(word).replace(" ", r"\u0020")
