"""The catalogue: naming models, their capabilities and life, the profiles a region sees."""

from __future__ import annotations

import subprocess
import sys
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costsentry_cli.domain.catalog import (
    GEO_PREFIXES,
    Model,
    ModelRef,
    kind_of_reference,
    load,
    profile_id,
)

CATALOG = load()
HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0"
LITE = "amazon.nova-lite-v1:0"
ACCOUNT = "123456789012"
APPLICATION = f"arn:aws:bedrock:us-east-1:{ACCOUNT}:application-inference-profile/hq2of259skzs"


def model(reference: str) -> Model:
    ref = CATALOG.resolve(reference)
    assert ref is not None, reference
    return ref.model


@pytest.mark.parametrize(
    ("reference", "model_id", "geo", "region"),
    [
        (LITE, LITE, "", None),
        (f"us.{HAIKU}", HAIKU, "us", None),
        (f"global.{HAIKU}", HAIKU, "global", None),
        ("us-gov.anthropic.claude-sonnet-5-5", "anthropic.claude-sonnet-5-5", "us-gov", None),
        ("deepseek.v3.2", "deepseek.v3.2", "", None),
        ("us.openai.gpt-5.6-sol", "openai.gpt-5.6-sol", "us", None),
        (f"arn:aws:bedrock:eu-west-1::foundation-model/{LITE}", LITE, "", "eu-west-1"),
        (f"arn:aws:bedrock:::foundation-model/{HAIKU}", HAIKU, "global", None),
        (f"arn:aws:bedrock:us-east-1:{ACCOUNT}:inference-profile/us.{HAIKU}", HAIKU, "us", "us-east-1"),
        (f"arn:aws:bedrock:us-east-1:{ACCOUNT}:inference-profile/global.{HAIKU}", HAIKU, "global", "us-east-1"),
        (f"arn:aws-us-gov:bedrock:us-gov-west-1::foundation-model/{LITE}", LITE, "", "us-gov-west-1"),
    ],
)
def test_every_form_of_a_reference_finds_its_model(reference: str, model_id: str, geo: str, region: str | None) -> None:
    ref = CATALOG.resolve(reference)
    assert ref is not None
    assert (ref.model.id, ref.geo, ref.region) == (model_id, geo, region)


@pytest.mark.parametrize(
    "reference",
    [
        "",
        "haiku",
        "amazon.nova-lite-v9:0",
        f"mars.{LITE}",
        f"jp.{LITE}",
        f" {LITE}",
        f"{LITE}\n",
        LITE.upper(),
        APPLICATION,
        f"arn:aws:bedrock:us-east-1:{ACCOUNT}:inference-profile/{LITE}",
        f"arn:aws:bedrock:us-east-1::foundation-model/us.{LITE}",
        f"arn:aws:bedrock:::foundation-model/{LITE}",
        "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v9:0",
        f"arn:aws:sagemaker:us-east-1::foundation-model/{LITE}",
        f"arn:aws:bedrock:us-east-1:{ACCOUNT}:provisioned-model/abc",
    ],
)
def test_what_is_not_known_resolves_to_nothing(reference: str) -> None:
    assert CATALOG.resolve(reference) is None


def test_every_model_resolves_from_its_own_ids() -> None:
    for known in CATALOG.models:
        for geo in ("", *known.geos):
            ref = ModelRef(known, geo)
            assert CATALOG.resolve(ref.id) == ref


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (LITE, "model-id"),
        ("deepseek.v3.2", "model-id"),
        ("zai.glm-4.7", "model-id"),
        ("us.deepseek.v3.2", "system-profile-id"),
        (f"us-gov.{HAIKU}", "system-profile-id"),
        ("us.nova", "model-id"),
        (f"arn:aws:bedrock:us-east-1::foundation-model/{LITE}", "foundation-model-arn"),
        (f"arn:aws:bedrock:::foundation-model/{LITE}", "foundation-model-arn"),
        (f"arn:aws:bedrock:us-east-1:{ACCOUNT}:inference-profile/us.{LITE}", "system-profile-arn"),
        (APPLICATION, "application-profile-arn"),
        ("haiku", "unknown"),
        ("", "unknown"),
        ("arn:aws:s3:::bucket", "unknown"),
        (f"{LITE} ", "unknown"),
    ],
)
def test_the_form_of_a_reference_tells_its_kind(text: str, kind: str) -> None:
    assert kind_of_reference(text) == kind


