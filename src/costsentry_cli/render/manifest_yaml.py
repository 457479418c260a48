"""A drafted manifest as YAML, as a person would write it; every text is quoted where YAML would misread it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import yaml

from costsentry_cli.domain.collapse import Entry
from costsentry_cli.domain.inventory import Draft
from costsentry_cli.render.safe import safe_line

MODELINE = "# yaml-language-server: $schema=./profiles.schema.json"
WIDTH = 100
ENDLESS = 1 << 30
TOLD = "told by its member models"


def as_yaml(draft: Draft) -> str:
    """The manifest's text; what is not in it stands in comments at the end."""
    lines = [MODELINE, "version: 1", f"namespace: {block(draft.namespace)}", f"account: {block(draft.account)}"]
    lines += _flow("regions", draft.regions, "")
    if draft.models:
        lines += ["models:", *(_model(alias, source, draft) for alias, source in draft.models.items())]
    lines += _flow("tags", {key: (value,) for key, value in draft.tags.items()}, "") if draft.tags else []
    lines.append("profiles:" if draft.entries else "profiles: []")
    for entry in draft.entries:
        lines += _entry(entry)
    return "\n".join([*lines, *_comments(draft)]) + "\n"


def block(text: str) -> str:
    """A text as the value of a key on a line of its own."""
    written: str = yaml.safe_dump({"k": text}, default_flow_style=False, width=ENDLESS, allow_unicode=True)
    return written.removeprefix("k: ").removesuffix("\n")


def flow(text: str) -> str:
    """A text inside ``[]`` or ``{}``."""
    written: str = yaml.safe_dump([text], default_flow_style=True, width=ENDLESS, allow_unicode=True)
    return written[1:-2]


def _model(alias: str, source: str, draft: Draft) -> str:
    line = f"  {flow(alias)}: {block(source)}"
    if source not in draft.told:
        return line
    others = draft.told[source]
    also = f"; {', '.join(others)} would do as well" if others else ""
    return f"{line}   # {TOLD}{safe_line(also)}"


def _entry(entry: Entry) -> Iterable[str]:
    yield f"  - name: {block(entry.name)}"
    if entry.key is not None:
        yield f"    key: {block(entry.key)}"
    yield f"    model: {block(entry.model)}"
    if entry.description is not None:
        yield f"    description: {block(entry.description)}"
    if entry.tags:
        yield from _flow("tags", entry.tags, "    ")
    if entry.regions:
        yield from _flow("regions", entry.regions, "    ")


def _flow(key: str, value: Sequence[str] | Mapping[str, Sequence[str]], indent: str) -> list[str]:
    """``key: [a, b]`` or ``key: {a: b, c: [d, e]}`` on one line where that fits, else one line for each member."""
    if not isinstance(value, Mapping):
        return [f"{indent}{key}: {_values(value, always=True)}"]
    pairs = [f"{flow(name)}: {_values(values)}" for name, values in value.items()]
    line = f"{indent}{key}: {{{', '.join(pairs)}}}"
    return [line] if len(line) <= WIDTH else [f"{indent}{key}:", *(f"{indent}  {pair}" for pair in pairs)]


def _values(values: Sequence[str], *, always: bool = False) -> str:
    return flow(values[0]) if len(values) == 1 and not always else f"[{', '.join(map(flow, values))}]"


def _comments(draft: Draft) -> Iterable[str]:
    if draft.notes:
        yield from ("", "# Not expressed above:", *(f"#   {safe_line(note)}" for note in draft.notes))
    if draft.left:
        yield from ("", "# Not in this manifest:")
        for one in draft.left:
            yield f"#   {safe_line(one.name)}  {safe_line(one.arn)}"
            yield f"#     {safe_line(one.why)}"
