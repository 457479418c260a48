"""Resources of the namespace found by their tags, where a listing would be endless and a name is not known any more.

Service ``resourcegroupstaggingapi``, one call a page; it sees only what its caller may see.
"""

from __future__ import annotations

from collections.abc import Sequence

from costsentry_cli.domain.calls import ApiCall, Cloud, operations
from costsentry_cli.domain.errors import Exit, SentryError
from costsentry_cli.domain.resource import KEY_TAG, NAMESPACE_TAG

LOOKING = operations("resourcegroupstaggingapi", "GetResources")
"""What ``names_of`` calls."""


def names_of(cloud: Cloud, namespace: str, resource_type: str, region: str) -> Sequence[str] | None:
    """What ``costsentry:key`` says of each resource of this type (``dynamodb:table``) that carries the namespace.

    None where that may not be asked (``tag:GetResources``): what has a known name can be found all the same.
    Raises ``SentryError`` for any other failure.
    """
    filters = [{"Key": NAMESPACE_TAG, "Values": [namespace]}, {"Key": KEY_TAG}]
    params = {"TagFilters": filters, "ResourceTypeFilters": [resource_type]}
    call = ApiCall("resourcegroupstaggingapi", "GetResources", params, region or None)
    try:
        found = [one["Tags"] for page in cloud.pages(call) for one in page.get("ResourceTagMappingList", ())]
    except SentryError as error:
        if error.exit is not Exit.ACCESS:
            raise
        return None
    return [tag["Value"] for tags in found for tag in tags if tag["Key"] == KEY_TAG]
