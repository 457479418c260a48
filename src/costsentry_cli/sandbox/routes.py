"""From an HTTP request to an operation of AWS's models: by signing name, target header, action or URI template."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel

from costsentry_cli.sandbox.answered import SERVICES
from costsentry_cli.sandbox.contract import HttpRequest, ServiceError

DEFAULT_REGION = "us-east-1"
CBOR = "smithy-rpc-v2-cbor"

# Services that sign with one name, in the order they are asked whether a request is theirs.
_BY_SIGNING_NAME: dict[str, tuple[str, ...]] = {
    "bedrock": ("bedrock", "bedrock-runtime", "bedrock-agent", "bedrock-agent-runtime"),
    "monitoring": ("cloudwatch",),
    "servicequotas": ("service-quotas",),
    "tagging": ("resourcegroupstaggingapi",),
    "states": ("stepfunctions",),
}
# Asked when a request carries no signature at all (a bearer token, a plain HTTP client).
_UNSIGNED = ("bedrock", "bedrock-runtime", "ce", "cloudwatch", "sts", "budgets", "pricing", "dynamodb", "logs", "sns")

_SCOPE = re.compile(r"Credential=[^/,]+/\d{8}/([^/,]+)/([^/,]+)/aws4_request")
_HOST = re.compile(r"([a-z0-9-]+)\.(?:([a-z0-9-]+)\.)?amazonaws\.com")
_CBOR_PATH = re.compile(r"/service/([^/]+)/operation/([^/]+)")
_LABEL = re.compile(r"\{([^}+]+)(\+?)\}")


@dataclass(frozen=True)
class Caller:
    """What a request says of itself before it is routed: candidates (botocore's service names) and region."""

    services: tuple[str, ...]
    region: str


@dataclass(frozen=True)
class Route:
    """A request's operation, the wire protocol it speaks, the region and the labels of its URI, decoded."""

    model: OperationModel
    protocol: str
    region: str
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def service(self) -> str:
        """botocore's service name."""
        return str(self.model.service_model.service_name)

    @property
    def operation(self) -> str:
        """The operation's name in the model."""
        return str(self.model.name)


class Models:
    """botocore's service models, each loaded once; a session's loader is used so that nothing is read twice."""

    def __init__(self) -> None:
        self.loader = Loader()
        self._loaded: dict[str, ServiceModel | None] = {}

    def service(self, name: str) -> ServiceModel | None:
        """The model of a service by botocore's name, None when there is no such service."""
        if name not in self._loaded:
            try:
                description = self.loader.load_service_model(
                    name, "service-2", api_version=None
                )  # a client's cache key
            except UnknownServiceError:
                self._loaded[name] = None
            else:
                self._loaded[name] = ServiceModel(description, service_name=name)
        return self._loaded[name]

    def names(self) -> list[str]:
        """Every service botocore has a model of."""
        return list(self.loader.list_available_services("service-2"))


@cache
def shipped_models() -> Models:
    """The models of the installed botocore, shared by every sandbox of this process."""
    return Models()


def split(request: HttpRequest) -> SplitResult:
    """The URL's parts; of one that cannot be read, those of ``/``."""
    try:
        return urlsplit(request.url)
    except ValueError:
        return urlsplit("/")


def unknown(service: str, operation: str) -> ServiceError:
    """The answer to what the sandbox does not have; 501 is a status no SDK retries.

    Of a service it lacks altogether the operation is not said: URIs alone do not tell S3's PutObject from CopyObject.
    """
    name = f"{service}.{operation}" if service in SERVICES else f"the service {service}"
    return _refused(f"the sandbox does not have {name}")


def _refused(words: str) -> ServiceError:
    return ServiceError("UnknownOperationException", words, 501)


def caller(request: HttpRequest) -> Caller:
    """Signing name and region from the credential scope, else from the host, else every service there is."""
    parts = split(request)
    query = unquote(parts.query) if "X-Amz-Credential" in parts.query else ""
    scope = _SCOPE.search(request.headers.get("authorization", "") or query.replace("X-Amz-", ""))
    host = _HOST.fullmatch(parts.hostname or request.headers.get("host", ""))
    if host and scope:
        return Caller(_narrowed(host[1], scope[2]), scope[1])
    if scope:
        return Caller(_BY_SIGNING_NAME.get(scope[2], (scope[2],)), scope[1])
    if host:
        return Caller(_BY_SIGNING_NAME.get(host[1], (host[1],)), host[2] or DEFAULT_REGION)
    return Caller(_UNSIGNED, DEFAULT_REGION)


def _narrowed(host: str, signing_name: str) -> tuple[str, ...]:
    candidates = _BY_SIGNING_NAME.get(signing_name, (signing_name,))
    return (host,) if host in candidates else candidates


def resolve(request: HttpRequest, models: Models) -> Route:
    """The request's operation. Raises ``ServiceError`` UnknownOperationException (501) when no model has it."""
    who = caller(request)
    for name in who.services:
        model = models.service(name)
        if model is None:
            continue
        route = _match(request, model, who.region)
        if route is not None:
            return route
    raise _unresolved(request, who.services)


def protocol_of(request: HttpRequest, models: Models) -> str:
    """The protocol to answer in when the operation is unknown."""
    if "x-amz-target" in request.headers:
        return "json"
    if _CBOR_PATH.fullmatch(split(request).path):
        return CBOR
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return "query"
    model = models.service(caller(request).services[0])
    return str(model.protocol) if model is not None else "rest-json"


def _unresolved(request: HttpRequest, candidates: tuple[str, ...]) -> ServiceError:
    """The answer to a request that no model has: it names the service and the operation as far as they are known."""
    called = _called(request)
    if len(candidates) == 1 and (called or candidates[0] not in SERVICES):
        return unknown(candidates[0], called)
    return _refused(f"the sandbox cannot tell which operation {called or f'{request.method} {split(request).path}'} is")


def _called(request: HttpRequest) -> str:
    """The operation's name where the client gives one, by target header or action; else empty."""
    return request.headers.get("x-amz-target", "").rpartition(".")[2] or _action(request).get("Action", "")


def _match(request: HttpRequest, model: ServiceModel, region: str) -> Route | None:
    protocols = model.metadata.get("protocols") or [model.protocol]
    if any(name in protocols for name in ("rest-json", "rest-xml")):
        return _match_uri(request, model, region)
    name, protocol = _named(request, model, protocols)
    if name and name in model.operation_names:
        return Route(model.operation_model(name), protocol, region)
    return None


def _named(request: HttpRequest, model: ServiceModel, protocols: list[str]) -> tuple[str, str]:
    """Operation and protocol of a request that names its operation; empty when it is another service's."""
    metadata: dict[str, Any] = model.metadata
    prefix, _, target = request.headers.get("x-amz-target", "").rpartition(".")
    if target:
        return (target, "json") if prefix == metadata.get("targetPrefix") else ("", "")
    if path := _CBOR_PATH.fullmatch(split(request).path):
        return (path[2], CBOR) if path[1] == metadata.get("targetPrefix") else ("", "")
    action = _action(request)
    if action.get("Version") == metadata.get("apiVersion"):
        return action.get("Action", ""), "ec2" if "ec2" in protocols else "query"
    return "", ""


def _action(request: HttpRequest) -> dict[str, str]:
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(request.body.decode("utf-8", "replace")))
    return dict(parse_qsl(split(request).query))


