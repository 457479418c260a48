"""``sentry invoke``: one metered model call, or many of the same."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from costsentry_cli import files
from costsentry_cli.cli import completion
from costsentry_cli.cli.confided import confide
from costsentry_cli.cli.context import Context, open_context, read_manifest
from costsentry_cli.cli.forms import DOCUMENT
from costsentry_cli.cli.options import FILE, OUTPUT, TARGET, Common, common, group
from costsentry_cli.cli.output import emit_document, placed, say
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.render.safe import safe

if TYPE_CHECKING:
    from costsentry_cli.domain.metering.reply import Prepared, Reply
    from costsentry_cli.domain.metering.request import Request
    from costsentry_cli.usecases.metering import Metering

app = group("Metered model calls.")
EXAMPLE = 'sentry invoke --cost-center sales "Hello"'


@dataclass(frozen=True)
class Wanted:
    """What is asked of which model for whom: in words of the command line, or in a document."""

    prompt: Annotated[
        str | None, typer.Argument(metavar="[PROMPT]", help="The prompt; - or nothing reads standard input.")
    ] = None
    document: Annotated[
        Path | None, typer.Option("--input", help="A request document, JSON or YAML; - is standard input.")
    ] = None
    cost_center: Annotated[
        str | None,
        typer.Option(
            "--cost-center", autocompletion=completion.COST_CENTERS, help="Whose profile pays: the costCenter tag."
        ),
    ] = None
    model: Annotated[
        str,
        typer.Option(
            "--model",
            autocompletion=completion.MODELS,
            help="Alias, model id or profile ARN, when several fit; with --input instead of its model.",
        ),
    ] = ""
    application: Annotated[
        str, typer.Option("--application", autocompletion=completion.APPLICATIONS, help="The applicationId tag.")
    ] = ""
    environment: Annotated[
        str, typer.Option("--environment", autocompletion=completion.ENVIRONMENTS, help="The environment tag.")
    ] = ""
    system: Annotated[str, typer.Option("--system", help="A system prompt.")] = ""
    max_tokens: Annotated[
        int | None, typer.Option("--max-tokens", min=1, help="Most tokens to answer with (1024).")
    ] = None
    temperature: Annotated[str | None, typer.Option("--temperature", help="0 to 1.")] = None
    top_p: Annotated[str | None, typer.Option("--top-p", help="0 to 1.")] = None
    top_k: Annotated[int | None, typer.Option("--top-k", help="0 to 500.")] = None

    @property
    def tags(self) -> dict[str, str]:
        """Whose call it is; empty where nothing was said."""
        centre = self.cost_center or ""
        return {"applicationId": self.application, "costCenter": centre, "environment": self.environment}

    @property
    def parameters(self) -> dict[str, int | str | None]:
        """How the model answers; None where nothing was said."""
        names = ("max_tokens", "temperature", "top_p", "top_k")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class Way:
    """How it is called: fitted to the model or refused, once or often, as a whole or piece by piece."""

    strict: Annotated[bool, typer.Option("--strict", help="Refuse what would have to be adjusted to the model.")] = (
        False
    )
    assistant_as_system: Annotated[
        bool | None,
        typer.Option(
            "--assistant-as-system/--no-assistant-as-system", help="A last assistant message is an instruction."
        ),
    ] = None
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Show call, reservation and cost; call nothing.")] = (
        False
    )
    stream: Annotated[bool, typer.Option("--stream", help="Print the answer as it comes.")] = False
    attempts: Annotated[int, typer.Option("--attempts", min=1, max=10, help="Tries when throttled, each metered.")] = 1
    repeat: Annotated[int, typer.Option("--repeat", min=1, max=100_000, help="So many calls, for load tests.")] = 1
    concurrency: Annotated[int, typer.Option("--concurrency", min=1, max=256, help="With --repeat: at once.")] = 1


@dataclass(frozen=True)
class Trail:
    """What is written down of it beside the manifest's audit log."""

    audit_file: Annotated[
        Path | None, typer.Option("--audit-file", help="Record the call in this file, too (JSONL).")
    ] = None
    log_content: Annotated[bool, typer.Option("--log-content", help="Put prompt and answer into the audit trail.")] = (
        False
    )


