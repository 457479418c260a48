"""A table as one page that needs nothing else: to mail, to print, to read on a telephone, light or dark.

No script and no reference to anything outside; the page's own policy forbids both. Every text is escaped.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from costsentry_cli.domain.table import Column, Table
from costsentry_cli.render import chart
from costsentry_cli.render.cells import RIGHT, notes, words
from costsentry_cli.render.safe import markup

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_LIGHT = "--paper:#ffffff;--ink:#1f2328;--soft:#57606a;--line:#d0d7de"
_DARK = "--paper:#0d1117;--ink:#e6edf3;--soft:#9da7b3;--line:#3d444d"
_STYLE = f"""
:root{{color-scheme:light dark;{_LIGHT}}}
{chart.page_rules(dark=False)}
@media (prefers-color-scheme:dark){{:root{{{_DARK}}}{chart.page_rules(dark=True)}}}
*{{box-sizing:border-box}}
body{{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}}
main{{max-width:60rem;margin:0 auto;padding:1.5rem 1rem}}
h1{{font-size:1.5rem;line-height:1.25;margin:0 0 1rem}}
h1,dd,li,th[scope=row]{{overflow-wrap:anywhere}}
figure{{margin:0 0 1.5rem}}
svg{{display:block;overflow:visible;font-size:14px}}
.scroll{{overflow-x:auto}}
table{{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}}
caption{{text-align:left;color:var(--soft);padding:0 0 .5rem}}
th,td{{text-align:left;vertical-align:top;padding:.375rem .75rem;border-bottom:1px solid var(--line)}}
th:first-child{{padding-left:0}}
th:last-child,td:last-child{{padding-right:0}}
tbody th{{font-weight:normal;min-width:8rem}}
.right{{text-align:right;white-space:nowrap}}
tfoot th,tfoot td{{font-weight:bold;border-bottom:0}}
ul{{padding-left:1.25rem}}
dl{{display:grid;grid-template-columns:max-content 1fr;gap:.125rem 1rem;margin:1.5rem 0 0;font-size:.875rem}}
dt{{color:var(--soft)}}
dd{{margin:0}}
@media (max-width:30rem){{dl{{grid-template-columns:1fr}}dd{{margin-bottom:.375rem}}}}
@media print{{
:root{{color-scheme:light;font-size:12px;{_LIGHT}}}
{chart.page_rules(dark=False)}
main{{max-width:none;padding:0}}
.scroll{{overflow:visible}}
thead{{display:table-header-group}}
tfoot{{display:table-row-group}}
tr,svg{{break-inside:avoid}}
svg{{font-size:12px}}
svg *{{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
}}
"""


def as_html(table: Table, target: Mapping[str, str]) -> str:
    """The page: title, chart where the table has a share or an amount, table with total, notes, facts."""
    drawn = chart.chart_of(table)
    title = markup(table.title or table.name.replace("_", " ").capitalize())
    figure = f"<figure>\n{chart.inline(drawn)}</figure>\n" if drawn is not None and table.rows else ""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n"
        f"{figure}{_table(table.data())}{_notes(table)}{_facts(table, target)}</main>\n</body>\n</html>\n"
    )


def _table(data: Table) -> str:
    if not data.rows:
        return ""
    count = f"{len(data.rows):,} row{'' if len(data.rows) == 1 else 's'}"
    caption = markup(f"{data.name.replace('_', ' ').capitalize()}: {count}")
    body = words(data)
    rows = "".join(_row(data.columns, row) for row in body[: len(data.rows)])
    total = "".join(_row(data.columns, row) for row in body[len(data.rows) :])
    head = "".join(_cell("th", column, column.title or column.key, ' scope="col"') for column in data.columns)
    foot = f"<tfoot>\n{total}</tfoot>\n" if total else ""
    return (
        '<div class="scroll" role="region" aria-labelledby="rows" tabindex="0">\n'
        f'<table>\n<caption id="rows">{caption}</caption>\n<thead>\n<tr>{head}</tr>\n</thead>\n'
        f"<tbody>\n{rows}</tbody>\n{foot}</table>\n</div>\n"
    )


def _row(columns: tuple[Column, ...], row: list[str]) -> str:
    first = _cell("th", columns[0], row[0], ' scope="row"')
    return f"<tr>{first}{''.join(_cell('td', c, text) for c, text in zip(columns[1:], row[1:], strict=True))}</tr>\n"


def _cell(tag: str, column: Column, text: str, more: str = "") -> str:
    right = ' class="right"' if column.type in RIGHT else ""
    return f"<{tag}{more}{right}>{markup(text)}</{tag}>"


def _notes(table: Table) -> str:
    lines = "".join(f"<li>{markup(' '.join(note.split()))}</li>\n" for note in notes(table))
    return f"<ul>\n{lines}</ul>\n" if lines else ""


def _facts(table: Table, target: Mapping[str, str]) -> str:
    pairs = [*_named("target", dict(target)), *(p for k, v in (table.facts or {}).items() for p in _named(k, v))]
    told = "".join(f"<dt>{markup(name.replace('_', ' '))}</dt><dd>{markup(text)}</dd>\n" for name, text in pairs)
    return f"<dl>\n{told}</dl>\n" if told else ""


def _named(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """A fact in words; one that has nothing to say is left out."""
    if value is None:
        yield name, "not known"
    elif isinstance(value, bool):
        yield name, "yes" if value else "no"
    elif isinstance(value, Mapping):
        told = _member(value)
        yield from ((name, told),) if told else ()
    elif isinstance(value, list | tuple):
        apart = "; " if any(isinstance(one, Mapping) for one in value) else ", "
        yield from ((name, apart.join(map(_word, value))),) if value else ()
    else:
        yield name, str(value)


def _member(value: Mapping[str, Any]) -> str:
    if set(value) == {"start", "end"}:
        return _span(str(value["start"]), str(value["end"]))
    return ", ".join(f"{key.replace('_', ' ')} {_word(one)}" for key, one in value.items() if one not in (None, ""))


def _span(start: str, end: str) -> str:
    """Days as people say them, with the last one; anything else as it is."""
    try:
        return f"{start} .. {date.fromisoformat(end) - timedelta(days=1)}"
    except ValueError:
        return f"{start} .. {end}"


def _word(value: Any) -> str:
    if isinstance(value, Mapping):
        return _member(value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | tuple) else str(value)
