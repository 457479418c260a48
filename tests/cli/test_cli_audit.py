"""``sentry audit``: the screens, from a log group and from a file, and the file itself."""

from __future__ import annotations

import fcntl
import json
import stat
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from commands import Sentry
from costsentry_cli.aws import connect_to
from costsentry_cli.cli.audit_file import AuditFile, append
from costsentry_cli.domain.audit import LimitState, Metered, as_line, event
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.pricing import Tokens
from costsentry_cli.sandbox import Sandbox
from costsentry_cli.usecases.audit import LogStream, record
from fakes import BASIC, HAIKU, LITE, NOON, write_manifest

AUDITED = BASIC.replace("cost_allocation_tags: [applicationId, costCenter, environment]", "audit: {}")
NOW = datetime.now(UTC)
"""The file's reader has the machine's clock."""
SALES = Metered(
    "r-1",
    NOW - timedelta(minutes=5),
    "approved",
    "succeeded",
    LITE,
    profile_name="docs-sales",
    tags={"costCenter": "sales"},
    tokens=Tokens(input=1200, output=30),
    cost=Decimal("0.0000792"),
    finish_reasons=["end_turn"],
    limits=[LimitState("*/day", "2026-11-23", "tokens", 50000, 48770)],
)
DENIED = replace(SALES, request_id="r-2", decision="denied", ending="denied", tokens=None, cost=None, error="CS0206")
SUPPORT = replace(SALES, request_id="r-3", model=HAIKU, tags={"costCenter": "support"}, cost=None, profile_name="")
CALLS = [
    SALES,
    replace(DENIED, at=SALES.at + timedelta(minutes=1)),
    replace(SUPPORT, at=SALES.at + timedelta(minutes=2)),
]

STATS = """\
Cost centre  Calls  Denied     In  Out       Cost
sales            2       1  1,200   30  $0.000079
support          1       0  1,200   30    unknown
total            3       1  2,400   60  $0.000079

1 of 3 calls have no known cost: they are in no sum.
"""
SHOWN = """\
costsentry.attempt                        1
costsentry.costCenter                     sales
costsentry.cost_nano_usd                  79200
costsentry.cost_usd                       0.0000792
costsentry.decision                       approved
costsentry.ending                         succeeded
costsentry.limits                         id=*/day limit=50000 remaining=48770 reserved=0 settled=0 \
unit=tokens window=2026-11-23
costsentry.profile.name                   docs-sales
costsentry.request_id                     r-1
costsentry.timestamp                      {time}
gen_ai.operation.name                     chat
gen_ai.provider.name                      aws.bedrock
gen_ai.request.model                      amazon.nova-lite-v1:0
gen_ai.response.finish_reasons            end_turn
gen_ai.usage.cache_creation.input_tokens  0
gen_ai.usage.cache_read.input_tokens      0
gen_ai.usage.input_tokens                 1200
gen_ai.usage.output_tokens                30
"""


@pytest.fixture
def file(folder: Path) -> str:
    for call in CALLS:
        append(folder / "audit.jsonl", event(call))
    return "audit.jsonl"


@pytest.fixture
def grouped(in_sandbox: Sentry, folder: Path) -> Sentry:
    """A sandbox whose log group has the calls."""
    write_manifest(folder, AUDITED)
    assert in_sandbox("sync", "--yes").status == 0
    door = connect_to(Sandbox(folder / "sandbox.db").plug, "us-east-1")
    for call in CALLS:
        record(door, event(call), LogStream("/costsentry/docs-helper", "2026/11/23/a", None))
    return in_sandbox


def test_calls_of_a_file_are_listed_the_newest_first(sentry: Sentry, file: str) -> None:
    ran = sentry("audit", "list", "--audit-file", file, "--last", "1h")
    assert ran.status == 0
    head, *rows = [line.split() for line in ran.out.splitlines()]
    assert " ".join(head) == "Time (UTC) Cost centre Model Decision Ending In Out Cost Request id"
    assert [row[2:] for row in rows] == [
        ["support", HAIKU, "approved", "succeeded", "1,200", "30", "-", "r-3"],
        ["sales", LITE, "denied", "denied", "-", "-", "-", "r-2"],
        ["sales", LITE, "approved", "succeeded", "1,200", "30", "$0.000079", "r-1"],
    ]
    assert ran.err == ""


def test_the_log_group_gives_the_same_document_as_the_file(grouped: Sentry, file: str) -> None:
    asked = [("list",), ("list", "--ending", "denied"), ("stats", "-g", "model"), ("stats", "--cost-center", "sales")]
    for words in asked:
        documents = [grouped("audit", *words, "-o", "json", *more).json() for more in ((), ("--audit-file", file))]
        rows = "events" if words[0] == "list" else "groups"
        assert documents[0][rows] == documents[1][rows]
        assert documents[0].get("total") == documents[1].get("total")
        assert documents[0]["source"] == "CloudWatch Logs /costsentry/docs-helper"
        assert documents[1]["source"] == file


