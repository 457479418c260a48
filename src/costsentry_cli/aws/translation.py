"""Every exception of AWS's client library as an error of ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

from botocore.eventstream import EventStream
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, ParamValidationError
from urllib3.exceptions import HTTPError

from costsentry_cli.domain import aws_errors
from costsentry_cli.domain.calls import Answer, ApiCall
from costsentry_cli.domain.errors import INTERRUPTED, SentryError
from costsentry_cli.domain.redaction import without

ANSWER_HEADERS = "ResponseMetadata"


def translate(exception: Exception, call: ApiCall | None, attempts: int) -> SentryError:
    """Our error for a client library's exception: what, which operation and request id, what to do next."""
    row = row_of(exception, call)
    where = place_of(call, getattr(exception, "response", None) or {})
    tried = (f"tried {attempts} times",) if attempts > 1 else ()
    if isinstance(exception, ClientError):
        error = exception.response.get("Error", {})
        message = without(f"{error.get('Code', 'Unknown')}: {error.get('Message') or 'AWS gave no reason'}")
        if row.code == "CS0403" and call is not None:
            action = aws_errors.iam_action(call.service, call.operation)
            tried = (f"the IAM action needed is {action}", *tried)
        more = {name: value for name, value in exception.response.items() if name not in ("Error", ANSWER_HEADERS)}
        undone = row.undone or _refused(exception)
        return SentryError(row.code, message, where=where, details=tried, answer=more, undone=undone)
    message = without(" ".join(str(exception).split()))
    undone = row.undone or isinstance(exception, ParamValidationError | NoCredentialsError)
    return SentryError(row.code, message, where=where, details=tried, undone=undone)


def _refused(exception: ClientError) -> bool:
    """AWS refused before it did anything: its own word for it is a status of 400, 401, 403, 404 or 429."""
    status = exception.response.get(ANSWER_HEADERS, {}).get("HTTPStatusCode", 0)
    return status in (400, 401, 403, 404, 429)


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


def row_of(exception: Exception, call: ApiCall | None) -> aws_errors.Row:
    """The row of our table for the exception of a call; what is none of theirs is raised again."""
    if isinstance(exception, ClientError):
        status = int(exception.response.get(ANSWER_HEADERS, {}).get("HTTPStatusCode", 400))
        code = str(exception.response.get("Error", {}).get("Code", ""))
        place = ("", "") if call is None else (call.service, call.operation)
        return aws_errors.of_answer(code, status, *place)
    row = aws_errors.of_exception(exception)
    if row is None:
        raise exception
    return row


def headers_of(exception: Exception) -> dict[str, str]:
    """The HTTP headers of an error answer."""
    response = getattr(exception, "response", None) or {}
    headers: dict[str, str] = response.get(ANSWER_HEADERS, {}).get("HTTPHeaders", {})
    return headers


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
