"""What profiles there are, ours and others'."""

from __future__ import annotations

from collections.abc import Sequence

from costsentry_cli.domain.calls import Cloud
from costsentry_cli.domain.kind import Scope
from costsentry_cli.domain.kinds.inference_profile import TAG_FIELD, InferenceProfile
from costsentry_cli.domain.resource import Observed
from costsentry_cli.domain.table import Column, Table, Type

COLUMNS = (
    Column("name", "Profile"),
    Column("model", "Model", drop=1),
    Column("tags", "Tags", drop=2),
    Column("namespace", "Managed by", unknown="(foreign)"),
    Column("retired", "Replaced", Type.DATE, drop=3),
    Column("region", "Region", drop=3),
    Column("arn", "ARN", drop=4),
)


def listing(cloud: Cloud, account: str, regions: Sequence[str], namespace: str | None) -> Table:
    """Every application inference profile of the regions; only one namespace's when it is given."""
    found: list[Observed] = []
    for region in regions:
        found.extend(InferenceProfile().observe(cloud, Scope(account, region, namespace or "")))
    kept = [thing for thing in found if namespace is None or thing.namespace == namespace]
    rows = tuple(
        (thing.name, thing.fields["model"], _tags(thing), thing.namespace, thing.retired, thing.region, thing.arn)
        for thing in kept
    )
    return Table("profiles", COLUMNS, tuple(sorted(rows, key=lambda row: (str(row[5]), str(row[0]), str(row[6])))))


def _tags(thing: Observed) -> str:
    own = sorted((n.removeprefix(TAG_FIELD), v) for n, v in thing.fields.items() if n.startswith(TAG_FIELD))
    return " ".join(f"{key}={value}" for key, value in own)
