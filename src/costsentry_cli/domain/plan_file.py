"""A plan as a file: what was reviewed can be applied exactly, or not at all.

The file is never executed. Its fingerprint is compared with that of a plan made anew from the manifest and the account:
when anything either side rests on has moved, the reviewed plan is stale.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from costsentry_cli.domain.calls import ApiCall
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.kind import Change
from costsentry_cli.domain.plan import Plan, Wishes
from costsentry_cli.domain.resource import RETIRED_TAG

SCHEMA_VERSION = 1
MAX_BYTES = 64 * 1024 * 1024
"""A plan of ten thousand profiles has about a tenth."""
_TAGS = ("tags", "ResourceTags")
"""What services call the tags among their parameters."""


@dataclass(frozen=True)
class Reviewed:
    """What a plan file says: for which account and region, under which wishes, and its fingerprint."""

    account: str
    region: str
    fingerprint: str
    wishes: Wishes
    made: str


def fingerprint(plan: Plan, account: str, region: str) -> str:
    """A digest of all that the plan would do and of what it rests on; times of day are left out."""
    content = [account, region, list(plan.refused), [_essence(change) for change in plan.changes]]
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def members(plan: Plan, account: str, region: str, wishes: Wishes, now: datetime) -> dict[str, Any]:
    """The members a plan's JSON document has beside its changes, so that it can be applied later."""
    return {
        "plan": {
            "plan_schema_version": SCHEMA_VERSION,
            "fingerprint": fingerprint(plan, account, region),
            "account": account,
            "region": region,
            "made": f"{now:%Y-%m-%dT%H:%M:%SZ}",
            "wishes": {
                "allow_replace": wishes.replace,
                "prune": wishes.prune,
                "force": wishes.force,
                "max_deletes": wishes.max_deletes,
                "grace_seconds": int(wishes.grace.total_seconds()),
            },
        },
        "calls": [call_document(call) for call in plan.calls],
    }


def call_document(call: ApiCall) -> dict[str, Any]:
    """A call as plain data, as a reviewer reads it."""
    return {
        "service": call.service,
        "operation": call.operation,
        "region": call.region,
        "params": json.loads(json.dumps(dict(call.params), default=str)),
    }


def read(data: bytes, name: str) -> Reviewed:
    """The plan in a file's bytes. Raises ``SentryError`` CS0207 for what is no plan file of this program."""
    if len(data) > MAX_BYTES:
        raise SentryError("CS0207", f"{name} is larger than {MAX_BYTES // 2**20} MiB", where=name)
    try:
        plan = json.loads(data)["plan"]
        if plan["plan_schema_version"] != SCHEMA_VERSION:
            raise SentryError("CS0207", f"{name} was made by another version of this program")
        return Reviewed(plan["account"], plan["region"], plan["fingerprint"], _wishes(plan["wishes"]), plan["made"])
    except json.JSONDecodeError as error:
        where = f"{name}:{error.lineno}:{error.colno}"
        raise SentryError("CS0207", f"{name} is no plan: {error.msg}", where=where) from error
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        message = f"{name} is no plan that `sentry plan -o json --out {name}` wrote"
        raise SentryError("CS0207", message, where=name) from error


def check(reviewed: Reviewed, plan: Plan, account: str, region: str) -> None:
    """Raises ``SentryError`` CS0208 unless the plan made now is the reviewed one."""
    if (reviewed.account, reviewed.region) != (account, region):
        there, here = f"{reviewed.account} {reviewed.region}", f"{account} {region}"
        raise SentryError("CS0208", f"the plan is for {there}, this is {here}")
    if reviewed.fingerprint != fingerprint(plan, account, region):
        raise SentryError(
            "CS0208", f"the account or the manifest has changed since the plan was made ({reviewed.made})"
        )


def _essence(change: Change) -> list[Any]:
    fields = [[f.field, f.old, f.new] for f in change.fields]
    calls = [
        [call.service, call.operation, call.region, _timeless(call.params)] for call in (*change.calls, *change.after)
    ]
    return [
        change.action,
        change.scope.account,
        change.scope.region,
        change.name,
        change.arn,
        bool(change.held),
        fields,
        calls,
    ]


def _timeless(params: Mapping[str, Any]) -> Any:
    """Parameters without the moment of retiring: it is the one thing that differs between two equal plans."""
    return {name: _without_moment(value) if name in _TAGS else value for name, value in params.items()}


def _without_moment(tags: Any) -> Any:
    """Tags but for the one that says when its resource was replaced."""
    return [tag for tag in tags if RETIRED_TAG not in tag.values()] if isinstance(tags, list) else tags


def _wishes(said: Mapping[str, Any]) -> Wishes:
    most = said["max_deletes"]
    return Wishes(
        replace=bool(said["allow_replace"]),
        prune=bool(said["prune"]),
        force=bool(said["force"]),
        max_deletes=None if most is None else int(most),
        grace=timedelta(seconds=int(said["grace_seconds"])),
    )
