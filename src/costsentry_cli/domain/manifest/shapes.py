"""The shapes of the manifest: lists, mappings with free keys and records, made of forms (see ``forms``)."""

from __future__ import annotations

from typing import Any, NamedTuple

from costsentry_cli.domain.document import Entries, Items, Mark, Node, Scalar
from costsentry_cli.domain.manifest.findings import Findings, shown
from costsentry_cli.domain.manifest.forms import Form, JsonSchema, Word, wrong_kind


class ListOf(NamedTuple):
    """A list of ``least`` to ``most`` values; texts in it differ. Its value is a tuple of what could be read."""

    item: Form
    noun: str
    most: int
    least: int = 0

    def read(self, node: Node, name: str, findings: Findings) -> tuple[Any, ...] | None:
        """The values that could be read, in file order."""
        if not isinstance(node, Items):
            wrong_kind(node, name, "a list", findings)
            return None
        if len(node.nodes) > self.most:
            message = f"{name} has {len(node.nodes)} {self.noun}; at most {self.most} are allowed"
            findings.add(node.at, "CS0026", message)
            return None
        if len(node.nodes) < self.least:
            advice = f"write at least one of the {self.noun}"
            findings.add(node.at, "CS0013", f"{name} is empty; at least {self.least} is needed", help=advice)
            return None
        values = [self.item.read(child, name, findings) for child in node.nodes]
        read = tuple(value for value in values if value is not None)
        _differ(read, name, findings)
        return read

    def schema(self) -> JsonSchema:
        """An array."""
        return {"type": "array", "items": self.item.schema(), "minItems": self.least, "maxItems": self.most}


def _differ(values: tuple[Any, ...], name: str, findings: Findings) -> None:
    seen: dict[str, Mark] = {}
    for value in values:
        if isinstance(value, Scalar) and seen.setdefault(value.text, value.at) != value.at:
            message = f"{name} has {shown(value.text)} twice; the first is on line {seen[value.text].line}"
            findings.about(value, "CS0014", message, "keep one of the two")


class OneOrMany(NamedTuple):
    """One value or a list of them; its value is a tuple."""

    many: ListOf

    def read(self, node: Node, name: str, findings: Findings) -> tuple[Any, ...] | None:
        """The values, one for a scalar."""
        if isinstance(node, Items):
            return self.many.read(node, name, findings)
        value = self.many.item.read(node, name, findings)
        return None if value is None else (value,)

    def schema(self) -> JsonSchema:
        """Either."""
        return {"anyOf": [self.many.item.schema(), self.many.schema()]}


class MapOf(NamedTuple):
    """A mapping with free keys; its value is a tuple of (what ``key`` reads, value or None) in file order."""

    key: Form
    key_noun: str
    value: Form
    most: int
    least: int = 0

    def read(self, node: Node, name: str, findings: Findings) -> tuple[tuple[Any, Any], ...] | None:
        """The pairs whose key could be read."""
        if not isinstance(node, Entries):
            wrong_kind(node, name, "a mapping", findings)
            return None
        if len(node.pairs) > self.most:
            message = f"{name} has {len(node.pairs)} entries; at most {self.most} are allowed"
            findings.add(node.at, "CS0026", message)
            return None
        if len(node.pairs) < self.least:
            advice = "write one, or leave the key out"
            findings.add(node.at, "CS0013", f"{name} is empty; at least {self.least} is needed", help=advice)
            return None
        pairs = []
        for key, child in node.pairs:
            good = None if findings.stands_in(key) else self.key.read(key, self.key_noun, findings)
            value = self.value.read(child, f"{name}.{key.text[:40]}", findings)
            if good is not None:
                pairs.append((good, value))
        return tuple(pairs)

    def schema(self) -> JsonSchema:
        """An object; its keys are strings to every editor."""
        keys = {word: value for word, value in self.key.schema().items() if word != "type"}
        return {
            "type": "object",
            "propertyNames": keys,
            "additionalProperties": self.value.schema(),
            "minProperties": self.least,
            "maxProperties": self.most,
        }


class Field(NamedTuple):
    """One key of a record: its form, what it is for, and whether it must be there."""

    name: str
    form: Form
    about: str
    required: bool = False
    default: str | None = None


