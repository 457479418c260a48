"""The query protocol's flat form (``Tags.member.1.Key=x``) as parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Tree = dict[str, Any]
Text = Callable[[Any, str], Any]


def query_params(shape: Any, form: Mapping[str, str], text: Text) -> dict[str, Any]:
    """The parameters of a form; ``text`` turns a scalar's text into the model's type."""
    fields = {
        key: item for key, item in form.items() if key not in ("Action", "Version") and not key.startswith("X-Amz-")
    }
    if shape is None:
        return dict(fields)
    return dict(_value(shape, _tree(fields), text))


def _tree(fields: Mapping[str, str]) -> Tree:
    """Dotted names as nested dicts; a leaf is its text."""
    root: Tree = {}
    for name, item in fields.items():
        *path, last = name.split(".")
        node = root
        for part in path:
            below = node.get(part)
            node[part] = node = below if isinstance(below, dict) else {}
        node[last] = item
    return root


def _value(shape: Any, node: Any, text: Text) -> Any:
    if shape.type_name == "structure":
        return _structure(shape, node, text)
    if shape.type_name == "list":
        return _list(shape, node, text)
    if shape.type_name == "map":
        return _map(shape, node, text)
    return text(shape, node) if isinstance(node, str) else node


def _structure(shape: Any, node: Any, text: Text) -> Any:
    if not isinstance(node, dict):
        return node
    names = {_wire_name(name, member): (name, member) for name, member in shape.members.items()}
    found = {}
    for wire, item in node.items():
        name, member = names.get(wire, (wire, None))
        found[name] = item if member is None else _value(member, item, text)
    return found


def _wire_name(name: str, member: Any) -> str:
    if member.type_name == "list" and member.serialization.get("flattened"):
        return str(member.member.serialization.get("name", member.serialization.get("name", name)))
    return str(member.serialization.get("name", name))


def _list(shape: Any, node: Any, text: Text) -> Any:
    if node == "":
        return []
    if not isinstance(node, dict):
        return node
    if not shape.serialization.get("flattened"):
        node = node.get(shape.member.serialization.get("name", "member"), node)
    return [_value(shape.member, item, text) for _, item in _numbered(node)]


def _map(shape: Any, node: Any, text: Text) -> Any:
    if not isinstance(node, dict):
        return node
    entries = [each for _, each in _numbered(node if shape.serialization.get("flattened") else node.get("entry", node))]
    key_name = shape.key.serialization.get("name", "key")
    value_name = shape.value.serialization.get("name", "value")
    return {
        str(entry.get(key_name, "")): _value(shape.value, entry.get(value_name, ""), text)
        for entry in entries
        if isinstance(entry, dict)
    }


def _numbered(node: Any) -> list[tuple[str, Any]]:
    """The entries of a numbered level, in the order of their numbers."""
    entries = node.items() if isinstance(node, dict) else ()
    return sorted(entries, key=lambda entry: int(entry[0]) if entry[0].isdigit() else 0)
