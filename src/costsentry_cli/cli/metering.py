"""What makes a metered call: the manifest's ledger and audit log, and a file if one was named."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from costsentry_cli.cli.audit_file import append
from costsentry_cli.cli.context import Context
from costsentry_cli.domain.audit import stream_name
from costsentry_cli.domain.calls import Cloud
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.pacing import BOOKS_DEADLINE, Interrupt
from costsentry_cli.library import gate_of
from costsentry_cli.usecases import audit
from costsentry_cli.usecases.metering import Metering, Record


def bookkeeping(context: Context) -> Cloud:
    """The same target for what must be written down whatever happens: Ctrl-C does not stop it, a failing ledger soon
    does."""
    door = context.cloud
    return replace(door, interrupt=Interrupt(), patience=replace(door.patience, deadline=BOOKS_DEADLINE))


def recorder(manifest: Manifest, books: Cloud, context: Context, file: Path | None) -> Record | None:
    """Where calls are recorded: the manifest's log group, the file, both; None for neither."""
    keepers: list[Callable[[Mapping[str, Any]], None]] = []
    if file is not None:
        keepers.append(lambda event: append(file, event))
    if manifest.audit is not None:
        named = manifest.audit
        where = audit.LogStream(
            named.log_group, stream_name(context.clock(), secrets.token_hex(4)), named.region or context.target.region
        )
        keepers.append(lambda event: audit.record(books, event, where))

    def record(event: Mapping[str, Any]) -> None:
        for keep in keepers:
            keep(event)

    return record if keepers else None


def metering(
    manifest: Manifest,
    context: Context,
    *,
    audit_file: Path | None = None,
    content: bool = False,
    strict: bool = False,
    assistant_as_system: bool | None = None,
) -> Metering:
    """The metering of this manifest at this target."""
    books = bookkeeping(context)
    return Metering(
        context.cloud,
        books,
        manifest,
        context.target.region,
        context.clock,
        gate_of(manifest, books, context.target.region, context.clock, context.skew),
        recorder(manifest, books, context, audit_file),
        content=content,
        strict=strict,
        assistant_as_system=assistant_as_system,
        wait=context.wait,
    )
