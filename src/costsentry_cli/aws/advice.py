"""What the machine and the answer add to a refusal: why it happened here, and what to paste.

The table says what an exception means; this says it of this machine: its AWS profiles, region, endpoint, proxy, clock.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import botocore.session
from botocore.exceptions import BotoCoreError, ClientError

from costsentry_cli.aws import sign_in
from costsentry_cli.aws.answers import headers_of
from costsentry_cli.domain import iam_actions
from costsentry_cli.domain.aws_error_rows import Row
from costsentry_cli.domain.calls import ApiCall
from costsentry_cli.domain.client_error_rows import NO_SUCH_PLACE
from costsentry_cli.domain.errors import Step
from costsentry_cli.domain.skew import TOLD, apart, words

ENDPOINTS = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_BEDROCK", "AWS_ENDPOINT_URL_BEDROCK_RUNTIME")
PROXIES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")
USUAL_REGION = "us-east-1"
_ACTION = re.compile(r"not authorized to perform:? ([a-z0-9-]+:[A-Za-z*]+)")
_USER = re.compile(r"(?<=://)[^/@\s]+@")


@dataclass(frozen=True)
class Advice:
    """What is to be said beside the table's row; ``row`` and ``message`` replace the table's and the library's own."""

    details: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    row: Row | None = None
    message: str = ""


@dataclass(frozen=True)
class Site:
    """Where a call was made from: a library session of its own, the region, how the credentials came, the clock."""

    session: botocore.session.Session
    region: str = ""
    method: Callable[[], str] = lambda: ""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


def of_exception(exception: Exception, site: Site) -> Advice:
    """What the machine adds to an exception of the library's own."""
    for cls in type(exception).__mro__:
        teller = _TELLERS.get(cls.__name__)
        if teller is not None:
            return teller(exception, site)
    return Advice()


def of_answer(exception: ClientError, row: Row, call: ApiCall, site: Site) -> Advice:
    """What the answer and the machine add to a refusal of AWS's."""
    if _is_page(exception):
        return Advice(("a web page came in place of AWS's own words", *_way()))
    if row.code == "CS0402":
        method = site.method()
        return Advice(sign_in.origin_of(method), sign_in.instead_of(method, site.session))
    if row.code == "CS0408":
        return Advice(_skew(exception, site))
    if row.code == "CS0403":
        return Advice(_actions(str(exception.response.get("Error", {}).get("Message", "")), call))
    return Advice()


def no_region(session: botocore.session.Session) -> tuple[Step, ...]:
    """The ways to name a region."""
    names = sign_in.profiles(session)
    asked = Step(f"sentry ... --region {USUAL_REGION}"), Step(f"export AWS_REGION={USUAL_REGION}", "for all commands")
    return (*asked, Step(f"aws configure set region {USUAL_REGION}")) if names else asked


def _actions(sentence: str, call: ApiCall) -> tuple[str, ...]:
    """AWS's own word for the action where it says it, else ours by the operation."""
    named = _ACTION.search(sentence)
    if named is not None:
        return (f"the IAM action needed is {named[1]}",)
    own = iam_actions.actions(call.service, call.operation)
    more = f", with it {' and '.join(own[1:])}" if own[1:] else ""
    return (f"the IAM action needed is {own[0]}{more}",) if own else ()


def _skew(exception: ClientError, site: Site) -> tuple[str, ...]:
    """By how much this machine's clock differs from AWS's, read off the answer's own date."""
    now = site.now()
    found = apart(now, now, headers_of(exception))
    return (words(found),) if found is not None and abs(found) > TOLD else ()


def _is_page(exception: ClientError) -> bool:
    return "html" in str(headers_of(exception).get("content-type", "")).lower()


def _way() -> tuple[str, ...]:
    """The endpoint and the proxy that the environment names; user names and passwords left out."""
    named = [(name, os.environ[name]) for name in (*ENDPOINTS, *PROXIES) if os.environ.get(name)]
    return tuple(f"{name} is {_USER.sub('', value)}" for name, value in named)


def _credentials(exception: BotoCoreError, site: Site) -> Advice:
    looked, steps = sign_in.looked_in(site.session, site.now()), sign_in.ways_in(site.session)
    if "Partial" not in type(exception).__name__:
        return Advice(looked, steps, message="no AWS credentials found")
    lacks = str(getattr(exception, "kwargs", {}).get("cred_var", ""))
    has = next((half for half in sign_in.HALVES if half != lacks), "")
    return Advice(looked, (Step(f"unset {has}", f"or set {lacks}, too"), *steps) if lacks in sign_in.HALVES else steps)


