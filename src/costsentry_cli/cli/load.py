"""``sentry invoke --repeat``: the same call many times, with progress, and what they came to."""

from __future__ import annotations

import sys

from costsentry_cli.cli.context import Context
from costsentry_cli.cli.options import Common
from costsentry_cli.cli.output import emit_document, say
from costsentry_cli.domain.errors import Exit
from costsentry_cli.domain.metering.reply import Prepared
from costsentry_cli.domain.money import plain
from costsentry_cli.domain.pacing import Interrupt
from costsentry_cli.render import denial
from costsentry_cli.render.cells import usd_estimate
from costsentry_cli.render.errors import as_document
from costsentry_cli.usecases.load import Load
from costsentry_cli.usecases.load import many as calls_of
from costsentry_cli.usecases.metering import Metering


def many(
    shared: Common, context: Context, calls: Metering, prepared: Prepared, repeat: int, concurrency: int, attempts: int
) -> int:
    """Make them; exit as the worst of them: failed, else denied, else 0."""
    live = sys.stderr.isatty()

    def told(load: Load) -> None:
        if live:
            sys.stderr.write(f"\r  {load.ended}/{load.wanted}  {_endings(load)}\x1b[K")
            sys.stderr.flush()

    stop = Interrupt()  # not the cloud's own: a call that is under way shall end
    with stop.listening():
        load = calls_of(lambda: calls.run(prepared, attempts=attempts), repeat, concurrency, lambda: stop.is_set, told)
    if live:
        sys.stderr.write("\r\x1b[K")
    error = load.first
    if load.example is not None:  # said in full
        error = denial.error_of(load.example, calls.manifest, context.clock()) or error
    first = {"first_error": None if error is None else as_document(error)}
    emit_document(shared, "load", _document(load) | first, context.target.as_dict(), _text(load))
    if load.unbegun:
        say(f"interrupted: {load.unbegun} of {load.wanted} calls were not made")
        return Exit.INTERRUPTED
    if error is None:
        return Exit.OK
    say(f"{error.code} {error.message}")
    return error.exit


def _endings(load: Load) -> str:
    return ", ".join(f"{number} {name}" for name, number in sorted(load.endings.items()))


def _text(load: Load) -> str:
    half, most = load.latency(0.5), load.latency(0.95)
    lines = [
        f"calls     {_endings(load) or 'none'}",
        f"tokens    in {load.input_tokens:,}, out {load.output_tokens:,}",
        f"cost      {usd_estimate(load.cost)}" + (f", {load.unpriced} without a price" if load.unpriced else ""),
    ]
    lines += [f"latency   half within {half:,} ms, 95 % within {most:,} ms"] if half is not None else []
    lines += (
        [f"errors    {', '.join(f'{number} x {code}' for code, number in sorted(load.errors.items()))}"]
        if load.errors
        else []
    )
    return "\n".join(lines) + "\n"


def _document(load: Load) -> dict[str, object]:
    return {
        "wanted": load.wanted,
        "endings": dict(sorted(load.endings.items())),
        "not_begun": load.unbegun,
        "input_tokens": load.input_tokens,
        "output_tokens": load.output_tokens,
        "estimated_cost_usd": plain(load.cost),
        "without_a_price": load.unpriced,
        "latency_ms": {"p50": load.latency(0.5), "p95": load.latency(0.95)},
        "errors": dict(sorted(load.errors.items())),
    }
