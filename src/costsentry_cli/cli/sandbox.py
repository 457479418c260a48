"""``sentry sandbox``: the local AWS stand-in."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from costsentry_cli.cli import context
from costsentry_cli.cli.forms import DOCUMENT, TALK, TEXT
from costsentry_cli.cli.options import OUTPUT, Common, common, group
from costsentry_cli.cli.output import ask, emit_document, fitted, say, write
from costsentry_cli.cli.waiting import duration
from costsentry_cli.domain.errors import Exit, SentryError
from costsentry_cli.domain.money import plain

app = group("The local AWS stand-in: no account, nothing is sent anywhere.")
DB = frozenset({"sandbox_db"})
DEFAULT_PORT = 4599


@app.command()
@common(DB, result=TALK)
def serve(
    shared: Common,
    *,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes a free one.")] = DEFAULT_PORT,
) -> None:
    """Serve the AWS CLI and SDKs until Ctrl-C.

    On 127.0.0.1 alone; sentry sandbox env points a shell at it.
    """
    sandbox = context.open_sandbox(shared)

    def ready(url: str) -> None:
        say(f"sandbox {sandbox.path} is served at {url}  (Ctrl-C ends it)")
        say(f'in another shell: eval "$(sentry sandbox env --port {url.rpartition(":")[2]})"')

    context.serve_sandbox(sandbox, port, ready)


@app.command()
@common(DB, result=TEXT)
def env(
    shared: Common, *, port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Of serve.")] = DEFAULT_PORT
) -> None:
    """Print shell exports for the AWS CLI and SDKs.

    They point any AWS client at the served sandbox, with dummy credentials.
    """
    variables = context.sandbox_environment(f"http://127.0.0.1:{port}")
    write(shared, "".join(f"export {name}={value}\n" for name, value in variables.items()))


@app.command()
@common(DB, OUTPUT, result=DOCUMENT)
def status(shared: Common) -> None:
    """Show the sandbox's clock and what is in it."""
    held = context.open_sandbox(shared).status()
    body = {
        "path": str(held.path),
        "now": f"{held.now:%Y-%m-%dT%H:%M:%SZ}",
        "clock_ahead_seconds": int(held.offset.total_seconds()),
        "profiles": held.profiles,
        "calls": held.calls,
        "tokens": held.tokens,
        "billed_usd": plain(held.billed),
        "custom_datapoints": held.datapoints,
        "cost_allocation_tags": held.cost_tags,
        "faults_waiting": held.faults,
        "model_violations": held.violations,
        "other_services": list(held.moto),
    }
    shown = {name: f"{value:,}" if isinstance(value, int) else value for name, value in body.items()}
    shown |= {"clock_ahead_seconds": str(held.offset), "billed_usd": f"${plain(held.billed)}"}
    shown |= {"other_services": ", ".join(held.moto) or "none"}
    titles = {"clock_ahead_seconds": "clock ahead", "billed_usd": "billed"}
    lines = [f"  {titles.get(name, name.replace('_', ' ')):<22}{value}\n" for name, value in shown.items()]
    emit_document(shared, "sandbox", body, {"kind": "sandbox"}, "".join(lines))


@app.command()
@common(DB, result=TEXT)
def advance(shared: Common, *, by: Annotated[str, typer.Argument(metavar="BY", help="How far: 90m, 25h, 7d.")]) -> None:
    """Move the sandbox's clock forward.

    Tags become active and cost data arrives as they would in that time.
    """
    now = context.open_sandbox(shared).advance(duration(by))
    write(shared, f"{now:%Y-%m-%dT%H:%M:%SZ}\n")


@app.command()
@common(DB, result=TALK)
def reset(shared: Common, *, yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False) -> int:
    """Forget everything; the file stays."""
    sandbox = context.open_sandbox(shared)
    if not yes and not ask(f"Empty the sandbox {sandbox.path}?", "--yes"):
        return Exit.OK
    sandbox.reset()
    say(f"{sandbox.path} is empty")
    return Exit.OK


