"""``sentry invoke``: one metered model call."""

from __future__ import annotations

import os
import sys
from decimal import Decimal
from typing import Annotated

import typer

from costsentry_cli.cli.context import open_context, read_manifest
from costsentry_cli.cli.options import DOCUMENT, FILE, OUTPUT, TARGET, Common, common, group
from costsentry_cli.cli.output import emit_document, say
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.money import plain
from costsentry_cli.render.cells import usd_estimate
from costsentry_cli.render.safe import safe
from costsentry_cli.usecases import invoke as metered

app = group("Metered model calls.")


@app.command()
@common(FILE, TARGET, OUTPUT, result=DOCUMENT)
def invoke(
    shared: Common,
    *,
    prompt: Annotated[str | None, typer.Argument(help="The prompt; - or nothing reads standard input.")] = None,
    cost_center: Annotated[str, typer.Option("--cost-center", help="Whose profile pays: the costCenter tag.")],
    model: Annotated[str, typer.Option("--model", help="Alias or model id, when several fit.")] = "",
    application: Annotated[str, typer.Option("--application", help="The applicationId tag.")] = "",
    environment: Annotated[str, typer.Option("--environment", help="The environment tag.")] = "",
    system: Annotated[str, typer.Option("--system", help="A system prompt.")] = "",
    max_tokens: Annotated[int, typer.Option("--max-tokens", min=1, help="Most tokens to answer with.")] = 1024,
) -> None:
    """Call the model through the cost centre's profile; the answer on stdout, tokens and cost on stderr."""
    if not cost_center.strip():
        raise SentryError("CS0101", "--cost-center is empty", help="name whose profile pays")
    manifest = read_manifest(shared)
    text = _prompt(prompt)
    context = open_context(shared, manifest)
    wanted = metered.Wanted(cost_center, application, environment, model)
    region = context.target.region
    chosen = metered.resolve(context.cloud, manifest, wanted, region)
    reply = metered.invoke(
        context.cloud, chosen, text, region=region, clock=context.clock, system=system, max_tokens=max_tokens
    )
    emit_document(shared, "invocation", _data(reply), context.target.as_dict(), safe(reply.text).rstrip("\n") + "\n")
    _talk(reply)


def _prompt(given: str | None) -> str:
    if given is None and sys.stdin.isatty():
        raise SentryError("CS0101", "there is no prompt", help='sentry invoke --cost-center sales "Hello"')
    raw = sys.stdin.buffer.read() if given is None or given == "-" else os.fsencode(given)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SentryError("CS0101", f"the prompt is not UTF-8 text (byte {error.start})") from error
    if not text or not text.strip():
        raise SentryError("CS0101", "the prompt is empty")
    return text


def _data(reply: metered.Reply) -> dict[str, object]:
    tokens = reply.tokens
    return {
        "text": reply.text,
        "stop_reason": reply.stop_reason,
        "request_id": reply.request_id,
        "profile": {"name": reply.chosen.name, "arn": reply.chosen.arn, "model": reply.chosen.model},
        "cost_center": reply.chosen.tags.get("costCenter"),
        "usage": {
            "input_tokens": tokens.input,
            "output_tokens": tokens.output,
            "cache_read_tokens": tokens.cache_read,
            "cache_write_5m_tokens": tokens.cache_write_5m,
            "cache_write_1h_tokens": tokens.cache_write_1h,
        },
        "estimated_cost_usd": None if reply.cost is None else plain(reply.cost),
    }


def _talk(reply: metered.Reply) -> None:
    caller = reply.chosen.caller()
    who = " / ".join(part for part in (caller.cost_center, caller.application, caller.environment) if part)
    tokens = reply.tokens
    cached = tokens.cache_read + tokens.cache_write_5m + tokens.cache_write_1h
    also = f", cached {cached:,}" if cached else ""
    say(f"{who}  {caller.model}  in {tokens.input:,}, out {tokens.output:,}{also} tokens")
    say(_cost(reply.cost))
    if reply.stop_reason == "max_tokens":
        say("the answer was cut at --max-tokens")
    if reply.uncounted is not None:
        say(f"warning: the call is not in the metrics: {reply.uncounted.code} {reply.uncounted.message}")


def _cost(cost: Decimal | None) -> str:
    return "cost unknown: no price for this model in the catalogue" if cost is None else usd_estimate(cost)
