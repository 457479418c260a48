"""A request for one metered call: the article's JSON (or YAML), or the same from command-line options.

The rules between values are here; what a request can hold is the table in ``request_fields``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from types import MappingProxyType
from typing import Literal, Protocol

from costsentry_cli.domain import aws_limits as aws
from costsentry_cli.domain.document import Entries, InvalidDocument, Items, Mark, Node, Problem, Scalar, Source
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.manifest.findings import Findings, shown
from costsentry_cli.domain.manifest.shapes import Filled, Record
from costsentry_cli.domain.metering import json_document
from costsentry_cli.domain.metering.request_fields import MAX_BYTES, OPTIONS, REQUEST
from costsentry_cli.domain.text import decoded, empty

Role = Literal["user", "assistant", "system"]

APPLICATION = "applicationId"
KNOWN_TAGS = (APPLICATION, "costCenter", "environment")
"""The tags that say who pays: they are compared with a profile's, so their values are what AWS takes for a tag."""

_OPTIONS_NAME = "the command line"


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it was given; ``text`` is never blank."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class Parameters:
    """How to answer; None is not given."""

    max_tokens: int | None = None
    temperature: Decimal | None = None
    top_p: Decimal | None = None
    top_k: int | None = None


def _no_tags() -> Mapping[str, str]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of which model, and by whom.

    ``model`` is as written: alias, model id, profile id, ARN or cost centre; ``""`` when an option left it open. The
    first message that is not system is the user's.
    """

    model: str
    messages: tuple[Message, ...]
    parameters: Parameters = Parameters()
    tags: Mapping[str, str] = field(default_factory=_no_tags)


class Document(Protocol):
    """What a reader of YAML yields (``manifest_file.parse``)."""

    @property
    def root(self) -> Node:
        """The document."""
        ...

    @property
    def source(self) -> Source:
        """Where it is from."""
        ...

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What could not be read."""
        ...


def read(data: bytes, name: str, parse_yaml: Callable[[str, str], Document]) -> Request:
    """The request in a file's bytes, JSON or YAML; ``name`` is the file's, for messages.

    Raises ``SentryError`` CS0002, 4 or 7 for the file as such, ``InvalidDocument`` with every problem there is.
    """
    text = decoded(data, name, MAX_BYTES)
    if not text.strip():
        raise empty(name, "a request has: model, prompt, tags")
    parse = json_document.parse if json_document.is_json(text, name) else parse_yaml
    try:
        document = parse(text, name)
        return meaning(document.root, document.source, document.problems)
    except InvalidDocument as error:
        raise InvalidDocument(replace(error.source, private=True), error.problems) from None


def meaning(document: Node, source: Source, problems: Sequence[Problem] = ()) -> Request:
    """Give a document its meaning; raises ``InvalidDocument`` with every problem there is."""
    return _read(REQUEST, document, source, problems)


def of_options(
    prompt: str,
    *,
    model: str = "",
    system: str = "",
    parameters: Mapping[str, str | int | float | Decimal | None] = MappingProxyType({}),
    tags: Mapping[str, str] = MappingProxyType({}),
) -> Request:
    """The request that command-line options make, by the same rules; what is None or empty is not given.

    ``parameters`` by the document's names (``max_tokens``). Model and tags may be missing: the profile that pays brings
    them. Raises ``SentryError`` CS0101 with every problem there is.
    """
    messages = [("system", system)] if system else []
    messages.append(("user", prompt))
    document = _mapping(
        model=_leaf(model) if model else None,
        prompt=_mapping(
            messages=Items(tuple(_mapping(role=_leaf(role), content=_leaf(text)) for role, text in messages), _START),
            parameters=_leaves({key: str(value) for key, value in parameters.items() if value is not None}),
        ),
        tags=_leaves({key: value for key, value in tags.items() if value}),
    )
    try:
        return _read(OPTIONS, document, Source(_OPTIONS_NAME, ("",)), ())
    except InvalidDocument as error:
        said = tuple(problem.message for problem in error.problems)
        first = error.problems[0]
        raise SentryError("CS0101", said[0], help=first.help, details=said[1:]) from error