@app.command()
@common(DB, OUTPUT, result=DOCUMENT)
def seed(
    shared: Common,
    *,
    days: Annotated[
        int | None, typer.Option("--days", min=1, max=430, help="How many days back; 90 unless said.")
    ] = None,
    months: Annotated[
        int | None, typer.Option("--months", min=1, max=13, help="Instead: the month so far, and so many before it.")
    ] = None,
    random_seed: Annotated[int, typer.Option("--seed", help="The same seed makes the same traffic.")] = 0,
    invocation_log: Annotated[
        bool, typer.Option("--invocation-log", help="Turn on Bedrock's log of who calls, as if it had always been on.")
    ] = False,
) -> None:
    """Fill the sandbox with plausible past traffic.

    It goes through the profiles that exist; some are made if there are none.
    From 180 days on also a replaced model, a tag activated late, more leaks.
    """
    sandbox = context.open_sandbox(shared)
    length = _days(days, months, sandbox.now().date())
    sown = context.seed_sandbox(sandbox, length, random_seed, invocation_log=invocation_log)
    body = {
        "start": sown.start.date().isoformat(),
        "end": sown.end.date().isoformat(),
        "profiles": len(sown.profiles),
        "profiles_created": sown.created,
        "calls": sown.calls,
        "tokens": sown.tokens,
        "cost_usd": plain(sown.usd),
        "already": sown.already,
    }
    words = f"{sown.calls:,} calls since {sown.start.date()}, through {len(sown.profiles)} profiles and some without\n"
    again = f"seed {random_seed} is in this sandbox already; give another --seed, or sentry sandbox reset\n"
    emit_document(shared, "seed", body, {"kind": "sandbox"}, fitted(shared, again if sown.already else words))


def _days(days: int | None, months: int | None, today: date) -> int:
    """How many days back, from either way to say it."""
    if months is None:
        return 90 if days is None else days
    if days is not None:
        raise SentryError("CS0101", "give --days or --months, not both")
    first = today.year * 12 + today.month - 1 - months
    return (today - date(first // 12, first % 12 + 1, 1)).days


@app.command("set")
@common(DB, result=TALK)
def set_(
    shared: Common,
    *,
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="For example caller_account, rpm:amazon.nova-lite-v1:0, profile_quota."),
    ],
    value: Annotated[
        str | None, typer.Argument(metavar="[VALUE]", help="Its value; without one the default again.")
    ] = None,
) -> None:
    """Change how this AWS behaves.

    Quotas, delays, whose credentials the caller has.
    """
    try:
        context.open_sandbox(shared).configure(name, value)
    except ValueError as error:
        raise SentryError("CS0101", str(error)) from error
    say(f"{name}: {'its default' if value is None else value}")


@app.command()
@common(DB, result=TALK)
def fault(
    shared: Common,
    *,
    operation: Annotated[
        str,
        typer.Argument(metavar="OPERATION", help="service.Operation, for example bedrock-runtime.Converse; * is any."),
    ],
    effect: Annotated[
        str,
        typer.Argument(metavar="EFFECT", help="throttle, http500, html500, timeout, lost-reply, error:CODE:STATUS ..."),
    ],
    skip: Annotated[int, typer.Option("--skip", min=0, help="Calls that pass first.")] = 0,
    times: Annotated[int, typer.Option("--times", min=1, help="Calls that fail.")] = 1,
    probability: Annotated[float, typer.Option("--probability", min=0.0, max=1.0, help="Of each.")] = 1.0,
) -> None:
    """Order a fault for an operation's next calls."""
    service, _, name = operation.partition(".")
    try:
        context.order_fault(context.open_sandbox(shared), service, name or "*", effect, skip, times, probability)
    except ValueError as error:
        raise SentryError("CS0101", str(error)) from error
    say(f"the next {times} call{'s' if times > 1 else ''} of {operation}: {effect}")