@dataclass(frozen=True)
class _Template:
    """One operation's URI template, ready to match."""

    method: str
    path: re.Pattern[str]
    query: Mapping[str, str]
    names: tuple[str, ...]
    operation: str
    weight: tuple[int, int]


def _match_uri(request: HttpRequest, model: ServiceModel, region: str) -> Route | None:
    parts = split(request)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    for template in _templates(model):
        if template.method != request.method:
            continue
        match = template.path.fullmatch(parts.path)
        if match and all(query.get(key) == value for key, value in template.query.items()):
            labels = {name: unquote(text) for name, text in zip(template.names, match.groups(), strict=True)}
            return Route(model.operation_model(template.operation), str(model.protocol), region, labels)
    return None


@cache
def _templates(model: ServiceModel) -> tuple[_Template, ...]:
    """The most literal templates first: ``/a/list`` is tried before ``/a/{id}``, fixed queries before none."""
    return tuple(sorted(_each_template(model), key=lambda template: template.weight, reverse=True))


def _each_template(model: ServiceModel) -> Iterator[_Template]:
    for name in model.operation_names:
        http = model.operation_model(name).http
        path, _, query = http["requestUri"].partition("?")
        expression, literal, at = "", 0, 0
        for label in _LABEL.finditer(path):
            fixed = path[at : label.start()]
            expression += re.escape(fixed) + ("(.+)" if label[2] else "([^/]+)")
            literal, at = literal + len(fixed), label.end()
        expression += re.escape(path[at:])
        fixed_query = dict(parse_qsl(query, keep_blank_values=True))
        names = tuple(label[1] for label in _LABEL.finditer(path))
        weight = (literal + len(path) - at, len(fixed_query))
        yield _Template(http["method"], re.compile(expression), fixed_query, names, name, weight)
