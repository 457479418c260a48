"""The chart as a picture, for what shows no SVG. Through CairoSVG, of the extra ``png``."""

from __future__ import annotations

from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.table import Table
from costsentry_cli.render.chart import as_svg
from costsentry_cli.render.extras import require

SCALE = 2
"""Pixels for each unit of the drawing: sharp on today's screens."""


def as_png(table: Table) -> bytes:
    """The light chart; raises ``SentryError`` CS0101 without a chart, the extra or the cairo library."""
    require("png")
    drawing = as_svg(table)
    try:
        import cairosvg
    except OSError as error:  # the Python package is there, the C library is not
        help_ = "install cairo (Debian: apt install libcairo2), or -o svg"
        raise SentryError("CS0101", "png needs the cairo library, not installed here", help=help_) from error
    made: bytes = cairosvg.svg2png(bytestring=drawing.encode(), scale=SCALE)
    return made
