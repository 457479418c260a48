"""A manifest that is written down and read again is the same manifest."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from costsentry_cli.domain.manifest.reader import read as meaning
from costsentry_cli.manifest_file import parse

_word = st.text(alphabet="abcxyz019", min_size=1, max_size=5).map("w{}".format)
_tag_text = st.text(alphabet="abzAZ019 ._:/=+@-", max_size=12)
_regions = st.lists(st.sampled_from(["us-east-1", "eu-west-1", "us-gov-west-1"]), max_size=3, unique=True)
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./+=-]*")
_TAG_KEYS = ["costCenter", "applicationId", "environment", "team", "owner:id"]


@dataclass(frozen=True)
class Written:
    """A manifest as plain values: what the text says and what must come back."""

    namespace: str
    regions: list[str]
    models: dict[str, str]
    tags: dict[str, str]
    profiles: list[dict[str, object]]
    limits: list[dict[str, object]]


def scalar(text: str) -> str:
    """A scalar as YAML: plain where that is safe for sure, else in double quotes."""
    plain = _PLAIN.fullmatch(text) and text.lower() != "null"
    return text if plain else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def flow(value: object) -> str:
    """A value in flow style."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{scalar(key)}: {flow(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(each) for each in value) + "]"
    return scalar(str(value))


def text(manifest: Written) -> str:
    """The manifest as YAML."""
    lines = ["version: 1", f"namespace: {scalar(manifest.namespace)}", f"models: {flow(manifest.models)}"]
    lines += [f"regions: {flow(manifest.regions)}"] if manifest.regions else []
    lines += [f"tags: {flow(manifest.tags)}", "profiles:" if manifest.profiles else "profiles: []"]
    for profile in manifest.profiles:
        rows = [f"{key}: {flow(value)}" for key, value in profile.items()]
        lines += [f"  - {rows[0]}", *(f"    {row}" for row in rows[1:])]
    lines += [f"limits: {flow(manifest.limits)}"]
    return "\n".join(lines) + "\n"


@st.composite
def manifests(draw: st.DrawFn) -> Written:
    """A valid manifest with up to four profiles, unique by name."""
    models = draw(
        st.dictionaries(_word, st.sampled_from(["amazon.nova-lite-v1:0", "us.a.b-1"]), min_size=1, max_size=3)
    )
    tags = st.dictionaries(st.sampled_from(_TAG_KEYS), _tag_text, max_size=4)
    names = draw(st.lists(_word, max_size=4, unique=True))
    profiles: list[dict[str, object]] = []
    for name in names:
        profile: dict[str, object] = {"name": name, "model": draw(st.sampled_from(sorted(models)))}
        if draw(st.booleans()):
            profile["tags"] = draw(tags)
        if draw(st.booleans()):
            profile["regions"] = draw(_regions.filter(bool))
        profiles.append(profile)
    windows = draw(st.lists(st.sampled_from(["minute", "hour", "day", "month"]), max_size=3, unique=True))
    limits: list[dict[str, object]] = [{"per": per, "tokens": draw(st.integers(1, 10**15))} for per in windows]
    return Written(
        draw(_word),
        draw(_regions),
        models,
        draw(tags),
        profiles,
        limits,
    )


@settings(max_examples=500, deadline=None)
@given(manifests())
def test_a_manifest_written_down_and_read_is_the_same(written: Written) -> None:
    document = parse(text(written), "profiles.yaml")
    read = meaning(document.root, document.source, document.problems)
    assert (read.namespace, list(read.regions), dict(read.models)) == (
        written.namespace,
        written.regions,
        written.models,
    )
    assert {key: values[0] for key, values in read.tags.items()} == written.tags
    for made, asked in zip(read.profiles, written.profiles, strict=True):
        assert (made.name, made.model, made.model_id) == (asked["name"], asked["model"], written.models[made.model])
        assert dict(made.tags) == written.tags | asked.get("tags", {})  # type: ignore[operator]
        assert list(made.regions) == asked.get("regions", written.regions)
    assert [(limit.per, limit.tokens) for limit in read.limits] == [(x["per"], x["tokens"]) for x in written.limits]
