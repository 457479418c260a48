"""Reports: a large answer folded, against pandas; a small one, against boto3; and what is paid for twice (nothing)."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import goals
from ratio import PYTHON, SENTRY, Row, cpu_ratios, pairs, show, spent

DAYS, VALUES, PAGE, MEGABYTES = 365, 500, 5000, 250
FIRST = date(2025, 11, 1)
RUNS = 5
PAGES = 1
"""A week of one group is one page of an answer."""

OURS = """
import json, sys
from datetime import date, timedelta
from costsentry_cli.domain.reports import rows
from costsentry_cli.domain.reports.costs import folded_by
from costsentry_cli.domain.reports.question import Question, groups_of
from costsentry_cli.domain.window import Window
first = date(2025, 11, 1)
asked = Question(groups_of(["costCenter"]), Window(first, first + timedelta(days=365)), previous=False)
with open(sys.argv[1]) as file:
    folded = folded_by(map(json.loads, file), asked.groups, "UnblendedCost")
lines = rows.lines(asked, folded, None)
table = rows.table(rows.Shown(asked, lines, rows.summed(("Total",), lines)))
print(len(table.rows), round(table.total[1], 2))
"""
PANDAS = """
import json, sys
import pandas
days, values, amounts = [], [], []
with open(sys.argv[1]) as file:
    for page in map(json.loads, file):
        for period in page["ResultsByTime"]:
            groups = period["Groups"]
            days += [period["TimePeriod"]["Start"]] * len(groups)
            values += [group["Keys"][0][11:] for group in groups]
            amounts += [group["Metrics"]["UnblendedCost"]["Amount"] for group in groups]
frame = pandas.DataFrame(
    {"day": pandas.Categorical(days), "value": pandas.Categorical(values), "amount": pandas.to_numeric(amounts)}
)
pivot = frame.groupby(["value", "day"], observed=True, sort=False)["amount"].sum().unstack()
total = pivot.sum(axis=1)
table = pandas.DataFrame({"cost": total, "share": total / total.sum()}).sort_values("cost", ascending=False)
print(len(table), round(total.sum(), 2))
"""


def answer(path: Path) -> None:
    """One page of GetCostAndUsage a line: every cost centre on every day, amounts as AWS spells them."""
    cells = [(day, value) for day in range(DAYS) for value in range(VALUES)]
    with path.open("w", encoding="utf-8") as file:
        for start in range(0, len(cells), PAGE):
            results: dict[int, dict[str, object]] = {}
            for day, value in cells[start : start + PAGE]:
                begin = FIRST + timedelta(days=day)
                period = {"Start": begin.isoformat(), "End": (begin + timedelta(days=1)).isoformat()}
                result = results.setdefault(day, {"TimePeriod": period, "Total": {}, "Groups": [], "Estimated": False})
                amount = {
                    "Amount": f"{(day * 7919 + value * 104729) % 10**9}.{day * value % 10**10:010d}",
                    "Unit": "USD",
                }
                groups = result["Groups"]
                assert isinstance(groups, list)
                groups.append({"Keys": [f"costCenter$team-{value}"], "Metrics": {"UnblendedCost": amount}})
            file.write(json.dumps({"ResultsByTime": list(results.values())}) + "\n")


def fold(folder: Path) -> Iterator[Row]:
    """CPU against pandas, memory against what is allowed."""
    path = folder / "answer.jsonl"
    answer(path)
    both = list(
        pairs(lambda: spent((PYTHON, "-c", OURS, str(path))), lambda: spent((PYTHON, "-c", PANDAS, str(path))), RUNS)
    )
    ours, theirs = both[0]
    if ours.said != theirs.said.replace(".0", ".00"):
        raise SystemExit(f"the two sums differ: {ours.said}, {theirs.said}")
    yield Row(goals.FOLD, tuple(one.cpu / other.cpu for one, other in both))
    yield Row(goals.FOLD_MEMORY, tuple(one.memory / MEGABYTES for one, _ in both))


ONE_CALL = """
import botocore.session, pathlib, sys, boto3
from costsentry_cli.sandbox import Sandbox
core = botocore.session.Session()
core.set_credentials("a", "b")
Sandbox(pathlib.Path(sys.argv[1])).plug(core)
session = boto3.Session(botocore_session=core, region_name="us-east-1")
session.client("sts").get_caller_identity()
session.client("ce").get_cost_and_usage(
    TimePeriod={"Start": sys.argv[2], "End": sys.argv[3]}, Granularity="DAILY", Metrics=["UnblendedCost"],
    GroupBy=[{"Type": "TAG", "Key": "costCenter"}])
"""


def small(folder: Path) -> Iterator[Row]:
    """A week of one cost centre, asked anew and repeated."""
    database = str(folder / "sandbox.db")
    target = ("--sandbox", "--sandbox-db", database)
    spent((*SENTRY, "sandbox", "seed", "--days", "10", *target))
    report = (*SENTRY, "report", "--last", "7d", "--no-previous", "-o", "json", *target)
    today = date.today() + timedelta(days=1)  # noqa: DTZ011 the sandbox's clock is the machine's
    floor = (PYTHON, "-c", ONE_CALL, database, (today - timedelta(days=7)).isoformat(), today.isoformat())
    yield Row(goals.REPORT, cpu_ratios((*report, "--refresh"), floor))
    yield Row(goals.PAID, (json.loads(spent((*report, "--refresh")).said)["paid_requests"] / PAGES,))
    yield Row(goals.PAID_AGAIN, (json.loads(spent(report).said)["paid_requests"],))


def rows() -> Iterator[Row]:
    """The large answer, then the small one."""
    with tempfile.TemporaryDirectory() as name:
        yield from fold(Path(name))
        yield from small(Path(name))


if __name__ == "__main__":
    show(rows())
