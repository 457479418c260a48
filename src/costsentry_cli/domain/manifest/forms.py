"""The forms a single value of the manifest can have; ``shapes`` has lists, mappings and records.

Each form does two things from one declaration: ``read`` turns a node into a value and takes down what is wrong with it
(then the value is None), ``schema`` says the same as JSON Schema. So the reader and the schema cannot disagree.
Forms are named tuples: making a frozen dataclass costs seven times as much at start-up.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

from costsentry_cli.domain.document import Entries, Items, Node, Scalar
from costsentry_cli.domain.manifest.findings import Findings, shown

JsonSchema = dict[str, Any]

_KINDS: dict[type[Node], str] = {Scalar: "one value", Items: "a list", Entries: "a mapping"}


class Form(Protocol):
    """How a value is read and described."""

    def read(self, node: Node, name: str, findings: Findings) -> Any:
        """The value, or None after taking down what is wrong; ``name`` is what messages call it."""
        ...

    def schema(self) -> JsonSchema:
        """The form as JSON Schema 2020-12, for documents as editors see them (numbers and booleans included)."""
        ...


def wrong_kind(node: Node, name: str, wanted: str, findings: Findings) -> None:
    """Take down that a node is not of the wanted kind."""
    if findings.stands_in(node):
        return
    if isinstance(node, Scalar) and node.plain and not node.text:
        findings.add(node.at, "CS0013", f"{name} has no value", help=f"write {wanted}, or leave the key out")
        return
    advice = "text that starts with { or [ needs quotes" if wanted == "one value" else ""
    findings.about(node, "CS0013", f"{name} is {wanted}, but here stands {_KINDS[type(node)]}", advice)


def scalar(node: Node, name: str, findings: Findings) -> Scalar | None:
    """The node when it is a scalar with a value; ``null``, ``~`` and nothing are no value unless quoted."""
    if type(node) is Scalar and (node.text or not node.plain):
        return node
    if isinstance(node, Scalar) and not findings.stands_in(node):
        advice = 'write the value; text that is meant to be empty or the word null goes in quotes: "", "null"'
        findings.add(node.at, "CS0013", f"{name} has no value", help=advice)
    elif not isinstance(node, Scalar):
        wrong_kind(node, name, "one value", findings)
    return None


class Text(NamedTuple):
    """Text that fits ``pattern`` as a whole and has at most ``most`` characters; its value is the ``Scalar``.

    ``says`` finishes the sentence "... is not"; ``code`` is the problem's.
    """

    pattern: re.Pattern[str]
    says: str
    most: int
    code: str = "CS0013"
    help: str = ""

    def read(self, node: Node, name: str, findings: Findings) -> Scalar | None:
        """The scalar, as it stands in the file."""
        found = scalar(node, name, findings)
        if found is None:
            return None
        if len(found.text) > self.most:
            message = f"{name} has {len(found.text)} characters; at most {self.most} are allowed"
            findings.about(found, self.code, message)
            return None
        if self.pattern.fullmatch(found.text) is None:
            findings.about(found, self.code, f"{name} {shown(found.text)} is not {self.says}", self.help)
            return None
        return found

    def schema(self) -> JsonSchema:
        """A string with the pattern, or what an editor takes for a number or boolean."""
        pattern = f"^(?:{self.pattern.pattern})$"
        return {"type": ["string", "number", "boolean"], "pattern": pattern, "maxLength": self.most}


class Word(NamedTuple):
    """One of a few words; its value is the word."""

    words: tuple[str, ...]

    def read(self, node: Node, name: str, findings: Findings) -> str | None:
        """The word."""
        found = scalar(node, name, findings)
        if found is None:
            return None
        if found.text in self.words:
            return found.text
        message = f"{name} is {' or '.join(self.words)}, not {shown(found.text)}"
        findings.about(found, "CS0014", message, findings.similar(found.text, self.words))
        return None

    def schema(self) -> JsonSchema:
        """An enumeration; a word of digits is also accepted as a number."""
        return {"enum": [*self.words, *(int(word) for word in self.words if word.isdigit())]}


def spelled(
    node: Node, name: str, findings: Findings, pattern: re.Pattern[str], says: str, convert: Callable[[str], Any]
) -> tuple[Scalar, Any] | None:
    """A number as it is written and what it is; overlong ones are refused before they are converted."""
    found = scalar(node, name, findings)
    if found is None:
        return None
    if len(found.text) > SHOWN_DIGITS or pattern.fullmatch(found.text) is None:
        findings.about(found, "CS0013", f"{name} is {says}, not {shown(found.text)}")
        return None
    return found, convert(found.text.replace("_", ""))


class Number(NamedTuple):
    """A number from ``least``, or above zero where that is None, to ``most``, also when it is written as text.

    ``convert`` makes the value of its text without underscores.
    """

    pattern: re.Pattern[str]
    says: str
    most: int
    convert: Callable[[str], Any]
    json_type: str
    least: int | None = None

    def read(self, node: Node, name: str, findings: Findings) -> Any:
        """The number, or None."""
        read = spelled(node, name, findings, self.pattern, self.says, self.convert)
        if read is None:
            return None
        found, number = read
        above, least = self.least is None, self.least or 0
        if number > self.most or number < least or (above and number == 0):
            bounds = f"above 0 and at most {self.most}" if above else f"from {least} to {self.most:,}"
            findings.about(found, "CS0014", f"{name} is {bounds}, not {shown(found.text)}")
            return None
        return number

    def schema(self) -> JsonSchema:
        """A number in bounds, or its text."""
        least = {"exclusiveMinimum": 0} if self.least is None else {"minimum": self.least}
        pattern = f"^(?:{self.pattern.pattern})$"
        return {"type": [self.json_type, "string"]} | least | {"maximum": self.most, "pattern": pattern}


SHOWN_DIGITS = 40
"""No number that is allowed is longer; longer ones are refused before they are converted."""

_WHOLE = r"(?:0|[1-9][0-9]*(?:_[0-9]+)*)"
WHOLE = Number(re.compile(_WHOLE), "a whole number such as 100000 or 100_000", 10**15, int, "integer")
AMOUNT = Number(
    re.compile(_WHOLE + r"(?:\.[0-9]{1,9})?"),
    "an amount in USD such as 25 or 0.50, with at most 9 decimals",
    10**9,
    Decimal,
    "number",
)
"""Nano-dollars of the largest amount fit in 63 bits."""


class Duration(NamedTuple):
    """A span such as ``7d`` or ``12h``, at most ``most``; its value is a ``timedelta``."""

    most: timedelta
    pattern: re.Pattern[str] = re.compile(r"[0-9]{1,5}[hd]")

    def read(self, node: Node, name: str, findings: Findings) -> timedelta | None:
        """The span."""
        found = scalar(node, name, findings)
        if found is None:
            return None
        if self.pattern.fullmatch(found.text) is None:
            findings.about(found, "CS0013", f"{name} is a duration such as 7d or 12h, not {shown(found.text)}")
            return None
        number, unit = int(found.text[:-1]), found.text[-1]
        span = timedelta(days=number) if unit == "d" else timedelta(hours=number)
        if span > self.most:
            findings.about(found, "CS0014", f"{name} is at most {self.most.days}d, not {shown(found.text)}")
            return None
        return span

    def schema(self) -> JsonSchema:
        """The text with its unit."""
        return {"type": "string", "pattern": f"^(?:{self.pattern.pattern})$"}


class Percent(NamedTuple):
    """A share such as ``80%``: above 0, at most 1000, at most two decimals; its value is the ``Decimal`` 80."""

    pattern: re.Pattern[str] = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,2})?%")

    def read(self, node: Node, name: str, findings: Findings) -> Decimal | None:
        """The percentage."""
        found = scalar(node, name, findings)
        if found is None:
            return None
        if self.pattern.fullmatch(found.text) is None:
            findings.about(found, "CS0013", f"{name} is a percentage such as 80%, not {shown(found.text)}")
            return None
        number = Decimal(found.text[:-1])
        if not 0 < number <= 1000:
            findings.about(found, "CS0014", f"{name} is above 0% and at most 1000%, not {shown(found.text)}")
            return None
        return number

    def schema(self) -> JsonSchema:
        """The text with its percent sign."""
        return {"type": "string", "pattern": f"^(?:{self.pattern.pattern})$"}


class Start(NamedTuple):
    """A month or quarter: as it is written, which of the two, and its first day."""

    written: Scalar
    per: str
    day: date


class Period(NamedTuple):
    """A month such as ``2026-11`` or a quarter such as ``2026-Q4``, not after ``last``; its value is a ``Start``."""

    last: date
    pattern: re.Pattern[str] = re.compile(r"20[0-9]{2}-(?:0[1-9]|1[0-2]|Q[1-4])", re.ASCII)

    def read(self, node: Node, name: str, findings: Findings) -> Start | None:
        """The period."""
        found = scalar(node, name, findings)
        if found is None:
            return None
        if self.pattern.fullmatch(found.text) is None:
            says = "a month such as 2026-11 or a quarter such as 2026-Q4"
            advice = "the months are 01 to 12, the quarters Q1 to Q4"
            findings.about(found, "CS0013", f"{name} {shown(found.text)} is not {says}", advice)
            return None
        year, part = found.text.split("-")
        per, month = ("quarter", int(part[1]) * 3 - 2) if part[0] == "Q" else ("month", int(part))
        start = Start(found, per, date(int(year), month, 1))
        if start.day > self.last:
            message = f"{name} {found.text} begins after {self.last}, where AWS budgets end"
            findings.about(found, "CS0014", message, "give a period before that")
            return None
        return start

    def schema(self) -> JsonSchema:
        """The text."""
        return {"type": "string", "pattern": f"^(?:{self.pattern.pattern})$"}
