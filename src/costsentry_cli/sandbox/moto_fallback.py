"""The rest of AWS, by moto: imported at the first call to one of its services, its state kept in our file.

moto's own seams are not used: ``mock_aws`` changes the environment of the process, and its event handler would apply a
write twice. Its dispatcher is called directly, under one lock, because its conditional writes are not atomic.
"""

from __future__ import annotations

import pickle
import threading
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import moto
from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from moto.backends import get_backend
from moto.core.botocore_stubber import BotocoreStubber

from costsentry_cli.sandbox.contract import ACCOUNT, HttpRequest, HttpResponse, ServiceError
from costsentry_cli.sandbox.routes import Route
from costsentry_cli.sandbox.store import Store

_READS = ("Get", "List", "Describe", "Query", "Scan", "BatchGet", "Filter")

_lock = threading.RLock()
"""moto's backends are module globals: one call at a time. Across processes the caller's transaction does it."""


@dataclass(frozen=True)
class _Loaded:
    """Which file's state stands in moto's backends, and which of its generations."""

    path: Path
    generation: int


_loaded: dict[str, _Loaded] = {}


def answer(store: Store, route: Route, request: HttpRequest, account: str) -> HttpResponse:
    """moto's answer to a caller of ``account``; the caller holds the transaction and rolls it back when this raises.

    Raises ``ServiceError`` 501 for what moto does not have.
    """
    with _lock:
        generation = _load(store, route.service)
        try:
            response = _dispatch(route, request, account)
            if not route.operation.startswith(_READS):
                _save(store, route.service, generation + 1)
        except BaseException:
            _loaded.pop(route.service, None)  # what stands in memory is not what the file will hold
            raise
    return response


def _load(store: Store, service: str) -> int:
    """Bring the file's state into moto's backends unless it is there; its generation."""
    query = "SELECT version, generation, blob FROM moto_state WHERE service = ?"
    row = store.db.execute(query, (service,)).fetchone()
    if row is not None and row["version"] != moto.__version__:
        _drop(store, service, row["version"])
        row = None
    generation = 0 if row is None else int(row["generation"])
    if _loaded.get(service) != _Loaded(store.path, generation) or generation == 0:
        # Written by ``_save`` into a file only its owner can write (0600).
        _fill(service, {} if row is None else pickle.loads(row["blob"]))  # noqa: S301
        _loaded[service] = _Loaded(store.path, generation)
    return generation


def _drop(store: Store, service: str, version: str) -> None:
    """Pickled state is only good for the version that wrote it; that it went is noted in the settings."""
    store.db.execute("DELETE FROM moto_state WHERE service = ?", (service,))
    store.set_setting(f"moto_dropped:{service}", f"written by moto {version}, this is {moto.__version__}")


def _fill(service: str, accounts: dict[str, dict[str, Any]]) -> None:
    backends: Any = get_backend(service.replace("-", ""))  # type: ignore[call-overload]
    for regions in list(backends.values()):
        regions.clear()
    for account, regions in accounts.items():
        for region, backend in regions.items():
            dict.__setitem__(backends[account], region, backend)


def _save(store: Store, service: str, generation: int) -> None:
    backends: Any = get_backend(service.replace("-", ""))  # type: ignore[call-overload]
    accounts = {account: dict(regions) for account, regions in backends.items()}
    blob = pickle.dumps(accounts, protocol=pickle.HIGHEST_PROTOCOL)
    store.db.execute(
        "INSERT OR REPLACE INTO moto_state (service, version, generation, blob) VALUES (?, ?, ?, ?)",
        (service, moto.__version__, generation, blob),
    )
    _loaded[service] = _Loaded(store.path, generation)


def _dispatch(route: Route, request: HttpRequest, account: str = ACCOUNT) -> HttpResponse:
    parts = urlsplit(request.url)
    host = f"{route.model.service_model.endpoint_prefix}.{route.region}.amazonaws.com"
    url = f"https://{host}{parts.path or '/'}" + (f"?{parts.query}" if parts.query else "")
    headers = HTTPHeaders()
    for name, item in request.headers.items():
        headers[name] = host if name == "host" else item
    headers["x-moto-account-id"] = account
    stubber = BotocoreStubber()
    stubber.enabled = True
    prepared = AWSPreparedRequest(request.method, url, headers, request.body, stream_output=False)
    try:
        response = stubber("before-send", prepared)
    except NotImplementedError:
        response = None
    if response is None or (response.status_code == 404 and response.content == b"Not yet implemented"):
        raise ServiceError(
            "UnknownOperationException", f"the sandbox does not have {route.service}.{route.operation}", 501
        )
    return HttpResponse(response.status_code, _plain(response.headers), BytesIO(response.content).getvalue())


def _plain(headers: Any) -> dict[str, str]:
    return {str(name): str(item) for name, item in headers.items() if str(name).lower() != "content-length"}
