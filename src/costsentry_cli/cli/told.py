"""How an ended call is told: the answer or one JSON document on stdout, the rest on stderr, the exit status."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from costsentry_cli.cli.context import Context
from costsentry_cli.cli.failure import to_stderr
from costsentry_cli.cli.forms import Format
from costsentry_cli.cli.options import Common
from costsentry_cli.cli.output import emit_document, say
from costsentry_cli.domain.errors import Exit, SentryError
from costsentry_cli.render import denial, errors
from costsentry_cli.render import reply as view
from costsentry_cli.render.formats import headed
from costsentry_cli.render.safe import safe

if TYPE_CHECKING:
    from costsentry_cli.domain.metering.reply import Reply
    from costsentry_cli.usecases.metering import Metering


def for_a_person(shared: Common) -> bool:
    """The answer goes to a person's eyes: text may be written as it comes."""
    return shared.output is Format.TABLE and shared.query is None and shared.out is None


def printed(piece: str) -> None:
    """Write a part of the answer as it comes."""
    sys.stdout.write(safe(piece))
    sys.stdout.flush()


def tell(
    shared: Common, context: Context, calls: Metering, reply: Reply, *, live: bool, audit_file: Path | None
) -> int:
    """Tell it; a failure is raised, or with ``-o json`` written as one document that has the call's ids, too.

    ``live``: the answer was printed as it came.
    """
    now, target = context.clock(), context.target.as_dict()
    body = view.document(reply) | {"denial": denial.document(reply, calls.manifest, now)}
    error = denial.error_of(reply, calls.manifest, now)
    text = safe(reply.called.text if reply.called is not None else "").rstrip("\n")
    if live and text:
        sys.stdout.write("\n" if not text.endswith("\n") else "")
    elif error is None or (text and for_a_person(shared)):
        emit_document(shared, "invocation", body, target, text + "\n")
    sys.stdout.flush()
    for line in view.talk(reply):
        say(line)
    if calls.record is not None and reply.unrecorded is None:
        where = f" --audit-file {audit_file}" if audit_file is not None and calls.manifest.audit is None else ""
        say(shared.pasteable(f"recorded: sentry audit show {reply.id}{where}"))
    if error is None:
        return Exit.OK
    if shared.output is not Format.JSON:
        raise error
    return _as_one_document(shared, error, headed(target), body)


def _as_one_document(shared: Common, error: SentryError, head: dict[str, Any], body: dict[str, Any]) -> int:
    error.help = shared.pasteable(error.help)
    whole = head | {"error": errors.as_document(error), "invocation": body}
    sys.stdout.write(json.dumps(whole, indent=2) + "\n")
    sys.stdout.flush()
    to_stderr(error, debug=shared.debug)
    return error.exit
