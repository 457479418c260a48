"""From results to bytes: answers, errors and event streams in the protocol the request spoke."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import format_datetime
from functools import cache
from typing import Any

from botocore.serialize import create_serializer

from costsentry_cli.sandbox.contract import HttpResponse, ServiceError
from costsentry_cli.sandbox.event_stream import frame
from costsentry_cli.sandbox.routes import CBOR, Route
from costsentry_cli.sandbox.wire_xml import error_document, result_document

EVENT_STREAM = "application/vnd.amazon.eventstream"


def answer(route: Route, output: Mapping[str, Any], request_id: str, now: datetime) -> HttpResponse:
    """A successful answer; ``output`` has been held against the model."""
    shape = route.model.output_shape
    status = int(route.model.http.get("responseCode", 200))
    headers = common_headers(request_id, now)
    if route.protocol in ("query", "ec2"):
        headers["Content-Type"] = "text/xml"
        return HttpResponse(status, headers, result_document(route.model, output, request_id, text))
    if route.protocol == CBOR:
        headers |= {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}
        return HttpResponse(status, headers, cbor(shape, output) if shape else b"")
    if route.protocol == "json":
        headers["Content-Type"] = f"application/x-amz-json-{route.model.metadata.get('jsonVersion', '1.0')}"
        return HttpResponse(status, headers, as_json(jsonable(shape, output) if shape else {}))
    return _rest(shape, status, output, headers)


def failure(protocol: str, error: ServiceError, request_id: str, now: datetime, route: Route | None) -> HttpResponse:
    """An error answer, with the model's status, code and members where the model has the code."""
    shape = _error_shape(route, error.code)
    status, code, wire_code = _status_and_codes(shape, error)
    headers = common_headers(request_id, now)
    if protocol in ("query", "ec2", "rest-xml"):
        headers["Content-Type"] = "text/xml"
        return HttpResponse(status, headers, error_document(wire_code, error.message, status, request_id))
    members = _error_members(shape, error)
    if route is not None and "awsQueryCompatible" in route.model.metadata:
        headers["x-amzn-query-error"] = f"{wire_code};{'Sender' if status < 500 else 'Receiver'}"
    if protocol == CBOR:
        headers |= {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}
        return HttpResponse(status, headers, _cbor_error(shape, code, error.message, members))
    headers |= {"Content-Type": "application/json", "x-amzn-ErrorType": code}
    body = {"__type": code, "message": error.message, **(jsonable(shape, members) if shape else members)}
    return HttpResponse(status, headers, as_json(body))


def common_headers(request_id: str, now: datetime) -> dict[str, str]:
    """What every answer carries."""
    return {"x-amzn-requestid": request_id, "Date": format_datetime(now.astimezone(UTC), usegmt=True)}


def jsonable(shape: Any, item: Any) -> Any:
    """A value in JSON's types, members under their wire names; None members are left out."""
    convert = _JSON.get(shape.type_name)
    return item if convert is None else convert(shape, item)


def as_json(body: Any) -> bytes:
    """Compact UTF-8 JSON."""
    return _encoder().encode(body).encode()


@cache
def _encoder() -> json.JSONEncoder:
    # Made once: ``json.dumps`` makes one for every call that is not plain.
    return json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_plain)


def cbor(shape: Any, item: Any) -> bytes:
    """A value as CBOR, by botocore's own encoder."""
    out = bytearray()
    _cbor_serializer()._serialize_data_item(out, item, shape)  # noqa: SLF001 - botocore offers no public encoder
    return bytes(out)


@cache
def _cbor_serializer() -> Any:
    return create_serializer(CBOR, include_validation=False)


def text(shape: Any, item: Any) -> str:
    """A scalar as text, for headers and XML."""
    if shape.type_name == "boolean":
        return "true" if item else "false"
    if shape.type_name == "timestamp":
        kind = shape.serialization.get("timestampFormat", "iso8601")
        return str(_moment(item, kind))
    if shape.type_name == "blob":
        return base64.b64encode(item).decode()
    return str(item)


def _structure(shape: Any, item: Any) -> Any:
    if shape.metadata.get("document"):
        return item
    members = shape.members
    return {
        members[name].serialization.get("name", name): jsonable(members[name], each)
        for name, each in item.items()
        if each is not None
    }


def _list(shape: Any, item: Any) -> Any:
    return [jsonable(shape.member, each) for each in item]


def _map(shape: Any, item: Any) -> Any:
    return {key: jsonable(shape.value, each) for key, each in item.items()}


def _timestamp(shape: Any, item: datetime) -> Any:
    return _moment(item, shape.serialization.get("timestampFormat", "unixTimestamp"))


def _moment(item: datetime, kind: str) -> str | float:
    moment = item.astimezone(UTC)
    if kind == "iso8601":
        return moment.replace(tzinfo=None).isoformat(timespec="milliseconds" if moment.microsecond else "seconds") + "Z"
    if kind == "rfc822":
        return format_datetime(moment, usegmt=True)
    seconds = round(moment.timestamp(), 3)
    return int(seconds) if seconds.is_integer() else seconds


