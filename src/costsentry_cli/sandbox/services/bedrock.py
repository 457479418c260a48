"""`bedrock`: application inference profiles and their tags, by AWS's rules; models; model invocation logging.

Profiles are immutable and regional; tags never come back from Get or List; a ``clientRequestToken`` makes Create
repeatable. Settings: ``list_lag_seconds``, ``profile_quota``, ``unique_names``.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import sqlite3
from datetime import UTC, datetime
from typing import Any

from costsentry_cli.domain.assumptions import CLIENT_TOKEN_LIFETIME
from costsentry_cli.domain.catalog import kind_of_reference, load
from costsentry_cli.sandbox.contract import Handler, Request, ServiceError
from costsentry_cli.sandbox.services import bedrock_logging
from costsentry_cli.sandbox.services import bedrock_models as models

MAX_TAGS = 50
"""Tags per resource (the text of AWS's TooManyTagsException; the model's list allows 200)."""

PAGE_SIZE = 100
"""Profiles per page when the caller names no ``maxResults``."""

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def create_inference_profile(request: Request) -> dict[str, Any]:
    """CreateInferenceProfile; the same token with the same request answers the first profile again."""
    fingerprint = hashlib.sha256(json.dumps(request.params, sort_keys=True).encode()).hexdigest()
    known = _replayed(request, fingerprint)
    if known is None:
        source = request.params["modelSource"]["copyFrom"]
        ref = models.source(request, source)
        tags = _checked(request.params.get("tags", []), request.params["inferenceProfileName"])
        _refuse_quota(request)
        known = _insert(request, source, models.members(ref, request.region))
        _write_tags(request, known, tags)
        _remember(request, fingerprint, known)
    return {"inferenceProfileArn": known, "status": "ACTIVE"}


def get_inference_profile(request: Request) -> dict[str, Any]:
    """GetInferenceProfile by id or ARN, application or system-defined."""
    wanted = request.params["inferenceProfileIdentifier"]
    row = find(request, wanted)
    if row is not None:
        return _summary(row)
    system = _system(request, wanted)
    if system is None:
        raise _missing(wanted)
    return system


def list_inference_profiles(request: Request) -> dict[str, Any]:
    """ListInferenceProfiles: system-defined ones first, then application profiles in order of creation."""
    keyed = _listed(request, request.params.get("typeEquals"))
    after = _position(request.params.get("nextToken"))
    rest = [item for item in keyed if item[0] > after]
    size = request.params.get("maxResults", PAGE_SIZE)
    page: dict[str, Any] = {"inferenceProfileSummaries": [summary for _, summary in rest[:size]]}
    if len(rest) > size:
        page["nextToken"] = base64.urlsafe_b64encode(rest[size - 1][0].encode()).decode()
    return page


def delete_inference_profile(request: Request) -> dict[str, Any]:
    """DeleteInferenceProfile; its usage stays in the metrics and on the bill."""
    wanted = request.params["inferenceProfileIdentifier"]
    row = find(request, wanted)
    if row is None:
        if _system(request, wanted) is not None:
            raise ServiceError("ValidationException", "A system-defined inference profile cannot be deleted.")
        raise _missing(wanted)
    request.store.db.execute("UPDATE profiles SET deleted = ? WHERE arn = ?", (request.now.timestamp(), row["arn"]))
    request.store.db.execute("DELETE FROM tags WHERE arn = ?", (row["arn"],))
    return {}


def tag_resource(request: Request) -> dict[str, Any]:
    """TagResource: adds or overwrites; 50 tags at most in the end."""
    arn = _taggable(request)
    new = _checked(request.params["tags"], arn)
    _checked([{"key": key, "value": value} for key, value in (tags_of(request, arn) | new).items()], arn)
    _write_tags(request, arn, new)
    return {}


def untag_resource(request: Request) -> dict[str, Any]:
    """UntagResource: unknown keys are ignored."""
    arn = _taggable(request)
    gone = [(arn, key) for key in request.params["tagKeys"]]
    request.store.db.executemany("DELETE FROM tags WHERE arn = ? AND key = ?", gone)
    return {}


def list_tags_for_resource(request: Request) -> dict[str, Any]:
    """ListTagsForResource, by key."""
    tags = tags_of(request, _taggable(request))
    return {"tags": [{"key": key, "value": value} for key, value in tags.items()]}


def find(request: Request, wanted: str) -> sqlite3.Row | None:
    """The caller's living application profile of this region with this id or ARN, or None."""
    found: sqlite3.Row | None = request.store.db.execute(
        "SELECT * FROM profiles WHERE (id = ? OR arn = ?) AND account = ? AND region = ? AND deleted IS NULL",
        (wanted, wanted, request.account, request.region),
    ).fetchone()
    return found


