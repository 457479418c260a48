"""An ``Account`` behind a session: the few bedrock requests of a sync, answered as AWS's HTTP would."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from accounts import Account
from costsentry_cli.domain.calls import ApiCall
from costsentry_cli.domain.errors import SentryError
from stand_in import answer, refusal

REFUSALS = {
    "CS0802": ("ValidationException", 400),
    "CS0803": ("ResourceNotFoundException", 404),
    "CS0804": ("ConflictException", 400),
    "CS0805": ("ServiceQuotaExceededException", 400),
}
POSTS = {
    "/inference-profiles": "CreateInferenceProfile",
    "/listTagsForResource": "ListTagsForResource",
    "/tagResource": "TagResource",
    "/untagResource": "UntagResource",
}
ONE_PROFILE = {"GET": "GetInferenceProfile", "DELETE": "DeleteInferenceProfile"}


def answered(account: Account, request: AWSPreparedRequest) -> AWSResponse:
    """What the account says to a request."""
    try:
        body = account.call(call_of(request))
    except SentryError as error:
        return refusal(*REFUSALS[error.code], error.message)
    return answer(json.dumps(body, default=lambda moment: f"{moment:%Y-%m-%dT%H:%M:%SZ}").encode())


def call_of(request: AWSPreparedRequest) -> ApiCall:
    """The call that the client library made this request from."""
    target = request.headers.get("X-Amz-Target")
    if target is not None:
        name = target.decode() if isinstance(target, bytes) else target
        return ApiCall("service-quotas", name.rpartition(".")[2], json.loads(request.body))
    parts = urlsplit(str(request.url))
    return ApiCall("bedrock", *_operation(str(request.method), unquote(parts.path), parts.query, request.body))


def _operation(method: str, path: str, query: str, body: Any) -> tuple[str, Mapping[str, Any]]:
    if method == "POST":
        return POSTS[path], json.loads(body)
    head, _, last = path[1:].partition("/")
    if head == "foundation-model-availability":
        return "GetFoundationModelAvailability", {"modelId": last}
    if last:
        return ONE_PROFILE[method], {"inferenceProfileIdentifier": last}
    asked = {name: values[0] for name, values in parse_qs(query).items()}
    size = {"maxResults": int(asked["maxResults"])} if "maxResults" in asked else {}
    return "ListInferenceProfiles", size | ({"nextToken": asked["nextToken"]} if "nextToken" in asked else {})
