"""Measure the shape of the house, and write it into CONTRIBUTING.md.

    python tools/shape.py            print the table
    python tools/shape.py --write    and put it between the marks in CONTRIBUTING.md

Figures without a bound are rounded, so that the table changes when the house does and not with every commit.
"""

from __future__ import annotations

import ast
import math
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "CONTRIBUTING.md"
BEGIN, END = "<!-- shape: made by tools/shape.py --write -->\n", "<!-- end of shape -->\n"
PACKAGE = "costsentry_cli"
ROOMS = ("src", "tests", "tools", "benchmarks")
FUNCTION_MOST, FILE_MOST = 60, 300
MOCKS = frozenset({"mock", "Mock", "MagicMock", "AsyncMock", "patch", "mocker", "create_autospec"})
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """One file of Python: where it is under the root, its length in lines, and its tree."""

    path: str
    lines: int
    tree: ast.Module

    @property
    def shipped(self) -> bool:
        """Whether it is a part of the package."""
        return self.path.startswith("src/")

    def functions(self) -> Iterator[Function]:
        """Every function in it, also those inside others."""
        return (node for node in ast.walk(self.tree) if isinstance(node, Function))


@dataclass(frozen=True)
class Shape:
    """What was measured; lengths are lines, from ``def`` to the last. ``long`` and ``tall`` name what is too large."""

    modules: int
    edges_per_module: float
    cycle: tuple[str, ...]
    median: float
    ninetieth: int
    longest: int
    long: tuple[str, ...]
    tallest: int
    tall: tuple[str, ...]
    unannotated: tuple[str, ...]
    functions: int
    undocumented: tuple[str, ...]
    mocks: tuple[str, ...]

    @property
    def annotated(self) -> float:
        """The share of the package's functions that are wholly annotated, in percent."""
        return 100 * (1 - len(self.unannotated) / self.functions)

    def faults(self) -> list[str]:
        """What is out of bounds, by name; empty is well."""
        found = {
            f"longer than {FUNCTION_MOST} lines": self.long,
            f"longer than {FILE_MOST} lines": self.tall,
            "imports in a circle": (" -> ".join(self.cycle),) if self.cycle else (),
            "not wholly annotated": self.unannotated,
            "without a docstring": self.undocumented,
            "uses a mock": self.mocks,
        }
        return [f"{fault}: {name}" for fault, names in found.items() for name in names]

    def table(self) -> str:
        """The table as it stands in CONTRIBUTING.md."""
        rows = [
            ("modules of the package", f"about {_to(self.modules, 50)}", ""),
            ("imports per module", f"about {_to(self.edges_per_module, 0.5):.1f}", ""),
            ("modules that import in a circle", f"{len(self.cycle)}", "0"),
            ("median function", f"{self.median:.0f} lines", ""),
            ("nine in ten functions", f"up to {_up(self.ninetieth, 5)} lines", ""),
            ("longest function, tests and tools too", f"up to {_up(self.longest, 10)} lines", f"{FUNCTION_MOST}"),
            ("longest file, tests and tools too", f"up to {_up(self.tallest, 10)} lines", f"{FILE_MOST}"),
            ("functions of the package that are wholly annotated", f"{self.annotated:.0f} %", "100 %"),
            ("public names without a docstring", f"{len(self.undocumented)}", "0"),
            ("mocks in tests", f"{len(self.mocks)}", "0"),
        ]
        lines = ["| | measured | bound |", "|---|---:|---:|"]
        lines += [f"| {what} | {now} | {most} |" for what, now, most in rows]
        return "\n".join(lines) + "\n"


def _to(number: float, step: float) -> float:
    rounded = step * math.floor(number / step + 0.5)
    return int(rounded) if step >= 1 else rounded


def _up(number: int, step: int) -> int:
    return step * math.ceil(number / step)


def sources() -> list[Source]:
    """Every file of ours."""
    paths = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
    texts = [(path, path.read_text(encoding="utf-8")) for path in paths]
    return [Source(path.relative_to(ROOT).as_posix(), text.count("\n"), ast.parse(text)) for path, text in texts]


def measured(files: list[Source]) -> Shape:
    """The shape of these files and of the package's imports."""
    graph = grimp.build_graph(PACKAGE, cache_dir=None)
    wants = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    named = [(f"{file.path}:{one.lineno} {one.name}", file, one) for file in files for one in file.functions()]
    length = {name: (one.end_lineno or one.lineno) - one.lineno + 1 for name, _, one in named}
    shipped = [(name, one) for name, file, one in named if file.shipped]
    ours = sorted(length[name] for name, _ in shipped)
    return Shape(
        modules=len(graph.modules),
        edges_per_module=graph.count_imports() / len(graph.modules),
        cycle=cycle_of(wants),
        median=statistics.median(ours),
        ninetieth=ours[math.ceil(0.9 * len(ours)) - 1],
        longest=max(length.values()),
        long=tuple(name for name, lines in length.items() if lines > FUNCTION_MOST),
        tallest=max(file.lines for file in files),
        tall=tuple(file.path for file in files if file.lines > FILE_MOST),
        unannotated=tuple(name for name, one in shipped if not _annotated(one)),
        functions=len(shipped),
        undocumented=tuple(name for file in files if file.shipped for name in _undocumented(file)),
        mocks=tuple(name for file in files if file.path.startswith("tests/") for name in _mocks(file)),
    )


def cycle_of(wants: dict[str, set[str]]) -> tuple[str, ...]:
    """Modules that import each other in a circle, one circle of them; empty when there is none."""
    try:
        TopologicalSorter(wants).prepare()
    except CycleError as found:
        return tuple(found.args[1][1:])
    return ()


def _annotated(one: Function) -> bool:
    given = [*one.args.posonlyargs, *one.args.args, *one.args.kwonlyargs, one.args.vararg, one.args.kwarg]
    bare = [each for each in given if each is not None and each.annotation is None]
    return one.returns is not None and {each.arg for each in bare} <= {"self", "cls"}


def _undocumented(file: Source) -> Iterator[str]:
    """Public classes, functions and methods without a docstring; the module itself counts."""
    if not ast.get_docstring(file.tree) and file.lines:
        yield file.path
    for holder in (file.tree, *(one for one in file.tree.body if isinstance(one, ast.ClassDef) and one.name[0] != "_")):
        for one in holder.body:
            if isinstance(one, Function | ast.ClassDef) and one.name[0] != "_" and not ast.get_docstring(one):
                yield f"{file.path}:{one.lineno} {one.name}"


def _mocks(file: Source) -> Iterator[str]:
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            words = {part for alias in node.names for part in alias.name.split(".")}
            words |= set((getattr(node, "module", None) or "").split("."))
        else:
            words = {node.arg} if isinstance(node, ast.arg) else set()
        if words & MOCKS:
            yield f"{file.path}:{getattr(node, 'lineno', 0)}"


def page(text: str, table: str) -> str:
    """The page with this table between its marks; raises ``ValueError`` when it has none."""
    begin, end = text.index(BEGIN), text.index(END)
    return f"{text[:begin]}{BEGIN}\n{table}\n{text[end:]}"


def main(words: list[str]) -> int:
    """Print the table and what is out of bounds; 1 when something is."""
    shape = measured(sources())
    print(shape.table(), end="")
    for fault in shape.faults():
        print(fault, file=sys.stderr)
    if "--write" in words:
        PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), shape.table()), encoding="utf-8")
    return 1 if shape.faults() else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