def profile_quota(request: Request) -> int:
    """How many application profiles an account may have in a region: setting ``profile_quota``, AWS's default 1000."""
    return int(request.store.setting("profile_quota", "1000"))


def tags_of(request: Request, arn: str) -> dict[str, str]:
    """Tags of a resource as key -> value, sorted by key."""
    rows = request.store.db.execute("SELECT key, value FROM tags WHERE arn = ? ORDER BY key", (arn,))
    return {row["key"]: row["value"] for row in rows}


def _replayed(request: Request, fingerprint: str) -> str | None:
    oldest = (request.now - CLIENT_TOKEN_LIFETIME).timestamp()
    request.store.db.execute("DELETE FROM client_tokens WHERE created < ?", (oldest,))
    row = request.store.db.execute(
        "SELECT fingerprint, arn FROM client_tokens WHERE account = ? AND region = ? AND token = ?",
        (request.account, request.region, request.params.get("clientRequestToken")),
    ).fetchone()
    if row is None:
        return None
    if row["fingerprint"] != fingerprint:
        problem = "The provided clientRequestToken was already used with different request parameters."
        raise ServiceError("ConflictException", problem)
    # As at AWS the request is ignored: also when that profile has been deleted since.
    return str(row["arn"])


def _remember(request: Request, fingerprint: str, arn: str) -> None:
    token = request.params.get("clientRequestToken")
    if token is not None:
        row = (request.account, request.region, token, fingerprint, arn, request.now.timestamp())
        request.store.db.execute("INSERT INTO client_tokens VALUES (?, ?, ?, ?, ?, ?)", row)


def _refuse_quota(request: Request) -> None:
    living = "SELECT COUNT(*) FROM profiles WHERE account = ? AND region = ? AND deleted IS NULL"
    count = request.store.db.execute(living, (request.account, request.region)).fetchone()[0]
    quota = profile_quota(request)
    if count >= quota:
        problem = f"You have reached the limit of {quota} inference profiles for this account in this Region."
        raise ServiceError("ServiceQuotaExceededException", problem)
    name = request.params["inferenceProfileName"]
    twin = request.store.db.execute(f"{living} AND name = ?", (request.account, request.region, name)).fetchone()[0]
    if twin and request.store.setting("unique_names", "0") == "1":
        raise ServiceError("ConflictException", f"An inference profile with the name {name} already exists.")


def _insert(request: Request, source: str, member_arns: list[str]) -> str:
    profile_id = _fresh_id(request)
    arn = f"arn:aws:bedrock:{request.region}:{request.account}:application-inference-profile/{profile_id}"
    now = request.now.timestamp()
    lag = float(request.store.setting("list_lag_seconds", "0"))
    name, description = request.params["inferenceProfileName"], request.params.get("description")
    members = json.dumps(member_arns)
    row = (profile_id, arn, request.account, request.region, name, description, source, members, now, now + lag)
    request.store.db.execute(
        "INSERT INTO profiles (id, arn, account, region, name, description, source, models, created, visible_from)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        row,
    )
    return arn