def _session(exception: BotoCoreError, site: Site) -> Advice:
    del exception
    again = sign_in.signed_in_again(site.session) or Step("aws sso login", sign_in.AGAIN)
    others = [step for step in sign_in.ways_in(site.session) if step != again]
    return Advice(steps=(again, *others))


def _login(exception: BotoCoreError, site: Site) -> Advice:
    own = sign_in.signed_in_again(site.session)
    if own is not None and own.command.startswith("aws login"):
        return _session(exception, site)
    return Advice(steps=(Step("aws login", sign_in.AGAIN), sign_in.SANDBOX))


def _profile(exception: BotoCoreError, site: Site) -> Advice:
    wrong = str(getattr(exception, "kwargs", {}).get("profile", ""))
    details, steps = sign_in.meant(site.session, wrong)
    return Advice(details, steps, message=f"there is no AWS profile {wrong!r}")


def _region(exception: BotoCoreError, site: Site) -> Advice:
    wrong = str(getattr(exception, "kwargs", {}).get("region_name", "") or site.region)
    return Advice(steps=_near(wrong, site))


def _near(wrong: str, site: Site) -> tuple[Step, ...]:
    """The regions whose names are as near as can be, the most used one first; without any, how to name one."""
    near = difflib.get_close_matches(wrong, _regions(site), n=8)
    alike = {name: difflib.SequenceMatcher(None, name, wrong).ratio() for name in near}
    best = sorted((name for name in near if alike[name] == max(alike.values())), key=lambda name: name != USUAL_REGION)
    steps = (Step(f"sentry ... --region {name}", "did you mean this one?") for name in best[:2])
    return tuple(steps) or no_region(site.session)


def _regions(site: Site) -> tuple[str, ...]:
    session: Any = site.session
    partitions = session.get_available_partitions()
    return tuple(name for one in partitions for name in session.get_available_regions("sts", one))


def _unreached(exception: BotoCoreError, site: Site) -> Advice:
    """No connection: a region that is not one, an endpoint of the environment's, or no name server."""
    url = str(getattr(exception, "kwargs", {}).get("endpoint_url", ""))
    why = str(getattr(exception, "kwargs", {}).get("error", ""))
    way = _way()
    known = _regions(site)
    region = next((part for part in re.split(r"[./]", url) if part == site.region), "")
    if region and region not in known and not way:
        return Advice((f"{region} is no region that is known here",), _near(region, site), row=NO_SUCH_PLACE)
    unresolved = "resolve" in why.lower() or "name or service" in why.lower()
    told = ("the name of the host could not be looked up",) if unresolved else ()
    return Advice((*told, *way), _unset(way))


def _unset(way: tuple[str, ...]) -> tuple[Step, ...]:
    endpoint = next((line.split(" ")[0] for line in way if line.startswith("AWS_ENDPOINT_URL")), "")
    return (Step(f"unset {endpoint}", "or start what listens there"),) if endpoint else ()


def _encrypted(exception: BotoCoreError, site: Site) -> Advice:
    """TLS: a plain port, a company's own certificates, or a wrong clock."""
    del site
    why = str(getattr(exception, "kwargs", {}).get("error", "")).lower()
    if "wrong_version" in why or "record layer" in why or "unexpected_message" in why:
        return Advice(("what listens there does not speak TLS: http:// was meant?", *_way()), _unset(_way()))
    if "not yet valid" in why or "has expired" in why:
        return Advice(("the certificate is not valid now: is this machine's clock right?", *_way()))
    if "certificate" in why:
        step = Step("export AWS_CA_BUNDLE=/path/to/company-ca.pem", "where a proxy has certificates of its own")
        return Advice(("nobody this machine trusts has signed the certificate", *_way()), (step,))
    return Advice(_way())


def _proxied(exception: BotoCoreError, site: Site) -> Advice:
    del exception, site
    name = next((name for name in PROXIES if os.environ.get(name)), "HTTPS_PROXY")
    return Advice(_way(), (Step(f"unset {name}", "or mend it"), Step("export NO_PROXY=amazonaws.com", "to go around")))


_TELLERS: Mapping[str, Callable[[Any, Site], Advice]] = {
    "NoCredentialsError": _credentials,
    "NoAuthTokenError": _credentials,
    "PartialCredentialsError": _credentials,
    "SSOError": _session,
    "TokenRetrievalError": _session,
    "LoginError": _login,
    "ProfileNotFound": _profile,
    "NoRegionError": _region,
    "InvalidRegionError": _region,
    "UnknownRegionError": _region,
    "BaseEndpointResolverError": _region,
    "EndpointProviderError": _region,
    "EndpointConnectionError": _unreached,
    "ConnectTimeoutError": _unreached,
    "SSLError": _encrypted,
    "ProxyConnectionError": _proxied,
    "WebPage": lambda _, __: Advice(_way()),
}
