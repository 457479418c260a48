"""Budgets of the manifest: what they expand to, and every rule they can break."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from manifest_reading import HEAD, ONE, only, problems, read

from costsentry_cli.domain.document import InvalidDocument, Mark

TAGS = "{costCenter: [sales, dev], environment: production}"
CENTRES = f'profiles: [{{name: "x-{{costCenter}}", model: lite, tags: {TAGS}}}]\n'
ACCOUNT = 'account: "123456789012"\n'
POLICY = "arn:aws:iam::123456789012:policy/deny-bedrock"
ROLE = "arn:aws:iam::123456789012:role/budgets"
TOLD = "email: [a@example.com]"
ACT = {
    "at": "100%", "of": "actual", "policy": POLICY, "roles": "[callers]", "execution_role": ROLE,
    "email": "[a@example.com]",
}  # fmt: skip


def budget(body: str) -> str:
    return f"{HEAD}{CENTRES}budgets:\n  - {{name: b, {body}}}\n"


def acting(per: str = "month", **changes: str | None) -> str:
    action = ", ".join(f"{key}: {value}" for key, value in (ACT | changes).items() if value is not None)
    return budget(f"amount: 1, per: {per}, action: {{{action}}}")


def test_for_each_makes_a_budget_for_every_value_with_its_name_and_slice() -> None:
    text = HEAD + CENTRES + "budgets: [{name: 'b-{costCenter}', for_each: costCenter, amount: 5, per: month}]\n"
    first, second = read(text).budgets
    assert (first.name, dict(first.tags)) == ("b-sales", {"costCenter": "sales"})
    assert (second.name, dict(second.tags)) == ("b-dev", {"costCenter": "dev"})
    assert (first.amount, first.planned, first.per, first.at) == (Decimal(5), (), "month", Mark(5, 11))
    with pytest.raises(TypeError):
        first.tags["costCenter"] = "other"  # type: ignore[index]


def test_tags_narrow_the_slice_in_key_order_and_can_stand_in_the_name() -> None:
    entry = "{name: '{environment}-{team}', for_each: team, tags: {environment: production}, amount: 5, per: month}"
    profile = "{name: x, model: lite, tags: {team: [a], environment: production}}"
    (made,) = read(f"{HEAD}profiles: [{profile}]\nbudgets: [{entry}]\n").budgets
    assert (made.name, list(made.tags.items())) == ("production-a", [("environment", "production"), ("team", "a")])


def test_the_slice_is_in_key_order_whatever_the_order_of_writing() -> None:
    entry = "{name: '{costCenter}', tags: {environment: production}, for_each: costCenter, amount: 5, per: month}"
    first, _ = read(f"{HEAD}{CENTRES}budgets: [{entry}]\n").budgets
    assert list(first.tags) == ["costCenter", "environment"]


def test_a_budget_without_tags_is_over_every_cost() -> None:
    (made,) = read(budget("amount: 0.5, per: day")).budgets
    assert (made.name, dict(made.tags), made.amount, made.alerts, made.action) == ("b", {}, Decimal("0.5"), (), None)


def test_planned_amounts_are_by_first_day_and_ascend() -> None:
    (made,) = read(budget("planned: {2027-01: 700, 2026-11: 500.5}, per: month")).budgets
    assert made.amount is None
    assert made.planned == ((date(2026, 11, 1), Decimal("500.5")), (date(2027, 1, 1), Decimal(700)))


def test_a_quarter_begins_with_its_first_month() -> None:
    quarters = "2026-Q1: 1, 2026-Q2: 2, 2026-Q3: 3, 2026-Q4: 4"
    (made,) = read(budget(f"planned: {{{quarters}}}, per: quarter")).budgets
    assert [day.isoformat() for day, _ in made.planned] == ["2026-01-01", "2026-04-01", "2026-07-01", "2026-10-01"]


def test_an_action_is_read_whole_and_waits_for_approval_unless_told_otherwise() -> None:
    (made,) = read(ACCOUNT + acting()).budgets
    assert made.action is not None
    assert (made.action.at_percent, made.action.of, made.action.policy) == (Decimal(100), "actual", POLICY)
    assert (made.action.roles, made.action.execution_role, made.action.approval) == (("callers",), ROLE, "manual")
    assert (made.action.email, made.action.sns, made.action.at) == (("a@example.com",), (), Mark(7, 46))
    (other,) = read(acting(approval="automatic")).budgets
    assert other.action is not None
    assert other.action.approval == "automatic"


def test_a_policy_of_aws_itself_is_in_every_account() -> None:
    managed = "arn:aws:iam::aws:policy/AWSDenyAll"
    assert read(ACCOUNT + acting(policy=managed)).budgets[0].action is not None


def test_without_an_account_in_the_manifest_the_action_may_be_in_any() -> None:
    other = POLICY.replace("123456789012", "210987654321")
    assert read(acting(policy=other)).budgets[0].action is not None


def test_a_key_that_is_not_activated_in_this_manifest_may_be_active_already() -> None:
    text = HEAD + CENTRES + "cost_allocation_tags: [environment]\n"
    assert len(read(text + "budgets: [{name: '{costCenter}', for_each: costCenter, amount: 1, per: day}]").budgets) == 2


ACTIONS: list[tuple[dict[str, str | None], str, str, str]] = [
    ({"policy": None}, "CS0011", "an action has no 'policy'", "add: policy:"),
    ({"roles": None}, "CS0011", "an action has no 'roles'", "add: roles:"),
    ({"execution_role": None}, "CS0011", "an action has no 'execution_role'", "add: execution_role:"),
    ({"email": None}, "CS0011", "an action has nobody to tell", "add: email:"),
    ({"email": "[]"}, "CS0011", "an action has nobody to tell", "add: email:"),
    ({"roles": "[]"}, "CS0013", "roles is empty", "write at least one of the roles"),
    ({"roles": f"[{', '.join(f'r{n}' for n in range(101))}]"}, "CS0026", "roles has 101 roles; at most 100", ""),
    ({"roles": f"['{ROLE}']"}, "CS0013", "is not the name of an IAM role", "give the name, not the ARN"),
    ({"roles": "[a b]"}, "CS0013", "roles 'a b' is not the name", "letters, digits"),
    ({"roles": "[a, a]"}, "CS0014", "roles has 'a' twice", "keep one"),
    ({"roles": f"[{'r' * 577}]"}, "CS0013", "roles has 577 characters; at most 576", ""),
    ({"policy": ROLE}, "CS0013", "is not the ARN of an IAM policy", "for example arn:"),
    ({"execution_role": "budgets"}, "CS0013", "execution_role 'budgets' is not the ARN", "for example arn:"),
    ({"policy": POLICY.replace("9012:", "9013:")}, "CS0014", "the policy is in account 123456789013", "123456789012"),
    ({"execution_role": ROLE.replace("9012:", "9013:")}, "CS0014", "the execution role is in account", "123456789012"),
    ({"approval": "auto"}, "CS0014", "approval is manual or automatic, not 'auto'", "did you mean 'automatic'?"),
    ({"aproval": "manual"}, "CS0012", "unknown key 'aproval'", "did you mean 'approval'?"),
    ({"of": "forecast", "per": "day"}, "CS0014", "AWS forecasts no budget per day", "write of: actual"),
    ({"email": "[x]"}, "CS0013", "email 'x' is not an e-mail address", ""),
    ({"sns": "[x, y]"}, "CS0026", "sns has 2 topics; at most 1", ""),
]


@pytest.mark.parametrize(("changes", "code", "message", "help"), ACTIONS, ids=[str(row[0])[:50] for row in ACTIONS])
def test_a_broken_action_has_one_problem(changes: dict[str, str | None], code: str, message: str, help: str) -> None:
    problem = only(ACCOUNT + acting(**changes))
    assert problem.code == code
    assert message in problem.message
    assert help in problem.help


BROKEN = [
    ("per: month", "CS0011", "a budget has no amount", "add: amount: 500"),
    ("per: month, amout: 5", "CS0012", "unknown key 'amout'", "did you mean 'amount'?"),
    ("per: month, plannd: {2026-11: 5}", "CS0012", "unknown key 'plannd'", "did you mean 'planned'?"),
    ("per: month, amount: 5, planned: {2026-11: 5}", "CS0014", "amount and planned are both given", "keep one"),
    ("per: month, amount: null", "CS0013", "amount has no value", ""),
    ("per: month, planned: {}", "CS0013", "planned is empty", "leave the key out"),
    ("per: month, planned: 5", "CS0013", "planned is a mapping", ""),
    ("per: month, planned: {2026-13: 5}", "CS0013", "'2026-13' is not a month", "01 to 12"),
    ("per: month, planned: {2026-1: 5}", "CS0013", "'2026-1' is not a month", "01 to 12"),
    ("per: month, planned: {2026-11-01: 5}", "CS0013", "'2026-11-01' is not a month", "01 to 12"),
    ("per: quarter, planned: {2026-Q5: 5}", "CS0013", "'2026-Q5' is not a month", "Q1 to Q4"),
    ("per: month, planned: {202\uff16-11: 5}", "CS0013", "is not a month", "01 to 12"),
    ("per: month, planned: {2087-07: 5}", "CS0014", "2087-07 begins after 2087-06-15", "before that"),
    ("per: month, planned: {2026-11: 0}", "CS0014", "planned.2026-11 is above 0", ""),
    ("per: month, planned: {2026-11: }", "CS0013", "planned.2026-11 has no value", ""),
    ("per: month, planned: {2026-11: 5, 2026-11: 6}", "CS0006", "", ""),
    ("per: month, planned: {2026-Q4: 5}", "CS0014", "2026-Q4 is a quarter, but the budget is per month", "2026-11"),
    ("per: quarter, planned: {2026-11: 5}", "CS0014", "2026-11 is a month, but the budget is per quarter", "2026-Q4"),
    ("per: day, planned: {2026-11: 5}", "CS0014", "not per day", "per: month"),
    ("per: year, planned: {2026-11: 5, 2026-Q1: 6}", "CS0014", "not per year", "amount:"),
    ("per: wek, planned: {2026-11: 5}", "CS0014", "per is day or month", ""),
    ("per: day, amount: 1, alerts: [{at: 1%, of: forecast, " + TOLD + "}]", "CS0014", "per day", "of: actual"),
    ("per: day, amount: 1, tags: {costCentre: a}", "CS0025", "the key 'costCentre' names no tag", "'costCenter'?"),
    ("per: day, amount: 1, tags: {zzz: a}", "CS0025", "the key 'zzz' names no tag", "in use: costCenter, environment"),
    ("per: day, amount: 1, tags: {costCenter: [a]}", "CS0013", "tags.costCenter is one value", "quotes"),
    ("per: day, amount: 1, tags: {costCenter: a*b}", "CS0022", "is not a tag value AWS accepts", ""),
    (
        "per: day, amount: 1, for_each: costCenter, tags: {costCenter: a}",
        "CS0014",
        "'costCenter' stands in for_each already",
        "take it out",
    ),
]


@pytest.mark.parametrize(("body", "code", "message", "help"), BROKEN, ids=[row[0][:60] for row in BROKEN])
def test_a_broken_budget_has_one_problem(body: str, code: str, message: str, help: str) -> None:
    problem = only(budget(body))
    assert problem.code == code
    assert message in problem.message
    assert help in problem.help


BOUNDS = [
    ("budgets: [{name: 'b-{costCentre}', for_each: costCentre, amount: 1, per: day}]", "CS0025", "names no tag"),
    ("budgets: [{name: 'b-{costCenter}', amount: 1, per: day}]", "CS0025", "'{costCenter}'"),
    ("budgets: [{name: 'a:b', amount: 1, per: day}]", "CS0021", "AWS would refuse the budget name"),
    ("budgets: [{name: b, amount: 0, per: day}]", "CS0014", "amount is above 0"),
    ("budgets: [{name: b, amount: 1, per: minute}]", "CS0014", "per is day or month or quarter or year"),
    ("budgets: [{name: b, amount: 1, per: day}, {name: b, amount: 1, per: day}]", "CS0024", "'b' is given twice"),
    ("budgets: [{name: b, amount: 1, per: day, alerts: [{at: 80, of: actual, email: [a@b.c]}]}]", "CS0013", "80%"),
    ("budgets: [{name: b, amount: 1, per: day, alerts: [{at: 0%, of: actual, email: [a@b.c]}]}]", "CS0014", "above 0%"),
    ("budgets: [{name: b, amount: 1, per: day, alerts: [{at: 80%, of: actual}]}]", "CS0011", "nobody to tell"),
    ("budgets: [{name: b, amount: 1, per: day, alerts: [{at: 80%, of: actual, email: [x]}]}]", "CS0013", "e-mail"),
]


@pytest.mark.parametrize(("line", "code", "message"), BOUNDS, ids=[row[0][:60] for row in BOUNDS])
def test_a_broken_list_of_budgets_has_one_problem(line: str, code: str, message: str) -> None:
    problem = only(HEAD + ONE + line + "\n")
    assert problem.code == code
    assert message in problem.message


def test_a_budget_for_each_value_needs_the_value_in_its_name() -> None:
    text = HEAD + 'profiles: [{name: "x-{t}", model: lite, tags: {t: [a, b]}}]\n'
    problem = only(text + "budgets: [{name: b, for_each: t, amount: 1, per: day}]\n")
    assert (problem.code, problem.help) == ("CS0024", "put {t} into the name")


def test_the_same_alert_twice_is_refused_as_aws_would() -> None:
    alert = "{at: 80%, of: actual, email: [a@example.com]}"
    text = HEAD + ONE + f"budgets: [{{name: b, amount: 1, per: day, alerts: [{alert}, {alert}]}}]\n"
    assert only(text).code == "CS0014"


def test_an_expanded_name_that_another_entry_has_is_refused_with_both_places() -> None:
    text = HEAD + CENTRES + "budgets:\n  - {name: b-dev, amount: 1, per: day}\n"
    problem = only(text + "  - {name: 'b-{costCenter}', for_each: costCenter, amount: 1, per: day}\n")
    assert (problem.code, problem.at, problem.help) == ("CS0024", Mark(7, 12), "choose another name")
    assert problem.message == "the budget name 'b-dev' is given twice; first on line 6"


def test_a_value_that_makes_a_name_aws_refuses_is_shown_filled_in() -> None:
    text = HEAD + "profiles: [{name: x, model: lite, tags: {owner: 'a:b'}}]\n"
    problem = only(text + "budgets: [{name: 'b-{owner}', for_each: owner, amount: 1, per: day}]\n")
    assert (problem.code, problem.message) == ("CS0021", "AWS would refuse the budget name 'b-a:b'")


def test_a_key_is_not_called_unknown_when_the_tags_could_not_be_read() -> None:
    text = HEAD + "profiles: [{name: x, model: lite, tags: 5}]\n"
    assert only(text + "budgets: [{name: b, for_each: team, amount: 1, per: day}]\n").message.startswith("tags is")


def test_budgets_beyond_the_most_are_refused_before_they_are_made() -> None:
    values = ", ".join(map(str, range(15_000)))
    text = HEAD + f'profiles: [{{name: "x-{{t}}", model: lite, tags: {{t: [{values}]}}}}]\nbudgets:\n'
    entry = "  - {{name: '{}-{{t}}', for_each: t, amount: 1, per: day}}\n"
    assert len(read(text + entry.format("a")).budgets) == 15_000
    problem = only(text + entry.format("a") + entry.format("b"))
    assert (problem.code, problem.at.line) == ("CS0026", 7)
    assert problem.message == "this entry expands to 15000 budgets; a manifest has at most 20000"


def test_an_amount_that_cannot_be_read_beside_another_of_the_same_day_is_told() -> None:
    found = problems(budget("planned: {2026-01: x, 2026-Q1: 1}, per: month"))
    assert [each.code for each in found] == ["CS0013", "CS0014"]


def test_all_that_is_wrong_with_a_budget_is_told_in_the_order_of_places() -> None:
    body = (
        "for_each: costCentre, tags: {envronment: a}, per: day, planned: {2026-11: 1, 2026-14: 2},\n"
        f"     alerts: [{{at: 1%, of: forecast, {TOLD}}}, {{at: 2%, of: actual}}],\n"
        f"     action: {{at: 1%, of: actual, policy: '{POLICY}', roles: [], {TOLD}}}"
    )
    found = problems(ACCOUNT.replace('12"', '13"') + budget(body))
    assert [(each.at.line, each.code) for each in found] == [
        (7, "CS0025"), (7, "CS0025"), (7, "CS0014"), (7, "CS0013"),
        (8, "CS0014"), (8, "CS0011"),
        (9, "CS0011"), (9, "CS0014"), (9, "CS0013"),
    ]  # fmt: skip
    assert found == sorted(found)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="0123456789-Q{}:aé \n\t", max_size=9), st.sampled_from(["day", "month", "quarter", "year"]))
def test_any_text_as_a_period_is_read_or_told_and_nothing_else(period: str, per: str) -> None:
    quoted = period.replace("\n", "\\n").replace("\t", "\\t")
    text = budget(f'planned: {{"{quoted}": 1}}, per: {per}')
    try:
        (made,) = read(text).budgets
    except InvalidDocument:
        assert all(each.at.line >= 6 for each in problems(text))
    else:
        ((day, amount),) = made.planned
        assert (day.day, amount) == (1, Decimal(1))
        assert str(day.year) == period[:4]
