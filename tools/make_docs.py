"""Write the generated pages: docs/errors.md, docs/assumptions.md and the demo's screen in README.md."""

from __future__ import annotations

import ast
import itertools
from pathlib import Path

from costsentry_cli.domain import assumptions, aws_errors
from costsentry_cli.domain.errors import ERRORS, EXIT_MEANING

ROOT = Path(__file__).resolve().parents[1]
DEMO_HEAD = "target: sandbox (no AWS account touched)\n"


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


def readme(text: str) -> str:
    """The README with the demo's screen as the test knows it."""
    screen = (ROOT / "tests/cli/screens/demo.txt").read_text(encoding="utf-8").rstrip("\n")
    before, _, rest = text.partition(f"```\n{DEMO_HEAD}")
    return f"{before}```\n{DEMO_HEAD}{screen}\n```{rest.partition('```')[2]}"


def pages() -> dict[Path, str]:
    """Every generated page by its path."""
    path = ROOT / "README.md"
    return {
        ROOT / "docs/errors.md": errors_page(),
        ROOT / "docs/assumptions.md": assumptions_page(),
        path: readme(path.read_text(encoding="utf-8")),
    }


if __name__ == "__main__":
    for target, content in pages().items():
        target.write_text(content, encoding="utf-8")
        print(f"wrote {target.relative_to(ROOT)}")
