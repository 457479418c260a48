"""Commands that pay for answers: the options over what is remembered, and telling what was paid."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from costsentry_cli.cli.answer_store import AnswerStore, users_folder
from costsentry_cli.cli.context import Context, sandbox_path
from costsentry_cli.cli.options import Common
from costsentry_cli.cli.output import say
from costsentry_cli.domain.calls import Cloud
from costsentry_cli.domain.remembered import Remembered


@dataclass(frozen=True)
class Wishes:
    """What may be paid for, and what is taken from memory."""

    refresh: Annotated[bool, typer.Option("--refresh", help="Ask again what is remembered.")] = False
    offline: Annotated[
        bool, typer.Option("--offline", help="Pay Cost Explorer nothing: answer from memory, at any age.")
    ] = False
    max_requests: Annotated[
        int | None, typer.Option("--max-requests", min=0, help="Stop before the paid request after so many.")
    ] = None


@contextmanager
def remembered(shared: Common, context: Context, wishes: Wishes) -> Iterator[Remembered]:
    """The context's cloud behind this user's memory; a sandbox's answers are beside its file.

    What was paid is told in the end, whatever the end is.
    """
    owner = _owner(context, context.target.account)
    store, most = AnswerStore(_folder(shared)), wishes.max_requests
    memory = Remembered(context.cloud, context.clock, store, owner, wishes.refresh, wishes.offline, most)
    try:
        yield memory
    finally:
        tell(shared, memory)


def of_account(memory: Remembered, context: Context, account: str, cloud: Cloud) -> Remembered:
    """The same memory and purse for another account, reached through this cloud."""
    return memory.of(cloud, _owner(context, account))


def _owner(context: Context, account: str) -> str:
    """Whose answers they are: of which account of which target, and of which bill where that can be changed by hand."""
    endpoint = context.target.note.partition("endpoint: ")[2]
    return " ".join((context.target.kind, account, endpoint, context.bill()))


def _folder(shared: Common) -> Path:
    if not shared.sandbox:
        return users_folder()
    database = sandbox_path(shared)
    return database.with_name(f"{database.name}.answers")


def tell(shared: Common, asked: Remembered) -> None:
    """What was paid, on stderr, and how old what is remembered is; nothing when nothing was asked.

    In the sandbox nobody pays: there it is what the same would cost on AWS.
    """
    number = asked.requests
    if not number and not asked.reused:
        return
    requests = f"request{'s' if number != 1 else ''}, ${asked.paid_usd}"
    words = (
        f"Cost Explorer: {number} {requests} on AWS" if shared.sandbox else f"Cost Explorer: {number} paid {requests}"
    )
    if asked.reused and asked.oldest is not None:
        words += f" ({asked.reused} remembered, asked for at {asked.oldest:%Y-%m-%d %H:%M} UTC)"
    say(words)
