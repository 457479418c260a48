"""The JSON Schema and the reader say the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from costsentry_cli.domain.document import Entries, InvalidDocument, Items, Node
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.manifest.fields import MANIFEST
from costsentry_cli.domain.manifest.reader import read as meaning
from costsentry_cli.domain.manifest.schema import schema
from costsentry_cli.manifest_file import parse

ROOT = Path(__file__).parents[2]
FILES = [ROOT / "profiles.yaml", ROOT / "src/costsentry_cli/data/profiles.template.yaml"]
VALIDATOR = Draft202012Validator(schema())

BASE = "version: {version}\nnamespace: {namespace}\naccount: {account}\ntags: {{t: {tag}}}\nprofiles:\n"
ENTRY = "  - {{name: {name}, model: amazon.nova-lite-v1:0}}\n"
BOUND = "limits: [{{per: {per}, tokens: {tokens}, usd: {usd}}}]\n"
BUDGET = (
    "budgets:\n"
    "  - {{name: b, amount: {usd}, per: day, alerts: [{{at: {at}, of: actual, email: [{email}]}}]}}\n"
    "  - {{name: p, tags: {{t: {tag}}}, planned: {{{period}: {usd}}}, per: month, action: {{at: {at}, of: actual,\n"
    "     policy: '{policy}', roles: [{role}], execution_role: '{execution_role}',\n"
    "     approval: {approval}, sns: [{sns}]}}}}\n"
)
MONITOR = (
    "anomaly_monitors:\n"
    "  - {{name: {monitor}, tag: t, alert: {{above: {usd}, above_percent: {at}, frequency: {frequency},"
    " email: [{email}]}}}}\n"
)
TEXT = BASE + ENTRY + BOUND + BUDGET + MONITOR
RIGHT = {
    "version": "1", "namespace": "docs", "account": "123456789012", "tag": "a", "name": "x", "per": "day",
    "tokens": "1", "usd": "1", "at": "80%", "email": "a@example.com", "period": "2026-11", "role": "callers",
    "policy": "arn:aws:iam::aws:policy/a", "execution_role": "arn:aws:iam::123456789012:role/a/b",
    "approval": "manual", "sns": "'arn:aws:sns:us-east-1:123456789012:a'", "monitor": "m", "frequency": "daily",
}  # fmt: skip
TOKENS = [
    "1", "0", "-1", "1_000", "1e3", "0.5", ".5", "25.10", "1e999", ".nan", ".inf", "true", "on", "no", "null", "~",
    '""', "0x10", "0o7", "012", "12:30", "80%", "0%", "100.5%", "2025-01-01", "day", "dy", "[]", "{}", "'1'",
    "012345678901", "123456789012", "docs", "a--b", "a b", "ü", "a@b.c", '"a@b"', "9" * 16, "9" * 70,
    "2026-12", "2026-Q1", "2026-13", "2099-01", "automatic", "weekly", "a/b", "arn:x", "a b c",
]  # fmt: skip


SHAPES = [
    "budgets: [{name: b, per: month}]",
    "budgets: [{name: b, per: month, amount: 1, planned: {2026-11: 1}}]",
    "budgets: [{name: b, per: month, planned: {}}]",
    "budgets: [{name: b, per: month, planned: {2026-13: 1}}]",
    "budgets: [{name: b, per: month, planned: {2026-11: 0}}]",
    "budgets: [{name: b, per: month, amount: 1, action: {at: 1%, of: actual, roles: []}}]",
    "limits: [{per: day}]",
    "anomaly_monitors: [{name: m}]",
    "anomaly_monitors: [{name: 'm ', tag: t}]",
    "anomaly_monitors: [{name: m, tag: t, alert: {frequency: daily, email: [a@example.com]}}]",
]


def as_an_editor_sees_it(node: Node) -> Any:
    """The document in YAML 1.2's core schema, which editors use."""
    if isinstance(node, Entries):
        return {key.text: as_an_editor_sees_it(value) for key, value in node.pairs}
    if isinstance(node, Items):
        return [as_an_editor_sees_it(each) for each in node.nodes]
    if not node.plain:
        return node.text
    return _core(node.text)


def _core(text: str) -> Any:
    if not text:
        return None
    if text in {"true", "false", "True", "False"}:
        return text.lower() == "true"
    if re.fullmatch(r"[-+]?[0-9]+", text):
        return int(text)
    if re.fullmatch(r"0x[0-9a-fA-F]+|0o[0-7]+", text):
        return int(text, 0)
    if re.fullmatch(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.inf|\.nan", text):
        return float(text.replace(".inf", "inf").replace(".nan", "nan"))
    return text


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_shipped_manifest_is_valid_for_the_reader_and_for_the_schema(path: Path) -> None:
    document = parse(path.read_text(encoding="utf-8"), path.name)
    manifest = meaning(document.root, document.source, document.problems)
    assert len(manifest.profiles) == 3
    VALIDATOR.validate(as_an_editor_sees_it(document.root))


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(schema())


@settings(max_examples=1000, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(sorted(RIGHT)), st.sampled_from(TOKENS)), max_size=2))
def test_what_the_reader_accepts_the_schema_accepts(changes: list[tuple[str, str]]) -> None:
    values = RIGHT | dict(changes)
    try:
        document = parse(TEXT.format(**values), "m.yaml")
        meaning(document.root, document.source, document.problems)
    except (InvalidDocument, SentryError):
        return
    VALIDATOR.validate(as_an_editor_sees_it(document.root))


def test_the_unchanged_document_of_that_test_is_valid() -> None:
    document = parse(TEXT.format(**RIGHT), "m.yaml")
    assert meaning(document.root, document.source).namespace == "docs"
    VALIDATOR.validate(as_an_editor_sees_it(document.root))


@pytest.mark.parametrize(
    "wrong",
    [
        "version: 2",
        "namespace: A",
        "profils: []",
        "limits: [{per: week}]",
        "budgets: [{name: b}]",
        "account: abc",
        *SHAPES,
    ],
)
def test_the_schema_refuses_what_the_reader_refuses_about_shape(wrong: str) -> None:
    key = wrong.partition(":")[0]
    lines = [line for line in ("version: 1", "namespace: a", "profiles: []") if not line.startswith(f"{key}:")]
    document = parse("\n".join([*lines, wrong]) + "\n", "m.yaml")
    with pytest.raises(InvalidDocument):
        meaning(document.root, document.source)
    assert not VALIDATOR.is_valid(as_an_editor_sees_it(document.root))


def test_every_key_of_the_manifest_has_a_description() -> None:
    properties = schema()["properties"]
    assert [name for name in properties if not properties[name]["description"].endswith(".")] == []
    assert list(properties) == [each.name for each in MANIFEST.fields]


def test_the_commented_examples_of_the_template_are_valid_once_they_are_no_comments() -> None:
    lines = FILES[1].read_text(encoding="utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("budgets:"))
    mended = [
        re.sub(r"^( *)# ((?:[a-z_]+:| |- ).*)", r"\1\2", line)
        for line in lines[start:]
        if not line.startswith("    amount:")  # planned stands instead of it
    ]
    document = parse("\n".join([*lines[:start], *mended]) + "\n", "m.yaml")
    manifest = meaning(document.root, document.source, document.problems)
    assert [len(each.planned) for each in manifest.budgets] == [2, 2, 2]
    assert all(each.action and "environment" in each.tags for each in manifest.budgets)
    assert len(manifest.anomaly_monitors) == 1
    VALIDATOR.validate(as_an_editor_sees_it(document.root))
