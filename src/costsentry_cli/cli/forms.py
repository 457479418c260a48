"""The forms of a result: what ``-o`` takes, which of them a command can have, what a file's ending means."""

from __future__ import annotations

from enum import StrEnum


class Format(StrEnum):
    """What ``-o`` takes."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    MARKDOWN = "markdown"
    HTML = "html"
    PARQUET = "parquet"
    XLSX = "xlsx"
    SVG = "svg"
    PNG = "png"
    FOCUS = "focus"
    GITHUB = "github"
    GITLAB = "gitlab"


ANNOTATIONS = frozenset({Format.GITHUB, Format.GITLAB})
Result = frozenset[Format]
"""The formats a command's result can have; without JSON it takes no query, and with none at all no file."""
TABLE: Result = frozenset(Format) - ANNOTATIONS - {Format.SVG, Format.PNG, Format.FOCUS}
CHART: Result = TABLE | {Format.SVG, Format.PNG}
COSTS: Result = CHART | {Format.FOCUS}
FINDINGS: Result = TABLE | ANNOTATIONS
DOCUMENT: Result = frozenset({Format.TABLE, Format.JSON})
TEXT: Result = frozenset({Format.TABLE})
TALK: Result = frozenset()
BINARY = frozenset({Format.PARQUET, Format.XLSX, Format.PNG})
SEPARATED = frozenset({Format.CSV, Format.FOCUS})
BY_ENDING = {f".{form}": form for form in COSTS - {Format.TABLE, Format.FOCUS}}
BY_ENDING |= {".md": Format.MARKDOWN, ".ndjson": Format.JSONL, ".htm": Format.HTML}
"""What ``--out`` means by a file's name where no ``-o`` says it."""
FOCUS_ENDING = ".focus.csv"
