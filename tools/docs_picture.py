"""docs/demo.svg: the end of the tour's screen, in the colours of a terminal."""

from __future__ import annotations

import io
import re
import tempfile
from contextlib import chdir, redirect_stderr, redirect_stdout
from datetime import UTC, datetime

from rich.console import Console
from rich.terminal_theme import SVG_EXPORT_THEME
from rich.text import Text

from costsentry_cli.cli.demo import PLACE, run
from costsentry_cli.cli.options import Color, Common

BEGIN = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
WIDTH = 80
ELSEWHERE = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)
"""Fonts that the picture would load from another place: a page of ours needs nothing else."""
TITLE = "sentry demo"


def picture() -> str:
    """The tour's screen as SVG: the same text the tour's own test has, with its colours."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="standard")
    console.print(Text.from_ansi(_screen()), soft_wrap=False)
    drawn = console.export_svg(title=TITLE, theme=SVG_EXPORT_THEME, unique_id="demo")
    alone = ELSEWHERE.sub("", drawn).replace("Fira Code", "DejaVu Sans Mono, Menlo, Consolas")
    return "\n".join(line.rstrip() for line in alone.splitlines()) + "\n"


def _screen() -> str:
    printed = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    quiet = redirect_stderr(io.StringIO())
    with tempfile.TemporaryDirectory() as folder, chdir(folder), redirect_stdout(printed), quiet:
        run(Common(color=Color.ALWAYS), PLACE, lambda: BEGIN)
    text = printed.buffer.getvalue().decode()  # type: ignore[attr-defined]
    return "$ sentry demo\n" + text.partition("\n  What came before")[0]
