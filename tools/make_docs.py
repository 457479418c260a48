"""Write the generated pages; some alone by name.

python tools/make_docs.py                     all of them
python tools/make_docs.py docs/errors.md      this one
"""

from __future__ import annotations

import ast
import itertools
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import console
import make_man
from costsentry_cli.cli.main import NAMES
from costsentry_cli.domain import assumptions, aws_errors
from costsentry_cli.domain.errors import ERRORS, EXIT_MEANING
from docs_commands import commands_page
from docs_manifest import manifest_page
from docs_picture import picture

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

import overshoot  # noqa: E402 - the benchmarks are no package

OVERSHOOT, OVERSHOOT_END = "<!-- overshoot -->\n", "<!-- end of overshoot -->"


def errors_page() -> str:
    """Every exit status, every code, and which errors of AWS's lead to each."""
    lines = [
        "# Errors and exit statuses",
        "",
        "Made by `tools/make_docs.py` from the tables in `domain/`. `sentry explain CS0403`, `sentry explain 5` and",
        "`sentry explain AccessDeniedException` say the same. With `-o json` an error is one document on stdout:",
        "`error.code`, `exit`, `message`, `where`, `cause`, `help`, `next` (commands), `details`, and of an AWS call",
        "`service`, `operation`, `region`, `request_id`, `aws_error`.",
        "",
        "| exit | meaning |",
        "|---:|---|",
    ]
    lines += [f"| {int(status)} | {meaning} |" for status, meaning in EXIT_MEANING.items()]
    lines += ["", "| code | exit | meaning | what usually helps |", "|---|---:|---|---|"]
    lines += [f"| {linked(row.code)} | {int(row.exit)} | {row.meaning} | {cell(row.help)} |" for row in ERRORS.values()]
    lines += ["", "## What AWS says, and what we make of it", ""]
    for code, ways in come_from().items():
        lines += [f"### {code}", "", f"{ERRORS[code].meaning} (exit {int(ERRORS[code].exit)})", ""]
        lines += ["| error | when | cause | next step |", "|---|---|---|---|"]
        for (when, cause, fix), names in ways.items():
            lines.append(f"| {', '.join(names)} | {cell(when)} | {cause} | {cell(fix)} |")
        lines.append("")
    return "\n".join(lines)


def come_from() -> dict[str, dict[tuple[str, str, str], list[str]]]:
    """Code -> (when, cause, next step) -> the errors of AWS's that have them."""
    found: dict[str, dict[tuple[str, str, str], list[str]]] = {}
    for way in sorted(aws_errors.ways(), key=lambda way: way.row.code):
        about = (way.when, aws_errors.meaning(way.row), aws_errors.help_of(way.row))
        found.setdefault(way.row.code, {}).setdefault(about, []).append(f"`{way.name}`")
    return found


def linked(code: str) -> str:
    """The code, with a link to the errors that lead there where there are any."""
    return f"[{code}](#{code.lower()})" if code in come_from() else code


def cell(text: str) -> str:
    """Text for a cell of a table."""
    return text.replace("|", " or ").replace("*", "\\*")


def assumptions_page() -> str:
    """Every named assumption with its value and its sentence."""
    body = ast.parse(Path(assumptions.__file__).read_text(encoding="utf-8")).body
    lines = [
        "# What we assume about AWS",
        "",
        "Made by `tools/make_docs.py` from `domain/assumptions.py`. Beyond these,",
    ]
    lines += [
        "the code rests on AWS's own service models and documentation.",
        "",
        "| name | value | what |",
        "|---|---|---|",
    ]
    for statement, after in itertools.pairwise(body):
        if isinstance(statement, ast.Assign) and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            name = ast.unparse(statement.targets[0])
            text = " ".join(str(after.value.value).split())
            lines.append(f"| `{name}` | {getattr(assumptions, name)} | {text} |")
    return "\n".join(lines) + "\n"


def guide_page() -> str:
    """The guide with its screens as they are now."""
    with tempfile.TemporaryDirectory() as folder:
        return console.ran((ROOT / "docs/guide.md").read_text(encoding="utf-8"), Path(folder))


def overshoot_table(clients: Sequence[int] = overshoot.CLIENTS) -> str:
    """The share of a limit that was spent; for our own way the worst seed, for the others the median."""
    head = [
        "| % of the limit spent, 20 seeds |",
        *(f" {number} client{'s' if number > 1 else ''} |" for number in clients),
    ]
    rows = ["".join(head), "|---|" + "---:|" * len(clients)]
    for way in overshoot.WAYS:
        ours = way == "reserve and settle"
        found = (overshoot.measured(way, number).shares for number in clients)
        shares = (max(one) if ours else statistics.median(one) for one in found)
        name = f"{way} ({'most' if ours else 'median'})"
        rows.append(f"| {name} |" + "".join(f" {share:.1f} |" for share in shares))
    return "\n".join(rows) + "\n"


def concepts_page() -> str:
    """The concepts with the table measured anew; some seconds."""
    text = (ROOT / "docs/concepts.md").read_text(encoding="utf-8")
    begin, end = text.index(OVERSHOOT) + len(OVERSHOOT), text.index(OVERSHOOT_END)
    return f"{text[:begin]}\n{overshoot_table()}\n{text[end:]}"


PAGES: dict[str, Callable[[], str]] = {
    "docs/errors.md": errors_page,
    "docs/assumptions.md": assumptions_page,
    "docs/manifest.md": manifest_page,
    "docs/commands.md": commands_page,
    "docs/guide.md": guide_page,
    "docs/concepts.md": concepts_page,
    "docs/demo.svg": picture,
    f"man/{NAMES[0]}.1": make_man.page,
} | {f"man/{name}.1": make_man.reference for name in NAMES[1:]}
"""Every generated page by its path, and what makes it."""


if __name__ == "__main__":
    for path in sys.argv[1:] or PAGES:
        (ROOT / path).write_text(PAGES[path](), encoding="utf-8")
        print(f"wrote {path}")
