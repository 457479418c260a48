"""Groups whose commands are imported when they are asked for; their help needs none of them."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

import typer

from costsentry_cli.cli.options import SETTINGS, CommonGroup, hoisted

HELP = SETTINGS["help_option_names"]
Table = Mapping[str, tuple[str, str]]
"""Command name -> (module of this package with it in its ``app``, what it does), in the order of --help."""


class LazyCommands(MutableMapping[str, Any]):
    """The commands of a table by name."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._extra: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name in self._extra or name not in self._table:
            return self._extra[name]
        module = importlib.import_module(f"costsentry_cli.cli.{self._table[name][0]}")
        return _built(module.app, name)

    def __setitem__(self, name: str, command: Any) -> None:
        self._extra[name] = command

    def __delitem__(self, name: str) -> None:
        del self._extra[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._table)

    def __len__(self) -> int:
        return len(self._table)


def _built(app: typer.Typer, name: str) -> Any:
    """The command of this name, none of its neighbours; the group itself where the name is the group's."""
    for one in app.registered_commands:
        if name == one.name or (one.callback and name == typer.main.get_command_name(one.callback.__name__)):
            return typer.main.get_command_from_info(
                one, pretty_exceptions_short=app.pretty_exceptions_short, rich_markup_mode=app.rich_markup_mode
            )
    return typer.main.get_command(app)


def lazy(table: Table, default: str = "") -> type[CommonGroup]:
    """The class of a group that has the commands of the table; ``default`` is run when no command is named."""

    class LazyGroup(CommonGroup):
        """A group; the table's words are its help."""

        def __init__(self, **attributes: Any) -> None:
            super().__init__(**attributes)
            self.commands = LazyCommands(table)

        def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
            """The default command takes what begins with an option of its own, and nothing at all."""
            named = hoisted(args)[:1]
            nothing = not named and not ctx.resilient_parsing  # after Tab the names are wanted, too
            if default and (nothing or (named and named[0].startswith("-") and named[0] not in HELP)):
                args = [default, *args]
            return super().parse_args(ctx, args)

        def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
            """The table's names and words, without the commands; an option begun is the default command's."""
            from typer._click.shell_completion import CompletionItem  # typer exports it nowhere

            if incomplete.startswith("-") and default:
                command = self.commands[default]
                with command.make_context(default, [], parent=ctx, resilient_parsing=True) as inner:
                    return list(command.shell_complete(inner, incomplete))
            if incomplete.startswith("-"):
                return super().shell_complete(ctx, incomplete)
            return [CompletionItem(name, help=text) for name, (_, text) in table.items() if name.startswith(incomplete)]

        def list_commands(self, ctx: Any) -> list[str]:
            """Every name, in the order of the table."""
            del ctx
            return list(table)

        def format_commands(self, ctx: Any, formatter: Any) -> None:
            """The table's own words."""
            del ctx
            with formatter.section("Commands"):
                formatter.write_dl([(name, text) for name, (_, text) in table.items()])

    return LazyGroup