@given(st.text(max_size=80))
def test_any_text_is_classified_and_looked_up_without_failing(text: str) -> None:
    if CATALOG.resolve(text) is not None:
        assert kind_of_reference(text) not in ("unknown", "application-profile-arn")


def test_a_profile_id_is_the_last_segment_of_the_arn() -> None:
    assert profile_id(APPLICATION) == "hq2of259skzs"
    assert profile_id("hq2of259skzs") == "hq2of259skzs"


@pytest.mark.parametrize(
    ("reference", "sampling", "prefill", "top_k", "mid_system", "count_tokens"),
    [
        (HAIKU, "temperature_xor_top_p", True, "additional:top_k", False, True),
        ("anthropic.claude-sonnet-4-5-20250929-v1:0", "temperature_xor_top_p", True, "additional:top_k", False, True),
        ("anthropic.claude-opus-4-6-v1", "temperature_xor_top_p", False, "additional:top_k", False, True),
        ("anthropic.claude-opus-4-7", "none", False, None, False, False),
        ("anthropic.claude-sonnet-5-5", "none", False, None, True, False),
        ("anthropic.claude-3-haiku-20240307-v1:0", "all", True, "additional:top_k", False, False),
        (LITE, "all", True, "additional:inferenceConfig.topK", False, False),
        ("openai.gpt-oss-20b-1:0", "all", False, None, False, False),
        ("meta.llama3-3-70b-instruct-v1:0", "all", False, None, False, False),
    ],
)
def test_capabilities_differ_by_generation(
    reference: str, sampling: str, *, prefill: bool, top_k: str | None, mid_system: bool, count_tokens: bool
) -> None:
    has = model(reference).capabilities
    assert (has.sampling, has.prefill, has.top_k) == (sampling, prefill, top_k)
    assert (has.mid_system, has.count_tokens) == (mid_system, count_tokens)


def test_a_model_without_sampling_takes_no_top_k() -> None:
    for known in CATALOG.models:
        assert known.capabilities.sampling in ("all", "temperature_xor_top_p", "none")
        assert known.capabilities.sampling != "none" or known.capabilities.top_k is None


def test_system_prompts_are_refused_where_converse_refuses_them() -> None:
    assert not model("amazon.titan-text-express-v1").capabilities.system
    assert not model("mistral.mistral-7b-instruct-v0:2").capabilities.system
    assert model(LITE).capabilities.system


def test_prompt_caching_tells_its_smallest_prompt() -> None:
    assert (model(HAIKU).capabilities.caching, model(HAIKU).capabilities.cache_min_tokens) == (True, 4096)
    assert not model("meta.llama3-3-70b-instruct-v1:0").capabilities.caching


@pytest.mark.parametrize(
    ("reference", "status", "last"),
    [
        (LITE, "ACTIVE", None),
        (HAIKU, "ACTIVE", None),
        ("anthropic.claude-3-haiku-20240307-v1:0", "EOL", date(2026, 9, 10)),
        ("anthropic.claude-sonnet-4-20250514-v1:0", "EOL", date(2026, 10, 14)),
        ("anthropic.claude-opus-4-1-20250805-v1:0", "LEGACY", date(2027, 1, 8)),
        ("anthropic.claude-sonnet-4-5-20250929-v1:0", "LEGACY", date(2027, 4, 8)),
        ("amazon.nova-premier-v1:0", "EOL", date(2026, 9, 14)),
        ("anthropic.claude-v2:1", "EOL", None),
    ],
)
def test_the_lifecycle_is_the_published_one(reference: str, status: str, last: date | None) -> None:
    assert (model(reference).status, model(reference).end_of_life) == (status, last)


def test_a_model_ends_on_its_day_and_not_the_day_before() -> None:
    opus = model("anthropic.claude-opus-4-1-20250805-v1:0")
    assert opus.status_on(date(2027, 1, 7)) == "LEGACY"
    assert opus.status_on(date(2027, 1, 8)) == "EOL"
    assert model(LITE).status_on(date(2030, 1, 1)) == "ACTIVE"
    assert model("anthropic.claude-v2:1").status_on(date(2030, 1, 1)) == "EOL"


