"""Write docs/report-light.png and docs/report-dark.png: the report's page as a real browser draws it.

The page is that of a seeded sandbox with a fixed clock. Needs Chromium or Chrome; without one it says so and writes
nothing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from costsentry_cli.cli.context import sandbox_context
from costsentry_cli.domain import window
from costsentry_cli.domain.reports.question import Question, groups_of
from costsentry_cli.render.formats import as_json
from costsentry_cli.render.html import as_html
from costsentry_cli.sandbox import Sandbox
from costsentry_cli.sandbox.seed import seed
from costsentry_cli.usecases.report_costs import costs

DOCS = Path(__file__).resolve().parents[1] / "docs"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
MONTH = "2026-10"
"""A closed month: its figures do not change."""
DAYS, SOWN = 200, 2
"""Traffic of so many days, so many times over."""
SIZE = (900, 775)
SECONDS = 120
QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--hide-scrollbars",
    "--force-device-scale-factor=1",
)


def browser(find: Callable[[str], str | None] = shutil.which) -> str | None:
    """The first browser that is installed."""
    return next((path for path in map(find, BROWSERS) if path), None)


def page(folder: Path) -> Path:
    """The report of October by cost centre, as a page in this folder: ``report.html``, beside it ``report.json``."""
    sandbox = Sandbox(folder / "sandbox.db", clock=lambda: NOW)
    for sown in range(SOWN):
        seed(sandbox.store, NOW, days=DAYS, random_seed=sown)
    context = sandbox_context(sandbox, "us-east-1")
    asked = Question(groups_of(["costCenter"]), window.parse(NOW.date(), month=MONTH))
    table, target = costs(context.cloud, asked, NOW), context.target.as_dict()
    (folder / "report.json").write_text(as_json(table, target), encoding="utf-8")
    shown = folder / "report.html"
    shown.write_text(as_html(table, target), encoding="utf-8")
    return shown


def photograph(chromium: str, shown: Path, picture: Path, *, dark: bool) -> None:
    """Have the browser draw a page, light or dark. Raises ``CalledProcessError`` or ``TimeoutExpired``."""
    wide, high = SIZE
    with tempfile.TemporaryDirectory() as home:
        subprocess.run(
            [
                chromium,
                *QUIET,
                f"--user-data-dir={home}",
                f"--blink-settings=preferredColorScheme={0 if dark else 1}",
                f"--window-size={wide},{high}",
                f"--screenshot={picture}",
                shown.as_uri(),
            ],
            check=True,
            capture_output=True,
            timeout=SECONDS,
            env={"PATH": os.environ.get("PATH", ""), "HOME": home},
        )


def main(find: Callable[[str], str | None] = shutil.which, docs: Path = DOCS) -> int:
    """Write both pictures, or say why not."""
    chromium = browser(find)
    if chromium is None:
        sys.stderr.write(f"no pictures were made: none of {', '.join(BROWSERS)} is installed\n")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        shown = page(Path(folder))
        for name, dark in (("report-light.png", False), ("report-dark.png", True)):
            photograph(chromium, shown, docs / name, dark=dark)
            print(f"wrote {docs.name}/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
