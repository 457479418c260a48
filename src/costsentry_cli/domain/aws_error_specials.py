"""The rows for error names that do not say it all: service, operation or AWS's own sentence do.

Sources of the sentences: AWS's documentation and public reports of them (``assumptions.REFUSALS_TOLD_APART_BY``).
"""

from __future__ import annotations

from dataclasses import dataclass

from costsentry_cli.domain.aws_error_rows import SKEWED, THROTTLED, Row


@dataclass(frozen=True)
class Special:
    """What an error means where service, operation (``*`` any, ``Get*``) or AWS's sentence say more than its name.

    ``names`` empty: any error. ``says``: one of these pieces stands in the sentence, whatever the case of its letters.
    """

    row: Row
    names: tuple[str, ...] = ()
    service: str = "*"
    operation: str = "*"
    says: tuple[str, ...] = ()


_DENIALS = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized", "AuthorizationError")
_SIGNATURES = ("SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature", "AuthFailure")
_LIMIT = ("LimitExceededException",)
_TOO_FAST = ("too many", "short period", "rate exceeded", "try again", "simultaneous", "concurren")
_NO_MODEL = ("don't have access to the model", "use case details", "marketplace", "not available for this account")

SPECIALS: tuple[Special, ...] = (
    Special(SKEWED, names=_SIGNATURES, says=("signature expired", "not yet current")),
    # Cost Explorer's word for throttling; where something is made or switched on, it is a quota all the same
    Special(THROTTLED, names=_LIMIT, service="ce", operation="Get*"),
    Special(THROTTLED, names=_LIMIT, service="ce", operation="List*"),
    Special(THROTTLED, names=_LIMIT, service="ce", operation="Delete*"),
    Special(THROTTLED, names=_LIMIT, service="ce", says=_TOO_FAST),
    # so many tables or queries at once passes by itself; so many tables in all does not
    Special(THROTTLED, names=_LIMIT, service="dynamodb", operation="Delete*"),
    Special(THROTTLED, names=_LIMIT, service="dynamodb", operation="Update*"),
    Special(THROTTLED, names=_LIMIT, service="dynamodb", says=_TOO_FAST),
    Special(THROTTLED, names=_LIMIT, service="logs", operation="StartQuery"),
    Special(
        Row(
            "CS0805",
            undone=True,
            cause="the model's quota for the day is used up",
            help="go on tomorrow (UTC), take another model, or ask for more: aws service-quotas",
        ),
        names=("ThrottlingException",),
        service="bedrock-runtime",
        says=("per day", "daily"),
    ),
    # no permission, but no IAM action would help
    Special(
        Row(
            "CS0407",
            cause="the payer account keeps this to itself",
            help="use the payer's credentials, or let it share: Billing console, Cost Management preferences",
        ),
        says=("linked account doesn't have access", "not permitted for member accounts"),
    ),
    Special(Row("CS0410"), names=_DENIALS, service="ce", says=("not enabled for cost explorer",)),
    Special(
        Row(
            "CS0403",
            cause="a policy denies it, which no further permission outweighs",
            help="ask who keeps the policy that AWS names: a service control policy, a boundary or an explicit Deny",
        ),
        names=_DENIALS,
        says=("explicit deny",),
    ),
    Special(Row("CS0409"), names=(*_DENIALS, "ResourceNotFoundException"), service="bedrock-runtime", says=_NO_MODEL),
    # models
    Special(
        Row(
            "CS0802",
            cause="this model is only to be had through a profile",
            help="call it by --cost-center, or name its system profile: us.MODEL",
        ),
        names=("ValidationException",),
        service="bedrock-runtime",
        says=("on-demand throughput isn",),
    ),
    Special(
        Row(
            "CS0802",
            cause="there is no such model in this region",
            help="aws bedrock list-foundation-models; --region for another region",
        ),
        names=("ValidationException",),
        service="bedrock-runtime",
        says=("model identifier is invalid",),
    ),
    Special(
        Row("CS0803", cause="the model has reached the end of its life", help="name a newer one in models:"),
        names=("ResourceNotFoundException", "ValidationException"),
        service="bedrock-runtime",
        says=("end of its life",),
    ),
    # where to look
    Special(Row("CS0803", help="make it: sentry sync"), names=("ResourceNotFoundException",), service="dynamodb"),
    Special(Row("CS0803", help="make it: sentry sync"), names=("ResourceNotFoundException",), service="logs"),
    Special(Row("CS0803", help="sentry budgets list"), names=("NotFoundException",), service="budgets"),
)
"""The first that fits is it; else the row of the name."""
