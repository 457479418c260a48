"""How AWS and its client library say no, and what we call it: the door's one table.

A new AWS error is one row here. ``retry`` marks what may pass by itself; paid calls are never retried whatever it says.
"""

from __future__ import annotations

from dataclasses import dataclass

from costsentry_cli.domain.errors import ERRORS


@dataclass(frozen=True)
class Row:
    """Our code for it, whether a second attempt may help, and after how many it is given up whatever the deadline.

    ``undone``: the call was certainly not carried out.
    """

    code: str
    retry: bool = False
    tries: int = 100
    undone: bool = False


BY_CODE: dict[str, Row] = {
    # throttling, spelled differently by each service
    "Throttling": Row("CS0801", retry=True, undone=True),
    "ThrottlingException": Row("CS0801", retry=True, undone=True),
    "ThrottledException": Row("CS0801", retry=True, undone=True),
    "TooManyRequestsException": Row("CS0801", retry=True, undone=True),
    "RequestLimitExceeded": Row("CS0801", retry=True, undone=True),
    "LimitExceededException": Row("CS0801", retry=True, undone=True),  # Cost Explorer's word for throttling
    "ProvisionedThroughputExceededException": Row("CS0801", retry=True, undone=True),
    "SlowDown": Row("CS0801", retry=True, undone=True),
    # permission and identity
    "AccessDenied": Row("CS0403"),
    "AccessDeniedException": Row("CS0403"),
    "UnauthorizedOperation": Row("CS0403"),
    "NotAuthorized": Row("CS0403"),
    "AuthorizationError": Row("CS0403"),
    "UnrecognizedClientException": Row("CS0402"),
    "InvalidClientTokenId": Row("CS0402"),
    "ExpiredToken": Row("CS0402"),
    "ExpiredTokenException": Row("CS0402"),
    "SignatureDoesNotMatch": Row("CS0402"),
    "InvalidSignatureException": Row("CS0402"),
    "IncompleteSignature": Row("CS0402"),
    "MissingAuthenticationToken": Row("CS0402"),
    "MissingAuthenticationTokenException": Row("CS0402"),
    "OptInRequired": Row("CS0403"),
    "RequestTimeTooSkewed": Row("CS0402"),
    # the request
    "ValidationException": Row("CS0802"),
    "ValidationError": Row("CS0802"),
    "InvalidParameterValue": Row("CS0802"),
    "InvalidParameterCombination": Row("CS0802"),
    "InvalidParameterException": Row("CS0802"),
    "MissingParameter": Row("CS0802"),
    "MissingRequiredParameterException": Row("CS0802"),
    "InvalidNextTokenException": Row("CS0802"),
    "InvalidNextToken": Row("CS0802"),
    "RequestChangedException": Row("CS0802"),
    "TooManyTagsException": Row("CS0805"),
    "ServiceQuotaExceededException": Row("CS0805"),
    "BackfillLimitExceededException": Row("CS0805"),
    "ResourceNotFoundException": Row("CS0803"),
    "NotFoundException": Row("CS0803"),
    "ConflictException": Row("CS0804"),
    "ResourceInUseException": Row("CS0804"),
    "DuplicateRecordException": Row("CS0804"),  # a budget of this name, an alert of this threshold
    "ResourceLockedException": Row("CS0804"),  # a budget's action is being carried out
    "CreationLimitExceededException": Row("CS0805"),
    "UnknownMonitorException": Row("CS0803"),
    "UnknownSubscriptionException": Row("CS0803"),
    "ExpiredNextTokenException": Row("CS0802"),
    "PaginationTokenExpiredException": Row("CS0802"),
    "InternalErrorException": Row("CS0806", retry=True),
    # DynamoDB's conditional writes
    "ConditionalCheckFailedException": Row("CS0814"),
    "TransactionConflictException": Row("CS0804", retry=True),
    "ReplicatedWriteConflictException": Row("CS0804", retry=True),
    "ItemCollectionSizeLimitExceededException": Row("CS0805"),
    # tables and log groups
    "TableNotFoundException": Row("CS0803"),
    "ContinuousBackupsUnavailableException": Row("CS0806", retry=True),  # a new table's backups are being enabled
    "ResourceAlreadyExistsException": Row("CS0804"),
    "OperationAbortedException": Row("CS0804", retry=True),  # another change of the log group is under way
    "MalformedQueryException": Row("CS0802"),
    # billing data
    "DataUnavailableException": Row("CS0811"),
    "BillExpirationException": Row("CS0811"),
    "BillingViewHealthStatusException": Row("CS0811"),
    # the service
    "InternalServerException": Row("CS0806", retry=True),
    "InternalServerError": Row("CS0806", retry=True),
    "InternalServiceFault": Row("CS0806", retry=True),
    "InternalServiceException": Row("CS0806", retry=True),
    "InternalServiceError": Row("CS0806", retry=True),
    "InternalFailure": Row("CS0806", retry=True),
    "ServiceUnavailable": Row("CS0806", retry=True),
    "ServiceUnavailableException": Row("CS0806", retry=True),
    "ModelNotReadyException": Row("CS0806", retry=True),
    "ModelErrorException": Row("CS0810"),
    "ModelStreamErrorException": Row("CS0810"),
    "ModelTimeoutException": Row("CS0808"),
    "RequestTimeout": Row("CS0808", retry=True),
    "RequestTimeoutException": Row("CS0808", retry=True),
    "UnknownOperationException": Row("CS0812"),
}

