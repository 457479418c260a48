"""``sentry report coverage``: the share that is attributed, the leaks by name, and the gate."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from commands import Sentry
from costsentry_cli.domain.calls import ApiCall
from fakes import LITE
from foreign import called, somebody


@pytest.fixture
def seeded(at_noon: Sentry, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Sentry:
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    assert at_noon("profiles", "sync", "--yes").status == 0
    assert at_noon("sandbox", "seed", "--days", "40").status == 0
    return at_noon


def test_the_leaks_stand_by_name_beside_what_is_attributed(seeded: Sentry) -> None:
    ran = seeded("report", "coverage", "--last", "7d", "-o", "json")
    assert ran.status == 0, ran.err
    document = ran.json()
    rows = document["coverage"]
    assert rows[0]["route"] == "tagged profile"
    assert {"route": "model", "name": "amazon.nova-pro-v1:0"}.items() <= rows[1].items()
    assert sum(row["tokens"] for row in rows) == document["total"]["tokens"]
    share = Decimal(document["covered_tokens"])
    assert abs(Decimal(rows[0]["tokens"]) / document["total"]["tokens"] - share) < Decimal("0.000001")
    assert 0 < Decimal(document["covered_billed"]) < 1


def test_a_key_that_no_profile_carries_covers_nothing(seeded: Sentry) -> None:
    rows = seeded("report", "coverage", "--key", "team", "--no-cost", "-o", "json").json()["coverage"]
    assert {row["route"] for row in rows} == {"profile without the tag", "model"}


@pytest.mark.parametrize(("least", "status"), [("50%", 0), ("99.9%", 3), ("0", 0)])
def test_the_gate_trips_below_the_share_that_was_asked_for(seeded: Sentry, least: str, status: int) -> None:
    ran = seeded("report", "coverage", "--last", "7d", "--no-cost", "--fail-under", least)
    assert ran.status == status
    assert ("less than 99.9%" in ran.err) == (status == 3)
    assert "Cost Explorer" not in ran.out


@pytest.mark.parametrize("least", ["lots", "101%", "-1%"])
def test_a_share_that_is_none_is_refused_before_anything_is_asked(seeded: Sentry, least: str) -> None:
    ran = seeded("report", "coverage", "--fail-under", least)
    assert (ran.status, "target:" in ran.err) == (2, False)


def test_without_any_usage_there_is_nothing_to_share(in_sandbox: Sentry) -> None:
    ran = in_sandbox("report", "coverage", "--no-cost", "--fail-under", "95%")
    assert ran.status == 0
    assert "Nothing was measured in this time." in ran.out


def test_the_screen_has_the_callers_below_the_leaks_and_says_what_reading_the_log_took(
    in_sandbox: Sentry, folder: Path
) -> None:
    cloud = somebody(folder / "sandbox.db").cloud
    cloud.call(ApiCall("logs", "CreateLogGroup", {"logGroupName": "/bedrock/calls"}))
    to_logs = {"logGroupName": "/bedrock/calls", "roleArn": "arn:aws:iam::123456789012:role/logs"}
    config = {"loggingConfig": {"cloudWatchConfig": to_logs}}
    cloud.call(ApiCall("bedrock", "PutModelInvocationLoggingConfiguration", config))
    called(somebody(folder / "sandbox.db"), LITE)
    ran = in_sandbox("report", "coverage", "--last", "1d", "--no-cost")
    assert (ran.status, "Mostly called by" in ran.out) == (0, False)
    assert "amazon.nova-lite-v1:0  user/sandbox" in ran.out.split("Who calls past the profiles")[1]
    assert "CloudWatch Logs Insights: " in ran.err
    document = in_sandbox("report", "coverage", "--last", "1d", "--no-cost", "-o", "json").json()
    assert document["coverage"][-1]["caller"] == "user/sandbox"
    unasked = in_sandbox("report", "coverage", "--last", "1d", "--no-cost", "--no-callers")
    assert "Who calls" not in unasked.out
    assert "Insights" not in unasked.err
