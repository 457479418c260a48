"""What a model refuses: AWS's rules for a Converse request beyond the service model, each with AWS's sentence."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from costsentry_cli.domain.catalog import Model
from costsentry_cli.sandbox.contract import ServiceError
from costsentry_cli.sandbox.services.runtime_prompt import Block

MAX_CACHE_POINTS = 4
_FROM_MODEL = "The model returned the following errors: "
_TOP_K_PLACES = ("top_k", "k", "topK", "inferenceConfig.topK")


def check(params: dict[str, Any], model: Model) -> None:
    """Refuse what this model would refuse of a Converse request; counting needs ``check_conversation`` only."""
    check_conversation(params, model)
    _check_sampling(params, model)
    _check_top_k(params, model)
    _check_max_tokens(params, model)


def check_conversation(params: dict[str, Any], model: Model) -> None:
    """Roles, empty content, the system prompt and the last turn."""
    messages = params.get("messages", [])
    _check_content(messages)
    _check_system(params, model)
    _check_roles([message["role"] for message in messages], model)
    last = messages[-1]
    if last["role"] == "assistant":
        _check_prefill(last, model)


def check_length(tokens: int, model: Model) -> None:
    """Refuse a prompt longer than the model's context."""
    if model.max_input is not None and tokens > model.max_input:
        raise _refusal(f"{_FROM_MODEL}Input is too long for requested model.")


def check_cache_points(blocks: list[Block], model: Model, *, one_hour: bool) -> None:
    """Cache points: model support, number, place and order; ``one_hour`` says whether the model has that price."""
    points = [block for block in blocks if block.ttl is not None]
    if points and not model.capabilities.caching:
        problem = "You invoked an unsupported model or your request did not allow prompt caching."
        raise ServiceError("AccessDeniedException", f"{problem} See the documentation for more information.", 403)
    if len(points) > MAX_CACHE_POINTS:
        limit = f"A maximum of {MAX_CACHE_POINTS} blocks with cache_control may be provided."
        raise _refusal(f"{_FROM_MODEL}{limit} Found {len(points)}.")
    ttls = [block.ttl for block in points]
    if "1h" in ttls and not one_hour:
        raise _malformed("ttl")
    if ttls != sorted(ttls, key=lambda ttl: ttl != "1h"):
        rule = "a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block."
        raise _refusal(f"{_FROM_MODEL}{rule}")


def _check_content(messages: list[dict[str, Any]]) -> None:
    for number, message in enumerate(messages):
        if not message["content"]:
            where = f"The content field in the Message object at messages.{number} is empty."
            raise _refusal(f"{where} Add a ContentBlock object to the content field and try again.")
        for place, block in enumerate(message["content"]):
            if "text" in block and not block["text"].strip():
                where = f"The text field in the ContentBlock object at messages.{number}.content.{place} is blank."
                raise _refusal(f"{where} Add text to the text field, and try again.")


def _check_system(params: dict[str, Any], model: Model) -> None:
    system = params.get("system", [])
    if system and not model.capabilities.system:
        problem = "This model doesn't support system messages."
        remedy = "Try again without a system message or use a model that supports system messages."
        raise _refusal(f"{problem} {remedy}")
    for place, block in enumerate(system):
        if "text" in block and not block["text"].strip():
            where = f"The text field in the SystemContentBlock object at system.{place} is blank."
            raise _refusal(f"{where} Add text to the text field, and try again.")


def _check_roles(roles: list[str], model: Model) -> None:
    if not roles or roles[0] != "user":
        problem = "A conversation must start with a user message."
        raise _refusal(f"{problem} Try again with a conversation that starts with a user message.")
    if "system" in roles and not model.capabilities.mid_system:
        problem = 'messages: Unexpected role "system". The Messages API accepts a top-level `system` parameter, '
        raise _refusal(f'{_FROM_MODEL}{problem}not "system" as an input message role.')
    turns = [role for role in roles if role != "system"]
    if any(one == other for one, other in pairwise(turns)):
        problem = "A conversation must alternate between user and assistant roles."
        remedy = "Make sure the conversation alternates between user and assistant roles and try again."
        raise _refusal(f"{problem} {remedy}")


def _check_prefill(last: dict[str, Any], model: Model) -> None:
    if not model.capabilities.prefill:
        problem = "This model does not support assistant message prefill."
        raise _refusal(f"{_FROM_MODEL}{problem} The conversation must end with a user message.")
    text = last["content"][-1].get("text", "")
    if model.provider == "Anthropic" and text != text.rstrip():
        problem = "messages: final assistant content cannot end with trailing whitespace"
        raise _refusal(f"{_FROM_MODEL}{problem}")


def _check_sampling(params: dict[str, Any], model: Model) -> None:
    given = sorted(_sampling(params))
    rule = model.capabilities.sampling
    if given and rule == "none":
        raise _refusal(f"{_FROM_MODEL}`{given[0]}` is deprecated for this model.")
    if len(given) > 1 and rule == "temperature_xor_top_p":
        problem = "`temperature` and `top_p` cannot both be specified for this model. Please use only one."
        raise _refusal(f"{_FROM_MODEL}{problem}")


def _sampling(params: dict[str, Any]) -> set[str]:
    """Which of temperature and top_p a request sets, in Converse's place or the model's own."""
    config, own = params.get("inferenceConfig", {}), _own_fields(params)
    converse = {name for name, ours in (("temperature", "temperature"), ("top_p", "topP")) if ours in config}
    return converse | ({"temperature", "top_p"} & own.keys())


def _check_top_k(params: dict[str, Any], model: Model) -> None:
    allowed = (model.capabilities.top_k or "").removeprefix("additional:")
    for place in _top_k_places(_own_fields(params)):
        if place == allowed:
            continue
        if model.capabilities.sampling == "none":
            raise _refusal(f"{_FROM_MODEL}`{place}` is deprecated for this model.")
        raise _malformed(place)


def _top_k_places(own: dict[str, Any]) -> Iterator[str]:
    nested = own.get("inferenceConfig")
    inner = set(nested) if isinstance(nested, dict) else set()
    present = own.keys() | {f"inferenceConfig.{name}" for name in inner}
    yield from (place for place in _TOP_K_PLACES if place in present)


def _check_max_tokens(params: dict[str, Any], model: Model) -> None:
    wanted = params.get("inferenceConfig", {}).get("maxTokens", 0)
    if model.max_output is not None and wanted > model.max_output:
        problem = f"The maximum tokens you requested exceeds the model limit of {model.max_output}."
        remedy = f"Try again with a maximum tokens value that is lower than {model.max_output}."
        raise _refusal(f"{problem} {remedy}")


def _own_fields(params: dict[str, Any]) -> dict[str, Any]:
    own = params.get("additionalModelRequestFields")
    return own if isinstance(own, dict) else {}


def _malformed(place: str) -> ServiceError:
    problem = f"Malformed input request: extraneous key [{place}] is not permitted,"
    return _refusal(f"{problem} please reformat your input and try again.")


def _refusal(message: str) -> ServiceError:
    return ServiceError("ValidationException", message)
