"""The sandbox's foundation models and system-defined profiles."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sandbox_runtime_world import DEAD, HAIKU, NOVA, World, model_arn


@pytest.fixture
def world(tmp_path):
    return World(tmp_path / "sandbox.db")


def model_ids(world, **params):
    return {model["modelId"] for model in world.bedrock("ListFoundationModels", **params)["modelSummaries"]}


def system_ids(world, region):
    page = world.bedrock("ListInferenceProfiles", region, typeEquals="SYSTEM_DEFINED", maxResults=1000)
    return {profile["inferenceProfileId"] for profile in page["inferenceProfileSummaries"]}


def test_each_region_shows_the_profiles_of_its_geography_and_the_global_ones(world):
    here, there = system_ids(world, "us-east-1"), system_ids(world, "eu-central-1")
    assert {f"us.{HAIKU}", f"global.{HAIKU}"} <= here
    assert {f"eu.{HAIKU}", f"global.{HAIKU}"} <= there
    assert f"eu.{HAIKU}" not in here
    assert f"us.{HAIKU}" not in there


def test_a_global_profile_names_the_callers_region_and_the_arn_without_one(world):
    shown = world.bedrock("GetInferenceProfile", "eu-central-1", inferenceProfileIdentifier=f"global.{HAIKU}")
    assert [model["modelArn"] for model in shown["models"]] == [
        model_arn(HAIKU, region) for region in ("eu-central-1", "")
    ]


def test_a_profile_of_another_geography_is_not_found(world):
    error = world.refusal("bedrock", "GetInferenceProfile", inferenceProfileIdentifier=f"eu.{HAIKU}")
    assert error.code == "ResourceNotFoundException"


def test_models_are_filtered_by_provider_inference_type_and_modality(world):
    everything = model_ids(world)
    assert {NOVA, HAIKU} <= everything
    assert {model.partition(".")[0] for model in model_ids(world, byProvider="anthropic")} == {"anthropic"}
    on_demand = model_ids(world, byInferenceType="ON_DEMAND")
    assert NOVA in on_demand
    assert HAIKU not in on_demand
    assert model_ids(world, byOutputModality="TEXT") == everything
    assert model_ids(world, byOutputModality="IMAGE") == model_ids(world, byCustomizationType="FINE_TUNING") == set()


def test_a_model_disappears_on_the_day_its_life_ends(world):
    last = datetime(2026, 11, 25, 23, 59, tzinfo=UTC)
    world.now = last
    details = world.bedrock("GetFoundationModel", modelIdentifier="ai21.jamba-1-5-large-v1:0")["modelDetails"]
    assert details["modelLifecycle"] == {"status": "LEGACY", "endOfLifeTime": datetime(2026, 11, 26, tzinfo=UTC)}
    world.later(minutes=1)
    error = world.refusal("bedrock", "GetFoundationModel", modelIdentifier="ai21.jamba-1-5-large-v1:0")
    assert (error.code, error.status) == ("ResourceNotFoundException", 404)
    assert "end of its life" in error.message


def test_a_model_is_got_by_id_and_arn(world):
    by_id = world.bedrock("GetFoundationModel", modelIdentifier=NOVA)
    assert by_id == world.bedrock("GetFoundationModel", modelIdentifier=model_arn(NOVA))
    assert by_id["modelDetails"]["modelName"] == "Nova Lite"


@pytest.mark.parametrize("wanted", ["amazon.nova-nothing-v1:0", f"us.{HAIKU}"])
def test_an_unknown_model_or_a_profile_id_is_no_foundation_model(world, wanted):
    assert world.refusal("bedrock", "GetFoundationModel", modelIdentifier=wanted).code == "ValidationException"


def test_availability_tells_whether_the_region_has_the_model(world):
    here = world.bedrock("GetFoundationModelAvailability", modelId=HAIKU)
    assert (here["authorizationStatus"], here["regionAvailability"]) == ("AUTHORIZED", "AVAILABLE")
    gov = world.bedrock("GetFoundationModelAvailability", "us-gov-east-1", modelId="anthropic.claude-opus-4-7")
    assert gov["regionAvailability"] == "NOT_AVAILABLE"


def test_dead_models_are_not_listed(world):
    assert DEAD not in model_ids(world)
    assert f"us.{DEAD}" not in system_ids(world, "us-east-1")
