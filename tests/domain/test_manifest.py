"""What a manifest means, and every rule it can break."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from manifest_reading import HEAD, ONE, only, problems, read

from costsentry_cli.domain.document import Mark


def entry(body: str) -> str:
    return f"{HEAD}profiles:\n  - {{{body}}}\n"


def test_an_alias_stands_for_its_model_and_the_reference_is_kept() -> None:
    (profile,) = read(HEAD + ONE).profiles
    assert (profile.model, profile.model_id) == ("haiku", "us.anthropic.claude-haiku-4-5-20251001-v1:0")
    assert (profile.key, profile.name, dict(profile.tags)) == ("docs", "docs", {"costCenter": "sales"})


def test_listed_tags_make_a_profile_for_every_combination_in_file_order() -> None:
    text = HEAD + "tags: {env: [b, a]}\nprofiles: [{name: 'x-{env}-{team}', model: lite, tags: {team: [2, 1]}}]"
    assert [profile.name for profile in read(text).profiles] == ["x-b-2", "x-b-1", "x-a-2", "x-a-1"]


def test_own_tags_win_over_common_ones_and_tags_are_in_key_order_and_read_only() -> None:
    text = HEAD + "tags: {z: 1, a: common}\nprofiles: [{name: x, model: lite, tags: {a: own, m: ''}}]"
    tags = read(text).profiles[0].tags
    assert list(tags.items()) == [("a", "own"), ("m", ""), ("z", "1")]
    with pytest.raises(TypeError):
        tags["a"] = "other"  # type: ignore[index]


@pytest.mark.parametrize("value", ["0123", "on", "12:30", "1_000", "no", "1e3", "2025-01-01", "0x10", ".5"])
def test_a_tag_value_stays_the_text_it_is_written_as(value: str) -> None:
    assert read(entry(f"name: x, model: lite, tags: {{costCenter: {value}}}")).profiles[0].tags["costCenter"] == value


def test_key_and_description_are_templates_and_own_regions_win() -> None:
    body = 'name: "n-{t}", key: "k/{t}", description: "{model} {t}", model: lite, regions: [eu-west-1], tags: {t: 7}'
    (profile,) = read(entry(body)).profiles
    assert (profile.name, profile.key, profile.description) == ("n-7", "k/7", "lite 7")
    assert profile.regions == ("eu-west-1",)


def test_amounts_are_exact() -> None:
    text = HEAD + ONE + "limits: [{per: day, usd: 0.000000001, tokens: 100_000}]\n"
    (limit,) = read(text).limits
    assert (limit.usd, limit.tokens, limit.mode, limit.on_ledger_error) == (Decimal("1e-9"), 100000, "enforce", "deny")
    assert dict(limit.match) == {}


def test_an_unknown_model_id_is_accepted_because_models_appear_faster_than_catalogues() -> None:
    assert read(entry("name: x, model: eu.someone.brand-new-v9")).profiles[0].model_id == "eu.someone.brand-new-v9"


def test_the_arn_of_a_system_profile_is_accepted() -> None:
    arn = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-lite-v1:0"
    assert read(entry(f"name: x, model: '{arn}'")).profiles[0].model_id == arn


def test_one_name_in_two_regions_that_differ_is_no_collision() -> None:
    text = (
        HEAD
        + "profiles:\n"
        + "".join(f"  - {{name: x, model: lite, regions: [{r}]}}\n" for r in ("us-east-1", "eu-west-1"))
    )
    assert len(read(text).profiles) == 2


BROKEN = [
    ("name: x, modl: lite", "CS0012", "unknown key 'modl'", "did you mean 'model'?"),
    ("name: x", "CS0011", "a profile has no 'model'", "add: model: …"),
    ("name: x, model: haik", "CS0023", "model 'haik' is not known", "did you mean 'haiku'?"),
    ("name: x, model: zzz", "CS0023", "model 'zzz' is not known", "did you mean 'amazon.nova-pro-v1:0'?"),
    ("name: x.y, model: lite", "CS0021", "AWS would refuse the name 'x.y'", ""),
    ("name: x--y, model: lite", "CS0021", "AWS would refuse the name 'x--y'", ""),
    (f"name: {'x' * 65}, model: lite", "CS0021", "has 65 characters; AWS allows 64", ""),
    ("name: x, model: lite, description: 'a, b'", "CS0021", "AWS would refuse the description 'a, b'", ""),
    ("name: x, model: lite, key: 'a*b'", "CS0021", "AWS would refuse the key 'a*b'", ""),
    ('name: "x-{team}", model: lite, tags: {teem: a}', "CS0025", "'{team}' names no tag", "did you mean 'teem'?"),
    ("name: x, model: lite, tags: {t: [a, b]}", "CS0024", "2 profiles of this entry have one name", "{t}"),
    ('name: "x{t}", key: k, model: lite, tags: {t: [a, b]}', "CS0024", "have one key, 'k'", "{t}"),
    ('name: "{a}{b}", model: lite, tags: {a: [x, xy], b: [yz, z]}', "CS0024", "'xyz' is given twice; first by", ""),
    ("name: x, model: lite, tags: {t: [a, a]}", "CS0014", "tags.t has 'a' twice", "keep one"),
    ("name: x, model: lite, tags: {t: []}", "CS0013", "tags.t is empty", ""),
    ("name: x, model: lite, tags: {t: null}", "CS0013", "tags.t has no value", "quotes"),
    ("name: x, model: lite, tags: {t: a*b}", "CS0022", "tags.t 'a*b' is not a tag value AWS accepts", ""),
    ("name: x, model: lite, tags: {'aws:t': a}", "CS0022", "the tag key 'aws:t' is not", "aws:"),
    ("name: x, model: lite, tags: {'costsentry:key': a}", "CS0022", "the tag key 'costsentry:key'", ""),
    ("name: x, model: lite, tags: {env: a, Env: b}", "CS0022", "differs from 'env' on line 5 only in case", ""),
    ("name: x, model: lite, regions: [useast1]", "CS0013", "regions 'useast1' is not a region", ""),
    ("name: {costCenter}, model: lite", "CS0013", "name is one value, but here stands a mapping", "quotes"),
]


@pytest.mark.parametrize(("body", "code", "message", "help"), BROKEN, ids=[row[0][:40] for row in BROKEN])
def test_a_broken_entry_has_one_problem_that_says_what_and_what_helps(
    body: str, code: str, message: str, help: str
) -> None:
    problem = only(entry(body))
    assert problem.code == code
    assert message in problem.message
    assert help in problem.help


def test_a_profile_made_from_an_application_profile_is_refused() -> None:
    arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123"
    assert "application inference profile" in only(entry(f"name: x, model: '{arn}'")).message


def test_two_entries_with_one_name_are_named_by_both_places() -> None:
    text = HEAD + "profiles:\n  - {name: x, model: lite}\n  - {name: x, model: haiku}\n"
    problem = only(text)
    assert (problem.code, problem.at) == ("CS0024", Mark(6, 12))
    assert "first on line 5" in problem.message


def test_a_name_in_the_targets_region_collides_with_the_name_in_any_region() -> None:
    text = HEAD + "profiles:\n  - {name: x, model: lite}\n  - {name: x, model: lite, regions: [eu-west-1]}\n"
    assert only(text).code == "CS0024"


def test_a_broken_alias_is_reported_once_where_it_stands_and_not_by_its_users() -> None:
    text = "version: 1\nnamespace: a\nmodels: {m: haiku}\nprofiles: [{name: x, model: m}, {name: y, model: m}]\n"
    problem = only(text)
    assert (problem.code, problem.at.line) == ("CS0023", 3)


def test_46_tags_are_accepted_and_47_are_not_because_four_mark_the_ownership() -> None:
    def tagged(count: int) -> str:
        own = ", ".join(f"k{number}: v" for number in range(count - 1))
        return HEAD + f"tags: {{common: v}}\nprofiles: [{{name: x, model: lite, tags: {{{own}}}}}]\n"

    assert len(read(tagged(46)).profiles[0].tags) == 46
    assert only(tagged(47)).code == "CS0026"


def test_a_matrix_of_too_many_profiles_is_refused_before_it_is_made() -> None:
    values = ", ".join(map(str, range(1000)))
    tags = ", ".join(f"{key}: [{values}]" for key in "abcd")
    assert (
        "1000000000000 profiles" in only(entry(f'name: "{{a}}{{b}}{{c}}{{d}}", model: lite, tags: {{{tags}}}')).message
    )


ROLE = "arn:aws:iam::111122223333:role/costsentry"


def test_accounts_have_a_role_each_and_grace_is_a_duration() -> None:
    accounts = f'accounts: [{{id: "111122223333", assume_role: "{ROLE}", external_id: abc}}, {{id: "210987654321"}}]\n'
    manifest = read(HEAD + ONE + accounts + "grace: 12h\n")
    assert [(one.id, one.assume_role, one.external_id) for one in manifest.accounts] == [
        ("111122223333", ROLE, "abc"),
        ("210987654321", None, None),
    ]
    assert manifest.grace == timedelta(hours=12)
    assert read(HEAD + ONE).grace is None


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        (
            f'accounts: [{{id: "210987654321", assume_role: "{ROLE}"}}]',
            "CS0014",
            "the role is not in account 210987654321",
        ),
        ('accounts: [{id: "210987654321"}, {id: "210987654321"}]', "CS0024", "given twice"),
        ('account: "210987654321"\naccounts: [{id: "210987654321"}]', "CS0014", "account and accounts are both given"),
        ("accounts: [{id: 12}]", "CS0013", "not an account id"),
        ("grace: soon", "CS0013", "a duration such as 7d"),
        ("grace: 999d", "CS0014", "at most 365d"),
    ],
)
def test_accounts_and_grace_are_checked(text: str, code: str, message: str) -> None:
    problem = only(f"{HEAD}{ONE}{text}\n")
    assert (problem.code, message in problem.message) == (code, True)


BOUNDS = [
    ("limits: [{per: week, tokens: 1}]", "CS0014", "per is minute or hour or day or month, not 'week'"),
    ("limits: [{per: day}]", "CS0011", "a limit has no amount"),
    ("limits: [{per: day, tokens: 1.5}]", "CS0013", "tokens is a whole number"),
    ("limits: [{per: day, tokens: 0}]", "CS0014", "tokens is above 0"),
    ("limits: [{per: day, tokens: 012}]", "CS0013", "tokens is a whole number"),
    ("limits: [{per: day, usd: 1e999}]", "CS0013", "usd is an amount"),
    ("limits: [{per: day, usd: .nan}]", "CS0013", "usd is an amount"),
    ("limits: [{per: day, usd: -1}]", "CS0013", "usd is an amount"),
    ("limits: [{per: day, usd: 0.0000000001}]", "CS0013", "at most 9 decimals"),
    ("limits: [{per: day, usd: 1000000001}]", "CS0014", "at most 1000000000"),
    ("limits: [{match: {model: haiko}, per: day, usd: 1}]", "CS0023", "model 'haiko' is no alias"),
    ("limits: [{match: {costcenter: a}, per: day, usd: 1}]", "CS0012", "unknown key 'costcenter'"),
    ("limits: [{match: {model: haiku}, fallback: haiku, per: day, usd: 1}]", "CS0014", "the limited model itself"),
    ("limits: [{per: day, usd: 1, fallback: light}]", "CS0023", "fallback 'light' is no alias"),
    ("limits: [{per: day, usd: 1}, {per: day, tokens: 1}]", "CS0014", "stands on line 5 already"),
    ("limits:", "CS0013", "limits has no value"),
    ("cost_allocation_tags: [CostCenter]", "CS0022", "differs from 'costCenter'"),
    ("namespaces: x", "CS0012", "unknown key 'namespaces'"),
    ("account: 12345678901", "CS0013", "account '12345678901' is not an account id of 12 digits"),
]


@pytest.mark.parametrize(("line", "code", "message"), BOUNDS, ids=[row[0][:60] for row in BOUNDS])
def test_a_broken_section_has_one_problem(line: str, code: str, message: str) -> None:
    problem = only(HEAD + ONE + line + "\n")
    assert problem.code == code
    assert message in problem.message


def test_another_version_is_refused() -> None:
    assert only(HEAD.replace("version: 1", "version: 2") + ONE).message == "version is 1, not '2'"


def test_reading_ends_at_a_thousand_problems_and_says_so() -> None:
    found = problems(HEAD + "profiles:\n" + "  - {name: x}\n" * 5000)
    assert len(found) == 1001
    assert "1,000 problems are enough" in {each.message for each in found if each.code == "CS0004"}.pop()
