"""`resourcegroupstaggingapi`: tables and log groups by their tags, one page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from costsentry_cli.sandbox.contract import Handler, Request, ServiceError
from costsentry_cli.sandbox.services import dynamodb_rows, logs_rows

TYPES = {"dynamodb:table": "dynamodb", "logs:log-group": "logs"}
"""The resource types that are there, and the service an ARN of each names."""


def get_resources(request: Request) -> dict[str, Any]:
    """GetResources by ``TagFilters`` (every key, any of its values) and ``ResourceTypeFilters``, a service's name too.

    Raises InvalidParameterException for a page token: the first page is the last.
    """
    params = request.params
    if params.get("PaginationToken"):
        raise ServiceError("InvalidParameterException", "The PaginationToken is not valid.")
    wanted = {service for name, service in TYPES.items() if _asked(name, params.get("ResourceTypeFilters", ()))}
    found = [
        {"ResourceARN": arn, "Tags": [{"Key": key, "Value": tags[key]} for key in sorted(tags)]}
        for arn, tags in sorted(_resources(request))
        if arn.split(":")[2] in wanted and tags and _fits(tags, params.get("TagFilters", ()))
    ]
    return {"PaginationToken": "", "ResourceTagMappingList": found}


def _asked(name: str, filters: list[str]) -> bool:
    return not filters or name in filters or name.partition(":")[0] in filters


def _fits(tags: Mapping[str, str], filters: list[dict[str, Any]]) -> bool:
    return all(each["Key"] in tags and tags[each["Key"]] in (each.get("Values") or tags.values()) for each in filters)


def _resources(request: Request) -> Iterator[tuple[str, dict[str, str]]]:
    """ARN and tags of everything of the caller's in the region."""
    for name in dynamodb_rows.tables(request):
        table = dynamodb_rows.table(request, name)
        if table is not None:
            yield table.arn, table.content["tags"]
    for group in logs_rows.groups(request):
        yield group.arn, group.tags


OPERATIONS: dict[str, Handler] = {"GetResources": get_resources}
