"""A Cost Explorer of known figures for tests of reports: what it is asked, and answers from amounts by day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from costsentry_cli.domain.calls import Answer, ApiCall
from fakes import FakeCloud

Amount = Callable[[date], str]
TODAY = date(2026, 11, 23)
SHOWN_UNTIL = date(2026, 11, 23)


def steady(cents: int, growth: int = 0) -> Amount:
    """So many cents on workdays, a tenth at weekends, more by ``growth`` cents every week of the year."""

    def amount(day: date) -> str:
        week = day.isocalendar().week
        whole = Decimal(cents + growth * week) / (10 if day.isoweekday() > 5 else 1)
        return str(whole / 100)

    return amount


def since(first: date, amount: Amount) -> Amount:
    """Nothing before a day."""
    return lambda day: amount(day) if day >= first else "0"


CENTRES: dict[tuple[str, ...], Amount] = {
    ("sales",): steady(900, 12),
    ("support",): steady(480, -3),
    ("services",): steady(210),
    ("",): since(date(2026, 11, 9), steady(95)),
}
CREDITS: Amount = lambda day: "-25" if day.day == 3 else "0"  # noqa: E731 one line says it


class CostExplorer(FakeCloud):
    """Answers GetCostAndUsage by groups of known amounts; groups of no cost are not in an answer, as with AWS."""

    def __init__(self, groups: dict[tuple[str, ...], Amount], credits: Amount | None = None, **script: Any) -> None:
        super().__init__({"GetCostAndUsage": self._usage, "ListCostAllocationTags": _active, **script})
        self.groups = groups
        self.credits = credits

    def _usage(self, call: ApiCall) -> Answer:
        period = call.params["TimePeriod"]
        first, end = date.fromisoformat(period["Start"]), date.fromisoformat(period["End"])
        days = [first + timedelta(days=n) for n in range((end - first).days)]
        return {"ResultsByTime": [self._day(call, day) for day in days]}

    def _day(self, call: ApiCall, day: date) -> dict[str, Any]:
        definitions = call.params["GroupBy"]
        apart = definitions[-1]["Key"] == "RECORD_TYPE"
        cells = [((*keys, "Usage") if apart else keys, amount(day)) for keys, amount in self.groups.items()]
        if apart and self.credits is not None:
            alone = len(definitions) == 1
            cells = ([] if alone else cells) + [((("Credit",) if alone else ("", "Credit")), self.credits(day))]
        groups = [
            {
                "Keys": [_spelled(one, value) for one, value in zip(definitions, keys, strict=True)],
                "Metrics": {name: {"Amount": amount, "Unit": "USD"} for name in call.params["Metrics"]},
            }
            for keys, amount in cells
            if Decimal(amount) and day < SHOWN_UNTIL
        ]
        period = {"Start": day.isoformat(), "End": (day + timedelta(days=1)).isoformat()}
        return {"TimePeriod": period, "Total": {}, "Groups": groups, "Estimated": day >= date(2026, 11, 1)}


def _spelled(definition: dict[str, str], value: str) -> str:
    return value if definition["Type"] == "DIMENSION" else f"{definition['Key']}${value}"


def _active(_: ApiCall) -> Answer:
    tags = [{"TagKey": "costCenter", "Type": "UserDefined", "Status": "Active"}]
    return {"CostAllocationTags": tags}
