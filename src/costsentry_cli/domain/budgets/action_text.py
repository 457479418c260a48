"""What a budget does once a threshold is passed, as text.

``at 100% of actual; attach arn:aws:iam::…:policy/deny; to roles a, b; as arn:aws:iam::…:role/budgets; manual;
tell a@example.com``. Both directions: what is printed can be read back.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from costsentry_cli.domain.budgets.alert_text import (
    OF,
    subscribers_of,
    subscribers_text,
    threshold_text,
    unbroken,
    words_of,
    words_text,
)
from costsentry_cli.domain.budgets.amount_text import UNIT

ATTACH = "APPLY_IAM_POLICY"
_WHOM = ("roles", "groups", "users")
_OF = {theirs: ours for ours, theirs in OF.items()}
_AT = re.compile(rf"at (?P<at>\S+?)(?P<share>%| {UNIT}) of (?P<of>actual|forecast)")

Action = Mapping[str, Any]
"""The parts of AWS's ``Action`` that can be said: all but its id, its budget and its status."""


def action_text(action: Action) -> str:
    """All parts of an action; what it does is JSON where it is not the attaching of an IAM policy."""
    threshold = action["ActionThreshold"]
    share = threshold["ActionThresholdType"] == "PERCENTAGE"
    parts = [
        f"at {threshold_text(threshold['ActionThresholdValue'], share=share)} of {_OF[action['NotificationType']]}",
        *_deed(action),
        f"as {unbroken(action['ExecutionRoleArn'])}",
        action["ApprovalModel"].lower(),
        f"tell {subscribers_text(action['Subscribers'])}",
    ]
    return "; ".join(parts)


def action_of(text: str) -> dict[str, Any]:
    """AWS's parts of an action of ``action_text``."""
    at, *rest = text.split("; ")
    found = _AT.fullmatch(at)
    if found is None:
        raise ValueError(f"no action: {text!r}")
    *deed, role, approval, told = rest
    return {
        "NotificationType": OF[found["of"]],
        "ActionThreshold": {
            "ActionThresholdValue": float(found["at"]),
            "ActionThresholdType": "PERCENTAGE" if found["share"] == "%" else "ABSOLUTE_VALUE",
        },
        **_deed_of(deed),
        "ExecutionRoleArn": words_of(role.removeprefix("as "))[0],
        "ApprovalModel": approval.upper(),
        "Subscribers": subscribers_of(told.removeprefix("tell ")),
    }


def _deed(action: Action) -> list[str]:
    definition = action["Definition"]
    iam = definition.get("IamActionDefinition")
    if action["ActionType"] != ATTACH or not iam:
        content = json.dumps(definition, sort_keys=True, separators=(",", ":")).replace(" ", r"\u0020")
        return [f"do {action['ActionType']} {content}"]
    whom = [f"to {who} {words_text(sorted(iam[who.title()]))}" for who in _WHOM if iam.get(who.title())]
    return [f"attach {unbroken(iam['PolicyArn'])}", *whom]


def _deed_of(parts: list[str]) -> dict[str, Any]:
    what, *whom = parts
    if what.startswith("do "):
        _, name, content = what.split(" ", 2)
        return {"ActionType": name, "Definition": json.loads(content)}
    iam: dict[str, Any] = {"PolicyArn": words_of(what.removeprefix("attach "))[0]}
    for part in whom:
        _, who, names = part.split(" ", 2)
        iam[who.title()] = words_of(names)
    return {"ActionType": ATTACH, "Definition": {"IamActionDefinition": iam}}
