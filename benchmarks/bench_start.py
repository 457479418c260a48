"""Start-up: what everybody feels at every call, against a bare interpreter in the same run."""

from __future__ import annotations

from pathlib import Path

from ratio import BARE, SENTRY, Row, paired

EXAMPLE = str(Path(__file__).parents[1] / "profiles.yaml")

COMMANDS = [
    (("--version",), 2),
    (("--help",), 12),
    (("profiles", "--help"), 12),
    (("validate", "-f", EXAMPLE), 12),
]

if __name__ == "__main__":
    for words, goal in COMMANDS:
        shown = " ".join(Path(word).name for word in words)
        print(Row(f"sentry {shown} / python -c pass", paired((*SENTRY, *words), BARE), goal).line())
