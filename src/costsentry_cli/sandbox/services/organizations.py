"""AWS Organizations, as much as tells who pays: the organisation of the payer and every account that was seen."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from costsentry_cli.sandbox.contract import ACCOUNT, Handler, Request, ServiceError
from costsentry_cli.sandbox.services.ce_meters import account_name
from costsentry_cli.sandbox.services.ce_tokens import Row, page

ORGANIZATION = "o-sandbox0001"
"""The organisation's id; the payer is its management account and every other account a member."""

_JOINED = datetime(2026, 1, 1, tzinfo=UTC)
_MOST_LISTED = 20


def describe_organization(_: Request) -> dict[str, Any]:
    """DescribeOrganization, from every account."""
    organization = {
        "Id": ORGANIZATION,
        "Arn": f"arn:aws:organizations::{ACCOUNT}:organization/{ORGANIZATION}",
        "FeatureSet": "ALL",
        "MasterAccountArn": _arn(ACCOUNT),
        "MasterAccountId": ACCOUNT,
        "MasterAccountEmail": _email(ACCOUNT),
        "AvailablePolicyTypes": [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}],
    }
    return {"Organization": organization}


def list_accounts(request: Request) -> dict[str, Any]:
    """ListAccounts: the payer and the accounts that made calls or profiles, in order. AccessDeniedException elsewhere.

    An account does not leave when its profiles are deleted. Raises InvalidInputException for a broken token.
    """
    if request.account != ACCOUNT:
        raise ServiceError("AccessDeniedException", "You don't have permissions to access this resource.")
    seen = request.store.db.execute("SELECT account FROM calls UNION SELECT account FROM profiles")
    accounts = sorted({ACCOUNT, *(row["account"] for row in seen)})
    try:
        return page(request, "Accounts", [Row(account, _account(account)) for account in accounts], _MOST_LISTED)
    except ServiceError as error:
        problem = "You provided an invalid pagination token."
        raise ServiceError("InvalidInputException", problem, Reason="INVALID_NEXT_TOKEN") from error


def _account(account: str) -> dict[str, Any]:
    return {
        "Id": account,
        "Arn": _arn(account),
        "Email": _email(account),
        "Name": account_name(account),
        "Status": "ACTIVE",
        "State": "ACTIVE",
        "JoinedMethod": "INVITED" if account == ACCOUNT else "CREATED",
        "JoinedTimestamp": _JOINED,
    }


def _arn(account: str) -> str:
    return f"arn:aws:organizations::{ACCOUNT}:account/{ORGANIZATION}/{account}"


def _email(account: str) -> str:
    return f"{account}@sandbox.example"


OPERATIONS: dict[str, Handler] = {"DescribeOrganization": describe_organization, "ListAccounts": list_accounts}
"""Operation name to handler; all others are refused by name."""
