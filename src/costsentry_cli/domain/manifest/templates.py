"""Names with placeholders: ``aws-docs-{costCenter}-prod``."""

from __future__ import annotations

import re
from collections.abc import Mapping

from costsentry_cli.domain.document import Mark, Scalar, Source
from costsentry_cli.domain.manifest.findings import Findings, shown

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def placeholders(text: str) -> list[str]:
    """The names in braces, in order; a brace without its other half is left as text."""
    return _PLACEHOLDER.findall(text) if "{" in text else []


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with every placeholder replaced; raises ``KeyError`` for one that ``values`` does not have."""
    return _PLACEHOLDER.sub(lambda found: values[found[1]], text) if "{" in text else text


def known_only(template: Scalar, known: tuple[str, ...], source: Source, findings: Findings) -> bool:
    """True when every placeholder is known; the others are taken down where they stand."""
    unknown = [name for name in placeholders(template.text) if name not in known]
    after = template.at
    for name in dict.fromkeys(unknown):
        at, length = _place(template, name, after, source)
        advice = findings.similar(name, known) or f"placeholders here: {', '.join(f'{{{each}}}' for each in known)}"
        findings.add(at, "CS0025", f"{shown('{' + name + '}')} names no tag of this entry", help=advice, length=length)
    return not unknown


def _place(template: Scalar, name: str, after: Mark, source: Source) -> tuple[Mark, int]:
    line = source.lines[after.line - 1] if after.line <= len(source.lines) else ""
    column = line.find(f"{{{name}}}", after.column - 1)
    if column < 0:  # written with escapes, or over several lines
        return template.at, max(1, len(template.text))
    return Mark(after.line, column + 1), len(name) + 2