def _fresh_id(request: Request) -> str:
    """Twelve characters from the number of profiles ever made in the file: unique, and the same on every run."""
    ever = request.store.db.execute("SELECT COUNT(*) FROM profiles").fetchone()[0]
    number = int.from_bytes(hashlib.sha256(f"{request.region}/{ever}".encode()).digest()[:8], "big")
    return "".join(_DIGITS[number // 36**place % 36] for place in range(12))


def _checked(tags: list[dict[str, str]], resource: str) -> dict[str, str]:
    checked = {tag["key"]: tag["value"] for tag in tags}
    if len(checked) < len(tags):
        raise ServiceError("ValidationException", "Duplicate tag keys found. Please note that Tag keys are unique.")
    if any(key.lower().startswith("aws:") for key in checked):
        raise ServiceError("ValidationException", "aws: prefixed tag key names are not allowed for external use.")
    if len(checked) > MAX_TAGS:
        problem = f"The number of tags exceeds the limit of {MAX_TAGS} tags per resource."
        raise ServiceError("TooManyTagsException", problem, resourceName=resource)
    return checked


def _write_tags(request: Request, arn: str, tags: dict[str, str]) -> None:
    rows = [(arn, key, value) for key, value in tags.items()]
    request.store.db.executemany("INSERT OR REPLACE INTO tags VALUES (?, ?, ?)", rows)


def _taggable(request: Request) -> str:
    arn = str(request.params["resourceARN"])
    if kind_of_reference(arn) != "application-profile-arn":
        raise ServiceError("ValidationException", f"The resource {arn} cannot be tagged.")
    if find(request, arn) is None:
        raise _missing(arn)
    return arn


def _listed(request: Request, kind: str | None) -> list[tuple[str, dict[str, Any]]]:
    """Every profile this region shows now, each with its place in the order."""
    keyed: list[tuple[str, dict[str, Any]]] = []
    if kind != "APPLICATION":
        keyed += [(f"0/{ref.id}", models.system_profile(request, ref)) for ref in models.system_profiles(request)]
    if kind != "SYSTEM_DEFINED":
        visible = "SELECT * FROM profiles WHERE account = ? AND region = ? AND deleted IS NULL AND visible_from <= ?"
        rows = request.store.db.execute(visible, (request.account, request.region, request.now.timestamp()))
        keyed += [(f"1/{row['created']:017.6f}/{row['id']}", _summary(row)) for row in rows]
    return sorted(keyed, key=lambda item: item[0])


def _position(token: str | None) -> str:
    if token is None:
        return ""
    try:
        return base64.urlsafe_b64decode(token.encode()).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise ServiceError("ValidationException", "The provided nextToken is invalid.") from None


def _summary(row: sqlite3.Row) -> dict[str, Any]:
    created = datetime.fromtimestamp(row["created"], UTC)
    described = {} if row["description"] is None else {"description": row["description"]}
    return described | {
        "inferenceProfileName": row["name"],
        "createdAt": created,
        "updatedAt": created,
        "inferenceProfileArn": row["arn"],
        "models": [{"modelArn": arn} for arn in json.loads(row["models"])],
        "inferenceProfileId": row["id"],
        "status": "ACTIVE",
        "type": "APPLICATION",
    }


def _system(request: Request, wanted: str) -> dict[str, Any] | None:
    kind = kind_of_reference(wanted)
    if kind == "system-profile-arn" and wanted.split(":")[3:5] != [request.region, request.account]:
        return None
    ref = load().resolve(wanted) if kind in {"system-profile-id", "system-profile-arn"} else None
    shown = {candidate.id: candidate for candidate in models.system_profiles(request)}
    return models.system_profile(request, shown[ref.id]) if ref is not None and ref.id in shown else None


def _missing(wanted: str) -> ServiceError:
    return ServiceError("ResourceNotFoundException", f"The inference profile {wanted} could not be found.", 404)


OPERATIONS: dict[str, Handler] = {
    "CreateInferenceProfile": create_inference_profile,
    "GetInferenceProfile": get_inference_profile,
    "ListInferenceProfiles": list_inference_profiles,
    "DeleteInferenceProfile": delete_inference_profile,
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "ListTagsForResource": list_tags_for_resource,
    "ListFoundationModels": models.list_foundation_models,
    "GetFoundationModel": models.get_foundation_model,
    "GetFoundationModelAvailability": models.get_foundation_model_availability,
    **bedrock_logging.OPERATIONS,
}
