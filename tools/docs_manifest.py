"""docs/manifest.md: every key of the manifest, from the table that the reader and the schema are made of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from costsentry_cli.domain.manifest.fields import MANIFEST
from costsentry_cli.domain.manifest.forms import Duration, Number, Percent, Period, Text, Word
from costsentry_cli.domain.manifest.shapes import Field, ListOf, MapOf, OneOrMany, Record, WordOr

EXAMPLE = Path(__file__).resolve().parents[1] / "docs/full.profiles.yaml"
"""A valid manifest with every key in it: the examples of the page are read from it."""
ALONE = {"account": "123456789012"}
"""What cannot stand beside the rest of it."""
DEFAULT = re.compile(r" ?Default: (.+?)\.$")
HEAD = """# The manifest

Made by `tools/make_docs.py` from the table that the reader and `sentry schema` are made of. The examples are from
[full.profiles.yaml](full.profiles.yaml), which has every key.

One YAML document, UTF-8. Every value is read as text and then as what its key says: `costCenter: 0123` stays `0123`.
Unknown keys, duplicate keys, anchors, aliases, merge keys and tags are refused; `sentry validate` shows every problem
at once, with its line. For an editor that checks while you type: `sentry schema > profiles.schema.json`, and as the
first line of the manifest `# yaml-language-server: $schema=./profiles.schema.json`.
"""
RULES: dict[str, tuple[str, ...]] = {
    "the manifest": ("`account`, or `accounts`: never both.",),
    "a profile": (
        "A tag with a list of values makes one profile for each value; the name (and `key`) has that tag in braces.",
        "Two entries may have one name in different regions, never in the same.",
    ),
    "a limit": (
        "A call counts under every limit whose `match` it fits; the first that has no room denies it.",
        "Two limits with the same match and window are one too many: put the amounts into one.",
        "`fallback` names another model than the limit is for.",
    ),
    "a budget": (
        "`amount`, or `planned`: never both.",
        "`planned` has months where `per: month`, quarters where `per: quarter`.",
        "`for_each` makes a budget for every value the profiles have; the name has the key in braces.",
        "AWS has no forecast for a day: `of: forecast` needs `per: month`, `quarter` or `year`.",
    ),
    "an alert": ("An alert has somebody to tell: `email`, `sns` or both.",),
    "an action": ("The policy and the execution role are of the manifest's account, where it names one.",),
    "an anomaly alert": (
        "`frequency: immediate` tells an SNS topic, `daily` and `weekly` tell e-mail addresses: AWS has it so.",
    ),
    "the ledger": ("Where there are limits and no `ledger:`, sync makes the table. `ledger: cloudwatch` makes none.",),
}


def manifest_page() -> str:
    """A section for each record, outermost first."""
    example = yaml.load(EXAMPLE.read_text(encoding="utf-8"), yaml.BaseLoader)
    sections = [_section(record, path, found) for record, path, found in _records(MANIFEST, "", [example])]
    return "\n".join([HEAD, *sections])


def _records(record: Record, path: str, found: list[Any]) -> Iterator[tuple[Record, str, list[Any]]]:
    """The record, then those below it: where each stands, and its mappings in the example."""
    yield record, path, found
    for field in record.fields:
        inner = _inner(field.form)
        if inner is not None:
            values = [one[field.name] for one in found if field.name in one]
            flat = [one for value in values for one in (value if isinstance(value, list) else [value])]
            here = f"{path}.{field.name}" if path else field.name
            yield from _records(inner, here + ("[]" if isinstance(field.form, ListOf) else ""), flat)


def _inner(form: Any) -> Record | None:
    if isinstance(form, ListOf):
        form = form.item
    if isinstance(form, WordOr):
        form = form.record
    return form if isinstance(form, Record) else None


def _section(record: Record, path: str, found: list[Any]) -> str:
    mappings = [one for one in found if isinstance(one, dict)]
    lines = [f"## {record.noun[0].upper()}{record.noun[1:]}", "", *([f"`{path}`", ""] if path else [])]
    lines += ["| key | what it is for | form | default | example |", "|---|---|---|---|---|"]
    lines += [_row(field, mappings) for field in record.fields]
    choice = record.choice
    rules = list(RULES.get(record.noun, ()))
    if choice is not None and not choice.rivals:
        rules.insert(0, f"At least one of {', '.join(f'`{name}`' for name in choice.names)} is given.")
    return "\n".join([*lines, *([""] if rules else []), *(f"- {rule}" for rule in rules), ""])


def _row(field: Field, mappings: list[Any]) -> str:
    said = DEFAULT.search(field.about)
    default = "**required**" if field.required else field.default or (said[1] if said else "")
    about = DEFAULT.sub("", field.about)
    value = next((one[field.name] for one in mappings if field.name in one), ALONE.get(field.name))
    assert value is not None, f"{EXAMPLE.name} has no {field.name}"
    cells = (f"`{field.name}`", about, form_words(field.form), default, f"`{_flow(value)}`")
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _flow(value: Any) -> str:
    """A value on one line, as it may be written; of a list of mappings the first, of what is long the beginning."""
    if isinstance(value, list) and isinstance(value[0], dict):
        value = value[0]
    text = _written(value)
    return text if len(text) <= 60 else text[:57].rsplit(", ", 1)[0] + ", …"


def _written(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_written(one)}' for key, one in value.items())}}}"
    return f"[{', '.join(map(_written, value))}]" if isinstance(value, list) else str(value)


def form_words(form: Any) -> str:
    """What a value may be, with its bounds, in words."""
    match form:
        case Word(words):
            return " or ".join(f"`{word}`" for word in words) if len(words) < 8 else f"one of {', '.join(words)}"
        case Text():
            return ", ".join(part for part in (form.says, form.help, f"at most {form.most:,} characters") if part)
        case Number():
            least = "above 0" if form.least is None else f"at least {form.least:,}"
            return f"{form.says}; {least}, at most {form.most:,}"
        case Duration():
            return f"a duration such as `7d` or `12h`, at most {form.most.days}d"
        case Percent():
            return "a percentage such as `80%`; above 0, at most 1000%"
        case Period():
            return "a month such as `2026-11` or a quarter such as `2026-Q4`"
        case _:
            return _shape_words(form)


def _shape_words(shape: ListOf | OneOrMany | MapOf | WordOr | Record) -> str:
    match shape:
        case ListOf():
            return f"a list of {shape.least or 'up'} to {shape.most:,}: {form_words(shape.item)}"
        case OneOrMany(many):
            return f"{form_words(many.item)}; or a list of {many.least} to {many.most:,} of them"
        case MapOf():
            return f"a mapping of up to {shape.most:,}. Key: {form_words(shape.key)}. Value: {form_words(shape.value)}"
        case WordOr(word, record):
            return f"{form_words(word)}, or {_linked(record)}"
        case Record():
            return _linked(shape)


def _linked(record: Record) -> str:
    return f"[{record.noun}](#{record.noun.replace(' ', '-')})"
