"""Laws of drafting a manifest: what is read back is what was there, whatever it is called."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costsentry_cli.domain.aws_limits import DESCRIPTION, PROFILE_NAME
from costsentry_cli.domain.collapse import Entry, collapse
from costsentry_cli.domain.inventory import Sighting, draft
from costsentry_cli.domain.kind import Scope
from costsentry_cli.domain.kinds.inference_profile import wanted_in
from costsentry_cli.domain.manifest.reader import read as meaning
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.resource import Observed
from costsentry_cli.manifest_file import parse
from costsentry_cli.render.manifest_yaml import as_yaml, block, flow
from fakes import ACCOUNT, HAIKU, LITE

REGIONS = ("us-east-1", "eu-west-1")
MODELS = {
    "us-east-1": (HAIKU, LITE, f"us.{LITE}", "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-2-lite-v1:0"),
    "eu-west-1": (HAIKU.replace("us.", "eu."), LITE, f"eu.{LITE}", "global.anthropic.claude-haiku-4-5-20251001-v1:0"),
}
WORDS = ("sales", "a", "prod", "0123", "on", "null", "1e3", "12:30", "r_d", "sales-a", "No", "x y")
TAG_KEYS = ("costCenter", "environment", "team x", "a:b", "model")
ODD = st.from_regex(r"[a-zA-Z0-9 ._:/=+@-]{0,12}", fullmatch=True)


def of_words(most: int) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(WORDS), min_size=1, max_size=most).map("-".join)


NAMES = of_words(4).filter(PROFILE_NAME.fullmatch)
TAGS = st.dictionaries(st.sampled_from(TAG_KEYS), st.sampled_from(WORDS) | ODD, max_size=4)
DESCRIPTIONS = st.none() | of_words(2).filter(DESCRIPTION.fullmatch)


@st.composite
def sightings(draw: st.DrawFn) -> list[Sighting]:
    """Profiles of two regions; a name or a key stands once in each, as it mostly does."""
    made: dict[tuple[str, str], Sighting] = {}
    for number in range(draw(st.integers(0, 8))):
        name, tags, text = draw(NAMES), draw(TAGS), draw(DESCRIPTIONS)
        for region in draw(st.sets(st.sampled_from(REGIONS), min_size=1)):
            model = draw(st.sampled_from(MODELS[region]))
            fields = {"name": name, "model": model} | {f"tags.{key}": value for key, value in tags.items()}
            fields |= {"description": text} if text else {}
            arn = f"arn:aws:bedrock:{region}:{ACCOUNT}:application-inference-profile/p{number}"
            own = (("ns", f"k{number}"), (None, None))[draw(st.integers(0, 1))]
            thing = Observed(arn, name, region, fields, own[0], own[1])
            made.setdefault((region, name), Sighting(thing, (model,), certain=bool(own[0])))
    return list(made.values())


def read_back(found: Sequence[Sighting]) -> Manifest:
    document = parse(as_yaml(draft(found, "ns", ACCOUNT, REGIONS)), "profiles.yaml")
    return meaning(document.root, document.source, document.problems)


@settings(max_examples=400, deadline=None)
@given(sightings())
def test_the_draft_wants_exactly_what_was_seen(found: list[Sighting]) -> None:
    manifest = read_back(found)
    wanted = {
        (region, wish.key): dict(wish.fields)
        for region in manifest.regions
        for wish in wanted_in(manifest, Scope(ACCOUNT, region, "ns"))
    }
    there = {(one.observed.region, one.observed.key or one.observed.name): dict(one.observed.fields) for one in found}
    assert wanted == there


@settings(max_examples=100, deadline=None)
@given(sightings(), st.randoms(use_true_random=False))
def test_the_order_of_what_was_seen_does_not_matter(found: list[Sighting], dice: object) -> None:
    shuffled = list(found)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    assert as_yaml(draft(shuffled, "ns", ACCOUNT, REGIONS)) == as_yaml(draft(found, "ns", ACCOUNT, REGIONS))


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(NAMES, TAGS, max_size=8))
def test_folding_keeps_every_profile(named: dict[str, dict[str, str]]) -> None:
    entries = [Entry(name, "m", {key: (value,) for key, value in tags.items()}) for name, tags in named.items()]
    folded = collapse(entries)
    assert sorted(name for entry in folded for name in entry.names()) == sorted(named)


def one(name: str, **tags: str) -> Entry:
    return Entry(name, "haiku", {key: (value,) for key, value in tags.items()})


def test_a_full_product_of_two_tags_is_one_entry() -> None:
    entries = [one(f"docs-{c}-{e}", costCenter=c, environment=e) for c in ("a1", "b2") for e in ("prod", "test")]
    (entry,) = collapse(entries)
    assert entry.name == "docs-{costCenter}-{environment}"
    assert entry.tags == {"costCenter": ("a1", "b2"), "environment": ("prod", "test")}


def test_what_differs_in_more_than_one_tag_is_not_folded() -> None:
    assert len(collapse([one("docs-a", costCenter="a", owner="x"), one("docs-b", costCenter="b", owner="y")])) == 2


def test_a_value_that_stands_twice_in_the_name_is_placed_where_the_others_have_theirs() -> None:
    (entry,) = collapse([one("s-is-s", costCenter="s"), one("s-is-t", costCenter="t"), one("s-is-u", costCenter="u")])
    assert (entry.name, entry.tags["costCenter"]) == ("s-is-{costCenter}", ("s", "t", "u"))


def test_profiles_of_other_models_or_descriptions_are_not_folded() -> None:
    a, b = one("docs-a", costCenter="a"), one("docs-b", costCenter="b")
    assert len(collapse([a, Entry("docs-b", "nova-lite", b.tags)])) == 2
    assert len(collapse([a, Entry("docs-b", "haiku", b.tags, description="more")])) == 2


def test_a_description_with_the_value_becomes_a_template_too() -> None:
    entries = [Entry(f"docs-{c}", "haiku", {"costCenter": (c,)}, description=f"for {c}") for c in ("s1", "t2")]
    (entry,) = collapse(entries)
    assert entry.description == "for {costCenter}"


def test_a_retired_or_unknown_profile_is_left_out_with_the_reason() -> None:
    arn = f"arn:aws:bedrock:us-east-1:{ACCOUNT}:application-inference-profile/x"
    thing = Observed(arn, "odd", "us-east-1", {"name": "odd", "model": "?"}, members=("arn:m",))
    (left,) = draft([Sighting(thing, (), certain=False)], "ns", ACCOUNT, REGIONS).left
    assert left.why == "its source could not be told from its members: arn:m"


@pytest.mark.parametrize(
    "text", ["0123", "on", "a: b", "null", "~", "", "- x", "#x", "1_000", "{a}", "[", "a, b", "=", "<<"]
)
def test_what_yaml_would_misread_is_quoted(text: str) -> None:
    assert _values(f"k: {block(text)}\nl: [{flow(text)}]\n{flow(text)}: x\n") == [text, text, text]
    assert flow(text) != text


@given(ODD)
def test_every_tag_text_survives_both_forms(text: str) -> None:
    assert _values(f"k: {block(text)}\nl: [{flow(text)}]\n'': x\n")[:2] == [text, text]


def _values(written: str) -> list[str]:
    import yaml

    read = yaml.safe_load(written)
    return [read["k"], read["l"][0], next(key for key in read if key not in ("k", "l"))]
