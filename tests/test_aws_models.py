"""AWS's models are read once in a process, and what its answers break them with is told as what it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from costsentry_cli.aws import connect
from costsentry_cli.domain.errors import SentryError
from stand_in import EMPTY, LISTING, answer, door

SUMMARY = {
    "inferenceProfileName": "x",
    "inferenceProfileArn": "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/x",
    "inferenceProfileId": "x",
    "models": [],
    "status": "ACTIVE",
    "type": "APPLICATION",
}


@pytest.mark.parametrize("moment", ["2026-13-45T00:00:00Z", "\x1b[2J", [], {}])
def test_an_answer_with_a_moment_that_is_none_cannot_be_read(moment: object) -> None:
    made, _ = door(answer({"inferenceProfileSummaries": [SUMMARY | {"createdAt": moment}]}))
    with pytest.raises(SentryError) as caught:
        made.call(LISTING)
    assert caught.value.code == "CS0809"
    assert caught.value.where.startswith("bedrock ListInferenceProfiles")


def test_the_models_are_read_once_for_all_sessions() -> None:
    (one, _), (two, _) = door(answer(EMPTY)), door(answer(EMPTY))
    one.call(LISTING)
    two.call(LISTING)
    real = connect("us-east-1")
    loaders = [each.session.get_component("data_loader") for each in (one, two, real)]
    assert loaders[0] is loaders[1] is loaders[2]
    before = list(loaders[0].search_paths)
    door(answer(EMPTY))
    assert loaders[0].search_paths == before


def test_models_of_ones_own_are_still_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path))
    found = connect("us-east-1").session.get_component("data_loader")
    assert str(tmp_path) in found.search_paths