def test_sums_as_people_read_them(sentry: Sentry, file: str) -> None:
    ran = sentry("audit", "stats", "--audit-file", file)
    assert (ran.status, ran.out) == (0, STATS)


def test_what_aws_read_for_an_answer_is_told(grouped: Sentry) -> None:
    ran = grouped("audit", "stats")
    assert ran.out == STATS
    assert ran.err.splitlines()[1].startswith("CloudWatch Logs Insights: ")
    assert not ran.err.splitlines()[1].startswith("CloudWatch Logs Insights: 0 ")


def test_a_limited_list_says_that_there_may_be_more(sentry: Sentry, file: str) -> None:
    ran = sentry("audit", "list", "--audit-file", file, "--limit", "2", "-o", "csv")
    assert [line.rsplit(",", 1)[1] for line in ran.out.splitlines()[1:]] == ["r-3", "r-2"]
    assert ran.err == "the newest 2; there may be more: --limit\n"


def test_one_call_is_shown_in_full(grouped: Sentry) -> None:
    ran = grouped("audit", "show", "r-1")
    assert ran.status == 0
    assert ran.out == SHOWN.format(time=event(SALES)["costsentry.timestamp"])
    document = grouped("audit", "show", "r-1", "-o", "json").json()
    assert document["call"]["events"] == [event(SALES)]


def test_a_request_that_was_not_recorded_is_told(sentry: Sentry, file: str) -> None:
    ran = sentry("audit", "show", "r-9", "--audit-file", file)
    assert (ran.status, ran.err.splitlines()[0]) == (2, "error[CS0105]: no recorded call has the request id r-9")


def test_a_manifest_without_audit_says_how_to_record_calls(in_sandbox: Sentry) -> None:
    ran = in_sandbox("audit", "list")
    assert ran.status == 2
    assert "profiles.yaml has no audit: calls are recorded nowhere" in ran.err
    assert "audit: {}, then: sentry sync" in ran.err


@pytest.mark.parametrize("words", [("list", "--cost-center", 'a" | x'), ("show", "a`b"), ("list", "--last", "1y")])
def test_what_would_be_no_value_in_a_query_is_refused_before_anything_is_asked(
    sentry: Sentry, file: str, words: tuple[str, ...]
) -> None:
    ran = sentry("audit", *words, "--audit-file", file)
    assert (ran.status, ran.out) == (2, "")


def test_nothing_recorded_is_said_and_no_error(sentry: Sentry, folder: Path) -> None:
    (folder / "empty.jsonl").touch()
    ran = sentry("audit", "stats", "--audit-file", "empty.jsonl")
    assert ran.status == 0
    assert ran.out.startswith("No such call was recorded since 20")
    assert sentry("audit", "list", "--audit-file", "nowhere.jsonl").status == 2


# -- the file


def test_the_file_is_its_owners_alone_and_a_link_is_not_followed(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    append(path, event(SALES))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    link = tmp_path / "link.jsonl"
    link.symlink_to(path)
    with pytest.raises(SentryError) as refused:
        append(link, event(SALES))
    assert refused.value.code == "CS0103"
    assert len(path.read_text().splitlines()) == 1


def test_lines_of_many_writers_stay_whole(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    events = [event(replace(SALES, request_id=f"r-{n}", profile_name="x" * 5000)) for n in range(100)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda one: append(path, one), events))
    assert sorted(map(as_line, AuditFile(path))) == sorted(map(as_line, events))


def test_a_line_that_is_being_written_is_waited_for_not_taken_for_one_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    line = f"{as_line(event(SALES))}\n"
    with ThreadPoolExecutor(1) as pool, path.open("w") as slow:
        fcntl.flock(slow, fcntl.LOCK_EX)
        slow.write(line[:-40])
        slow.flush()
        other = pool.submit(append, path, event(DENIED))
        assert wait([other], timeout=0.2).not_done
        slow.write(line[-40:])
        slow.flush()
        fcntl.flock(slow, fcntl.LOCK_UN)
    assert path.read_text() == line + f"{as_line(event(DENIED))}\n"


def test_a_line_that_was_cut_off_costs_no_other(tmp_path: Path, sentry: Sentry, folder: Path) -> None:
    path = folder / "audit.jsonl"
    append(path, event(SALES))
    path.write_bytes(path.read_bytes()[:-40])
    append(path, event(DENIED))
    with path.open("ab") as lines:
        lines.write(b"\xff\xfe\n[1]\n\n" + b"x" * 3_000_000 + b"\n")
    append(path, event(SUPPORT))
    file = AuditFile(path)
    assert [one["costsentry.request_id"] for one in file] == ["r-2", "r-3"]
    assert file.unreadable >= 4
    ran = sentry("audit", "stats", "--audit-file", "audit.jsonl")
    assert "lines hold no event of ours and are left out" in ran.err


def test_an_event_is_the_line_that_goes_to_the_log_group_too(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    append(path, event(replace(SALES, at=NOON)))
    assert path.read_text() == as_line(event(replace(SALES, at=NOON))) + "\n"
    assert json.loads(path.read_text())["costsentry.timestamp"] == "2026-11-23T12:00:00.000Z"