@pytest.mark.parametrize(
    ("reference", "service", "marketplace"),
    [
        (HAIKU, "Claude Haiku 4.5 (Amazon Bedrock Edition)", True),
        ("openai.gpt-5.6-sol", "OpenAI GPT-5.6 Sol (Amazon Bedrock Edition)", True),
        ("cohere.command-r-plus-v1:0", "Cohere Command R+ (Amazon Bedrock Edition)", True),
        ("ai21.jamba-1-5-large-v1:0", "Jamba 1.5 Large (Amazon Bedrock Edition)", True),
        ("writer.palmyra-x5-v1:0", "Palmyra X5 (Amazon Bedrock Edition)", True),
        (LITE, "Amazon Bedrock", False),
        ("openai.gpt-oss-20b-1:0", "Amazon Bedrock", False),
        ("meta.llama3-3-70b-instruct-v1:0", "Amazon Bedrock", False),
        ("moonshotai.kimi-k2.5", "Amazon Bedrock", False),
        ("deepseek.r1-v1:0", "Amazon Bedrock", False),
    ],
)
def test_the_service_name_is_what_cost_explorer_shows(reference: str, service: str, *, marketplace: bool) -> None:
    assert (model(reference).service_name, model(reference).marketplace) == (service, marketplace)


def test_newer_models_are_callable_only_through_profiles() -> None:
    assert model(LITE).in_region
    assert model("meta.llama3-70b-instruct-v1:0").in_region
    assert model("nvidia.nemotron-nano-9b-v2").in_region
    assert not model(HAIKU).in_region
    assert not model("amazon.nova-2-lite-v1:0").in_region
    assert not model("us.deepseek.r1-v1:0").in_region


def test_no_model_is_out_of_reach() -> None:
    assert all(known.in_region or known.geos for known in CATALOG.models)


def test_a_region_sees_the_profiles_of_its_geographies_and_the_global_ones() -> None:
    seen = {ref.id for ref in CATALOG.system_profiles("ap-northeast-1")}
    assert {f"jp.{HAIKU}", f"apac.{HAIKU}", f"global.{HAIKU}", f"apac.{LITE}"} <= seen
    assert not any(name.startswith(("us.", "eu.", "au.")) for name in seen)


def test_govcloud_sees_only_its_own_profiles() -> None:
    assert {ref.geo for ref in CATALOG.system_profiles("us-gov-west-1")} == {"us-gov"}


def test_a_dead_model_has_no_profile_to_see() -> None:
    assert "us.anthropic.claude-sonnet-4-20250514-v1:0" not in {r.id for r in CATALOG.system_profiles("us-east-1")}
    assert all(ref.region == "us-east-1" for ref in CATALOG.system_profiles("us-east-1"))


def test_a_geography_names_its_regions() -> None:
    assert CATALOG.regions_of("us") == ("us-east-1", "us-east-2", "us-west-2")
    assert CATALOG.regions_of("global") == CATALOG.regions_of("mars") == ()
    assert set(CATALOG.geographies) == set(GEO_PREFIXES)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("amazon.nova-lit-v1:0", LITE),
        ("claude-haiku-4.5", f"us.{HAIKU}"),
        ("us.anthropic.claude-haiku-4-5", f"us.{HAIKU}"),
        ("eu.amazon.nova-micro", "eu.amazon.nova-micro-v1:0"),
        ("Nova Lite", LITE),
        ("claude sonnet 5.5", "us.anthropic.claude-sonnet-5-5"),
        ("haiku", "us.anthropic.claude-haiku-5-5"),
        ("Opus", "us.anthropic.claude-opus-5-5"),
    ],
)
def test_a_misspelt_model_finds_the_one_meant(text: str, first: str) -> None:
    assert CATALOG.closest(text)[0] == first


def test_nothing_is_suggested_for_what_looks_like_no_model() -> None:
    assert CATALOG.closest("zzzz") == CATALOG.closest("") == ()


def test_every_suggestion_resolves() -> None:
    for text in ("claude", "llama3", "nova pro", "gpt-6", "us.mistral.pixtral", "apac.meta.llama3-1-8b"):
        for suggestion in CATALOG.closest(text):
            assert CATALOG.resolve(suggestion) is not None


def test_a_dead_model_is_not_suggested() -> None:
    for text in ("anthropic.claude-3-haiku", "claude-3-5-sonnet", "anthropic.claude-v2"):
        assert all(model(suggestion).status != "EOL" for suggestion in CATALOG.closest(text))


def test_loading_imports_nothing_but_the_standard_library() -> None:
    code = (
        "import sys; before = set(sys.modules); from costsentry_cli.domain.catalog import load; load()\n"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "print(sorted(new - set(sys.stdlib_module_names) - {'costsentry_cli'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_catalogue_is_read_once() -> None:
    assert load() is CATALOG