class Choice(NamedTuple):
    """Keys of a record of which at least one is given, or exactly one when they are ``rivals``."""

    names: tuple[str, ...]
    missing: str
    advice: str
    rivals: bool = False

    def schema(self) -> JsonSchema:
        """The alternatives."""
        return {"oneOf" if self.rivals else "anyOf": [{"required": [name]} for name in self.names]}


class WordOr(NamedTuple):
    """A word, or a record in its place; its value is the word or ``Filled``."""

    word: Word
    record: Record

    def read(self, node: Node, name: str, findings: Findings) -> Any:
        """What stands there."""
        if isinstance(node, Entries):
            return self.record.read(node, name, findings)
        if isinstance(node, Items):
            wrong_kind(node, name, f"{' or '.join(self.word.words)}, or a mapping", findings)
            return None
        return self.word.read(node, name, findings)

    def schema(self) -> JsonSchema:
        """Either."""
        return {"anyOf": [self.word.schema(), self.record.schema()]}


class Filled(NamedTuple):
    """A record that was read: the values that are right, and the keys whose value is wrong or missing.

    A broken list or mapping may still have a value: what could be read of it.
    """

    at: Mark
    values: dict[str, Any]
    broken: frozenset[str]

    def get(self, name: str) -> Any:
        """The value of a key, or None."""
        return self.values.get(name)


_WHOLE: frozenset[str] = frozenset()


class Record:
    """A mapping with known keys; its value is ``Filled``."""

    def __init__(self, noun: str, fields: tuple[Field, ...], choice: Choice | None = None) -> None:
        self.noun = noun
        self.fields = fields
        self.choice = choice
        self._by_name = {each.name: each for each in fields}
        self._required = [each.name for each in fields if each.required]

    def read(self, node: Node, name: str, findings: Findings) -> Filled | None:  # noqa: ARG002 - a record names itself
        """The values by key; unknown and missing keys are taken down."""
        if not isinstance(node, Entries):
            wrong_kind(node, self.noun, "a mapping", findings)
            return None
        values: dict[str, Any] = {}
        broken: list[str] = []
        unknown: list[Scalar] = []
        for key, child in node.pairs:
            known = self._by_name.get(key.text)
            if known is None:
                unknown.append(key)
                continue
            before = findings.attempts
            values[key.text] = known.form.read(child, key.text, findings)
            if findings.attempts != before:
                broken.append(key.text)
        absent = [name for name in self._required if name not in values]
        unmet = self._unmet(node, findings)
        if absent or unknown or unmet:
            self._misspelt(node, unknown, absent, unmet, findings)
        return Filled(node.at, values, frozenset(broken + absent) if broken or absent else _WHOLE)

    def _unmet(self, node: Entries, findings: Findings) -> Choice | None:
        """The choice, when no key of it is given; rivals that are both given are taken down."""
        if self.choice is None:
            return None
        given = [key for key, _ in node.pairs if key.text in self.choice.names]
        if self.choice.rivals and len(given) > 1:
            message = f"{given[0].text} and {given[1].text} are both given"
            findings.about(given[1], "CS0014", message, "keep one of the two")
        return None if given else self.choice

    def _misspelt(
        self, node: Entries, unknown: list[Scalar], absent: list[str], unmet: Choice | None, findings: Findings
    ) -> None:
        known = tuple(self._by_name)
        every = f"{self.noun} has: {', '.join(known)}"
        excused = set()
        for key in unknown:
            if findings.stands_in(key):
                return  # what could not be read (a merge key, say) may have held what is absent
            advice = findings.similar(key.text, known) or every
            findings.about(key, "CS0012", f"unknown key {shown(key.text)}", advice)
            excused.add(advice)
        for name in absent:
            if _suggesting(name) not in excused:
                findings.add(node.at, "CS0011", f"{self.noun} has no '{name}'", help=f"add: {name}: …")
        if unmet and excused.isdisjoint(map(_suggesting, unmet.names)):
            findings.add(node.at, "CS0011", unmet.missing, help=unmet.advice)

    def schema(self) -> JsonSchema:
        """An object without other keys."""
        properties = {each.name: _described(each) for each in self.fields}
        required = {"required": self._required} if self._required else {}
        choice = self.choice.schema() if self.choice else {}
        return {"type": "object", "properties": properties, "additionalProperties": False} | required | choice


def _suggesting(name: str) -> str:
    return f"did you mean '{name}'?"


def _described(each: Field) -> JsonSchema:
    about: JsonSchema = {"description": each.about} | each.form.schema()
    return about if each.default is None else about | {"default": each.default}