def _blob(_shape: Any, item: bytes) -> str:
    return base64.b64encode(item).decode()


def _number(_shape: Any, item: Any) -> Any:
    number = float(item)
    return number if math.isfinite(number) else {"inf": "Infinity", "-inf": "-Infinity"}.get(str(number), "NaN")


_JSON: dict[str, Any] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "timestamp": _timestamp,
    "blob": _blob,
    "float": _number,
    "double": _number,
}


def _plain(item: Any) -> Any:
    """A document's odd values; JSON has no decimals of its own."""
    if isinstance(item, Decimal):
        return int(item) if item == item.to_integral_value() else float(item)
    raise TypeError(f"{type(item).__name__} has no JSON form")


def _rest(shape: Any, status: int, output: Mapping[str, Any], headers: dict[str, str]) -> HttpResponse:
    """rest-json: members in headers, in the status, in one payload or in a JSON body."""
    headers["Content-Type"] = "application/json"
    if shape is None:
        return HttpResponse(status, headers, b"" if status == 204 else b"{}")
    body: dict[str, Any] = {}
    payload = shape.serialization.get("payload")
    for name, item in output.items():
        member = shape.members[name]
        location = member.serialization.get("location")
        if location == "statusCode":
            status = int(item)
        elif location == "header":
            headers[member.serialization.get("name", name)] = text(member, item)
        elif name != payload:
            body[name] = item
    if payload is None:
        return HttpResponse(status, headers, as_json(jsonable(shape, body)))
    return _payload(shape.members[payload], status, output.get(payload), headers)


def _payload(member: Any, status: int, item: Any, headers: dict[str, str]) -> HttpResponse:
    if member.serialization.get("eventstream"):
        headers["Content-Type"] = EVENT_STREAM
        return HttpResponse(status, headers, b"".join(_event(member, event) for event in item or ()))
    if member.type_name == "blob":
        return HttpResponse(status, headers, bytes(item or b""))
    if member.type_name == "string":
        return HttpResponse(status, headers, (item or "").encode())
    return HttpResponse(status, headers, as_json(jsonable(member, item if item is not None else {})))


def _event(stream: Any, event: Mapping[str, Any]) -> bytes:
    """One frame of an event stream: an event, or an exception that ends the stream."""
    ((name, content),) = event.items()
    shape = stream.members[name]
    kind = "exception" if shape.metadata.get("exception") else "event"
    payload = _event_payload(shape)
    if payload is None:
        return frame(_event_headers(kind, name, "application/json"), as_json(jsonable(shape, content)))
    inner = shape.members[payload]
    if inner.type_name == "blob":
        return frame(_event_headers(kind, name, "application/octet-stream"), content.get(payload, b""))
    return frame(_event_headers(kind, name, "application/json"), as_json(jsonable(inner, content.get(payload))))


@cache
def _event_payload(shape: Any) -> str | None:
    return next((name for name, member in shape.members.items() if member.serialization.get("eventpayload")), None)


def _event_headers(kind: str, name: str, content_type: str) -> dict[str, str]:
    return {f":{kind}-type": name, ":content-type": content_type, ":message-type": kind}


def _error_shape(route: Route | None, code: str) -> Any:
    shapes = route.model.error_shapes if route is not None else ()
    return next((shape for shape in shapes if code in (shape.name, shape.error_code)), None)


def _status_and_codes(shape: Any, error: ServiceError) -> tuple[int, str, str]:
    """HTTP status, the shape's name and the wire code of the older protocols."""
    if shape is None:
        return error.status, error.code, error.code
    modelled = shape.metadata.get("error", {}).get("httpStatusCode", error.status)
    return (int(modelled) if error.status == 400 else error.status), str(shape.name), str(shape.error_code)


def _error_members(shape: Any, error: ServiceError) -> dict[str, Any]:
    """The error shape's own members; some shapes spell ``Message``, some have none."""
    names = shape.members if shape is not None else ()
    return {**error.members, **{name: error.message for name in names if name.lower() == "message"}}


def _cbor_error(shape: Any, code: str, message: str, members: Mapping[str, Any]) -> bytes:
    """``__type`` and ``message`` as text, further members by the shape."""
    strings = {"__type": code, "message": message}
    extra = {name: item for name, item in members.items() if name.lower() != "message"} if shape else {}
    out = bytearray((0xA0 + len(strings) + len(extra)).to_bytes())
    for key, item in strings.items():
        out += _cbor_text(key) + _cbor_text(item)
    for key, item in extra.items():
        out += _cbor_text(shape.members[key].serialization.get("name", key)) + cbor(shape.members[key], item)
    return bytes(out)


def _cbor_text(item: str) -> bytes:
    out = bytearray()
    _cbor_serializer()._serialize_type_string(out, item, None, None)  # noqa: SLF001 - as in ``cbor``
    return bytes(out)
