"""Start-up: what everybody feels at every call, against a bare interpreter; and what other programs take."""

from __future__ import annotations

from collections.abc import Iterator

import goals
from ratio import BARE, PEER_PYTHON, PEERS, ROOT, SENTRY, Command, Row, cpu_ratios, show

CLICK = "import click\n@click.command()\ndef hello(): print('hello')\nhello(prog_name='hello')"
TYPER = "import typer\napp = typer.Typer()\n@app.command()\ndef hello(): print('hello')\napp(prog_name='hello')"
OURS: tuple[Command, ...] = (
    ("--version",),
    ("--help",),
    ("profiles", "--help"),
    ("explain", "5"),
    ("validate", "-f", str(ROOT / "profiles.yaml")),
)
OTHERS: tuple[Command, ...] = (
    (PEER_PYTHON, "-c", CLICK, "--help"),
    (PEER_PYTHON, "-c", TYPER, "--help"),
    (str(PEERS / "sqlite-utils"), "--version"),
    (str(PEERS / "sqlite-utils"), "--help"),
    (str(PEERS / "octodns-sync"), "--help"),
    (str(PEERS / "aws"), "--version"),
    (PEER_PYTHON, "-c", "import boto3"),
)


def rows() -> Iterator[Row]:
    """Ours, then others."""
    ours = (goals.VERSION, goals.HELP, goals.PROFILES_HELP, goals.LIGHT, goals.VALIDATE)
    for goal, words in zip(ours, OURS, strict=True):
        yield Row(goal, cpu_ratios((*SENTRY, *words), BARE))
    for goal, command in zip(goals.PEERS, OTHERS, strict=True):
        yield Row(goal, cpu_ratios(command, BARE, 7))


if __name__ == "__main__":
    show(rows())
