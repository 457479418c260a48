"""``sentry init``, ``validate`` and ``schema``: the manifest, without any target."""

from __future__ import annotations

from typing import Annotated

import typer

from costsentry_cli.cli.context import manifest_path, read_manifest
from costsentry_cli.cli.forms import ANNOTATIONS, DOCUMENT, TALK, TEXT
from costsentry_cli.cli.options import FILE, OUTPUT, Common, common, group
from costsentry_cli.cli.output import annotate, emit_document, fitted, say, write, write_file
from costsentry_cli.domain.errors import SentryError

app = group("The manifest.")
TEMPLATE = "profiles.template.yaml"


@app.command()
@common(FILE, result=TALK)
def init(
    shared: Common, *, force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False
) -> None:
    """Write a commented profiles.yaml to start from."""
    from importlib import resources

    path = manifest_path(shared)
    if path.exists() and not force:
        raise SentryError("CS0103", f"{path} exists already", help="--force overwrites it; -f FILE names another")
    text = resources.files("costsentry_cli.data").joinpath(TEMPLATE).read_text(encoding="utf-8")
    write_file(path, text, 0o644)
    say(f"wrote {path}")
    say(shared.pasteable("next: sentry validate, then sentry plan   (--sandbox: without an account)"))


@app.command()
@common(FILE, OUTPUT, result=DOCUMENT | ANNOTATIONS)
def validate(shared: Common) -> None:
    """Check the manifest without any call: every problem with its line, a stable code and what helps."""
    manifest = read_manifest(shared)
    counts = {
        "profiles": len(manifest.profiles),
        "limits": len(manifest.limits),
        "budgets": len(manifest.budgets),
        "cost_allocation_tags": len(manifest.cost_allocation_tags),
    }
    monitors = {"anomaly_monitors": len(manifest.anomaly_monitors)}
    told = counts | monitors if manifest.anomaly_monitors else counts
    words = ", ".join(_counted(number, name.replace("_", " ")) for name, number in told.items())
    name = manifest.source.name
    if shared.query is None and shared.output in ANNOTATIONS:
        annotate(shared, [])
        say(f"{name} is valid: {words}.")
        return
    screen = fitted(shared, f"{name} is valid: {words}.\n")
    emit_document(shared, "manifest", {"file": name, "valid": True, **counts, **monitors}, {}, screen)


def _counted(number: int, plural: str) -> str:
    return f"{number} {plural.removesuffix('s') if number == 1 else plural}"


@app.command()
@common(frozenset({"out"}), result=TEXT)
def schema(shared: Common) -> None:
    """Print the JSON Schema (2020-12) of the manifest, for editors and other checkers."""
    import json

    from costsentry_cli.domain.manifest.schema import schema as manifest_schema

    write(shared, json.dumps(manifest_schema(), indent=2) + "\n")
