"""Where limits are counted and calls are recorded: what ``ledger:`` and ``audit:`` mean, and what they may not say."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from manifest_reading import HEAD, ONE, only, read

from costsentry_cli.domain.destruction import wanting_nothing
from costsentry_cli.domain.document import InvalidDocument, Mark
from costsentry_cli.domain.manifest.schema import schema

BASE = HEAD + "regions: [eu-west-1, us-east-1]\n" + ONE
LIMITS = "limits: [{per: day, usd: 25}]\n"
VALIDATOR = Draft202012Validator(schema())


def test_a_manifest_without_limits_has_no_ledger_and_without_audit_no_trail() -> None:
    found = read(BASE)
    assert (found.ledger, found.audit) == (None, None)


def test_limits_alone_are_counted_in_a_table_of_the_namespace_in_the_first_region() -> None:
    ledger = read(BASE + LIMITS).ledger
    assert ledger is not None
    assert (ledger.kind, ledger.table, ledger.region) == ("dynamodb", "costsentry-docs", "eu-west-1")
    assert (ledger.expired, ledger.at) == ("charge", Mark(6, 10))


def test_a_manifest_without_regions_leaves_the_region_to_the_target() -> None:
    found = read(HEAD + ONE + LIMITS + "audit: {}\n")
    assert found.ledger is not None
    assert found.audit is not None
    assert (found.ledger.region, found.audit.region) == (None, None)


def test_a_table_may_be_named_with_its_region_and_what_becomes_of_abandoned_reservations() -> None:
    ledger = read(BASE + "ledger: {table: my.own_ledger-1, region: us-west-2, expired: release}\n").ledger
    assert ledger is not None
    assert (ledger.kind, ledger.table, ledger.region) == ("dynamodb", "my.own_ledger-1", "us-west-2")
    assert (ledger.expired, ledger.at) == ("release", Mark(6, 9))


def test_the_word_cloudwatch_is_a_ledger_for_which_nothing_is_made() -> None:
    ledger = read(BASE + LIMITS + "ledger: cloudwatch\n").ledger
    assert ledger is not None
    assert (ledger.kind, ledger.table, ledger.region) == ("cloudwatch", "", "eu-west-1")


def test_audit_has_a_group_of_the_namespace_kept_ninety_days_unless_it_says_otherwise() -> None:
    audit = read(BASE + "audit: {}\n").audit
    assert audit is not None
    assert (audit.log_group, audit.retention_days, audit.region) == ("/costsentry/docs", 90, "eu-west-1")
    audit = read(BASE + "audit: {log_group: a/b.c_d-e, retention_days: 3653, region: us-east-1}\n").audit
    assert audit is not None
    assert (audit.log_group, audit.retention_days, audit.region) == ("a/b.c_d-e", 3653, "us-east-1")


BROKEN = [
    ("ledger: dynamo", "CS0014", "ledger is cloudwatch, not 'dynamo'"),
    ("ledger: [cloudwatch]", "CS0013", "ledger is cloudwatch, or a mapping, but here stands a list"),
    ("ledger:", "CS0013", "ledger has no value"),
    ("ledger: {tabel: abc}", "CS0012", "unknown key 'tabel'"),
    ("ledger: {table: ab}", "CS0021", "table 'ab' is not the name of a DynamoDB table"),
    (f"ledger: {{table: {'a' * 256}}}", "CS0021", "table has 256 characters; at most 255"),
    ("ledger: {table: a/b/c}", "CS0021", "'a/b/c' is not the name of a DynamoDB table"),
    ("ledger: {region: here}", "CS0013", "region 'here' is not a region such as us-east-1"),
    ("ledger: {expired: keep}", "CS0014", "expired is charge or release, not 'keep'"),
    ("audit: yes", "CS0013", "audit is a mapping"),
    ("audit: {log_group: aws/x}", "CS0021", "'aws/x' is not the name of a log group"),
    ("audit: {log_group: 'a b'}", "CS0021", "'a b' is not the name of a log group"),
    ("audit: {log_group: 'a#b'}", "CS0021", "'a#b' is not the name of a log group"),
    (f"audit: {{log_group: {'a' * 513}}}", "CS0021", "log_group has 513 characters; at most 512"),
    ("audit: {retention_days: 91}", "CS0014", "retention_days is 1 or 3 or 5"),
    ("audit: {retention_days: 0}", "CS0014", "retention_days is 1 or 3 or 5"),
]


@pytest.mark.parametrize(("text", "code", "message"), BROKEN, ids=[row[0][:40] for row in BROKEN])
def test_what_it_may_not_say_is_told_where_it_stands(text: str, code: str, message: str) -> None:
    problem = only(BASE + text + "\n")
    assert (problem.code, problem.at.line) == (code, 6)
    assert message in problem.message


RIGHT = [
    "ledger: {}", "ledger: cloudwatch", "ledger: {table: a.b, expired: charge}", "ledger: {region: eu-west-1}",
    "audit: {}", "audit: {retention_days: 1}", "audit: {log_group: 'a'}", "audit: {retention_days: '7'}",
]  # fmt: skip


@pytest.mark.parametrize("text", [*RIGHT, *(row[0] for row in BROKEN)])
def test_the_schema_and_the_reader_agree(text: str) -> None:
    document: Any = yaml.safe_load(BASE + text)
    try:
        read(BASE + text + "\n")
        accepted = True
    except InvalidDocument:
        accepted = False
    assert accepted == (text in RIGHT)
    assert VALIDATOR.is_valid(document) == accepted


def test_a_manifest_that_wants_nothing_wants_neither_ledger_nor_trail() -> None:
    nothing = wanting_nothing(read(BASE + LIMITS + "audit: {}\n"), "us-east-1")
    assert (nothing.limits, nothing.ledger, nothing.audit) == ((), None, None)
