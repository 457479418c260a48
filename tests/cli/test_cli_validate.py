"""``sentry validate``: what the summary counts."""

from __future__ import annotations

from pathlib import Path

from commands import Sentry

TEXT = """\
version: 1
namespace: docs
profiles: [{name: "x-{costCenter}", model: amazon.nova-lite-v1:0, tags: {costCenter: [sales, support]}}]
budgets: [{name: "b-{costCenter}", for_each: costCenter, amount: 5, per: month}]
"""
MONITOR = "anomaly_monitors: [{name: m, tag: costCenter}]\n"
COUNTS = "profiles.yaml is valid: 2 profiles, 0 limits, 2 budgets, 0 cost allocation tags"


def test_expanded_budgets_are_counted_and_anomaly_monitors_when_there_are_any(folder: Path, sentry: Sentry) -> None:
    (folder / "profiles.yaml").write_text(TEXT)
    assert sentry("validate").out == f"{COUNTS}.\n"
    (folder / "profiles.yaml").write_text(TEXT + MONITOR)
    assert sentry("validate").out == f"{COUNTS}, 1 anomaly monitor.\n"


def test_the_document_counts_anomaly_monitors_always(folder: Path, sentry: Sentry) -> None:
    for text, number in ((TEXT, 0), (TEXT + MONITOR, 1)):
        (folder / "profiles.yaml").write_text(text)
        found = sentry("validate", "-o", "json").json()["manifest"]
        assert (found["budgets"], found["anomaly_monitors"]) == (2, number)


def test_what_init_writes_is_valid_and_has_an_example_of_every_section(folder: Path, sentry: Sentry) -> None:
    (folder / "profiles.yaml").unlink(missing_ok=True)
    assert sentry("init").status == 0
    text = (folder / "profiles.yaml").read_text()
    assert sentry("validate").status == 0
    assert [key for key in ("planned:", "tags:", "action:", "anomaly_monitors:") if key not in text] == []
    assert max(map(len, text.splitlines())) <= 120
