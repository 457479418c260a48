"""`service-quotas`: the one quota of Bedrock that the sandbox enforces. Setting: ``profile_quota``."""

from __future__ import annotations

from typing import Any

from costsentry_cli.sandbox.contract import Handler, Request, ServiceError
from costsentry_cli.sandbox.services.bedrock import profile_quota

PROFILES = "L-40EC9882"
"""Code of Bedrock's quota "Inference profiles per account" (AWS: Bedrock endpoints and quotas)."""


def get_service_quota(request: Request) -> dict[str, Any]:
    """GetServiceQuota. Raises NoSuchResourceException for all but ``bedrock``'s ``L-40EC9882``."""
    if (request.params["ServiceCode"], request.params["QuotaCode"]) != ("bedrock", PROFILES):
        raise _missing()
    return {"Quota": _quota(request)}


def list_service_quotas(request: Request) -> dict[str, Any]:
    """ListServiceQuotas of ``bedrock``, one page. Raises NoSuchResourceException for another service."""
    if request.params["ServiceCode"] != "bedrock":
        raise _missing()
    if "NextToken" in request.params:
        raise ServiceError("InvalidPaginationTokenException", "Invalid NextToken was provided.")
    shown = request.params.get("QuotaCode", PROFILES) == PROFILES
    return {"Quotas": [_quota(request)] if shown else []}


def _quota(request: Request) -> dict[str, Any]:
    return {
        "ServiceCode": "bedrock",
        "ServiceName": "Amazon Bedrock",
        "QuotaArn": f"arn:aws:servicequotas:{request.region}:{request.account}:bedrock/{PROFILES}",
        "QuotaCode": PROFILES,
        "QuotaName": "Inference profiles per account",
        "Value": float(profile_quota(request)),
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
        "QuotaAppliedAtLevel": "ACCOUNT",
    }


def _missing() -> ServiceError:
    return ServiceError("NoSuchResourceException", "The request failed because the specified service does not exist.")


OPERATIONS: dict[str, Handler] = {
    "GetServiceQuota": get_service_quota,
    "ListServiceQuotas": list_service_quotas,
}
