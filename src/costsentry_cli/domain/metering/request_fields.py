"""Every key a request document can have: one table for the reader, the JSON Schema and the documentation."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import NamedTuple

from costsentry_cli.domain import aws_limits as aws
from costsentry_cli.domain.document import Items, Node, Scalar
from costsentry_cli.domain.manifest.fields import TAG_KEY
from costsentry_cli.domain.manifest.findings import Findings
from costsentry_cli.domain.manifest.forms import JsonSchema, Number, Text, Word
from costsentry_cli.domain.manifest.shapes import Field, ListOf, MapOf, Record

MAX_BYTES = 5 * 1024 * 1024
"""A request document is not larger; neither is a text in it."""
MESSAGES_MAX = 10_000
METADATA_MAX = 16
"""Entries of Converse's ``requestMetadata``, which a request's tags become (bedrock-runtime service model)."""
ROLES = ("user", "assistant", "system")
ANSWER_MAX = 2**31 - 1
"""Converse's ``maxTokens`` is a 32-bit integer; what a model answers with at most is checked when it is known."""
TOP_K_MAX = 500
"""The widest range among the models that take top_k (Anthropic's)."""


def _share(text: str) -> Decimal:
    return Decimal(text) + 0  # the sum makes -0 a 0


_WHOLE = re.compile(r"-?[0-9]+(?:_[0-9]+)*", re.ASCII)
_SHARE = re.compile(r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?", re.ASCII)
MAX_TOKENS = Number(_WHOLE, "a whole number such as 500", ANSWER_MAX, int, "integer", least=1)
SHARE = Number(_SHARE, "a number such as 0.7", 1, _share, "number", least=0)
TOP_K = Number(_WHOLE, "a whole number such as 250", TOP_K_MAX, int, "integer", least=0)
MODEL = Text(
    re.compile(r"[^\s\x00-\x1f\x7f](?:[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?"),
    "an alias, a model id, an ARN or a cost centre",
    aws.SOURCE_ARN_MAX,
    "CS0023",
    "one line without spaces at its ends",
)
WORDS = Text(re.compile(r"\s*\S[\s\S]*"), "text", MAX_BYTES, help="AWS refuses text of white space alone")
METADATA_VALUE = Text(re.compile(r"[^\x00-\x1f\x7f]*"), "one line of text", aws.TAG_VALUE_MAX, "CS0022")


class Content(NamedTuple):
    """The text of a message; its value is the ``Scalar``."""

    words: Text

    def read(self, node: Node, name: str, findings: Findings) -> Scalar | None:
        """The text; content blocks are told apart from other mistakes, since every SDK has them."""
        if isinstance(node, Items):
            findings.about(node, "CS0013", f"{name} is one text, but here stands a list", "write the text alone")
            return None
        return self.words.read(node, name, findings)

    def schema(self) -> JsonSchema:
        """A text."""
        return self.words.schema()


MESSAGE = Record(
    "a message",
    (
        Field("role", Word(ROLES), "Who says it; system messages become the system prompt.", required=True),
        Field("content", Content(WORDS), "The text.", required=True),
    ),
)
PARAMETERS = Record(
    "parameters",
    (
        Field("max_tokens", MAX_TOKENS, "The most tokens to answer with. Default: 1024."),
        Field("temperature", SHARE, "0 to 1."),
        Field("top_p", SHARE, "0 to 1."),
        Field("top_k", TOP_K, "0 to 500."),
    ),
)
PROMPT = Record(
    "prompt",
    (
        Field("messages", ListOf(MESSAGE, "messages", MESSAGES_MAX, least=1), "The conversation.", required=True),
        Field("parameters", PARAMETERS, "How to answer. What the model does not take is left out, and said."),
    ),
)
TAGS = MapOf(TAG_KEY, "the tag key", METADATA_VALUE, METADATA_MAX, least=1)


def _request(*, complete: bool) -> Record:
    """A request's keys; an incomplete one comes from the command line, where the profile brings model and tags."""
    return Record(
        "the request",
        (
            Field("model", MODEL, "An alias, a model id, a profile's id or ARN, or a cost centre.", required=complete),
            Field("prompt", PROMPT, "What is asked, and how to answer.", required=True),
            Field("tags", TAGS, "Who asks: applicationId, costCenter, environment and others.", required=complete),
        ),
    )


REQUEST = _request(complete=True)
OPTIONS = _request(complete=False)
