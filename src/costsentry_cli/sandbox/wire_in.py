"""From bytes to parameters: the server's half of AWS's protocols, driven by the operation's input shape.

Lenient on purpose: what cannot be converted stays as it came, and ``model_check`` names it.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote

from botocore.model import Shape
from botocore.parsers import RpcV2CBORParser
from botocore.utils import parse_timestamp

from costsentry_cli.sandbox.contract import HttpRequest, ServiceError
from costsentry_cli.sandbox.routes import CBOR, Route, split
from costsentry_cli.sandbox.wire_query import query_params

BODY_LIMIT = 25 * 1024 * 1024
"""Bytes of a request's body, unpacked; AWS's own largest (InvokeModel) is 25 MB."""


def parameters(route: Route, request: HttpRequest) -> dict[str, Any]:
    """The operation's parameters. Raises ``ServiceError`` SerializationException for a body that cannot be read."""
    shape = route.model.input_shape
    if route.protocol in ("query", "ec2"):
        return query_params(shape, _form(request), text)
    if route.protocol.startswith("rest-"):
        return _rest(shape, route, request)
    decoded = _cbor(request.body) if route.protocol == CBOR else _json(request.body)
    return dict(decoded) if shape is None else dict(value(shape, decoded))


def unpacked(request: HttpRequest) -> HttpRequest:
    """The request without a gzip Content-Encoding. Raises ``ServiceError`` when it is broken or over the limit."""
    if request.headers.get("content-encoding", "") != "gzip":
        return request
    unpacker = zlib.decompressobj(wbits=31)
    try:
        body = unpacker.decompress(request.body, BODY_LIMIT)
    except zlib.error:
        raise ServiceError("SerializationException", "The request body is no valid gzip") from None
    if unpacker.unconsumed_tail or not unpacker.eof:
        raise ServiceError("RequestEntityTooLarge", f"The request body exceeds {BODY_LIMIT} bytes", 413)
    headers = {name: item for name, item in request.headers.items() if name != "content-encoding"}
    return replace(request, headers=headers, body=body)


def value(shape: Any, wire: Any) -> Any:
    """A decoded JSON or CBOR value in the model's spelling and types; nulls are absent members."""
    convert = _CONVERT.get(shape.type_name)
    return wire if convert is None else convert(shape, wire)


def text(shape: Any, wire: str) -> Any:
    """A scalar that came as text (a URI label, a query string, a header, a form) in the model's type."""
    convert = _FROM_TEXT.get(shape.type_name)
    if convert is None:
        return wire
    with suppress(ValueError, KeyError, binascii.Error):
        return convert(wire)
    return wire


def _structure(shape: Any, wire: Any) -> Any:
    if not isinstance(wire, dict) or shape.metadata.get("document"):
        return wire
    members = _by_wire_name(shape)
    found = {}
    for name, item in wire.items():
        if item is None or name == "__type":
            continue
        known = members.get(name)
        if known is None:
            found[name] = item
        else:
            found[known[0]] = value(known[1], item)
    return found


@cache
def _by_wire_name(shape: Any) -> dict[str, tuple[str, Any]]:
    return {member.serialization.get("name", name): (name, member) for name, member in shape.members.items()}


def _list(shape: Any, wire: Any) -> Any:
    return [value(shape.member, item) for item in wire] if isinstance(wire, list) else wire


def _map(shape: Any, wire: Any) -> Any:
    return {key: value(shape.value, item) for key, item in wire.items()} if isinstance(wire, dict) else wire


def _blob(_shape: Any, wire: Any) -> Any:
    if isinstance(wire, str):
        with suppress(binascii.Error, ValueError):
            return base64.b64decode(wire, validate=True)
    return wire


def _timestamp(_shape: Any, wire: Any) -> Any:
    if isinstance(wire, (datetime, bool)):
        return wire
    with suppress(ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(wire, UTC) if isinstance(wire, (int, float)) else _moment(str(wire))
    return wire


def _moment(wire: str) -> datetime:
    moment: datetime = parse_timestamp(wire)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _float(_shape: Any, wire: Any) -> Any:
    return float(wire) if wire in ("NaN", "Infinity", "-Infinity") else wire


_CONVERT = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "blob": _blob,
    "timestamp": _timestamp,
    "float": _float,
    "double": _float,
}
_FROM_TEXT: dict[str, Any] = {
    "integer": int,
    "long": int,
    "float": float,
    "double": float,
    "boolean": {"true": True, "false": False}.__getitem__,
    "timestamp": _moment,
    "blob": base64.b64decode,
}