@app.command()
@common(FILE, TARGET, OUTPUT, result=DOCUMENT)
def invoke(shared: Common, *, wanted: Wanted, way: Way, trail: Trail) -> int:
    """Call the model through the cost centre's profile; the answer on stdout, tokens and cost on stderr.

    Every limit of the manifest that counts the call is reserved first: a denied call costs nothing and exits 5.
    """
    from costsentry_cli.cli.metering import metering

    _checked(wanted, way)
    request = _read(wanted)
    confide(message.text for message in request.messages)
    manifest = read_manifest(shared)
    context = open_context(shared, manifest)
    calls = metering(
        manifest, context, audit_file=trail.audit_file, content=trail.log_content,
        strict=way.strict, assistant_as_system=way.assistant_as_system,
    )  # fmt: skip
    prepared = calls.prepare(request)
    for change in (*prepared.fitted.adjustments, *prepared.fitted.notes):
        say(f"adjusted: {change}" if change in prepared.fitted.adjustments else f"note: {change}")
    if way.dry_run:
        return _shown(shared, context, prepared)
    if trail.audit_file is not None:
        from costsentry_cli.cli.audit_file import ready

        ready(trail.audit_file)
    if way.repeat > 1:
        from costsentry_cli.cli.load import many

        return many(shared, context, calls, prepared, way.repeat, way.concurrency, way.attempts)
    from costsentry_cli.cli.told import for_a_person, tell

    live = way.stream and for_a_person(shared)
    reply = _called(calls, prepared, way.attempts, stream=way.stream, live=live)
    return tell(shared, context, calls, reply, live=live, audit_file=trail.audit_file)


def _shown(shared: Common, context: Context, prepared: Prepared) -> int:
    from costsentry_cli.render import reply as view

    region = context.target.region
    screen = placed(shared, safe(view.dry_run(prepared, region)))
    emit_document(shared, "dry_run", view.prepared_document(prepared, region), context.target.as_dict(), screen)
    return 0


def _called(calls: Metering, prepared: Prepared, attempts: int, *, stream: bool, live: bool) -> Reply:
    """Make the call; Ctrl-C and SIGTERM end it, but not its settlement."""
    from costsentry_cli.cli.stopping import Stop, stoppable
    from costsentry_cli.cli.told import printed

    stop = Stop()
    stoppable(calls, stop)
    with stop.listening():
        return calls.run(prepared, attempts=attempts, stream=stream, on_text=printed if live else _unheard, told=say)


def _unheard(piece: str) -> None:
    del piece


def _checked(wanted: Wanted, way: Way) -> None:
    """Raises ``SentryError`` CS0101 for an empty cost centre, and for options that mean nothing together."""
    if wanted.cost_center is not None and not wanted.cost_center.strip():
        raise SentryError("CS0101", "--cost-center is empty", help=EXAMPLE)
    if way.stream and way.repeat > 1:
        raise SentryError("CS0101", "--stream shows one answer, --repeat none", help="leave one of the two out")
    if way.concurrency > 1 and way.repeat == 1:
        again = way.concurrency * 10
        raise SentryError("CS0101", "--concurrency needs --repeat", help=f"--repeat {again}, for example")


def _read(wanted: Wanted) -> Request:
    from costsentry_cli.domain.metering import request

    if wanted.document is not None:
        return _of_document(wanted, wanted.document)
    if not (wanted.tags["costCenter"].strip() or wanted.model.strip()):
        raise SentryError("CS0101", "nobody pays: --cost-center is missing", help=EXAMPLE)
    words = _prompt(wanted.prompt)
    return request.of_options(
        words, model=wanted.model, system=wanted.system, parameters=wanted.parameters, tags=wanted.tags
    )


def _of_document(wanted: Wanted, path: Path) -> Request:
    from costsentry_cli.domain.metering import request
    from costsentry_cli.domain.metering.request_fields import MAX_BYTES
    from costsentry_cli.manifest_file import parse

    given = [wanted.prompt, wanted.system, *wanted.tags.values(), *wanted.parameters.values()]
    if any(value not in (None, "") for value in given):
        raise SentryError("CS0101", "--input is the whole request", help="beside it only --model may say another model")
    try:
        data = _of_stdin() if str(path) == "-" else files.read_bytes(path, MAX_BYTES)
    except OSError as error:
        raise SentryError(
            "CS0101", f"cannot read {path}: {error.strerror}", help="--input takes a file, or - for standard input"
        ) from error
    asked = request.read(data, "standard input" if str(path) == "-" else str(path), parse)
    return replace(asked, model=wanted.model) if wanted.model else asked


def _of_stdin() -> bytes:
    """Standard input, but never more than is accepted and one byte."""
    from costsentry_cli.domain.metering.request_fields import MAX_BYTES

    return sys.stdin.buffer.read(MAX_BYTES + 1)


def _prompt(given: str | None) -> str:
    from costsentry_cli.domain.metering.request_fields import MAX_BYTES

    if given is None and sys.stdin.isatty():
        raise SentryError("CS0101", "there is no prompt", help=EXAMPLE)
    raw = _of_stdin() if given is None or given == "-" else os.fsencode(given)
    if len(raw) > MAX_BYTES:
        raise SentryError("CS0101", f"the prompt is larger than {MAX_BYTES // 2**20} MiB")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SentryError("CS0101", f"the prompt is not UTF-8 text (byte {error.start})") from error
    if not text or not text.strip():
        raise SentryError("CS0101", "the prompt is empty")
    return text
