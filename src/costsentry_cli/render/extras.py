"""The formats that need more than the program brings, and the extra that has it."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

from costsentry_cli.domain.errors import SentryError

NEEDS = {
    "parquet": ("frames", ("pandas", "pyarrow")),
    "xlsx": ("frames", ("pandas", "openpyxl")),
    "png": ("png", ("cairosvg",)),
}
"""Format: the extra of ``pip install 'costsentry-cli[extra]'``, and the packages."""


def _installed(package: str) -> bool:
    return find_spec(package) is not None


def require(form: str, installed: Callable[[str], bool] = _installed) -> None:
    """Raises ``SentryError`` CS0101 when the format cannot be written here; imports nothing."""
    extra, packages = NEEDS.get(form, ("", ()))
    missing = [package for package in packages if not installed(package)]
    if missing:
        message = f"{form} needs {' and '.join(missing)}, not installed here"
        raise SentryError("CS0101", message, help=f"pip install 'costsentry-cli[{extra}]'")
