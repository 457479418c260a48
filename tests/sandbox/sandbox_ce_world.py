"""A store with calls in it and a clock, for the tests of the sandbox's Cost Explorer."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from costsentry_cli.domain.catalog import Tokens, load
from costsentry_cli.sandbox.contract import Request
from costsentry_cli.sandbox.services import billing, ce
from costsentry_cli.sandbox.store import Store

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
HAIKU = "us.anthropic.claude-haiku-4-5-20251001-v1:0"
NOVA = "amazon.nova-lite-v1:0"
DAY = timedelta(days=1)


def day(text: str, hour: int = 12) -> datetime:
    """A moment of a day given as ``2026-11-03``."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC, hour=hour)


class World:
    """Makes calls and asks Cost Explorer about them."""

    def __init__(self, folder: Path, now: datetime = NOW) -> None:
        self.store = Store(folder / "sandbox.db")
        self.now = now
        self._numbers = itertools.count(1)

    def call(
        self, at: datetime, model: str = NOVA, region: str = "us-east-1", operation: str = "Converse",
        tags: dict[str, str] | None = None, tier: str = "default", **tokens: int,
    ) -> Decimal:  # fmt: skip
        """Write one call; answers its cost by the catalogue."""
        ref = load().resolve(model)
        used = Tokens(**(tokens or {"input": 1000, "output": 200}))
        costs = billing.costs(ref, region, used, tier) if ref else {}
        row = {
            "at": at.timestamp(), "region": region, "operation": operation, "request_id": str(next(self._numbers)),
            "requested": model, "metric_id": model, "model_id": model, "outcome": "ok", "tier": tier,
            "input_tokens": used.input, "output_tokens": used.output, "cache_read_tokens": used.cache_read,
            "cache_write_5m_tokens": used.cache_write_5m, "cache_write_1h_tokens": used.cache_write_1h,
            "tags": json.dumps(tags or {}), "costs": json.dumps(costs),
        }  # fmt: skip
        with self.store.transaction() as db:
            places = ", ".join("?" for _ in row)
            db.execute(f"INSERT INTO calls ({', '.join(row)}) VALUES ({places})", list(row.values()))
        return sum(map(Decimal, costs.values()), Decimal(0))

    def use_tag(self, key: str, first: datetime, last: datetime | None = None) -> None:
        """Make billing meet a tag key."""
        with self.store.transaction() as db:
            row = (key, first.timestamp(), (last or first).timestamp())
            db.execute("INSERT INTO cost_tags (key, first_used, last_used) VALUES (?, ?, ?)", row)

    def set(self, name: str, value: str) -> None:
        """Change a setting of the sandbox."""
        with self.store.transaction():
            self.store.set_setting(name, value)

    def ask(self, operation: str, **params: Any) -> dict[str, Any]:
        """One request to the service, at ``now``."""
        with self.store.transaction():
            return ce.OPERATIONS[operation](Request("ce", operation, params, "us-east-1", self.now, "r", self.store))

    def switch(self, key: str, status: str, at: datetime) -> None:
        """Change an activation at another time than now."""
        now, self.now = self.now, at
        answer = self.ask(
            "UpdateCostAllocationTagsStatus", CostAllocationTagsStatus=[{"TagKey": key, "Status": status}]
        )
        self.now = now
        assert answer == {"Errors": []}

    def usage(self, start: str, end: str, **params: Any) -> list[dict[str, Any]]:
        """ResultsByTime of every page of one GetCostAndUsage."""
        asked = {
            "TimePeriod": {"Start": start, "End": end}, "Granularity": "DAILY", "Metrics": ["UnblendedCost"], **params
        }  # fmt: skip
        results, token = [], {}
        while True:
            answer = self.ask("GetCostAndUsage", **asked, **token)
            results += answer["ResultsByTime"]
            if "NextPageToken" not in answer:
                return results
            token = {"NextPageToken": answer["NextPageToken"]}

    def costs(self, start: str, end: str, **params: Any) -> dict[tuple[str, ...], Decimal]:
        """Costs by (period start, group keys…), zero totals left out."""
        found: dict[tuple[str, ...], Decimal] = {}
        for result in self.usage(start, end, **params):
            cells = [((), result["Total"])] if result["Total"] else []
            cells += [(tuple(group["Keys"]), group["Metrics"]) for group in result["Groups"]]
            for keys, metrics in cells:
                amount = Decimal(metrics["UnblendedCost"]["Amount"])
                if amount:
                    assert (result["TimePeriod"]["Start"], *keys) not in found
                    found[(result["TimePeriod"]["Start"], *keys)] = amount
        return found
