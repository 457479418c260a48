"""A call to AWS as data, and the port through which a use case makes one.

Plan, dry run, apply and tests look at the same ``ApiCall`` values, so a preview cannot differ from what is done.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from costsentry_cli.domain.errors import SentryError

Answer = dict[str, Any]


@dataclass(frozen=True)
class ApiCall:
    """One AWS operation.

    ``service`` is botocore's service name (``bedrock-runtime``), ``operation`` the model's name
    (``CreateInferenceProfile``), ``params`` are spelled as in AWS's model. ``region`` None means the target's region.
    ``paid`` calls are sent exactly once: the door never retries them.
    """

    service: str
    operation: str
    params: Mapping[str, Any] = field(default_factory=dict)
    region: str | None = None
    paid: bool = False


@dataclass(frozen=True)
class Outcome:
    """What became of one call of a batch: an answer or an error, never both."""

    call: ApiCall
    answer: Answer | None = None
    error: SentryError | None = None


class Cloud(Protocol):
    """The target, seen from a use case. AWS, the sandbox and the tests' fakes all fit it."""

    def call(self, call: ApiCall) -> Answer:
        """Make one call; raise ``SentryError`` when it fails."""
        ...

    def pages(self, call: ApiCall) -> Iterator[Answer]:
        """Every page of a listing, in order; a repeated page token is an error."""
        ...

    def each(self, calls: Sequence[ApiCall]) -> Iterator[Outcome]:
        """Make independent calls concurrently (bounded); outcomes in the order of ``calls``."""
        ...
