"""Status, activation and deactivation over a recording cloud, and in a member account of the sandbox."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from costsentry_cli.aws import assume
from costsentry_cli.cli.context import Context
from costsentry_cli.domain.calls import Answer, ApiCall, Cloud
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.kind import Scope
from costsentry_cli.domain.payer import Payer
from costsentry_cli.domain.tag_life import State, Switched, TagStatus
from costsentry_cli.usecases import backfill, tags
from fakes import ACCOUNT, NOON, FakeCloud, arn, summary, tag_list

MEMBER = "111122223333"
ROLE = f"arn:aws:iam::{MEMBER}:role/finops"
SCOPE = Scope(ACCOUNT, "us-east-1", "ours")
OURS = {"costsentry:namespace": "ours", "costsentry:key": "k", "costsentry:spec": "v1:m"}
UNSEEN = {"TagKey": "new", "Code": "TagKeysNotFoundException", "Message": "not found"}


def billed(**status: str) -> Answer:
    """A listing of keys with their status; an active one was switched two days ago."""
    switched = {"LastUpdatedDate": f"{NOON - timedelta(days=2):%Y-%m-%dT%H:%M:%SZ}"}
    return {
        "CostAllocationTags": [
            {"TagKey": key, "Type": "UserDefined", "Status": word} | (switched if word == "Active" else {})
            for key, word in status.items()
        ]
    }


def profiles(*tagged: dict[str, str]) -> dict[str, Any]:
    """A script for profiles with these tags, in order."""
    return {
        "ListInferenceProfiles": {"inferenceProfileSummaries": [summary(f"p{n}", n) for n in range(len(tagged))]},
        "ListTagsForResource": lambda call: tag_list(
            dict(zip(map(arn, range(len(tagged))), tagged, strict=True))[call.params["resourceARN"]]
        ),
    }


def cost(*values: str) -> Answer:
    """Equal Bedrock cost for each of these values of the key, on one day of last month."""
    return {
        "ResultsByTime": [
            {
                "TimePeriod": {"Start": "2026-10-09", "End": "2026-10-10"},
                "Groups": [
                    {"Keys": [value, "Amazon Bedrock"], "Metrics": {"UnblendedCost": {"Amount": "2", "Unit": "USD"}}}
                    for value in values
                ],
            }
        ]
    }


def payer(cloud: Cloud) -> Payer:
    return Payer(cloud, ACCOUNT, "sentry tags status")


def status(cloud: FakeCloud, keys: Sequence[str], scopes: Sequence[Scope] = (SCOPE,), **more: Any) -> TagStatus:
    return tags.status(payer(cloud), {ACCOUNT: cloud}, scopes, keys, NOON, **({"with_cost": True} | more))


def test_only_the_namespace_s_profiles_that_are_in_use_are_counted() -> None:
    retired = OURS | {"costsentry:retired": "2026-11-20T00:00:00Z", "team": "a"}
    script = profiles(OURS | {"team": "a"}, OURS, {"team": "b"}, retired)
    cloud = FakeCloud(script | {"ListCostAllocationTags": billed()})
    found = status(cloud, ["team"])
    assert (found.standings[0].on, found.profiles) == (1, 2)
    assert [one.name for one in found.standings[0].missing] == ["p1"]
    every = status(cloud, ["team"], [Scope(ACCOUNT, "us-east-1", "")])
    assert (every.standings[0].on, every.profiles) == (2, 3)


def test_costs_are_asked_for_once_for_each_key_that_was_ever_active_and_only_for_these() -> None:
    listing = billed(team="Active", other="Inactive", costCenter="Active")
    cloud = FakeCloud(
        profiles(OURS) | {"ListCostAllocationTags": listing, "GetCostAndUsage": cost("team$a", "team$", "team$")}
    )
    found = status(cloud, ["team", "other", "new"])
    assert found.paid_requests == 1
    assert (found.active, [one.carried is None for one in found.standings]) == (2, [False, True, True])
    asked = [call.params for call in cloud.calls if call.operation == "GetCostAndUsage"]
    assert [one["GroupBy"][0] for one in asked] == [{"Type": "TAG", "Key": "team"}]
    assert asked[0]["TimePeriod"] == {"Start": "2026-10-01", "End": "2026-11-24"}
    carried = found.standings[0].carried
    assert carried is not None
    assert f"{carried.first} {carried.share:.3f}" == "2026-10-09 0.333"


def test_without_costs_nothing_paid_is_asked() -> None:
    cloud = FakeCloud(profiles(OURS) | {"ListCostAllocationTags": billed(team="Active")})
    found = status(cloud, ["team"], with_cost=False)
    assert (found.paid_requests, found.standings[0].state) == (0, State.ACTIVE)
    assert "GetCostAndUsage" not in cloud.operations()


def test_a_refused_cost_question_is_not_asked_again_and_the_rest_is_told() -> None:
    refusal = SentryError("CS0811", "DataUnavailableException: not enabled")
    cloud = FakeCloud(
        profiles(OURS) | {"ListCostAllocationTags": billed(a="Active", b="Active"), "GetCostAndUsage": refusal}
    )
    found = status(cloud, ["a", "b"])
    assert (found.unpriced, found.paid_requests) == (refusal, 0)
    assert [one.state for one in found.standings] == [State.ACTIVE, State.ACTIVE]
    assert cloud.operations().count("GetCostAndUsage") == 1


def test_an_interruption_is_not_taken_for_missing_cost_data() -> None:
    stop = SentryError("CS0902", "not tried: interrupted")
    cloud = FakeCloud(profiles() | {"ListCostAllocationTags": billed(a="Active"), "GetCostAndUsage": stop})
    with pytest.raises(SentryError, match="interrupted"):
        status(cloud, ["a"])


def test_a_region_that_cannot_be_seen_is_a_trouble_and_all_of_them_an_error() -> None:
    other = Scope(ACCOUNT, "eu-west-1", "ours")
    denied = SentryError("CS0403", "AccessDenied: no")
    there = {"inferenceProfileSummaries": [summary("p0", 0)]}

    def listing(call: ApiCall) -> Answer:
        if call.region == "eu-west-1":
            raise denied
        return there

    script = profiles(OURS) | {"ListInferenceProfiles": listing, "ListCostAllocationTags": billed()}
    found = status(FakeCloud(script), ["team"], [SCOPE, other])
    assert [(one.scope, one.error) for one in found.troubles] == [(other, denied)]
    assert found.profiles == 1
    with pytest.raises(SentryError, match="AccessDenied"):
        status(FakeCloud(script), ["team"], [other])


def test_look_alikes_and_principals_are_looked_for_among_all_that_billing_knows() -> None:
    listing = billed(costCenter="Inactive", CostCenter="Inactive") | {}
    listing["CostAllocationTags"].append(
        {"TagKey": "iamPrincipal/costCenter", "Type": "UserDefined", "Status": "Inactive"}
    )
    found = status(FakeCloud(profiles() | {"ListCostAllocationTags": listing}), ["costCenter"])
    assert (found.standings[0].look_alikes, found.standings[0].principal) == (("CostCenter",), True)


def test_an_activation_tells_every_key_s_end_apart() -> None:
    refused = {"TagKey": "odd", "Code": "InternalError", "Message": "try later"}
    cloud = FakeCloud(
        {
            "ListCostAllocationTags": billed(on="Active", off="Inactive", odd="Inactive"),
            "UpdateCostAllocationTagsStatus": {"Errors": [UNSEEN, refused]},
        }
    )
    done = tags.activate(cloud, ["on", "off", "new", "odd"])
    assert (done.activated, done.already, done.pending) == (("off",), ("on",), ("new",))
    assert [(one.key, one.error.code, one.error.message) for one in done.failed] == [
        ("odd", "CS0802", "InternalError: try later")
    ]


def test_a_batch_that_fails_does_not_undo_the_other() -> None:
    keys = [f"k{number:02}" for number in range(21)]
    refusal = SentryError("CS0802", "ValidationException: no")
    cloud = FakeCloud(
        {
            "ListCostAllocationTags": billed(**dict.fromkeys(keys, "Inactive")),
            "UpdateCostAllocationTagsStatus": [{"Errors": []}, refusal],
        }
    )
    done = tags.activate(cloud, keys)
    assert (len(done.changed), [one.key for one in done.failed]) == (20, ["k20"])


@pytest.mark.parametrize(("active", "fits"), [(499, True), (500, False), (501, True)])
def test_the_quota_is_kept_unless_aws_has_raised_it(active: int, fits: bool) -> None:
    def listing(call: ApiCall) -> Answer:
        names = [f"k{number}" for number in range(active)] if call.params.get("Status") == "Active" else []
        return billed(**dict.fromkeys(names, "Active"))

    cloud = FakeCloud({"ListCostAllocationTags": listing, "UpdateCostAllocationTagsStatus": {"Errors": []}})
    done = tags.activate(cloud, ["one"])
    assert (done.changed == ("one",)) is fits
    assert ("UpdateCostAllocationTagsStatus" in cloud.operations()) is fits
    assert [one.error.code for one in done.failed] == ([] if fits else ["CS0805"])


def test_rounds_are_made_until_nothing_is_pending_and_each_asks_only_for_what_is() -> None:
    answers: list[Any] = [{"Errors": [UNSEEN]}, {"Errors": []}]
    cloud = FakeCloud(
        {
            "ListCostAllocationTags": billed(off="Inactive"),
            "UpdateCostAllocationTagsStatus": answers,
        }
    )
    work = tags.Activating(payer(cloud), Switched(pending=("off", "new")))
    assert [work.done(), work.done(), work.done()] == [False, True, True]
    assert work.so_far == Switched(("off", "new"))
    sent = [call for call in cloud.calls if call.operation == "UpdateCostAllocationTagsStatus"]
    entries = [[entry["TagKey"] for entry in call.params["CostAllocationTagsStatus"]] for call in sent]
    assert entries == [["off", "new"], ["new"]]


def test_a_deactivation_leaves_alone_what_is_inactive() -> None:
    cloud = FakeCloud(
        {
            "ListCostAllocationTags": billed(on="Active", off="Inactive"),
            "UpdateCostAllocationTagsStatus": {"Errors": []},
        }
    )
    assert tags.deactivate(payer(cloud), ["on", "off"]) == Switched(("on",), ("off",))
    entries = cloud.calls[-1].params["CostAllocationTagsStatus"]
    assert entries == [{"TagKey": "on", "Status": "Inactive"}]


def test_a_key_that_is_gone_when_it_is_deactivated_has_failed() -> None:
    cloud = FakeCloud(
        {
            "ListCostAllocationTags": billed(new="Active"),
            "UpdateCostAllocationTagsStatus": {"Errors": [UNSEEN]},
        }
    )
    done = tags.deactivate(payer(cloud), ["new"])
    assert (done.changed, done.pending, [one.key for one in done.failed]) == ((), (), ["new"])


def test_a_member_account_is_told_who_the_payer_is_and_what_to_run_there(context: Context) -> None:
    member = assume(context.cloud, ROLE)
    here = Payer(member, MEMBER, "sentry tags COMMAND")
    started = context.clock().date().replace(day=1)
    attempts = [
        lambda: tags.status(here, {}, [], ["team"], context.clock(), with_cost=True),
        tags.Activating(here, Switched(pending=("team",))).done,
        lambda: tags.deactivate(here, ["team"]),
        lambda: backfill.effect(here),
        lambda: backfill.history(here),
        lambda: backfill.start(here, started),
    ]
    for attempt in attempts:
        with pytest.raises(SentryError, match=f"payer account {ACCOUNT}") as refused:
            attempt()
        assert (refused.value.code, refused.value.help) == ("CS0407", "there: sentry tags COMMAND")


def test_a_missing_permission_is_not_taken_for_a_member_account() -> None:
    denied = SentryError("CS0403", "AccessDeniedException: not authorized to perform ce:ListCostAllocationTags")
    with pytest.raises(SentryError) as refused:
        payer(FakeCloud({"ListCostAllocationTags": denied})).listed()
    assert refused.value is denied


def test_a_backfill_refused_as_too_soon_says_when_the_next_may_be() -> None:
    limit = SentryError("CS0805", "BackfillLimitExceededException: once every 24 hours")
    past = {"BackfillFrom": "2026-06-01T00:00:00Z", "RequestedAt": "2026-11-23T09:00:00Z", "BackfillStatus": "FAILED"}
    history = {"BackfillRequests": [past]}
    script = {"StartCostAllocationTagBackfill": limit, "ListCostAllocationTagBackfillHistory": history}
    with pytest.raises(SentryError, match="one backfill in 24 hours") as refused:
        backfill.start(payer(FakeCloud(script)), NOON.date().replace(day=1))
    assert refused.value.help.startswith("run it again after 2026-11-24 09:00 UTC")


@pytest.mark.parametrize("answer", [{"BackfillRequests": []}, SentryError("CS0806", "unavailable")])
def test_without_a_history_the_refusal_itself_is_told(answer: Any) -> None:
    limit = SentryError("CS0805", "BackfillLimitExceededException: once every 24 hours")
    script = {"StartCostAllocationTagBackfill": limit, "ListCostAllocationTagBackfillHistory": answer}
    with pytest.raises(SentryError) as refused:
        backfill.start(payer(FakeCloud(script)), NOON.date().replace(day=1))
    assert refused.value is limit
