"""Every exception of AWS's client library as an error of ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import botocore.session
from botocore.eventstream import EventStream
from botocore.exceptions import BotoCoreError, ClientError, EventStreamError
from urllib3.exceptions import HTTPError

from costsentry_cli.aws import advice
from costsentry_cli.aws.advice import Advice, Site
from costsentry_cli.aws.answers import ANSWER_HEADERS
from costsentry_cli.domain import aws_errors
from costsentry_cli.domain.aws_error_rows import Row
from costsentry_cli.domain.calls import Answer, ApiCall
from costsentry_cli.domain.errors import INTERRUPTED, Origin, SentryError, Step
from costsentry_cli.domain.redaction import without


def translate(exception: Exception, call: ApiCall | None, attempts: int, site: Site | None = None) -> SentryError:
    """Our error for a client library's exception: what, which operation and request id, why, what to do next.

    ``call`` None: before there was one. ``site`` is where it was made from; None knows the environment alone.
    """
    response = getattr(exception, "response", None) or {}
    row = row_of(exception, call)
    told = _told(exception, row, call, site or Site(botocore.session.Session()))
    row = told.row or row
    tried = (f"tried {attempts} times",) if attempts > 1 else ()
    undone = row.undone or _refused(response)
    return SentryError(
        row.code,
        without(told.message or _words(exception)),
        where=place_of(call, response),
        help=row.help,
        details=tuple(without(line) for line in (*told.details, *tried)),
        cause=row.cause,
        steps=tuple(Step(without(step.command), without(step.note)) for step in told.steps),
        origin=_origin(exception, call, response),
        answer={name: value for name, value in response.items() if name not in ("Error", ANSWER_HEADERS)},
        undone=undone,
    )


def _told(exception: Exception, row: Row, call: ApiCall | None, site: Site) -> Advice:
    if isinstance(exception, ClientError):
        return advice.of_answer(exception, row, call, site) if call is not None else Advice()
    return advice.of_exception(exception, site)


def _words(exception: Exception) -> str:
    """``ValidationException: the sentence of AWS's``, or what the library says, on one line."""
    if isinstance(exception, ClientError):
        error = exception.response.get("Error", {})
        return f"{error.get('Code', 'Unknown')}: {error.get('Message') or 'AWS gave no reason'}"
    return " ".join(str(exception).split())


def _origin(exception: Exception, call: ApiCall | None, response: dict[str, Any]) -> Origin:
    name = str(response.get("Error", {}).get("Code", "")) or type(exception).__name__
    if call is None:
        return Origin(name=name)
    request_id = str(response.get(ANSWER_HEADERS, {}).get("RequestId", ""))
    return Origin(call.service, call.operation, call.region or "", request_id, name)


def _refused(response: dict[str, Any]) -> bool:
    """AWS refused before it did anything: its own word for it is a status of 400, 401, 403, 404 or 429."""
    return response.get(ANSWER_HEADERS, {}).get("HTTPStatusCode", 0) in (400, 401, 403, 404, 429)


def with_streams(answer: Answer, call: ApiCall) -> Answer:
    """The answer with every event stream in it read through ``_events``."""
    streams = {name: _events(value, call) for name, value in answer.items() if isinstance(value, EventStream)}
    return answer | streams


def _events(stream: EventStream, call: ApiCall) -> Iterator[dict[str, Any]]:
    """The events of a stream as they come; whatever breaks it off is an error of ours."""
    try:
        with closing(stream):
            yield from stream
    except (ClientError, BotoCoreError) as exception:
        raise translate(exception, call, 1) from exception
    except (HTTPError, OSError) as exception:  # what the transport below the library raises while a stream is read
        raise SentryError("CS0807", f"the stream broke off: {exception}", where=place_of(call, {})) from exception


def row_of(exception: Exception, call: ApiCall | None = None) -> Row:
    """The row of our tables for an exception; what is none of theirs is raised again."""
    if isinstance(exception, ClientError):
        usual = 500 if isinstance(exception, EventStreamError) else 400
        status = int(exception.response.get(ANSWER_HEADERS, {}).get("HTTPStatusCode", usual))
        error = exception.response.get("Error", {})
        called = (call.service, call.operation) if call is not None else ("", "")
        return aws_errors.of_answer(str(error.get("Code", "")), status, *called, str(error.get("Message", "")))
    row = aws_errors.of_exception(exception)
    if row is None:
        raise exception
    return row


def not_tried(call: ApiCall) -> SentryError:
    """What a call comes to that was not begun."""
    return SentryError(INTERRUPTED, "not tried: interrupted", where=place_of(call, {}), undone=True)


def place_of(call: ApiCall | None, answer: dict[str, Any]) -> str:
    """Operation, region and request id, as far as they are known."""
    if call is None:
        return ""
    request_id = answer.get(ANSWER_HEADERS, {}).get("RequestId")
    place = f"{call.service} {call.operation}" + (f" in {call.region}" if call.region else "")
    return f"{place} (request id {request_id})" if request_id else place
