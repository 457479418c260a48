"""Write the generated pages: docs/errors.md, docs/assumptions.md and the demo's screen in README.md."""

from __future__ import annotations

import ast
import itertools
from pathlib import Path

from costsentry_cli.domain import assumptions
from costsentry_cli.domain.errors import ERRORS, EXIT_MEANING

ROOT = Path(__file__).resolve().parents[1]
DEMO_HEAD = "target: sandbox (no AWS account touched)\n"


def errors_page() -> str:
    """Every exit status and every code."""
    lines = ["# Errors and exit statuses", "", "Made by `tools/make_docs.py` from `domain/errors.py`.", ""]
    lines += ["| exit | meaning |", "|---:|---|"]
    lines += [f"| {int(status)} | {meaning} |" for status, meaning in EXIT_MEANING.items()]
    lines += ["", "| code | exit | meaning | what usually helps |", "|---|---:|---|---|"]
    lines += [
        f"| {row.code} | {int(row.exit)} | {row.meaning} | {row.help.replace('|', ' or ')} |" for row in ERRORS.values()
    ]
    return "\n".join(lines) + "\n"


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
