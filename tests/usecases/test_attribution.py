"""Whose call it is: the profile that a request names, by its tags, among the account's."""

from __future__ import annotations

from pathlib import Path

import pytest

from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.metering.attribution import Chosen, Wanted, resolve, wanted_by
from costsentry_cli.domain.metering.request import of_options
from fakes import BASIC, HAIKU, LITE, FakeCloud, arn, manifest, summary, tag_list
from metered_desk import SALES


def account(*profiles: tuple[str, dict[str, str]]) -> FakeCloud:
    tags = {arn(n): tags for n, (_, tags) in enumerate(profiles)}
    return FakeCloud(
        {
            "ListInferenceProfiles": {
                "inferenceProfileSummaries": [summary(name, n) for n, (name, _) in enumerate(profiles)]
            },
            "ListTagsForResource": lambda call: tag_list(tags[call.params["resourceARN"]]),
        }
    )


@pytest.mark.parametrize(
    ("model", "tags", "wanted"),
    [
        ("haiku", {"costCenter": "sales"}, Wanted("sales", model="haiku")),
        ("sales", {}, Wanted("sales")),
        (arn(1), {"costCenter": "sales"}, Wanted("sales", arn=arn(1))),
    ],
)
def test_a_request_names_its_profile_by_alias_cost_centre_or_arn(
    tmp_path: Path, model: str, tags: dict[str, str], wanted: Wanted
) -> None:
    asked = of_options("Hi", model=model, tags=tags)
    assert wanted_by(asked, manifest(tmp_path)) == wanted


def test_the_profile_is_found_by_its_tags_and_only_candidates_are_asked_for_theirs(tmp_path: Path) -> None:
    cloud = account(("aws-docs-sales-prod", SALES), ("unrelated", {}))
    chosen = resolve(cloud, manifest(tmp_path), Wanted("sales"), "us-east-1")
    assert chosen == Chosen(arn(0), "aws-docs-sales-prod", HAIKU, SALES)
    assert cloud.operations() == ["ListInferenceProfiles", "ListTagsForResource"]


def test_a_profile_with_the_right_name_but_another_owner_is_not_used(tmp_path: Path) -> None:
    cloud = account(("aws-docs-sales-prod", SALES | {"costsentry:namespace": "theirs"}))
    with pytest.raises(SentryError) as refused:
        resolve(cloud, manifest(tmp_path), Wanted("sales"), "us-east-1")
    assert (refused.value.code, "sentry profiles sync" in refused.value.help) == ("CS0105", True)


def test_a_cost_centre_that_is_not_in_the_manifest_is_answered_with_those_that_are(tmp_path: Path) -> None:
    cloud = account()
    with pytest.raises(SentryError) as refused:
        resolve(cloud, manifest(tmp_path), Wanted("salse"), "us-east-1")
    assert "sales, services, support" in refused.value.help
    assert cloud.calls == []


def test_two_profiles_that_fit_are_told_apart_by_the_model(tmp_path: Path) -> None:
    text = BASIC.replace(
        "cost_allocation_tags", "  - {name: lite, model: nova-lite, tags: {costCenter: sales}}\ncost_allocation_tags"
    )
    lite = SALES | {"costsentry:key": "lite", "costsentry:spec": f"v1:{LITE}"}
    both = (("aws-docs-sales-prod", SALES), ("lite", lite))
    with pytest.raises(SentryError) as refused:
        resolve(account(*both), manifest(tmp_path, text), Wanted("sales"), "us-east-1")
    assert refused.value.code == "CS0106"
    chosen = resolve(account(*both), manifest(tmp_path, text), Wanted("sales", model="nova-lite"), "us-east-1")
    assert chosen.model == LITE


def test_a_cost_centre_that_was_mistyped_is_told_the_one_that_was_meant(tmp_path: Path) -> None:
    for asked, said in (("Slaes", "did you mean sales? costCenter in "), ("legal", "costCenter in ")):
        with pytest.raises(SentryError) as refused:
            resolve(account(), manifest(tmp_path), Wanted(asked), "us-east-1")
        assert (refused.value.code, refused.value.help.startswith(said)) == ("CS0105", True)
