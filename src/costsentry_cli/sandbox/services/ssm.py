"""`ssm`: Parameter Store, enough to publish what was made: put, get, delete and list by path.

Only the newest version of a parameter is kept. Tags, policies, allowed patterns and key ids are taken and not kept.
"""

from __future__ import annotations

import base64
import hashlib
import re
import sqlite3
from datetime import UTC, datetime
from typing import Any

from costsentry_cli.sandbox.contract import Handler, Request, ServiceError

_NAME = re.compile(r"[a-zA-Z0-9_.\-/]+")
_LONGEST = {"Standard": 4096, "Advanced": 8192, "Intelligent-Tiering": 8192}
_DEEPEST = 15
_PAGE = 10


def put_parameter(request: Request) -> dict[str, Any]:
    """PutParameter: a new one needs a type, an existing one ``Overwrite``."""
    params = request.params
    name, tier = params["Name"], params.get("Tier", "Standard")
    _check_name(name)
    _check_value(params["Value"], tier)
    known = _find(request, name)
    if known is not None and not params.get("Overwrite", False):
        problem = (
            "The parameter already exists. To overwrite this value, set the overwrite option in the request to true."
        )
        raise ServiceError("ParameterAlreadyExists", problem)
    if known is None and "Type" not in params:
        raise ServiceError("ValidationException", "A parameter type is required when you create a parameter.")
    kind, version = (params["Type"], 1) if known is None else (params.get("Type", known["type"]), known["version"] + 1)
    row = (*_key(request, name), params["Value"], kind, version, request.now.timestamp())
    request.store.db.execute(
        "INSERT OR REPLACE INTO parameters VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*row, params.get("DataType", "text"), tier),
    )
    return {"Version": version, "Tier": "Standard" if tier == "Intelligent-Tiering" else tier}


def get_parameter(request: Request) -> dict[str, Any]:
    """GetParameter by name, ARN or ``name:version``; a SecureString is only readable ``WithDecryption``."""
    name, _, version = _named(request, request.params["Name"]).partition(":")
    row = _find(request, name)
    if row is None:
        raise ServiceError("ParameterNotFound", "")
    if version and version != str(row["version"]):
        problem = f"Systems Manager could not find version {version} of {name}. Verify the version and try again."
        raise ServiceError("ParameterVersionNotFound", problem)
    shown = _shown(request, row)
    return {"Parameter": shown | ({"Selector": f":{version}"} if version else {})}


def delete_parameter(request: Request) -> dict[str, Any]:
    """DeleteParameter by name or ARN."""
    key = _key(request, _named(request, request.params["Name"]))
    gone = request.store.db.execute("DELETE FROM parameters WHERE account = ? AND region = ? AND name = ?", key)
    if not gone.rowcount:
        raise ServiceError("ParameterNotFound", "")
    return {}


def get_parameters_by_path(request: Request) -> dict[str, Any]:
    """GetParametersByPath, by name, 10 a page at most; filters are refused."""
    params = request.params
    if params.get("ParameterFilters"):
        raise ServiceError("InvalidFilterKey", "The sandbox has no parameter filters.")
    path = params["Path"].rstrip("/") + "/"
    if not path.startswith("/"):
        raise ServiceError("ValidationException", "The parameter path must begin with a slash.")
    rows = [row for row in _all(request) if _is_below(row["name"], path, recursive=params.get("Recursive", False))]
    after = _position(params.get("NextToken"))
    rows = [row for row in rows if row["name"] > after]
    size = params.get("MaxResults", _PAGE)
    page: dict[str, Any] = {"Parameters": [_shown(request, row) for row in rows[:size]]}
    if len(rows) > size:
        page["NextToken"] = base64.urlsafe_b64encode(rows[size - 1]["name"].encode()).decode()
    return page


def _key(request: Request, name: str) -> tuple[str, str, str]:
    return request.account, request.region, name


def _find(request: Request, name: str) -> sqlite3.Row | None:
    found: sqlite3.Row | None = request.store.db.execute(
        "SELECT * FROM parameters WHERE account = ? AND region = ? AND name = ?", _key(request, name)
    ).fetchone()
    return found


def _all(request: Request) -> list[sqlite3.Row]:
    query = "SELECT * FROM parameters WHERE account = ? AND region = ? ORDER BY name"
    return request.store.db.execute(query, (request.account, request.region)).fetchall()


def _arn(request: Request, name: str) -> str:
    return f"arn:aws:ssm:{request.region}:{request.account}:parameter/{name.removeprefix('/')}"


def _named(request: Request, wanted: str) -> str:
    """The name in an own ARN, where a hierarchy's leading slash is part of the separator; else what came."""
    name = wanted.removeprefix(_arn(request, ""))
    return f"/{name}" if name != wanted and "/" in name else name


def _is_below(name: str, path: str, *, recursive: bool) -> bool:
    return name.startswith(path) and (recursive or "/" not in name.removeprefix(path))


def _position(token: str | None) -> str:
    """The name a page begins after, empty for the first page."""
    if token is None:
        return ""
    try:
        name = base64.b64decode(token, altchars="-_", validate=True).decode()
    except ValueError:
        name = ""
    if not name:
        raise ServiceError("InvalidNextToken", "The specified token is not valid.")
    return name


def _shown(request: Request, row: sqlite3.Row) -> dict[str, Any]:
    sealed = row["type"] == "SecureString" and not request.params.get("WithDecryption", False)
    return {
        "Name": row["name"],
        "Type": row["type"],
        "Value": _sealed(row["value"]) if sealed else row["value"],
        "Version": row["version"],
        "LastModifiedDate": datetime.fromtimestamp(row["modified"], UTC),
        "ARN": _arn(request, row["name"]),
        "DataType": row["data_type"],
    }


def _sealed(value: str) -> str:
    """Something that looks like a ciphertext and cannot be read back."""
    return base64.b64encode(hashlib.sha512(value.encode()).digest()).decode()


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        problem = "Parameter name: can only contain letters, numbers and the symbols . - _ / (no whitespace)."
        raise ServiceError("ValidationException", problem)
    if "/" in name and not name.startswith("/"):
        raise ServiceError("ValidationException", "Parameter name must be a fully qualified name.")
    if name.removeprefix("/").lower().startswith(("aws", "ssm")):
        problem = 'Parameter name: can\'t be prefixed with "aws" or "ssm" (case-insensitive).'
        raise ServiceError("ValidationException", problem)
    if name.count("/") > _DEEPEST:
        problem = f"A parameter name hierarchy has {_DEEPEST} levels at most."
        raise ServiceError("HierarchyLevelLimitExceededException", problem)


def _check_value(value: str, tier: str) -> None:
    longest = _LONGEST[tier]
    if not value:
        raise ServiceError("ValidationException", "Parameter value can't be empty.")
    if len(value) > longest:
        problem = f"{tier} tier parameters support a maximum parameter value of {longest} characters."
        raise ServiceError("ValidationException", problem)


OPERATIONS: dict[str, Handler] = {
    "PutParameter": put_parameter,
    "GetParameter": get_parameter,
    "DeleteParameter": delete_parameter,
    "GetParametersByPath": get_parameters_by_path,
}
