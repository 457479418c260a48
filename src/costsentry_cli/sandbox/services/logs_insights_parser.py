"""The expressions of Insights QL, read into functions of a row; inside ``stats`` they may hold aggregates."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from costsentry_cli.sandbox.services import logs_insights_values as values
from costsentry_cli.sandbox.services.logs_fields import shown
from costsentry_cli.sandbox.services.logs_insights_stats import AGGREGATES, Aggregate, aggregate
from costsentry_cli.sandbox.services.logs_insights_values import Row, Worth, field_named
from costsentry_cli.sandbox.services.logs_insights_words import Word, Words, unquoted

_COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")
_SPECIAL = "()*+?{}["
_IN_CLASSES = ("--", "&&", "~~", "||")
"""What Python may one day read as operations on sets of characters."""


class Expressions:
    """Reads expressions from words; ``aggregates`` collects those of a ``stats``, None where none may stand."""

    def __init__(self, words: Words, aggregates: list[Aggregate] | None = None) -> None:
        self.words = words
        self.aggregates = aggregates

    def read(self) -> Worth:
        """An expression of the lowest precedence."""
        self.words.deeper()
        found = self._either()
        self.words.depth -= 1
        return found

    def _either(self) -> Worth:
        found = [self._both()]
        while self.words.take_keyword("or"):
            found.append(self._both())
        return found[0] if len(found) == 1 else lambda row: any(each(row) for each in found)

    def _both(self) -> Worth:
        found = [self._inverted()]
        while self.words.take_keyword("and"):
            found.append(self._inverted())
        return found[0] if len(found) == 1 else lambda row: all(each(row) for each in found)

    def _inverted(self) -> Worth:
        if not self.words.take_keyword("not"):
            return self._comparison()
        self.words.deeper()
        inner = self._inverted()
        self.words.depth -= 1
        return lambda row: not inner(row)

    def _comparison(self) -> Worth:
        left = self._sum()
        sign = self.words.take_sign(*_COMPARISONS, "=~")
        if sign == "=~":
            return self._like(left, inverted=False)
        if sign is not None:
            right = self._sum()
            return lambda row: values.compared(sign, left(row), right(row))
        inverted = self.words.take_keyword("not") is not None
        if self.words.take_keyword("like"):
            return self._like(left, inverted=inverted)
        if self.words.take_keyword("in"):
            return self._among(left, inverted=inverted)
        if inverted:
            self.words.wrong(f"'like' or 'in' is missing before {self.words.next.text!r}")
        return left

    def _like(self, left: Worth, *, inverted: bool) -> Worth:
        found = self._pattern()

        def holds(row: Row) -> bool:
            value = left(row)
            return value is not None and found(shown(value)) != inverted

        return holds

    def _pattern(self) -> Callable[[str], bool]:
        regular = self.words.take_regular()
        if regular is not None:
            search = _regular(self.words, *regular).search
            return lambda text: search(text) is not None
        word = self.words.take()
        if word.kind != "text":
            self.words.wrong(f"a text or a /regular expression/ instead of {word.text!r}", word)
        part = unquoted(word.text)
        return lambda text: part in text

    def _among(self, left: Worth, *, inverted: bool) -> Worth:
        self.words.expect("[")
        options = [values.constant(self.words)]
        while self.words.take_sign(","):
            options.append(values.constant(self.words))
        self.words.expect("]")

        def holds(row: Row) -> bool:
            value = left(row)
            return value is not None and any(values.compared("=", value, each) for each in options) != inverted

        return holds

    def _sum(self) -> Worth:
        return self._chain(("+", "-"), lambda: self._chain(("*", "/", "%"), self._power))

    def _chain(self, signs: tuple[str, ...], operand: Callable[[], Worth]) -> Worth:
        found = operand()
        while sign := self.words.take_sign(*signs):
            found = _calculation(sign, found, operand())
        return found

    def _power(self) -> Worth:
        found = self._operand()
        while self.words.take_sign("^"):
            found = _calculation("^", found, self._operand())
        return found

    def _operand(self) -> Worth:
        if self.words.take_sign("("):
            found = self.read()
            self.words.expect(")")
            return found
        if self.words.take_sign("-"):
            self.words.deeper()
            inner = self._operand()
            self.words.depth -= 1
            return lambda row: values.calculated("-", 0, inner(row))
        if self.words.next.kind in ("text", "number"):
            value = values.constant(self.words)
            return lambda _row: value
        word = self.words.take()
        if word.kind != "name":
            self.words.wrong(f"an expression instead of {word.text!r}", word)
        if self.words.next.text == "(":
            return self._call(word)
        if word.text.lower() in ("true", "false"):
            truth = int(word.text.lower() == "true")
            return lambda _row: truth
        return field_named(word.text)

    def _call(self, name: Word) -> Worth:
        called = name.text.lower()
        if called in AGGREGATES:
            return self._aggregate(name)
        if called not in ("bin", "datefloor") and called not in values.FUNCTIONS:
            self.words.wrong(f"the sandbox does not have the function {name.text}", name)
        self.words.expect("(")
        if called in ("bin", "datefloor"):
            return self._floor(called)
        arguments = [self.read()]
        while self.words.take_sign(","):
            arguments.append(self.read())
        self.words.expect(")")
        fewest, most, function = values.FUNCTIONS[called]
        if not fewest <= len(arguments) <= most:
            self.words.wrong(f"{name.text} takes another number of arguments", name)
        return lambda row: function(*(each(row) for each in arguments))

    def _floor(self, called: str) -> Worth:
        time: Worth = field_named("@timestamp")
        if called == "datefloor":
            time = self.read()
            self.words.expect(",")
        size = values.period(self.words)
        self.words.expect(")")
        return lambda row: values.floored(time(row), size)

    def _aggregate(self, name: Word) -> Worth:
        if self.aggregates is None:
            self.words.wrong(f"{name.text} can only stand in stats", name)
        mine, self.aggregates = self.aggregates, None  # no aggregate inside another
        mine.append(aggregate(name, self.words, self.read))
        self.aggregates = mine
        index = len(mine) - 1
        return lambda row: row.aggregates[index]


def _calculation(sign: str, left: Worth, right: Worth) -> Worth:
    return lambda row: values.calculated(sign, left(row), right(row))


def _regular(words: Words, at: Word, text: str) -> re.Pattern[str]:
    """A regular expression that cannot run away: no groups, no repetition; ``(?i)`` may stand in front."""
    flags = re.IGNORECASE if text.startswith("(?i)") else re.NOFLAG
    body = text.removeprefix("(?i)")
    free = re.sub(r"\\.|\[(?:[^\]\[\\]|\\.)+\]", "", body)
    wrong: Any = next((sign for sign in _SPECIAL if sign in free), None)
    wrong = wrong or next((signs for signs in _IN_CLASSES if signs in body), None)
    if wrong is not None or re.search(r"\\[^\W_]", re.sub(r"\\[bBdDsSwWtnr\\]", "", body)):
        words.wrong(f"the sandbox's regular expressions have no {wrong or 'such escapes'}: {at.text}", at)
    try:
        return re.compile(body, flags)
    except re.error as error:
        words.wrong(f"the regular expression cannot be read: {error}", at)
