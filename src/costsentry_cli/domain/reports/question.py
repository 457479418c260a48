"""What a report asks: by what, of which costs, when, in which metric, and how it is shown."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.resource import KEY_TAG
from costsentry_cli.domain.window import Granularity, Window

TAG, DIMENSION, ATTRIBUTE = "TAG", "DIMENSION", "PRODUCT_ATTRIBUTE"
MOST_GROUPS = 2
"""Cost Explorer groups by at most so many."""
TAG_MARK = "tag:"
"""In front of a tag key that is also one of our words: ``tag:model``."""


@dataclass(frozen=True)
class Group:
    """Something costs can be split by: our ``word`` for it, and what Cost Explorer calls it."""

    word: str
    kind: str
    key: str

    @property
    def unknown(self) -> str:
        """What people read where a cost has no value: ``(untagged)``, ``(no model)``."""
        return "(untagged)" if self.kind == TAG and self.word != "profile" else f"(no {self.word.replace('-', ' ')})"

    @property
    def column(self) -> str:
        """The column's stable name."""
        return self.word.replace("-", "_") if self.kind != TAG else self.word

    def value(self, text: str) -> str:
        """The value in a group key of an answer: tags and attributes come as ``key$value``; the value may have a
        ``$`` of its own."""
        return text if self.kind == DIMENSION else text.removeprefix(f"{self.key}$")


WORDS: dict[str, Group] = {
    "model": Group("model", ATTRIBUTE, "model"),
    "provider": Group("provider", ATTRIBUTE, "provider"),
    "token-type": Group("token-type", ATTRIBUTE, "inferenceType"),
    "service": Group("service", DIMENSION, "SERVICE"),
    "region": Group("region", DIMENSION, "REGION"),
    "account": Group("account", DIMENSION, "LINKED_ACCOUNT"),
    "usage-type": Group("usage-type", DIMENSION, "USAGE_TYPE"),
    "profile": Group("profile", TAG, KEY_TAG),
}
"""Our words; anything else is a tag key."""


class Metric(StrEnum):
    """What a cost is, by our word for it."""

    UNBLENDED = "unblended"
    AMORTIZED = "amortized"
    NET_UNBLENDED = "net-unblended"
    NET_AMORTIZED = "net-amortized"
    BLENDED = "blended"

    @property
    def aws(self) -> str:
        """Cost Explorer's name: ``NetUnblendedCost``."""
        return "".join(part.capitalize() for part in self.value.split("-")) + "Cost"


class Sort(StrEnum):
    """The order of the rows."""

    COST = "cost"
    NAME = "name"
    CHANGE = "change"


@dataclass(frozen=True)
class Condition:
    """Costs whose group has one of these values; the value ``""`` is having none."""

    group: Group
    values: tuple[str, ...]


@dataclass(frozen=True)
class Question:
    """One report. ``previous`` asks for the equal period before, ``extras`` for credits, refunds and tax: None means
    where it takes no request more. ``view`` is the ARN of a billing view."""

    groups: tuple[Group, ...]
    window: Window
    granularity: Granularity = Granularity.TOTAL
    metric: Metric = Metric.UNBLENDED
    only: tuple[Condition, ...] = ()
    without: tuple[Condition, ...] = ()
    top: int | None = None
    sort: Sort = Sort.COST
    previous: bool = True
    extras: bool | None = None
    view: str = ""

    @property
    def by(self) -> str:
        """``costCenter and model``."""
        return " and ".join(group.word for group in self.groups)

    @property
    def attributes(self) -> tuple[Group, ...]:
        """What is asked by product attributes, which AWS has for Bedrock since some day only."""
        named = (*self.groups, *(one.group for one in (*self.only, *self.without)))
        return tuple(group for group in named if group.kind == ATTRIBUTE)

    @property
    def compares(self) -> bool:
        """Whether the equal period before is asked for."""
        return self.previous and self.granularity is Granularity.TOTAL

    @property
    def with_extras(self) -> bool:
        """Whether credits, refunds and tax are asked for."""
        return len(self.groups) < MOST_GROUPS if self.extras is None else self.extras


def words_of(words: Sequence[str]) -> tuple[str, ...]:
    """One or two different words; a word may hold two, ``costCenter,model``. Raises ``SentryError`` CS0101."""
    found = tuple(part.strip() for word in words for part in word.split(","))
    if len(found) > MOST_GROUPS:
        raise SentryError("CS0101", "--group-by takes one or two", help="for example --group-by costCenter,model")
    if "" in found:
        raise SentryError("CS0101", "a group without a name", help="for example --group-by costCenter,model")
    if len(set(found)) < len(found):
        raise SentryError("CS0101", f"--group-by has {found[0]} twice", help="leave one out")
    return found


def groups_of(words: Sequence[str]) -> tuple[Group, ...]:
    """One or two groups; see ``words_of``. Raises ``SentryError`` CS0101."""
    found = tuple(map(group_of, words_of(words)))
    if len({(group.kind, group.key) for group in found}) < len(found):
        raise SentryError("CS0101", f"--group-by has {found[0].word} twice", help="leave one out")
    return found


def group_of(word: str) -> Group:
    """What a word of ours, or a tag key, means. Raises ``SentryError`` CS0101 for an empty one."""
    word = word.strip()
    if word in WORDS:
        return WORDS[word]
    key = word.removeprefix(TAG_MARK)
    if not key:
        raise SentryError("CS0101", "a group without a name", help=f"a tag key, or {', '.join(WORDS)}")
    return Group(key, TAG, key)


def conditions_of(texts: Sequence[str], flag: str) -> tuple[Condition, ...]:
    """``costCenter=sales,support`` one by one; the same key twice means any of all the values.

    Raises ``SentryError`` CS0101 for a text without ``=``, and for an empty value of what always has one.
    """
    values: dict[Group, list[str]] = {}
    for text in texts:
        word, equals, listed = text.partition("=")
        if not equals:
            raise SentryError("CS0101", f"{flag} {text!r} has no =", help=f"{flag} costCenter=sales,support")
        group = group_of(word)
        wanted = [value.strip() for value in listed.split(",")]
        if "" in wanted and group.kind == DIMENSION:
            raise SentryError("CS0101", f"{flag} {text!r}: every cost has a {group.word}", help="name one")
        values.setdefault(group, []).extend(wanted)
    return tuple(Condition(group, tuple(dict.fromkeys(wanted))) for group, wanted in values.items())


def near_word(word: str) -> str:
    """The word of ours that a tag key nobody knows may have been meant for; empty when none is near."""
    found = difflib.get_close_matches(word.lower().replace("_", "-"), WORDS, n=1)
    return found[0] if found else ""
