"""Answers as they come, before they are read: one that is cut off, or not AWS's at all, is refused here.

The client library would take a cut body for an empty answer, or quote it: an answer may hold credentials.
"""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree as Xml

from botocore.model import OperationModel
from botocore.parsers import ResponseParserError

ANSWER_HEADERS = "ResponseMetadata"
PAGE_BEGINS = (b"<!doctype html", b"<html")


class WebPage(ResponseParserError):  # type: ignore[misc]
    """A web page came in place of AWS's answer: a proxy's or a guest network's."""


def headers_of(exception: Exception) -> dict[str, str]:
    """The HTTP headers of an error answer."""
    response = getattr(exception, "response", None) or {}
    headers: dict[str, str] = response.get(ANSWER_HEADERS, {}).get("HTTPHeaders", {})
    return headers


def whole(response_dict: dict[str, Any], operation_model: OperationModel, **_: object) -> None:
    """Refuse a web page, and a cut body under a success status. A page that tells of trouble is trouble without words.

    Called by the library before it reads an answer; raises ``ResponseParserError`` without a quotation of the body.
    """
    body, status = response_dict["body"], response_dict["status_code"]
    if not isinstance(body, bytes) or not body.strip():
        return
    if _is_page(body, response_dict["headers"]):
        if status < 500:
            raise WebPage(f"a web page with status {status} came in place of AWS's answer")
        response_dict["body"] = b""
    elif status < 300:
        _check(body, operation_model.service_model.resolved_protocol)


def _is_page(body: bytes, headers: Any) -> bool:
    return "html" in str(headers.get("content-type", "")).lower() or body.lstrip()[:14].lower().startswith(PAGE_BEGINS)


def _check(body: bytes, protocol: str) -> None:
    try:
        if protocol in ("json", "rest-json"):
            json.loads(body)
        elif protocol in ("query", "rest-xml"):
            Xml.fromstring(body)  # noqa: S314 the library reads it by the same means
    except ValueError as error:
        raise ResponseParserError(f"the answer is not JSON: {error}") from None
    except Xml.ParseError as error:
        raise ResponseParserError(f"the answer is not XML: {error}") from None
