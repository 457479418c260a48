"""Short names: as short as they can be, never the same twice."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from costsentry_cli.domain.catalog import load
from costsentry_cli.domain.manifest.fields import ALIAS
from costsentry_cli.domain.short_names import short_names
from fakes import HAIKU, LITE

SOURCES = [ref for model in load().models for ref in (model.id, *(f"{geo}.{model.id}" for geo in model.geos))]


def test_a_model_alone_has_the_name_people_give_it() -> None:
    assert short_names([HAIKU, LITE]) == {HAIKU: "haiku", LITE: "nova-lite"}


def test_two_of_a_family_are_told_apart_by_version_then_by_geography() -> None:
    newer, eu = "us.anthropic.claude-haiku-5-5", HAIKU.replace("us.", "eu.")
    assert short_names([HAIKU, newer]) == {HAIKU: "haiku-4-5", newer: "haiku-5-5"}
    assert short_names([HAIKU, eu]) == {HAIKU: "us-haiku-4-5", eu: "eu-haiku-4-5"}


def test_an_arn_is_named_by_its_model() -> None:
    arn = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-2-lite-v1:0"
    assert short_names([arn]) == {arn: "nova-2-lite"}


@given(st.sets(st.sampled_from(SOURCES), max_size=40))
def test_every_source_has_one_valid_name_of_its_own(sources: set[str]) -> None:
    names = short_names(sources)
    assert set(names) == sources
    assert len(set(names.values())) == len(sources)
    assert all(ALIAS.pattern.fullmatch(name) and len(name) <= ALIAS.most for name in names.values())
