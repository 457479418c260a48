"""``sentry profiles resolve`` and ``env``: from names to ARNs, for people and scripts."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated

import typer

from costsentry_cli.cli import completion
from costsentry_cli.cli.forms import Format
from costsentry_cli.cli.options import FILE, OUTPUT, TARGET, Common, common, group
from costsentry_cli.cli.output import ask, emit_document, say, write
from costsentry_cli.cli.reach import AccountOption, Reach, manifest_if_any, reach
from costsentry_cli.domain.calls import ApiCall
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.kind import Scope
from costsentry_cli.domain.manifest.findings import most_similar


class Environment(StrEnum):
    """What ``--format`` takes."""

    SHELL = "shell"
    DOTENV = "dotenv"
    JSON = "json"


Named = Annotated[
    str, typer.Argument(metavar="NAME|ARN|ID", autocompletion=completion.PROFILES, help="A key, name, ARN or id.")
]
Field = Annotated[str | None, typer.Option("--field", help="Print this one value: arn, model, tags.costCenter ...")]
Shape = Annotated[Environment, typer.Option("--format", help="shell (for eval), dotenv or json.")]
Prefix = Annotated[str, typer.Option("--prefix", help="What the variables start with.")]
By = Annotated[str, typer.Option("--by", autocompletion=completion.TAG_KEYS, help="A tag key, or key.")]
WithModel = Annotated[bool, typer.Option("--with-model", help="Put the model's alias behind the value.")]
Parameter = Annotated[str | None, typer.Option("--ssm-parameter", help="Write the JSON map to this SSM parameter.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="With --ssm-parameter: write without asking.")]


app = group("Application inference profiles.")


@app.command("resolve")
@common(FILE, TARGET, OUTPUT)
def resolve_command(shared: Common, *, name: Named, field: Field = None, account: AccountOption = None) -> None:
    """Show one profile: ARN, model, price, lifecycle, tags. Callers keep names, never ARNs.

    A profile in use wins over a retired one of the same name, the manifest's own over foreign ones.
    In a script: ARN=$(sentry profiles resolve NAME --field arn)
    """
    _resolve(shared, name, field, account)


@app.command("env")
@common(FILE, TARGET, OUTPUT)
def env_command(  # noqa: PLR0913, RUF100 the flags of one command
    shared: Common,
    *,
    shape: Shape = Environment.SHELL,
    prefix: Prefix = "BEDROCK_PROFILE_",
    by: By = "costCenter",
    with_model: WithModel = False,
    ssm_parameter: Parameter = None,
    yes: Yes = False,
    account: AccountOption = None,
) -> None:
    """Print the ARNs of the manifest's profiles by cost centre, as variables or JSON.

    In a shell: eval "$(sentry profiles env)"
    """
    from costsentry_cli.cli.context import read_manifest
    from costsentry_cli.render.environment import ENVIRONMENTS
    from costsentry_cli.usecases import environment

    manifest = read_manifest(shared)
    place = reach(shared, manifest, account)
    place.tell_troubles()
    scope = _one_scope(place)
    found = environment.mapped(place.clouds[scope.account], manifest, scope, by, with_model=with_model)
    if found.without:
        say(f"left out, without {by}: {', '.join(found.without)}")
    if ssm_parameter is not None:
        call = environment.publish_call(ssm_parameter, json.dumps(dict(found.arns)), scope.region)
        _publish(place, scope, call, len(found.arns), yes=yes)
        return
    text = ENVIRONMENTS[shape](found.arns, prefix)
    emit_document(shared, "profiles", found.arns, place.context.target.as_dict(), text)


def _resolve(shared: Common, name: str, field: str | None, account: str | None) -> None:
    from costsentry_cli.render import profile
    from costsentry_cli.usecases import resolve

    manifest = manifest_if_any(shared)
    place = reach(shared, manifest, account)
    place.tell_troubles()
    found = resolve.resolve(place.clouds, place.scopes, manifest, name, place.context.clock().date())
    if field is None:
        target = place.context.target.as_dict()
        emit_document(shared, "profile", profile.as_document(found), target, profile.as_text(found))
        return
    if shared.output is not Format.TABLE or shared.query is not None:
        raise SentryError("CS0101", "--field prints one value; -o and --query are for the whole", help="drop one")
    write(shared, f"{_value(profile.as_fields(found), field)}\n")


def _value(fields: dict[str, str], wanted: str) -> str:
    if wanted not in fields:
        close = most_similar(wanted, tuple(fields))
        advice = f"did you mean '{close}'?" if close else f"fields: {', '.join(fields)}"
        raise SentryError("CS0101", f"this profile has no field {wanted!r}", help=advice)
    return fields[wanted]


def _one_scope(place: Reach) -> Scope:
    """The target's region of the one account: a map of ARNs is of one place."""
    accounts = list(place.clouds)
    if len(accounts) > 1:
        raise SentryError("CS0101", f"the manifest has {len(accounts)} accounts", help=f"--account {accounts[0]}")
    region = place.context.target.region
    return next(scope for scope in place.scopes if scope.region == region)


def _publish(place: Reach, scope: Scope, call: ApiCall, number: int, *, yes: bool) -> None:
    name = call.params["Name"]
    arns = f"{number} ARN{'s' if number != 1 else ''}"
    if not yes and not ask(f"Write {arns} to the SSM parameter {name} in {scope.region}?", "--yes"):
        say("nothing was written")
        return
    answer = place.clouds[scope.account].call(call)
    say(f"wrote {arns} to the SSM parameter {name} in {scope.region}, version {answer['Version']}")
