"""A call to AWS as data, and the port through which a use case makes one.

Plan, dry run, apply and tests look at the same ``ApiCall`` values, so a preview cannot differ from what is done.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from costsentry_cli.domain.errors import SentryError

Answer = dict[str, Any]
Operation = tuple[str, str]
"""An operation by botocore's name of its service and the model's name: ``("bedrock", "TagResource")``."""

PAID_READ_TIMEOUT = 900
"""Seconds a paid call may stay silent: a long generation may take minutes before its first byte."""


@dataclass(frozen=True)
class ApiCall:
    """One AWS operation.

    ``service`` is botocore's service name (``bedrock-runtime``), ``operation`` the model's name
    (``CreateInferenceProfile``), ``params`` are spelled as in AWS's model. ``region`` None means the target's region.
    ``paid`` calls are sent exactly once: the door never retries them. A ``once`` call makes something that AWS
    would make twice: it is sent again only when it was certainly not carried out (throttled, or never connected).
    """

    service: str
    operation: str
    params: Mapping[str, Any] = field(default_factory=dict)
    region: str | None = None
    paid: bool = False
    once: bool = False


@dataclass(frozen=True)
class Outcome:
    """What became of one call of a batch: an answer or an error, never both.

    ``index`` is the call's place in the batch. ``tried`` is False when nothing was sent because of an interruption;
    the error is then CS0902.
    """

    call: ApiCall
    answer: Answer | None = None
    error: SentryError | None = None
    index: int = 0
    tried: bool = True


def in_order(outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
    """The outcomes of a batch by ``index``, each as soon as those before it are there."""
    early: dict[int, Outcome] = {}
    following = 0
    for outcome in outcomes:
        early[outcome.index] = outcome
        while following in early:
            yield early.pop(following)
            following += 1


def operations(service: str, names: str) -> frozenset[Operation]:
    """These operations of a service, named with spaces between them."""
    return frozenset((service, name) for name in names.split())


class Cloud(Protocol):
    """The target, seen from a use case. AWS, the sandbox and the tests' fakes all fit it."""

    @property
    def interrupted(self) -> bool:
        """Whether the work was told to stop: every further call raises CS0902 and sends nothing."""
        ...

    def call(self, call: ApiCall) -> Answer:
        """Make one call; raise ``SentryError`` when it fails."""
        ...

    def pages(self, call: ApiCall) -> Iterator[Answer]:
        """Every page of a listing, in order; a repeated page token is an error."""
        ...

    def each(self, calls: Sequence[ApiCall]) -> Iterator[Outcome]:
        """Make independent calls concurrently (bounded); outcomes in the order of ``calls``."""
        ...

    def as_ended(self, calls: Sequence[ApiCall]) -> Iterator[Outcome]:
        """As ``each``, with every outcome as soon as its call has ended; ``Outcome.index`` says which it was."""
        ...
