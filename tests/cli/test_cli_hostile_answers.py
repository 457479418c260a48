"""Whatever AWS answers, no byte of it steers a terminal: not on it, not piped, in no format. Markup is data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from commands import Ran, Sentry
from costsentry_cli.cli.context import seed_sandbox
from costsentry_cli.sandbox import Sandbox
from costsentry_cli.sandbox.server import start
from fakes import BASIC, write_manifest
from hostile_account import HOSTILE, MARKUP, STEERS, HostileAccount, everything, for_people

MANIFEST = (
    BASIC
    + """\
limits:
  - {match: {costCenter: sales}, per: day, tokens: 100000}
audit: {}
budgets:
  - name: bedrock-{costCenter}
    for_each: costCenter
    amount: 500
    per: month
    alerts: [{at: 80%, of: actual, email: [finops@example.com]}]
anomaly_monitors:
  - {name: by-centre, tag: costCenter, alert: {above: 50, frequency: daily, email: [finops@example.com]}}
"""
)
SGR = re.compile("\x1b\\[[0-9;]*m")
COMMANDS = [
    "plan", "plan -o json", "sync --yes --dry-run", "sync --yes",
    "profiles list", "profiles list -o csv", "profiles list -o markdown", "profiles list -o html",
    "profiles resolve --cost-center sales", "profiles env --cost-center sales", "profiles adopt", "profiles import",
    "tags status", "tags status -o csv", "tags backfill --history",
    "budgets list", "budgets list -o csv", "budgets status", "budgets lint", "budgets simulate",
    "anomalies list", "limits status", "limits show", "audit list --last 1d", "audit stats --last 1d",
    "invoke --cost-center sales Hello", "invoke --cost-center sales --stream Hello",
    "invoke --cost-center sales --dry-run Hello",
    "report", "report --color always", "report -g service -o csv", "report -g model -o html", "report -o svg",
    "report -o markdown", "report -o json", "report -o jsonl", "report -o focus", "report usage", "report coverage",
    "report forecast", "report compare", "destroy --dry-run",
]  # fmt: skip


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[HostileAccount, str]]:
    """A seeded sandbox behind HTTP, honest until it is told to twist."""
    sandbox = Sandbox(tmp_path_factory.mktemp("hostile") / "sandbox.db")
    seed_sandbox(sandbox, 20, 1, invocation_log=False)
    hostile = HostileAccount(sandbox)
    with start(hostile) as url:
        yield hostile, url


@pytest.fixture
def aws(
    account: tuple[HostileAccount, str], sentry: Sentry, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[HostileAccount]:
    """The target is the account, which answers honestly again afterwards."""
    hostile, url = account
    environment = {"AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "AKIAX", "AWS_SECRET_ACCESS_KEY": "x"}
    for name, value in (environment | {"XDG_CACHE_HOME": str(folder / "cache"), "COLUMNS": "100"}).items():
        monkeypatch.setenv(name, value)
    write_manifest(folder, MANIFEST)
    if not hostile.ready:
        assert sentry("sync", "--yes").status == 0
        assert sentry("invoke", "--cost-center", "sales", "Hello").status == 0
        hostile.ready = True
    hostile.twisted = 0
    yield hostile
    hostile.twists, hostile.refuses = None, ""


def assert_harmless(ran: Ran, words: str) -> None:
    """No byte steers; colour that was asked for is ours alone."""
    out = SGR.sub("", ran.out) if "always" in words else ran.out
    assert not STEERS.search(out), (words, STEERS.findall(out), ran.out[:500])
    assert not STEERS.search(ran.err), (words, STEERS.findall(ran.err))
    assert "Traceback" not in ran.err or "--debug" in words


@pytest.mark.parametrize("words", COMMANDS)
def test_hostile_texts_steer_nothing(words: str, aws: HostileAccount, sentry: Sentry) -> None:
    aws.twists = for_people
    ran = sentry(*words.split())
    assert_harmless(ran, words)
    assert ran.status != 1, ran.err


# An answer that is not even a date or an amount may end a command as a defect; it must not steer either.
@pytest.mark.parametrize("words", COMMANDS[::3])
def test_an_account_that_breaks_every_rule_steers_nothing(words: str, aws: HostileAccount, sentry: Sentry) -> None:
    aws.twists = everything
    assert_harmless(sentry(*words.split()), words)


@pytest.mark.parametrize(
    ("words", "refused"),
    [
        ("plan", "inference-profiles"),
        ("report", "GetCostAndUsage"),
        ("budgets list", "DescribeBudgets"),
        ("tags status", "ListCostAllocationTags"),
        ("invoke --cost-center sales Hello", "UpdateItem"),
        ("audit stats", "StartQuery"),
        ("report -o json", "GetCostAndUsage"),
        ("profiles list --debug", "inference-profiles"),
    ],
)
def test_a_hostile_sentence_of_aws_is_told_as_data(
    words: str, refused: str, aws: HostileAccount, sentry: Sentry
) -> None:
    aws.refuses = refused
    ran = sentry(*words.split())
    assert_harmless(ran, words)
    assert ran.status not in (0, 1, 2)
    assert MARKUP in ran.out + ran.err
    assert "x1b[2J" in ran.out + ran.err


def test_the_twisted_account_is_seen_so_the_rest_can_fail(aws: HostileAccount, sentry: Sentry) -> None:
    aws.twists = for_people
    shown = sentry("profiles", "list")
    assert aws.twisted > 0
    assert "\\x1b[2J" in shown.out
    assert MARKUP in shown.out
    assert STEERS.search(HOSTILE)
