"""How AWS and its client library say no, and what we call it: which row of the tables a refusal has.

The rows are in ``aws_error_rows`` and ``aws_error_specials`` (what AWS answers) and in ``client_error_rows`` (what the
client library raises). ``retry`` marks what may pass by itself; paid calls are never retried whatever it says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from costsentry_cli.domain.aws_error_rows import BY_CODE, THROTTLED, TROUBLE, Row
from costsentry_cli.domain.aws_error_specials import SPECIALS, Special
from costsentry_cli.domain.client_error_rows import BY_CLASS
from costsentry_cli.domain.errors import ERRORS

UNKNOWN = Row("CS0802")
ANY = "any error"
LIBRARY = "raised by the client library"


def meaning(row: Row) -> str:
    """What a row means: its own words, else those of our table."""
    return row.cause or ERRORS[row.code].meaning


def help_of(row: Row) -> str:
    """The next step: the row's own, else the one of our table."""
    return row.help or ERRORS[row.code].help


def of_answer(name: str, status: int, service: str = "", operation: str = "", sentence: str = "") -> Row:
    """The row of an AWS error answer: by its name and what else is known, else by its HTTP status.

    ``service`` and ``operation`` are botocore's names of what was called, ``sentence`` is AWS's.
    """
    row = named(name, service, operation, sentence)
    if row is not None:
        return row
    if status in (429, 501):
        return THROTTLED if status == 429 else BY_CODE["UnknownOperationException"]
    return TROUBLE if status >= 500 else UNKNOWN


def named(name: str, service: str = "", operation: str = "", sentence: str = "") -> Row | None:
    """The row of an error by its name; None when there is none. Event streams spell it ``throttlingException``."""
    name = name[:1].upper() + name[1:]
    special = (one.row for one in SPECIALS if _fits(one, name, service, operation, sentence.lower()))
    return next(special, None) or BY_CODE.get(name)


def _fits(one: Special, name: str, service: str, operation: str, sentence: str) -> bool:
    return (
        (not one.names or name in one.names)
        and fnmatchcase(service, one.service)
        and fnmatchcase(operation, one.operation)
        and (not one.says or any(piece in sentence for piece in one.says))
    )


def of_exception(exception: BaseException) -> Row | None:
    """The row of a client library's exception, or None when it is none of theirs."""
    rows = (BY_CLASS.get(cls.__name__) for cls in type(exception).__mro__)
    return next((row for row in rows if row is not None), None)


@dataclass(frozen=True)
class Way:
    """One way to an error code of ours: the name AWS or its library uses, when it leads there, and the row."""

    name: str
    when: str
    row: Row


def ways() -> Iterator[Way]:
    """Every way there is: a name with all that leads to one row, then what its name alone means, then exceptions."""
    whens: dict[tuple[str, Row], list[str]] = {}
    for one in SPECIALS:
        for name in one.names or (ANY,):
            whens.setdefault((name, one.row), []).append(_when(one))
    special = {name for name, _ in whens}
    for name, row in BY_CODE.items():
        yield from (Way(name, "; ".join(found), to) for (named, to), found in whens.items() if named == name)
        yield Way(name, "else" if name in special else "", row)
    yield from (Way(name, "; ".join(found), to) for (name, to), found in whens.items() if name == ANY)
    yield from (Way(name, LIBRARY, row) for name, row in BY_CLASS.items())


def _when(one: Special) -> str:
    """``ce Get*``, ``AWS says "per day" or "daily"``, or both; of many pieces the first two."""
    called = f"{one.service} {one.operation}".removesuffix(" *") if one.service != "*" else ""
    says = " or ".join(f'"{piece}"' for piece in one.says[:2]) + (" and the like" if one.says[2:] else "")
    return ": ".join(part for part in (called, f"AWS says {says}" if says else "") if part)
