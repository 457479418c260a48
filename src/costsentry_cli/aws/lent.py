"""A client that an application lends: its calls go through it as they are, once, and its errors become ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import botocore
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError
from botocore.parsers import ResponseParserError
from botocore.validate import ParamValidator

from costsentry_cli.aws.translation import translate, with_streams
from costsentry_cli.domain.calls import Answer, ApiCall


class Lent:
    """Makes single calls through somebody else's boto3 client; what it raises has the library's own as its cause.

    The client's retries are switched off: a second attempt would be paid for and counted by nobody.
    """

    def __init__(self, client: Any) -> None:
        self.client = client
        service = client.meta.service_model.service_id.hyphenize()
        client.meta.events.unregister(f"needs-retry.{service}", unique_id=f"retry-config-{service}")

    @property
    def region(self) -> str:
        """The client's region."""
        return str(self.client.meta.region_name)

    def check(self, operation: str, params: Mapping[str, Any]) -> None:
        """Raise what the client would raise for parameters of a wrong form, before anything is sent."""
        shape = self.client.meta.service_model.operation_model(operation).input_shape
        report = ParamValidator().validate(dict(params), shape)
        if report.has_errors():
            raise ParamValidationError(report=report.generate_report())

    def call(self, call: ApiCall) -> Answer:
        """Make one call; raise ``SentryError`` when it fails."""
        try:
            answer: Answer = getattr(self.client, botocore.xform_name(call.operation))(**call.params)
        except (ClientError, BotoCoreError, ResponseParserError) as exception:
            raise translate(exception, call, 1) from exception
        return with_streams(answer, call)
