"""Which costs a budget counts, as text: ``costCenter=sales``, ``all Bedrock``, or AWS's own expression as JSON.

Both directions: what is printed can be read back.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from costsentry_cli.domain.assumptions import (
    BUDGET_TAG_FILTER_WITHOUT_USER_PREFIX,
    EVERY_BEDROCK_COST_HAS_A_PROVIDER,
)
from costsentry_cli.domain.reports.expression import NOT_USAGE

ALL = "all Bedrock"
LEGACY = "legacy "
_DEFAULT_MATCH = ({"EQUALS"}, {"CASE_SENSITIVE"}, {"EQUALS", "CASE_SENSITIVE"})
_PLAIN_KEY = re.compile(r"[\w ./:+@-]*", re.ASCII)
_PLAIN_VALUE = re.compile(r"[\w ./:+@=-]*", re.ASCII)
_DECODER = json.JSONDecoder()

Expression = Mapping[str, Any]


def expression_of_tags(tags: Mapping[str, str]) -> dict[str, Any]:
    """Every Bedrock cost that carries all of these tags; usage only, as our reports count it."""
    slices = [
        {
            "Tags": {
                "Key": BUDGET_TAG_FILTER_WITHOUT_USER_PREFIX + key,
                "Values": [tags[key]],
                "MatchOptions": ["EQUALS"],
            }
        }
        for key in sorted(tags)
    ]
    bedrock = {"Not": {"ProductAttributes": {"Key": EVERY_BEDROCK_COST_HAS_A_PROVIDER, "MatchOptions": ["ABSENT"]}}}
    usage = {"Not": {"Dimensions": {"Key": "RECORD_TYPE", "Values": list(NOT_USAGE)}}}
    return {"And": [*slices, bedrock, usage]}


def filter_text(expression: Expression) -> str:
    """The tags, where the expression is one of ours; else the expression in its canonical form, as compact JSON."""
    plain = canonical(expression)
    tags = _tags_in(plain)
    if plain == canonical(expression_of_tags(tags)):
        return tags_text(tags)
    return _compact(plain)


def filter_of(text: str) -> dict[str, Any]:
    """The expression that a text of ``filter_text`` stands for. Raises ``ValueError`` for an older budget's filter."""
    if text.startswith("{"):
        read: dict[str, Any] = json.loads(text)
        return read
    return expression_of_tags(tags_of(text))


def legacy_text(filters: Mapping[str, Any]) -> str:
    """The older form, which only budgets of others or made by hand have."""
    return LEGACY + _compact(filters)


def tags_text(tags: Mapping[str, str]) -> str:
    """``costCenter=sales, environment=production``; without any tag ``all Bedrock``."""
    return ", ".join(f"{_word(key, _PLAIN_KEY)}={_word(tags[key], _PLAIN_VALUE)}" for key in sorted(tags)) or ALL


def tags_of(text: str) -> dict[str, str]:
    """What ``tags_text`` says. Raises ``ValueError`` for anything else."""
    tags: dict[str, str] = {}
    at = len(text) if text == ALL else 0
    while at < len(text) or (text == "" and at == 0):
        key, at = _read(text, at, "=")
        if text[at : at + 1] != "=":
            raise ValueError(f"no slice of costs: {text!r}")
        tags[key], at = _read(text, at + 1, ", ")
        at += 2
    return tags


def canonical(expression: Expression) -> dict[str, Any]:
    """The same for all that means the same: AWS may change orders, and say defaults or leave them out."""
    plain: dict[str, Any] = {}
    for name, value in expression.items():
        if name in ("And", "Or") and value:
            plain[name] = sorted((canonical(part) for part in value), key=_compact)
        elif name == "Not" and value:
            plain[name] = canonical(value)
        elif value:
            plain[name] = _leaf(value)
    return plain


def _leaf(leaf: Mapping[str, Any]) -> dict[str, Any]:
    plain = {name: sorted(value) if isinstance(value, list) else value for name, value in leaf.items() if value}
    if set(plain.get("MatchOptions", ())) in _DEFAULT_MATCH:
        del plain["MatchOptions"]
    return plain


def _tags_in(plain: Mapping[str, Any]) -> dict[str, str]:
    leaves = [part["Tags"] for part in plain.get("And", ()) if "Tags" in part]
    return {str(leaf.get("Key", "")): leaf["Values"][0] for leaf in leaves if len(leaf.get("Values", ())) == 1}


def _word(text: str, plain: re.Pattern[str]) -> str:
    return text if plain.fullmatch(text) and text == text.strip() else json.dumps(text)


def _read(text: str, at: int, end: str) -> tuple[str, int]:
    """The word at a place, and where it ends."""
    if text[at : at + 1] == '"':
        word, after = _DECODER.raw_decode(text, at)
        return str(word), after
    found = text.find(end, at)
    after = len(text) if found < 0 else found
    return text[at:after], after


def _compact(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