_START = Mark(1, 1)


def _leaf(text: str) -> Scalar:
    return Scalar(text, _START, plain=False)


def _leaves(texts: Mapping[str, str]) -> Entries | None:
    return _mapping(**{key: _leaf(text) for key, text in texts.items()}) if texts else None


def _mapping(**children: Node | None) -> Entries:
    return Entries(tuple((_leaf(key), child) for key, child in children.items() if child is not None), _START)


def _read(form: Record, document: Node, source: Source, problems: Sequence[Problem]) -> Request:
    findings = Findings(source, problems)
    top = form.read(document, form.noun, findings)
    request = _meaning(top, findings, complete=form is REQUEST) if top is not None else None
    findings.raise_if_any()
    if request is None:
        raise AssertionError("a request without problems has a meaning")
    return request


def _meaning(top: Filled, findings: Findings, *, complete: bool) -> Request | None:
    """The request, or None when something is broken; every rule is tried in any case."""
    prompt: Filled | None = top.get("prompt")
    messages: tuple[Filled, ...] = (prompt and prompt.get("messages")) or ()
    if prompt is not None and "messages" not in prompt.broken:
        _user_begins(messages, findings)
    tags = [(key, value) for key, value in top.get("tags") or () if value is not None]
    _known_tags(tags, findings)
    if complete and top.get("tags") is not None and "tags" not in top.broken:
        _has_application(tags, findings)
    if prompt is None or top.broken:
        return None
    model: Scalar | None = top.get("model")
    given: Filled | None = prompt.get("parameters")
    return Request(
        model.text if model else "",
        tuple(Message(each.values["role"], each.values["content"].text) for each in messages),
        Parameters(**given.values) if given else Parameters(),
        MappingProxyType({key.text: value.text for key, value in tags}),
    )


def _user_begins(messages: Sequence[Filled], findings: Findings) -> None:
    """Converse takes no conversation that an assistant begins, or that nobody does."""
    turn = next((each for each in messages if each.get("role") != "system"), None)
    if turn is None and messages:
        findings.add(messages[0].at, "CS0014", "no message is the user's", help="add one with role: user")
    if turn is not None and turn.get("role") == "assistant":
        advice = "put a user message before it, or make it a system message"
        findings.add(turn.at, "CS0014", "the conversation begins with the assistant", help=advice)


def _known_tags(tags: Sequence[tuple[Scalar, Scalar]], findings: Findings) -> None:
    """The tags that say who pays, in their one spelling and as AWS takes them."""
    spellings = {known.casefold(): known for known in KNOWN_TAGS}
    for key, value in tags:
        known = spellings.get(key.text.casefold(), key.text)
        if known != key.text:
            message = f"the tag key {shown(key.text)} differs from '{known}' only in case"
            findings.about(key, "CS0022", message, f"write '{known}': AWS takes them for two tags")
        elif key.text in KNOWN_TAGS and not (value.text and aws.TAG_TEXT.fullmatch(value.text)):
            advice = "1 to 256 letters, digits, spaces and . _ : / = + - @"
            findings.about(value, "CS0022", f"{key.text} {shown(value.text)} is not a tag value AWS accepts", advice)


def _has_application(tags: Sequence[tuple[Scalar, Scalar]], findings: Findings) -> None:
    keys = [key for key, _ in tags]
    if any(key.text.casefold() == APPLICATION.casefold() for key in keys):
        return
    near = next(
        (key for key in keys if key.text not in KNOWN_TAGS and findings.similar(key.text, (APPLICATION,))), None
    )
    message = f"tags have no '{APPLICATION}'"
    if near is not None:
        findings.about(near, "CS0011", message, f"did you mean '{APPLICATION}'?")
    else:
        findings.add(keys[0].at, "CS0011", message, help=f"add: {APPLICATION}: …")
