"""Declare, meter and reconcile what Amazon Bedrock costs you.

The library face is what the command itself calls, loaded when it is first named:

    from costsentry_cli import apply, connect, invoke, metered, plan, read_manifest, report
"""

from __future__ import annotations

TYPE_CHECKING = False  # importing typing costs as much as the whole of --version
if TYPE_CHECKING:
    from typing import Any

__version__ = "0.1.0"

_FACE = {
    "read_manifest": ("costsentry_cli.manifest_file", "read"),
    "connect": ("costsentry_cli.aws", "connect"),
    "plan": ("costsentry_cli.usecases.sync", "plan"),
    "apply": ("costsentry_cli.usecases.apply", "apply"),
    "invoke": ("costsentry_cli.library", "invoke"),
    "metered": ("costsentry_cli.library", "metered"),
    "report": ("costsentry_cli.usecases.report_costs", "costs"),
}

__all__ = ["__version__", *_FACE]  # noqa: PLE0604, RUF100 names of the table


def __getattr__(name: str) -> Any:
    if name not in _FACE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    module, attribute = _FACE[name]
    return getattr(import_module(module), attribute)
