"""Foundation models and system-defined inference profiles, as `bedrock` shows them; what a profile can be made from.

Setting ``model_denied:<base model id>`` = 1 takes the agreement for a model away.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, time
from typing import Any

from costsentry_cli.domain.catalog import Model, ModelRef, kind_of_reference, load
from costsentry_cli.sandbox.contract import Request, ServiceError

END_OF_LIFE = (
    "This model version has reached the end of its life. Please refer to the AWS documentation for more details."
)
DENIED = "You don't have access to the model with the specified model ID."
INVALID_MODEL = "The provided model identifier is invalid."

_MOST_MEMBERS = 5


def model_arn(region: str, model_id: str) -> str:
    """ARN of a foundation model in a region."""
    return f"arn:aws:bedrock:{region}::foundation-model/{model_id}"


def is_over(model: Model, request: Request) -> bool:
    """Whether the model's end of life has come on the sandbox clock."""
    return model.status_on(request.now.date()) == "EOL"


def is_denied(request: Request, model: Model) -> bool:
    """Whether the account has no agreement for the model (setting ``model_denied:<base model id>``)."""
    return request.store.setting(f"model_denied:{model.id}", "0") == "1"


def is_reachable(ref: ModelRef, region: str) -> bool:
    """Whether a caller in ``region`` may name ``ref``: right region, and for a geo profile a member of that geo."""
    if ref.region and ref.region != region:
        return False
    return ref.geo in {"", "global"} or region in load().regions_of(ref.geo)


def source(request: Request, arn: str) -> ModelRef:
    """What ``copyFrom`` names, or the error AWS answers: wrong region or account, unknown, past its end of life."""
    if kind_of_reference(arn) not in {"foundation-model-arn", "system-profile-arn"}:
        raise ServiceError("ValidationException", "copyFrom must be a valid inference profile model source ARN.")
    region, account = arn.split(":")[3:5]
    if region != request.region or account not in {"", request.account}:
        problem = f"The model source {arn} must be in this Region ({request.region}) and of this account."
        raise ServiceError("ValidationException", problem)
    ref = load().resolve(arn)
    if ref is None or not is_reachable(ref, request.region):
        raise ServiceError("ResourceNotFoundException", f"Could not resolve the model source {arn}.", 404)
    if is_over(ref.model, request):
        raise ServiceError("ResourceNotFoundException", END_OF_LIFE, 404)
    return ref


def members(ref: ModelRef, region: str) -> list[str]:
    """ARNs of the foundation models behind ``ref`` seen from ``region``, that region's first: five at most.

    A global profile names the region and the ARN without one, as AWS does. Wide geographies have more members at AWS
    than the five its own service model allows.
    """
    around = {"": (), "global": ("",)}.get(ref.geo, load().regions_of(ref.geo))
    regions = [region, *(other for other in around if other != region)]
    return [model_arn(member, ref.model.id) for member in regions[:_MOST_MEMBERS]]


def system_profile(request: Request, ref: ModelRef) -> dict[str, Any]:
    """One system-defined profile in the shape of Get and List."""
    model = ref.model
    # AWS's own pattern for names allows neither dots nor commas.
    label = re.sub(r"[^0-9a-zA-Z]+", " ", f"{ref.geo.upper()} {model.provider} {model.name}")
    where = "globally" if ref.geo == "global" else "in " + " and ".join(load().regions_of(ref.geo))
    return {
        "inferenceProfileName": label[:64].strip(),
        "description": _plain(f"Routes requests to {model.provider} {model.name} {where}."),
        "inferenceProfileArn": f"arn:aws:bedrock:{request.region}:{request.account}:inference-profile/{ref.id}",
        "models": [{"modelArn": arn} for arn in members(ref, request.region)],
        "inferenceProfileId": ref.id,
        "status": "ACTIVE",
        "type": "SYSTEM_DEFINED",
    }


def system_profiles(request: Request) -> list[ModelRef]:
    """The system-defined profiles this region shows; those of dead models are gone."""
    return [ref for ref in load().system_profiles(request.region) if not is_over(ref.model, request)]


def list_foundation_models(request: Request) -> dict[str, Any]:
    """ListFoundationModels: text models of the catalogue, filtered. Not paged, as at AWS."""
    wanted = request.params
    shown = [model for model in load().models if not is_over(model, request) and _matches(model, wanted)]
    return {"modelSummaries": [_details(request, model) for model in shown]}


def get_foundation_model(request: Request) -> dict[str, Any]:
    """GetFoundationModel by bare id or foundation-model ARN."""
    return {"modelDetails": _details(request, _model(request, request.params["modelIdentifier"]))}


def get_foundation_model_availability(request: Request) -> dict[str, Any]:
    """GetFoundationModelAvailability: every agreement is signed but a denied one; the region may lack the model."""
    model_id = request.params["modelId"]
    model = _model(request, model_id)
    here = model.in_region or any(ref.model == model for ref in load().system_profiles(request.region))
    denied = is_denied(request, model)
    return {
        "modelId": model_id,
        "agreementAvailability": {"status": "NOT_AVAILABLE" if denied else "AVAILABLE"},
        "authorizationStatus": "NOT_AUTHORIZED" if denied else "AUTHORIZED",
        "entitlementAvailability": "AVAILABLE",
        "regionAvailability": "AVAILABLE" if here else "NOT_AVAILABLE",
    }


def _model(request: Request, reference: str) -> Model:
    ref = load().resolve(reference)
    if kind_of_reference(reference) not in {"model-id", "foundation-model-arn"} or ref is None or ref.geo:
        raise ServiceError("ValidationException", INVALID_MODEL)
    if is_over(ref.model, request):
        raise ServiceError("ResourceNotFoundException", END_OF_LIFE, 404)
    return ref.model


def _matches(model: Model, wanted: dict[str, Any]) -> bool:
    provider = wanted.get("byProvider", model.provider)
    return (
        provider.lower() == model.provider.lower()
        and wanted.get("byOutputModality", "TEXT") == "TEXT"
        and "byCustomizationType" not in wanted
        and wanted.get("byInferenceType", "") in {"", *_inference_types(model)}
    )


def _inference_types(model: Model) -> list[str]:
    # AWS answers INFERENCE_PROFILE for the others, a value its own model does not list.
    return ["ON_DEMAND"] if model.in_region else []


def _details(request: Request, model: Model) -> dict[str, Any]:
    lifecycle: dict[str, Any] = {"status": model.status_on(request.now.date())}
    if model.end_of_life is not None:
        lifecycle["endOfLifeTime"] = datetime.combine(model.end_of_life, time(), UTC)
    return {
        "modelArn": model_arn(request.region, model.id),
        "modelId": model.id,
        "modelName": model.name[:20].strip(),
        "providerName": model.provider[:20],
        "inputModalities": ["TEXT"],
        "outputModalities": ["TEXT"],
        "responseStreamingSupported": True,
        "customizationsSupported": [],
        "inferenceTypesSupported": _inference_types(model),
        "modelLifecycle": lifecycle,
    }


def _plain(text: str) -> str:
    return re.sub(r"[ _-]{2,}", " ", re.sub(r"[^0-9a-zA-Z:. _-]+", " ", text))[:200]
