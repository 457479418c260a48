"""The rows: every error name of AWS's services that can be met.

A new error of AWS is one row here. ``test_aws_errors.py`` asks botocore's models for every error of every operation
that is called, and fails for one without a row.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """Our code for it, whether a second attempt may help, and after how many it is given up whatever the deadline.

    ``undone``: the call was certainly not carried out. ``cause`` and ``help`` say more than those of the code.
    """

    code: str
    retry: bool = False
    tries: int = 100
    undone: bool = False
    cause: str = ""
    help: str = ""


THROTTLED = Row("CS0801", retry=True, undone=True)
DENIED = Row("CS0403")
INVALID = Row("CS0402", cause="the access key or token is wrong, was deleted, or has expired")
REFUSED = Row("CS0802")
PAGING = Row("CS0802", cause="the page token is no longer good", help="run it again: the listing begins anew")
NOT_THERE = Row("CS0803")
CONFLICT = Row("CS0804")
BUSY = Row("CS0804", retry=True, cause="another change of the same thing is under way")
QUOTA = Row("CS0805")
TROUBLE = Row("CS0806", retry=True)
SKEWED = Row("CS0408")
NOT_SIGNED_UP = Row("CS0411")
SPELLING = Row("CS0802", help="sentry profiles env --help says what a parameter may be called")

BY_CODE: dict[str, Row] = {
    # throttling, spelled differently by each service; LimitExceededException: see aws_error_specials
    "Throttling": THROTTLED,
    "ThrottlingException": THROTTLED,
    "ThrottledException": THROTTLED,
    "RequestThrottled": THROTTLED,
    "RequestThrottledException": THROTTLED,
    "EC2ThrottledException": THROTTLED,
    "TooManyRequestsException": THROTTLED,
    "RequestLimitExceeded": THROTTLED,
    "BandwidthLimitExceeded": THROTTLED,
    "PriorRequestNotComplete": THROTTLED,
    "TransactionInProgressException": BUSY,
    "ProvisionedThroughputExceededException": THROTTLED,
    "SlowDown": THROTTLED,
    # permission and identity
    "AccessDenied": DENIED,
    "AccessDeniedException": DENIED,
    "UnauthorizedOperation": DENIED,
    "NotAuthorized": DENIED,
    "AuthorizationError": DENIED,
    "AuthFailure": INVALID,
    "UnrecognizedClientException": INVALID,
    "InvalidClientTokenId": INVALID,
    "InvalidToken": INVALID,
    "ExpiredToken": Row("CS0402", cause="the session token has expired"),
    "ExpiredTokenException": Row("CS0402", cause="the session token has expired"),
    "TokenRefreshRequired": Row("CS0402", cause="the session token has expired"),
    "SignatureDoesNotMatch": Row("CS0402", cause="the secret access key does not fit the access key id"),
    "InvalidSignatureException": Row("CS0402", cause="the secret access key does not fit the access key id"),
    "IncompleteSignature": INVALID,
    "MissingAuthenticationToken": INVALID,
    "MissingAuthenticationTokenException": INVALID,
    "OptInRequired": NOT_SIGNED_UP,
    "SubscriptionRequiredException": NOT_SIGNED_UP,
    "RegionDisabledException": Row(
        "CS0411",
        cause="AWS STS is not switched on in this region for the account",
        help="--region with one that is on, or switch it on: IAM console, Account settings, STS",
    ),
    "RequestTimeTooSkewed": SKEWED,
    "RequestExpired": SKEWED,
    "RequestInTheFuture": SKEWED,
    # the request
    "ValidationException": REFUSED,
    "ValidationError": REFUSED,
    "InvalidParameter": REFUSED,
    "InvalidParameterValue": REFUSED,
    "InvalidParameterValueException": REFUSED,
    "InvalidParameterCombination": REFUSED,
    "InvalidParameterCombinationException": REFUSED,
    "InvalidParameterException": REFUSED,
    "MissingParameter": REFUSED,
    "MissingRequiredParameterException": REFUSED,
    "IllegalArgumentException": REFUSED,
    "InvalidAction": REFUSED,
    "InvalidQueryParameter": REFUSED,
    "MalformedQueryString": REFUSED,
    "MissingAction": REFUSED,
    "MalformedHttpRequestException": REFUSED,
    "SerializationException": REFUSED,
    "RequestEntityTooLargeException": Row("CS0802", help="make it smaller: a shorter prompt, fewer resources"),
    "InvalidNextTokenException": PAGING,
    "InvalidNextToken": PAGING,
    "ExpiredNextTokenException": PAGING,
    "PaginationTokenExpiredException": PAGING,
    "RequestChangedException": PAGING,
    "UnknownOperationException": Row("CS0812"),
    "TooManyTagsException": Row("CS0805", cause="a resource holds 50 tags", help="take tags out of the manifest"),
    "ServiceQuotaExceededException": QUOTA,
    "LimitExceededException": QUOTA,
    "BackfillLimitExceededException": Row(
        "CS0805",
        cause="one backfill at a time, and one in 24 hours",
        help="wait for the one under way: sentry tags backfill --history",
    ),
    "ResourceNotFoundException": NOT_THERE,
    "NotFoundException": NOT_THERE,
    "NoSuchResourceException": NOT_THERE,
    "ConflictException": CONFLICT,
    "ResourceInUseException": CONFLICT,
    # budgets and anomalies
    "DuplicateRecordException": CONFLICT,  # a budget of this name, an alert of this threshold
    "ResourceLockedException": Row(
        "CS0804", cause="an action of the budget is being carried out", help="run it again when it is done"
    ),
    "CreationLimitExceededException": Row(
        "CS0805",
        cause="a budget holds ten alerts, an alert ten e-mail addresses and one topic",
        help="take alerts or addresses out of the manifest",
    ),
    "UnknownMonitorException": Row("CS0803", help="sentry anomalies list"),
    "UnknownSubscriptionException": Row("CS0803", help="sentry anomalies list"),
    "InternalErrorException": TROUBLE,
    # DynamoDB
    "ConditionalCheckFailedException": Row("CS0814"),
    "TransactionConflictException": BUSY,
    "ReplicatedWriteConflictException": BUSY,
    "ItemCollectionSizeLimitExceededException": QUOTA,
    "TableNotFoundException": Row("CS0803", help="make the ledger: sentry sync"),
    "ContinuousBackupsUnavailableException": Row("CS0806", retry=True, cause="a new table's backups are being enabled"),
    # logs
    "ResourceAlreadyExistsException": CONFLICT,
    "OperationAbortedException": BUSY,
    "MalformedQueryException": REFUSED,
    "DataAlreadyAcceptedException": CONFLICT,
    "InvalidSequenceTokenException": CONFLICT,
    # parameters
    "ParameterAlreadyExists": CONFLICT,
    "TooManyUpdates": Row("CS0804", retry=True, undone=True, cause="another change of the parameter is under way"),
    "ParameterLimitExceeded": QUOTA,
    "ParameterMaxVersionLimitExceeded": Row(
        "CS0805",
        cause="the oldest of 100 versions of the parameter has a label and cannot go",
        help="aws ssm unlabel-parameter-version frees it",
    ),
    "HierarchyLevelLimitExceededException": SPELLING,
    "HierarchyTypeMismatchException": SPELLING,
    "ParameterPatternMismatchException": SPELLING,
    "InvalidAllowedPatternException": SPELLING,
    "UnsupportedParameterType": SPELLING,
    "IncompatiblePolicyException": REFUSED,
    "InvalidPolicyAttributeException": REFUSED,
    "InvalidPolicyTypeException": REFUSED,
    "PoliciesLimitExceededException": REFUSED,
    "InvalidKeyId": REFUSED,
    # roles and organizations
    "NoSuchEntity": NOT_THERE,
    "NoSuchEntityException": NOT_THERE,
    "InvalidInput": REFUSED,
    "InvalidInputException": REFUSED,
    "PolicyEvaluation": TROUBLE,
    "PolicyEvaluationException": TROUBLE,
    "ServiceFailure": TROUBLE,
    "ServiceFailureException": TROUBLE,
    "MalformedPolicyDocument": REFUSED,
    "MalformedPolicyDocumentException": REFUSED,
    "PackedPolicyTooLarge": REFUSED,
    "PackedPolicyTooLargeException": REFUSED,
    "InvalidContextAssertion": REFUSED,
    "InvalidContextAssertionException": REFUSED,
    "AWSOrganizationsNotInUseException": Row(
        "CS0803", cause="the account is in no organization: it pays for itself", help="leave the payer out"
    ),
    "ConcurrentModificationException": BUSY,
    # billing data
    "DataUnavailableException": Row(
        "CS0811",
        cause="there is no cost data for the period, or Cost Explorer was switched on a day ago or less",
        help="ask for another period: --last 30d; a day after switching it on there is data",
    ),
    "BillExpirationException": Row("CS0811", cause="the report has expired", help="run it again with --refresh"),
    "BillingViewHealthStatusException": Row(
        "CS0811", cause="the billing view is not healthy", help="aws billing list-billing-views says why"
    ),
    # the service
    "ServiceException": TROUBLE,
    "InternalServerException": TROUBLE,
    "InternalServerError": TROUBLE,
    "InternalServiceFault": TROUBLE,
    "InternalServiceError": TROUBLE,
    "InternalServiceException": TROUBLE,
    "InternalFailure": TROUBLE,
    "InternalError": TROUBLE,
    "ServiceUnavailable": TROUBLE,
    "ServiceUnavailableException": TROUBLE,
    "ModelNotReadyException": Row("CS0806", retry=True, cause="the model is not loaded yet"),
    "ModelErrorException": Row("CS0810"),
    "ModelStreamErrorException": Row("CS0810"),
    "ModelTimeoutException": Row("CS0808", help="a shorter prompt or a smaller --max-tokens; it may have been billed"),
    "RequestTimeout": Row("CS0808", retry=True),
    "RequestTimeoutException": Row("CS0808", retry=True),
    "RequestAbortedException": Row("CS0807", retry=True),
}
"""What an error name means, whatever the service."""