def _json(body: bytes) -> dict[str, Any]:
    try:
        decoded = json.loads(body) if body.strip() else {}
    except (ValueError, RecursionError) as error:
        raise ServiceError("SerializationException", f"The request body is no valid JSON: {error}") from None
    return _object(decoded)


def _cbor(body: bytes) -> dict[str, Any]:
    parser = RpcV2CBORParser()
    try:
        stream = parser.get_peekable_stream_from_bytes(body)
        decoded = parser.parse_data_item(stream) if body else {}
    except Exception:  # noqa: BLE001 - botocore's decoder raises many kinds for bytes that are no CBOR
        raise ServiceError("SerializationException", "The request body is no valid CBOR") from None
    return _object(decoded)


def _object(decoded: Any) -> dict[str, Any]:
    if not isinstance(decoded, dict):
        raise ServiceError("SerializationException", "The request body must be an object")
    return decoded


def _form(request: HttpRequest) -> dict[str, str]:
    fields = parse_qsl(split(request).query, keep_blank_values=True)
    fields += parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
    return dict(fields)


def _rest(shape: Any, route: Route, request: HttpRequest) -> dict[str, Any]:
    if shape is None:
        return {}
    query = parse_qsl(split(request).query, keep_blank_values=True)
    found = _from_body(shape, request.body)
    for name, member in shape.members.items():
        item = _located(name, member, route, query, request.headers)
        if item is not None:
            found[name] = item
    return {**found, **_unknown_query(shape, route, query)}


def _located(name: str, member: Any, route: Route, query: list[tuple[str, str]], headers: Mapping[str, str]) -> Any:
    """The value of a member outside the body, None when it is absent."""
    wire = member.serialization.get("name", name)
    location = member.serialization.get("location")
    if location == "uri":
        return text(member, route.labels[wire])
    if location == "querystring":
        return _from_query(member, wire, query)
    if location == "header" and wire.lower() in headers:
        return _from_header(member, headers[wire.lower()])
    if location == "headers":
        start = wire.lower()
        return {key[len(start) :]: item for key, item in headers.items() if key.startswith(start)} or None
    return None


def _from_query(member: Any, wire: str, query: list[tuple[str, str]]) -> Any:
    given = [item for key, item in query if key == wire]
    if not given:
        return None
    return [text(member.member, item) for item in given] if member.type_name == "list" else text(member, given[-1])


def _from_header(member: Any, given: str) -> Any:
    if member.serialization.get("jsonvalue"):
        with suppress(ValueError):
            return json.loads(base64.b64decode(given))
    if member.type_name == "list":
        return [text(member.member, item.strip()) for item in given.split(",")]
    return text(member, given)


def _from_body(shape: Any, body: bytes) -> dict[str, Any]:
    payload = shape.serialization.get("payload")
    if payload is None:
        located = {name for name, member in shape.members.items() if "location" in member.serialization}
        if located == set(shape.members):
            return {}
        return {name: item for name, item in _structure(shape, _json(body)).items() if name not in located}
    member: Shape = shape.members[payload]
    if member.type_name == "blob":
        return {payload: body} if body else {}
    if member.type_name == "string":
        return {payload: body.decode("utf-8", "replace")} if body else {}
    return {payload: value(member, _json(body))} if body else {}


def _unknown_query(shape: Any, route: Route, query: list[tuple[str, str]]) -> dict[str, str]:
    """Query parameters that no member stands for; a presigned request's own are not among them."""
    named = {
        m.serialization.get("name", n)
        for n, m in shape.members.items()
        if m.serialization.get("location") == "querystring"
    }
    fixed = {key for key, _ in parse_qsl(route.model.http["requestUri"].partition("?")[2], keep_blank_values=True)}
    return {unquote(key): item for key, item in query if key not in named | fixed and not key.startswith("X-Amz-")}
