"""Reports: folding a large answer against pandas, the import budget, and what is paid for twice (nothing)."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from ratio import PYTHON, SENTRY, Row, paired

DAYS, VALUES, PAGE = 365, 500, 5000
FIRST = date(2025, 11, 1)
RUNS = 5

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


@dataclass(frozen=True)
class Spent:
    """CPU seconds and the most memory (MB) of one whole process, and what it printed."""

    cpu: float
    memory: float
    said: str


def spent(code: str, *words: str) -> Spent:
    with subprocess.Popen([PYTHON, "-c", code, *words], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return Spent(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, said.strip())


def fold(folder: Path) -> None:
    path = folder / "answer.jsonl"
    answer(path)
    pairs = [(spent(OURS, str(path)), spent(PANDAS, str(path))) for _ in range(RUNS)]
    ours, pandas = pairs[0]
    print(f"{DAYS * VALUES:,} groups: ours {ours.said}, pandas {pandas.said}")
    print(Row("fold, CPU / tuned pandas", statistics.median(a.cpu / b.cpu for a, b in pairs), 0.6).line())
    print(Row("fold, memory / tuned pandas", statistics.median(a.memory / b.memory for a, b in pairs), 0.6).line())
    print(Row("fold, memory / 250 MB", statistics.median(a.memory for a, _ in pairs) / 250, 1).line())


LOADED = "import sys; from costsentry_cli.cli.main import run; run(sys.argv[1:]); print(*sorted(sys.modules))"
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


def small(folder: Path) -> None:
    database = str(folder / "sandbox.db")
    target = ("--sandbox", "--sandbox-db", database)
    subprocess.run([*SENTRY, "sandbox", "seed", "--days", "10", *target], check=True, capture_output=True)
    report = ("report", "--last", "7d", "--no-previous", *target)
    loaded = spent(LOADED, *report, "-o", "json").said
    print(f"a small report imports pandas: {'pandas' in loaded.split()}")
    again = subprocess.run([*SENTRY, *report, "-o", "json"], check=True, capture_output=True, text=True)
    print(f"paid requests of the repeated report: {json.loads(again.stdout)['paid_requests']}")
    today = date.today() + timedelta(days=1)  # noqa: DTZ011 the sandbox's clock is the machine's
    floor = (PYTHON, "-c", ONE_CALL, database, (today - timedelta(days=7)).isoformat(), today.isoformat())
    asked = paired((*SENTRY, *report, "--refresh", "-o", "json"), floor, 7)
    print(Row("sentry report / boto3 asking the same", asked, 1.3).line())


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        fold(Path(name))
        small(Path(name))
    sys.exit(0)
