"""What the shell offers after Tab: the manifest's own names, read without any call, and silence where that fails."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from costsentry_cli.domain.errors import ERRORS

if TYPE_CHECKING:
    from costsentry_cli.domain.manifest.types import Manifest

Words = Iterable[tuple[str, str]]
"""Words to offer, each with what it stands for (may be empty)."""
Completer = Callable[[typer.Context, str], list[str | tuple[str, str]]]
"""What typer calls with the command line so far and the word begun."""

MANIFEST = Path("profiles.yaml")
"""The manifest where none is named."""
AWS_FILES = (("AWS_CONFIG_FILE", "~/.aws/config"), ("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"))
_HARMLESS = re.compile(r"[\w.@/][\w.@:/=+,-]*")
"""What may be offered: the shells' scripts put words through ``eval`` and word splitting."""


def answer(command: Any, program: str, instruction: str) -> int:
    """Answer a shell's question (``complete_bash``) for a program of this name; the exit status.

    A question that cannot be answered is no error: nobody reads messages in the middle of a line.
    """
    from typer.completion import shell_complete

    try:
        with _without_rich():
            return shell_complete(command, {}, program, variable(program), instruction)
    except SystemExit as ended:  # fish asks with the exit status
        return int(ended.code or 0)
    except Exception:  # noqa: BLE001 a half-written line has many ways to be wrong
        return 1


@contextmanager
def _without_rich() -> Iterator[None]:
    """typer would load rich, which takes longer than all the rest, to strip markup that no word of ours has."""
    if "rich" in sys.modules:
        yield
        return
    sys.modules["rich"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules["rich"]


def variable(program: str) -> str:
    """The environment variable in which a shell asks: ``_COSTSENTRY_CLI_COMPLETE``."""
    return f"_{program}_COMPLETE".replace("-", "_").upper()


def of_manifest(pick: Callable[[Manifest], Words]) -> Completer:
    """Offers what ``pick`` finds in the manifest of ``-f``, ``COSTSENTRY_FILE`` or this folder; nothing without one."""

    def complete(ctx: typer.Context, incomplete: str) -> list[str | tuple[str, str]]:
        manifest = _manifest(ctx.params.get("file"))
        return [] if manifest is None else _offered(pick(manifest), incomplete)

    return complete


def of_words(words: Callable[[], Words]) -> Completer:
    """Offers words that need no manifest."""

    def complete(ctx: typer.Context, incomplete: str) -> list[str | tuple[str, str]]:
        del ctx
        return _offered(words(), incomplete)

    return complete


def _offered(words: Words, incomplete: str) -> list[str | tuple[str, str]]:
    found = {word: told for word, told in words if word.startswith(incomplete) and _HARMLESS.fullmatch(word)}
    return [(word, _told(told)) if told else word for word, told in sorted(found.items())]


def _told(text: str) -> str:
    """One line; without backslashes, which would undo what the scripts escape."""
    return " ".join(text.replace("\\", " ").split())


def _manifest(named: str | None) -> Manifest | None:
    from costsentry_cli.manifest_file import read

    try:
        return read(Path(named) if named else MANIFEST)
    except Exception:  # noqa: BLE001 a manifest with problems has its own command
        return None


def _values(manifest: Manifest, key: str) -> Iterator[tuple[str, str]]:
    yield from ((value, "") for value in manifest.tags.get(key, ()))
    yield from ((one.tags[key], "") for one in manifest.profiles if key in one.tags)
    yield from ((one.match[key], "") for one in manifest.limits if key in one.match)


def _keys(manifest: Manifest) -> Iterator[tuple[str, str]]:
    yield from ((key, "cost allocation tag") for key in manifest.cost_allocation_tags)
    carried = dict.fromkeys((*manifest.tags, *(key for one in manifest.profiles for key in one.tags)))
    yield from ((key, "tag") for key in carried if key not in manifest.cost_allocation_tags)


def _limits(manifest: Manifest) -> Iterator[tuple[str, str]]:
    from costsentry_cli.domain.ledger.rules import rule_id

    yield from ((rule_id(one.match, one.per), "") for one in manifest.limits)


def _conditions(manifest: Manifest) -> Iterator[tuple[str, str]]:
    for key, _ in _keys(manifest):
        yield from ((f"{key}={value}", "") for value, _ in _values(manifest, key))


def _aws_profiles() -> Iterator[tuple[str, str]]:
    """The sections of AWS's shared files; ``[profile prod]`` in the first, ``[prod]`` in the second."""
    from configparser import ConfigParser
    from configparser import Error as NotConfig

    for name, usual in AWS_FILES:
        file = ConfigParser(interpolation=None)
        with suppress(NotConfig, OSError, UnicodeDecodeError):
            file.read(Path(os.environ.get(name) or usual).expanduser(), encoding="utf-8")
        sections = (section.removeprefix("profile ").strip() for section in file.sections())
        yield from ((section, "") for section in sections if " " not in section)


def groups(words: Sequence[str]) -> Completer:
    """Offers the manifest's tag keys, and these words."""
    keys = of_manifest(_keys)

    def complete(ctx: typer.Context, incomplete: str) -> list[str | tuple[str, str]]:
        return [*keys(ctx, incomplete), *_offered(((word, "") for word in words), incomplete)]

    return complete


PROFILES = of_manifest(lambda manifest: ((one.name, one.model) for one in manifest.profiles))
MODELS = of_manifest(lambda manifest: manifest.models.items())
COST_CENTERS = of_manifest(lambda manifest: _values(manifest, "costCenter"))
APPLICATIONS = of_manifest(lambda manifest: _values(manifest, "applicationId"))
ENVIRONMENTS = of_manifest(lambda manifest: _values(manifest, "environment"))
TAG_KEYS = of_manifest(_keys)
CONDITIONS = of_manifest(_conditions)
LIMITS = of_manifest(_limits)
REGIONS = of_manifest(lambda manifest: ((region, "") for region in manifest.regions))
ACCOUNTS = of_manifest(lambda manifest: ((one.id, one.assume_role or "") for one in manifest.accounts))
NAMESPACES = of_manifest(lambda manifest: ((manifest.namespace, "this manifest's"),))
AWS_PROFILES = of_words(_aws_profiles)
CODES = of_words(lambda: ((row.code, row.meaning) for row in ERRORS.values()))