_PERHAPS_SOON = Row("CS0805", retry=True, tries=4, undone=True)
BY_PLACE: dict[tuple[str, str], Row] = {
    # one code, other meanings: by service, or by its operation; what is not here means what ``BY_CODE`` says
    ("cloudwatch", "LimitExceededException"): Row("CS0805", undone=True),
    ("logs", "LimitExceededException"): Row("CS0805", undone=True),  # "the maximum number of resources"
    ("logs.StartQuery", "LimitExceededException"): _PERHAPS_SOON,  # queries that run at once: others end
    ("dynamodb", "LimitExceededException"): _PERHAPS_SOON,  # tables, or changes of tables at once
    ("ce.CreateAnomalyMonitor", "LimitExceededException"): _PERHAPS_SOON,  # too many calls, or too many of them
    ("ce.CreateAnomalySubscription", "LimitExceededException"): _PERHAPS_SOON,
    ("ce.UpdateCostAllocationTagsStatus", "LimitExceededException"): _PERHAPS_SOON,  # or too many active keys
}

BY_CLASS: dict[str, Row] = {
    # the client library's own exceptions, by class name, most special first along the method resolution order
    "NoCredentialsError": Row("CS0401"),
    "PartialCredentialsError": Row("CS0401"),
    "CredentialRetrievalError": Row("CS0402"),
    "NoAuthTokenError": Row("CS0401"),
    "UnauthorizedSSOTokenError": Row("CS0402"),
    "SSOTokenLoadError": Row("CS0402"),
    "SSOError": Row("CS0402"),
    "TokenRetrievalError": Row("CS0402"),
    "LoginRefreshRequired": Row("CS0402"),
    "LoginError": Row("CS0402"),
    "MissingDependencyException": Row("CS0406"),
    "ProfileNotFound": Row("CS0405"),
    "ConfigNotFound": Row("CS0405"),
    "ConfigParseError": Row("CS0405"),
    "NoRegionError": Row("CS0404"),
    "InvalidRegionError": Row("CS0404"),
    "ReadTimeoutError": Row("CS0808", retry=True),
    "ConnectTimeoutError": Row("CS0807", retry=True, tries=3, undone=True),
    "ConnectionClosedError": Row("CS0807", retry=True),
    "EndpointConnectionError": Row("CS0807", retry=True, tries=4, undone=True),
    "SSLError": Row("CS0807"),
    "ProxyConnectionError": Row("CS0807"),
    "HTTPClientError": Row("CS0807", retry=True),
    "ResponseParserError": Row("CS0809"),
    "EventStreamError": Row("CS0810"),
    "ResponseStreamingError": Row("CS0807"),
    "ParamValidationError": Row("CS0802"),
    "BotoCoreError": Row("CS0802"),
}


def meaning(row: Row) -> str:
    """What a row means, in the words of our table."""
    return ERRORS[row.code].meaning


def of_answer(code: str, status: int, service: str = "", operation: str = "") -> Row:
    """The row of an AWS error answer: by its code, as this operation or service means it, else by its HTTP status."""
    rows = BY_PLACE.get((f"{service}.{operation}", code)), BY_PLACE.get((service, code)), BY_CODE.get(code)
    row = next((row for row in rows if row is not None), None)
    if row is not None:
        return row
    if status == 429:
        return Row("CS0801", retry=True, undone=True)
    return Row("CS0806", retry=True) if status >= 500 else Row("CS0802")


def of_exception(exception: BaseException) -> Row | None:
    """The row of a client library's exception, or None when it is none of theirs."""
    rows = (BY_CLASS.get(cls.__name__) for cls in type(exception).__mro__)
    return next((row for row in rows if row is not None), None)


_ACTIONS: dict[tuple[str, str], str] = {
    ("bedrock-runtime", "Converse"): "bedrock:InvokeModel",
    ("bedrock-runtime", "ConverseStream"): "bedrock:InvokeModelWithResponseStream",
    ("bedrock-runtime", "CountTokens"): "bedrock:CountTokens",
    ("resourcegroupstaggingapi", "GetResources"): "tag:GetResources",
}


def iam_action(service: str, operation: str) -> str:
    """The IAM action an operation needs (``bedrock:InvokeModel`` for Converse)."""
    return _ACTIONS.get((service, operation), f"{service}:{operation}")
