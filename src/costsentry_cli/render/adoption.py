"""What taking existing profiles under management does, and did."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from costsentry_cli.domain.adoption import Adoption
from costsentry_cli.domain.alike import grouped, some
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.resource import OWN
from costsentry_cli.domain.table import Column, Row, Table
from costsentry_cli.render.safe import safe_line

COLUMNS = (
    Column("result", "Result"),
    Column("name", "Name"),
    Column("key", "Key", drop=3),
    Column("account", "Account", drop=5),
    Column("region", "Region", drop=2),
    Column("arn", "ARN", drop=4),
    Column("manifest", "Manifest", drop=3),
    Column("error", "Error", drop=1),
)
NAME_WIDTH = 36
INDENT = " " * 13


class Ended(Protocol):
    """One adoption that was tried."""

    @property
    def adoption(self) -> Adoption:
        """The adoption."""
        ...

    @property
    def error(self) -> SentryError | None:
        """What stopped it."""
        ...


def as_text(adoptions: Sequence[Adoption], manifest_name: str) -> str:
    """Each profile with the tags that would be written, or why it stays as it is."""
    lines = [line for one in adoptions for line in _told(one, manifest_name)]
    count = sum(bool(one.calls) for one in adoptions)
    ending = f"Adopt: {count} profile{'s' if count != 1 else ''}. Only tags are written; no ARN changes."
    return "\n".join([*lines, "", ending if count else "Nothing to adopt."]) + "\n"


def as_table(ended: Sequence[Ended], manifest_name: str) -> Table:
    """One row per profile."""
    return Table("adopted", COLUMNS, tuple(_row(one, manifest_name) for one in ended))


def sentence(ended: Sequence[Ended]) -> str:
    """``2 adopted, 0 failed, 1 managed already.``"""
    results = [_result(one) for one in ended]
    words = [f"{results.count('adopted')} adopted", f"{results.count('failed')} failed"]
    words += [f"{n} {word}" for word in ("refused", "managed already") if (n := results.count(word))]
    return f"{', '.join(words)}."


def failures(ended: Sequence[Ended]) -> Iterable[str]:
    """A line for each that failed, with what helps; those that failed alike are counted."""
    failed = [(one.adoption.observed.name, one.error) for one in ended if one.error is not None]
    for (name, error), *others in grouped(failed, lambda one: one[1]):
        yield f"  x failed   {safe_line(f'{name}  {error.code} {error.message}')}\n{INDENT}fix: {safe_line(error.help)}"
        if others:
            names = some([other for other, _ in others])
            yield f"  x failed   {len(others):,} more as {safe_line(f'{name} ({error.code}): {names}')}"


def _told(one: Adoption, manifest_name: str) -> Iterable[str]:
    mark, word = ("x", "refused") if one.refusal else (">", "adopt") if one.calls else ("=", "managed")
    at = f"{manifest_name}:{one.desired.at.line}" if one.desired.at else ""
    yield f"  {mark} {word:<8} {safe_line(one.observed.name):<{NAME_WIDTH}} {at}".rstrip()
    yield f"{INDENT}arn       {safe_line(one.observed.arn)}"
    if one.refusal is not None:
        yield f"{INDENT}why       {safe_line(one.refusal.message)}"
        yield from (f"{INDENT}          {safe_line(detail)}" for detail in one.refusal.details)
        return
    for number, words in enumerate(_tags(one)):
        yield f"{INDENT}{'tags' if number == 0 else '':<10}{words}"


def _tags(one: Adoption) -> Iterable[str]:
    """The declared tags that are written; our marks are not worth a line."""
    for call in one.calls:
        for tag in call.params.get("tags", ()):
            key, old = tag["key"], one.observed.tags.get(tag["key"])
            if not key.startswith(OWN):
                yield safe_line(f"{key}={tag['value']}" if old is None else f"{key}: {old} -> {tag['value']}")


def _row(one: Ended, manifest_name: str) -> Row:
    adoption, error = one.adoption, one.error or one.adoption.refusal
    return (
        _result(one),
        adoption.observed.name,
        adoption.desired.key,
        adoption.scope.account,
        adoption.scope.region,
        adoption.observed.arn,
        f"{manifest_name}:{adoption.desired.at.line}" if adoption.desired.at else None,
        f"{error.code} {error.message}" if error is not None else None,
    )


def _result(one: Ended) -> str:
    if one.adoption.refusal is not None:
        return "refused"
    if one.error is not None:
        return "failed"
    return "adopted" if one.adoption.calls else "managed already"
