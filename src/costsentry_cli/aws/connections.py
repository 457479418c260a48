"""How a door comes to be: to AWS, to a stand-in on this machine, through a role."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path

import botocore.session
from botocore.credentials import DeferredRefreshableCredentials
from botocore.exceptions import BotoCoreError
from botocore.loaders import Loader

from costsentry_cli.aws.advice import no_region
from costsentry_cli.aws.door import Door
from costsentry_cli.aws.translation import translate
from costsentry_cli.domain.calls import ApiCall
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.pacing import Pace

ROLE_SECONDS = 3600  # what every role allows, also one assumed by a role


def connect(region: str | None = None, aws_profile: str | None = None) -> Door:
    """A door to AWS as the environment and the shared config files name it; SSO and endpoint variables included.

    The region is the argument, AWS_REGION, AWS_DEFAULT_REGION or the config file's, in this order.
    Raises ``SentryError`` CS0404 without a region and CS0405 for an unknown AWS profile.
    """
    try:
        session = _opened(aws_profile)
        found = region or os.environ.get("AWS_REGION") or session.get_config_variable("region")
        session.get_scoped_config()  # raises for a profile there is not
    except BotoCoreError as exception:
        raise translate(exception, None, 1) from exception
    if not found:
        raise SentryError("CS0404", "no AWS region is set", steps=no_region(botocore.session.Session()))
    return Door(session, found, opened=partial(_opened, aws_profile))


def _opened(aws_profile: str | None) -> botocore.session.Session:
    core = botocore.session.Session(profile=aws_profile)
    core.register_component("data_loader", _models(core.get_config_variable("data_path")))
    return core


@cache
def _models(further: str | None) -> Loader:
    """One reader of AWS's models for all sessions of the process: reading them again for each account that is reached
    costs more than calling it. ``further`` places to look, as AWS_DATA_PATH has them."""
    paths = [] if further is None else [str(Path(one).expanduser()) for one in further.split(os.pathsep)]
    return Loader(extra_search_paths=paths)


def connect_to(plug: Callable[[botocore.session.Session], None], region: str) -> Door:
    """A door to whatever ``plug`` puts behind the session: no real credentials, config files or endpoints are read."""
    opened = partial(_plugged, plug)
    session = opened()
    session.set_credentials("sandbox", "sandbox")
    return Door(session, region, ignore_configured_endpoints=True, opened=opened)


def _plugged(plug: Callable[[botocore.session.Session], None]) -> botocore.session.Session:
    core = botocore.session.Session(session_vars={"profile": (None, None, None, None)})
    core.set_config_variable("config_file", os.devnull)
    core.set_config_variable("credentials_file", os.devnull)
    core.register_component("data_loader", _models(None))
    plug(core)
    return core


def assume(
    door: Door,
    role_arn: str,
    *,
    external_id: str | None = None,
    session_name: str = "costsentry",
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Door:
    """A door to the same target as ``door``, through a role (``sts:AssumeRole``).

    The role is assumed through ``door`` at once and again before its credentials expire. Region, patience, endpoint
    rules and interruption are those of ``door``; pace and count of requests are the new door's own.
    Raises ``SentryError`` as every call does, CS0403 when the role may not be assumed.
    """
    named = {"RoleArn": role_arn, "RoleSessionName": session_name, "DurationSeconds": ROLE_SECONDS}
    call = ApiCall("sts", "AssumeRole", named | ({"ExternalId": external_id} if external_id else {}))

    def fresh() -> dict[str, str]:
        # Our own clock and the duration asked for: AWS's expiry would be misread by a clock that is wrong.
        expiry = now() + timedelta(seconds=ROLE_SECONDS)
        made = door.call(call)["Credentials"]
        names = {"access_key": "AccessKeyId", "secret_key": "SecretAccessKey", "token": "SessionToken"}
        return {ours: made[theirs] for ours, theirs in names.items()} | {"expiry_time": expiry.isoformat()}

    role = DeferredRefreshableCredentials(fresh, "assume-role", now)
    role.get_frozen_credentials()  # at once: a role that may not be assumed is the caller's first news
    session, pace = door.opened(), Pace(bound=door.pace.bound)
    session.register_component("credential_provider", _Given(role))
    own_way = door.ignore_configured_endpoints
    return Door(session, door.region, door.patience, pace, door.interrupt, own_way, door.opened, door.timeouts)


@dataclass(frozen=True)
class _Given:
    """The library's credential provider, when the credentials are known."""

    credentials: DeferredRefreshableCredentials

    def load_credentials(self) -> DeferredRefreshableCredentials:
        """What the library asks for."""
        return self.credentials


def identity(door: Door, then: Sequence[str] = ()) -> str:
    """The account number the credentials belong to; meanwhile clients are made of the services called ``then``."""
    if then:
        door.prepare("sts")  # first: clients are made one after the other
        threading.Thread(target=door.prepare, args=then, daemon=True).start()
    return str(door.call(ApiCall("sts", "GetCallerIdentity"))["Account"])
