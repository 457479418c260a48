"""What profiles there are, ours and others'."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from costsentry_cli.domain.calls import Cloud
from costsentry_cli.domain.kind import Scope
from costsentry_cli.domain.kinds.inference_profile import observed_in
from costsentry_cli.domain.references import profile_id
from costsentry_cli.domain.resource import Observed, tags_in
from costsentry_cli.domain.table import Column, Pair, Row, Table, Type

COLUMNS = (
    Column("name", "Profile"),
    Column("id", "Id"),
    Column("model", "Model", drop=2),
    Column("tags", "Tags", Type.TAGS, drop=3),
    Column("namespace", "Managed by", drop=1, unknown="(foreign)"),
    Column("retired", "Replaced", Type.DATE, drop=4),
    Column("account", "Account", drop=6),
    Column("region", "Region", drop=5),
    Column("arn", "ARN", drop=7),
)


def listing(clouds: Mapping[str, Cloud], scopes: Sequence[Scope], namespace: str | None) -> Table:
    """Every application inference profile of the scopes; only one namespace's when it is given."""
    rows: list[Row] = []
    for scope in scopes:
        found = observed_in(clouds[scope.account], scope.region)
        kept = sorted((one for one in found if namespace in (None, one.namespace)), key=lambda one: (one.name, one.arn))
        rows += [_row(thing, scope) for thing in kept]
    return Table("profiles", COLUMNS, tuple(rows))


def _row(thing: Observed, scope: Scope) -> Row:
    return (
        thing.name,
        profile_id(thing.arn),
        thing.fields["model"],
        _tags(thing),
        thing.namespace,
        thing.retired,
        scope.account,
        scope.region,
        thing.arn,
    )


def _tags(thing: Observed) -> tuple[Pair, ...]:
    """Its tags without our marks, in key order."""
    return tuple(sorted(tags_in(thing.fields).items()))
