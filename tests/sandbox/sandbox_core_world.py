"""What the tests of the sandbox's core share: a fixed clock, sessions, small services and raw requests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from botocore.config import Config
from botocore.loaders import Loader
from botocore.session import Session

from costsentry_cli.sandbox import Sandbox
from costsentry_cli.sandbox.contract import Handler, HttpRequest, Request

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ARN = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123def456"
# Of all sessions: botocore's models are read once a process, not once a client.
_LOADER = Loader()
ONE_ATTEMPT = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=30)


def sandbox_at_noon(path: Path, operations: Mapping[str, Mapping[str, Handler]] | None = None) -> Sandbox:
    """A new sandbox whose clock stands still."""
    return Sandbox(path / "sandbox.db", clock=lambda: NOON, operations={} if operations is None else operations)


def session() -> Session:
    """A session with credentials that open nothing and no configuration files."""
    made = Session(session_vars={"config_file": (None, None, "/dev/null", None)})
    made.set_credentials("AKIASANDBOXSANDBOX00", "sandbox")
    made.register_component("data_loader", _LOADER)
    return made


def client(sandbox: Sandbox, service: str, region: str = "us-east-1", config: Config = ONE_ATTEMPT) -> Any:
    """A real botocore client, plugged into the sandbox."""
    return _plugged(sandbox).create_client(service, region_name=region, config=config)


@lru_cache(maxsize=4)
def _plugged(sandbox: Sandbox) -> Session:
    """One session a sandbox: a session's handlers take longer to set up than most calls take."""
    made = session()
    sandbox.plug(made)
    return made


def served_client(url: str, service: str, region: str = "us-east-1") -> Any:
    """A real botocore client that talks HTTP to a served sandbox."""
    return session().create_client(service, region_name=region, endpoint_url=url, config=ONE_ATTEMPT)


def signed(service: str, region: str = "us-east-1") -> dict[str, str]:
    """The part of a signature the sandbox reads."""
    scope = f"AKIASANDBOXSANDBOX00/20261123/{region}/{service}/aws4_request"
    return {"authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"}


def post(service: str, target: str, body: bytes = b"{}") -> HttpRequest:
    """A JSON-protocol request."""
    return HttpRequest("POST", "/", {**signed(service), "x-amz-target": target}, body)


class Recorder:
    """A handler that keeps what it was asked and answers what it was given."""

    def __init__(self, output: dict[str, Any]) -> None:
        self.output = output
        self.requests: list[Request] = []

    def __call__(self, request: Request) -> dict[str, Any]:
        self.requests.append(request)
        return self.output

    @property
    def params(self) -> dict[str, Any]:
        """The parameters of the only request."""
        (request,) = self.requests
        return request.params


def role_client(sandbox: Sandbox, role_arn: str, service: str, region: str = "us-east-1", **asked: Any) -> Any:
    """A client of a session that assumed a role."""
    answer = client(sandbox, "sts").assume_role(RoleArn=role_arn, RoleSessionName="tests", **asked)
    keys = answer["Credentials"]
    plugged = session()
    plugged.set_credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    sandbox.plug(plugged)
    return plugged.create_client(service, region_name=region, config=ONE_ATTEMPT)
