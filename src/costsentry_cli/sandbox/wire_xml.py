"""The query protocol's XML: results and errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from xml.sax.saxutils import escape

from botocore.model import OperationModel

Text = Callable[[Any, Any], str]


def result_document(model: OperationModel, output: Mapping[str, Any], request_id: str, text: Text) -> bytes:
    """``<OpResponse><OpResult>...</OpResult><ResponseMetadata/></OpResponse>``; ``text`` spells scalars."""
    shape = model.output_shape
    inner = "" if shape is None else _members(shape, output, text)
    wrapper = shape.serialization.get("resultWrapper") if shape is not None else None
    result = f"<{wrapper}>{inner}</{wrapper}>" if wrapper else inner
    metadata = f"<ResponseMetadata><RequestId>{escape(request_id)}</RequestId></ResponseMetadata>"
    namespace = model.metadata.get("xmlNamespace", "")
    return f'<{model.name}Response xmlns="{namespace}">{result}{metadata}</{model.name}Response>'.encode()


def error_document(code: str, message: str, status: int, request_id: str) -> bytes:
    """An ``ErrorResponse``."""
    side = "Sender" if status < 500 else "Receiver"
    error = f"<Error><Type>{side}</Type><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>"
    return f"<ErrorResponse>{error}<RequestId>{escape(request_id)}</RequestId></ErrorResponse>".encode()


def _members(shape: Any, item: Mapping[str, Any], text: Text) -> str:
    parts = []
    for name, each in item.items():
        member = shape.members[name]
        if each is not None:
            parts.append(_element(member, member.serialization.get("name", name), each, text))
    return "".join(parts)


def _element(shape: Any, name: str, item: Any, text: Text) -> str:
    if shape.type_name == "structure":
        return f"<{name}>{_members(shape, item, text)}</{name}>"
    if shape.type_name == "list":
        return _list(shape, name, item, text)
    if shape.type_name == "map":
        return _map(shape, name, item, text)
    return f"<{name}>{escape(text(shape, item))}</{name}>"


def _list(shape: Any, name: str, items: Any, text: Text) -> str:
    if shape.serialization.get("flattened"):
        inner_name = shape.member.serialization.get("name", name)
        return "".join(_element(shape.member, inner_name, each, text) for each in items)
    inner_name = shape.member.serialization.get("name", "member")
    return f"<{name}>{''.join(_element(shape.member, inner_name, each, text) for each in items)}</{name}>"


def _map(shape: Any, name: str, items: Mapping[str, Any], text: Text) -> str:
    entry = name if shape.serialization.get("flattened") else "entry"
    key_name = shape.key.serialization.get("name", "key")
    value_name = shape.value.serialization.get("name", "value")
    parts = []
    for key, each in items.items():
        inside = _element(shape.key, key_name, key, text) + _element(shape.value, value_name, each, text)
        parts.append(f"<{entry}>{inside}</{entry}>")
    return "".join(parts) if entry == name else f"<{name}>{''.join(parts)}</{name}>"
