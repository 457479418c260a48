"""``sentry iam-policy``: the IAM policy that allows a command, or that makes callers use profiles."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from costsentry_cli.cli.forms import DOCUMENT
from costsentry_cli.cli.options import FILE, Common, common, group
from costsentry_cli.cli.output import queried, say, write
from costsentry_cli.cli.reach import manifest_if_any
from costsentry_cli.domain.errors import SentryError

if TYPE_CHECKING:
    from costsentry_cli.domain.policies.document import Statement
    from costsentry_cli.domain.policies.place import Place

app = group("IAM policies.")
EXAMPLE = "for example: sentry iam-policy --for sync --for report"
For = Annotated[
    list[str] | None,
    typer.Option(
        "--for", help="A command: sync, report, tags, 'tags status' ..., or all. More than once, or with commas."
    ),
]
Prune = Annotated[bool, typer.Option("--prune", help="What sync --prune deletes, too.")]
ForceProfiles = Annotated[
    bool, typer.Option("--force-profiles", help="For callers of models: through tagged profiles, or not at all.")
]
CostCenters = Annotated[
    list[str] | None, typer.Option("--cost-center", help="With --force-profiles: only these (default: any).")
]
Account = Annotated[str | None, typer.Option("--account", help="The account of the ARNs (default: the manifest's).")]
Part = Annotated[int | None, typer.Option("--part", min=1, help="One part of a policy that is too large for one.")]


@app.command("iam-policy")
@common(FILE, frozenset({"region"}), frozenset({"query", "out"}), result=DOCUMENT)
def iam_policy(  # noqa: PLR0913, RUF100 the flags of one command
    shared: Common,
    *,
    commands: For = None,
    prune: Prune = False,
    force_profiles: ForceProfiles = False,
    cost_center: CostCenters = None,
    account: Account = None,
    part: Part = None,
) -> int:
    """Print the least IAM policy that allows a command, as JSON; nothing is asked of AWS.

    ARNs and conditions are those of the manifest, where there is one. Deletions are in it with --prune alone.
    """
    from costsentry_cli.domain.policies import callers, document
    from costsentry_cli.domain.policies.place import place_of

    wanted = wanted_commands(commands or [])
    if force_profiles == bool(wanted):
        raise SentryError("CS0101", "give either --for or --force-profiles", help=EXAMPLE)
    manifest = manifest_if_any(shared)
    place = place_of(manifest, shared.region, account)
    if force_profiles:
        statements = callers.profiles_only(place, tuple(cost_center or ["*"]))
    else:
        statements = _allowing(wanted, place, prune=prune)
    if not statements:
        say(f"{', '.join(wanted)}: no permission is needed")
    shown = _part(statements, part)
    body = document.document(shown)
    write(shared, json.dumps(body, indent=2) + "\n" if shared.query is None else queried(shared.query, body))
    _tell(statements, shown, place, part)
    return 0


def wanted_commands(given: Sequence[str]) -> list[str]:
    """The commands that are named; raises ``SentryError`` CS0101 for one there is not."""
    from costsentry_cli.domain import needs
    from costsentry_cli.domain.manifest.findings import most_similar

    asked = [name.strip().removeprefix("sentry ") for text in given for name in text.split(",") if name.strip()]
    for name in asked:
        if not needs.matching(name):
            near = most_similar(name, tuple(needs.names()))
            groups = ", ".join(one for one in needs.names() if " " not in one)
            raise SentryError(
                "CS0101",
                f"no permissions are known for {name!r}" + (f"; did you mean {near}?" if near else ""),
                help=f"--for takes: {groups}",
            )
    return asked


def _allowing(wanted: Sequence[str], place: Place, *, prune: bool) -> tuple[Statement, ...]:
    from costsentry_cli.domain import needs
    from costsentry_cli.domain.policies.document import allowing

    commands = [command for name in wanted for command in needs.matching(name)]
    return allowing(needs.operations_of(commands, prune=prune), place)


def _part(statements: tuple[Statement, ...], number: int | None) -> tuple[Statement, ...]:
    from costsentry_cli.domain.policies.document import parts

    if number is None:
        return statements
    cut = parts(statements)
    if number > len(cut):
        raise SentryError("CS0101", f"there {'is' if len(cut) == 1 else 'are'} {len(cut)} of --part", help="--part 1")
    return cut[number - 1]


def _tell(statements: tuple[Statement, ...], shown: tuple[Statement, ...], place: Place, part: int | None) -> None:
    """What the document does not say of itself, on stderr."""
    from costsentry_cli.domain.policies.document import MANAGED_POLICY_MAX, parts, size

    cut = len(parts(statements))
    told = f"{size(shown):,} characters; a managed policy takes {MANAGED_POLICY_MAX:,}"
    say(
        told
        if cut == 1
        else f"{told}: print {cut} policies, --part 1 to --part {cut}"
        if part is None
        else f"{told}; part {part} of {cut}"
    )
    if place.manifest is None:
        say("no manifest here: it holds for any namespace, and hands no role to budgets; -f FILE narrows it")
    elif place.home == "*":
        say("for any account: account: in the manifest, or --account, narrows it")
