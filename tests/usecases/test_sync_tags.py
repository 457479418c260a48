"""Cost allocation tags under the same plan and sync: waiting, batches of twenty, errors inside a successful answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from costsentry_cli.domain.calls import Answer, ApiCall
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.kind import Action
from costsentry_cli.domain.kinds.cost_allocation_tag import UNSEEN, CostAllocationTag
from costsentry_cli.domain.manifest.types import Manifest
from costsentry_cli.domain.plan import Plan, Wishes
from costsentry_cli.usecases import sync
from costsentry_cli.usecases.apply import Applied, apply
from fakes import ACCOUNT, NOON, FakeCloud, home, manifest

KEYS = tuple(f"key{number:03d}" for number in range(45))


class Billing:
    """What billing knows of keys, answering as Cost Explorer does."""

    def __init__(self, known: Mapping[str, str], refuses: Mapping[str, str] | None = None) -> None:
        self.status = dict(known)
        self.refuses = dict(refuses or {})

    def cloud(self, **more: Any) -> FakeCloud:
        script = {"ListCostAllocationTags": self.listed, "UpdateCostAllocationTagsStatus": self.updated}
        return FakeCloud(script | more)

    def listed(self, call: ApiCall) -> Answer:
        wanted = call.params.get("TagKeys", self.status)
        found = [key for key in self.status if key in wanted]
        rows = [{"TagKey": key, "Type": "UserDefined", "Status": self.status[key]} for key in found]
        return {
            "CostAllocationTags": [row for row in rows if row["Status"] == call.params.get("Status", row["Status"])]
        }

    def updated(self, call: ApiCall) -> Answer:
        errors = []
        for entry in call.params["CostAllocationTagsStatus"]:
            key = entry["TagKey"]
            code = self.refuses.get(key) or ("" if key in self.status else "TagKeysNotFoundException")
            if code:
                errors.append({"TagKey": key, "Code": code, "Message": f"Failed to update Cost Allocation Tag: {key}"})
            else:
                self.status[key] = entry["Status"]
        return {"Errors": errors}


@pytest.fixture
def wanted(tmp_path: Path) -> Manifest:
    return replace(manifest(tmp_path), cost_allocation_tags=KEYS)


def looked(cloud: FakeCloud, manifest: Manifest) -> Plan:
    kinds = (CostAllocationTag(),)
    return sync.plan({ACCOUNT: cloud}, manifest, kinds, home(manifest), Wishes(prune=True), NOON)


def done(cloud: FakeCloud, plan: Plan) -> tuple[Applied, ...]:
    return apply({ACCOUNT: cloud}, plan, lambda _: None)


def updates(cloud: FakeCloud) -> list[list[str]]:
    made = [call for call in cloud.calls if call.operation == "UpdateCostAllocationTagsStatus"]
    return [[entry["TagKey"] for entry in call.params["CostAllocationTagsStatus"]] for call in made]


def test_keys_are_activated_twenty_in_a_call_and_then_nothing_is_left_to_do(wanted: Manifest) -> None:
    billing = Billing(dict.fromkeys(KEYS, "Inactive"))
    cloud = billing.cloud()
    plan = looked(cloud, wanted)
    assert plan.count(Action.UPDATE) == 45
    assert len(plan.calls) == 3
    assert [one.error for one in done(cloud, plan)] == [None] * 45
    assert [len(keys) for keys in updates(cloud)] == [20, 20, 5]
    assert sorted(key for keys in updates(cloud) for key in keys) == sorted(KEYS)
    assert not looked(cloud, wanted).pending


def test_a_key_billing_has_not_seen_is_waited_for_and_no_call_is_made_for_it(wanted: Manifest) -> None:
    cloud = Billing(dict.fromkeys(KEYS[:-1], "Active")).cloud()
    plan = looked(cloud, wanted)
    assert [change.name for change in plan.of(Action.WAIT)] == [KEYS[-1]]
    assert plan.pending
    assert plan.calls == ()
    assert done(cloud, plan) == ()


def test_a_key_that_billing_forgets_before_the_call_is_pending_and_the_others_are_activated(wanted: Manifest) -> None:
    billing = Billing(dict.fromkeys(KEYS, "Inactive"))
    cloud = billing.cloud()
    plan = looked(cloud, wanted)
    del billing.status[KEYS[3]]
    ended = {one.change.name: one for one in done(cloud, plan)}
    assert ended[KEYS[3]].waits == UNSEEN
    assert ended[KEYS[3]].error is None
    assert all(one.error is None and not one.waits for name, one in ended.items() if name != KEYS[3])


def test_an_error_of_one_key_inside_a_successful_answer_is_that_keys_failure(wanted: Manifest) -> None:
    billing = Billing(dict.fromkeys(KEYS, "Inactive"), refuses={KEYS[7]: "TagKeyNotAllowed"})
    cloud = billing.cloud()
    ended = {one.change.name: one for one in done(cloud, looked(cloud, wanted))}
    failed = {name: one.error for name, one in ended.items() if one.error is not None}
    assert list(failed) == [KEYS[7]]
    assert "TagKeyNotAllowed" in str(failed[KEYS[7]])


def test_a_call_that_fails_fails_every_key_in_it_and_no_other(wanted: Manifest) -> None:
    billing = Billing(dict.fromkeys(KEYS, "Inactive"))

    def updated(call: ApiCall) -> Answer:
        if call.params["CostAllocationTagsStatus"][0]["TagKey"] == KEYS[20]:
            raise SentryError("CS0806", "InternalFailure")
        return billing.updated(call)

    cloud = billing.cloud(UpdateCostAllocationTagsStatus=updated)
    failed = [one.change.name for one in done(cloud, looked(cloud, wanted)) if one.error is not None]
    assert failed == list(KEYS[20:40])


def test_the_keys_of_others_are_never_touched_and_not_shown(wanted: Manifest) -> None:
    cloud = Billing(dict.fromkeys(KEYS, "Inactive") | {"team": "Active", "stage": "Inactive"}).cloud()
    plan = looked(cloud, wanted)
    assert {change.name for change in plan.changes} == set(KEYS)


@pytest.mark.parametrize(("others", "held"), [(455, 0), (456, 45)])
def test_the_quota_of_five_hundred_active_keys_holds_what_would_pass_it(
    wanted: Manifest, others: int, held: int
) -> None:
    active = {f"other{number}": "Active" for number in range(others)}
    plan = looked(Billing(dict.fromkeys(KEYS, "Inactive") | active).cloud(), wanted)
    assert sum(bool(change.held) for change in plan.changes) == held
    assert len(plan.calls) == (0 if held else 3)


LINKED = "Failed to list Cost Allocation Tags: Linked account doesn't have access to cost allocation tags."


def test_a_member_account_is_told_the_payer_and_what_to_run_there(wanted: Manifest) -> None:
    organization = {"Organization": {"MasterAccountId": "999988887777"}}
    script = {"ListCostAllocationTags": SentryError("CS0403", LINKED), "DescribeOrganization": organization}
    with pytest.raises(SentryError) as refused:
        looked(FakeCloud(script), replace(wanted, cost_allocation_tags=KEYS[:2]))
    assert refused.value.code == "CS0407"
    assert "only the payer account 999988887777" in refused.value.message
    assert refused.value.help == "there: sentry tags activate key000 key001"


def test_a_member_account_that_may_not_ask_who_pays_is_told_without_the_number(wanted: Manifest) -> None:
    denied = SentryError("CS0403", "not authorized")
    script = {"ListCostAllocationTags": SentryError("CS0403", LINKED), "DescribeOrganization": denied}
    with pytest.raises(SentryError, match="only the payer \\(management\\) account can"):
        looked(FakeCloud(script), wanted)


def test_another_denial_stays_what_it_is(wanted: Manifest) -> None:
    script = {"ListCostAllocationTags": SentryError("CS0403", "not authorized to perform ce:ListCostAllocationTags")}
    with pytest.raises(SentryError) as refused:
        looked(FakeCloud(script), wanted)
    assert refused.value.code == "CS0403"
