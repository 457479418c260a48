"""Options that belong together, declared once as a dataclass: a command takes the group as one parameter."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import Field, fields, is_dataclass
from inspect import Parameter
from typing import Any, get_type_hints

Gather = Callable[[Mapping[str, Any]], dict[str, Any]]
"""Makes a command's own arguments of the values of its options."""


def spread(parameters: Sequence[Parameter]) -> tuple[list[Parameter], Gather]:
    """The options a command has, and how its arguments are made of their values.

    A parameter whose annotation is a dataclass stands for an option per field: the field's ``Annotated`` type and its
    default are the option's. Every other parameter is an option itself.
    """
    groups: dict[str, Any] = {one.name: one.annotation for one in parameters if is_dataclass(one.annotation)}

    def gather(given: Mapping[str, Any]) -> dict[str, Any]:
        rest = dict(given)
        made = {
            name: group(**{field.name: rest.pop(field.name) for field in fields(group)})
            for name, group in groups.items()
        }
        return rest | made

    return [
        option for one in parameters for option in (_options(one.annotation) if one.name in groups else [one])
    ], gather


def _options(group: type[Any]) -> list[Parameter]:
    hints = get_type_hints(group, include_extras=True)
    return [_option(field, hints[field.name]) for field in fields(group)]


def _option(field: Field[Any], annotation: Any) -> Parameter:
    return Parameter(field.name, Parameter.KEYWORD_ONLY, default=field.default, annotation=annotation)
