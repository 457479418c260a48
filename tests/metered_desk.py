"""A desk at which metered calls are made: a fake cloud, a ledger in memory, and what was recorded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from costsentry_cli.domain.calls import ApiCall
from costsentry_cli.domain.ledger.gate import Gate
from costsentry_cli.domain.ledger.memory import MemoryLedger
from costsentry_cli.domain.metering.attribution import Chosen
from costsentry_cli.domain.metering.reply import Reply
from costsentry_cli.domain.metering.request import Request, of_options
from costsentry_cli.usecases.metering import Metering
from fakes import BASIC, HAIKU, FakeCloud, FrozenClock, arn, manifest, summary, tag_list

SALES = {
    "costsentry:namespace": "docs-helper",
    "costsentry:key": "aws-docs-sales-prod",
    "costsentry:spec": f"v1:{HAIKU}",
    "costCenter": "sales",
    "applicationId": "aws-documentation-helper",
    "environment": "production",
}
CHOSEN = Chosen(arn(1), "aws-docs-sales-prod", HAIKU, SALES)
USAGE = {"inputTokens": 10, "outputTokens": 4, "totalTokens": 14}
ANSWER = {
    "output": {"message": {"role": "assistant", "content": [{"text": "Hello "}, {"text": "you"}]}},
    "stopReason": "end_turn",
    "usage": USAGE,
    "metrics": {"latencyMs": 5},
    "ResponseMetadata": {"RequestId": "req-9"},
}


def counted(call: ApiCall) -> dict[str, Any]:
    return {one["MetricName"]: one["Value"] for one in call.params["MetricData"]}


PROFILES = {
    "ListInferenceProfiles": {"inferenceProfileSummaries": [summary("aws-docs-sales-prod", 1)]},
    "ListTagsForResource": tag_list(SALES),
    "CountTokens": {"inputTokens": 20},
    "PutMetricData": {},
}
DAILY = """
limits:
  - match: {costCenter: sales}
    per: day
    tokens: 200
    usd: 1
"""


@dataclass
class Desk:
    """A metering over a fake cloud and a ledger in memory; ``events`` are what was recorded."""

    cloud: FakeCloud
    calls: Metering
    ledger: MemoryLedger
    events: list[dict[str, Any]]

    def ask(self, prompt: str = "Hi", **more: Any) -> Reply:
        return self.calls.run(self.calls.prepare(request(prompt)), **more)

    def paid(self) -> int:
        return sum(call.operation.startswith("Converse") for call in self.cloud.calls)

    def settled(self) -> list[int]:
        """The tokens settled in every counter, nothing held any more."""
        counts = self.ledger.read().values()
        assert all(not count.holds for count in counts)
        return [count.settled.tokens for count in counts]


def request(prompt: str = "Hi", max_tokens: int = 50) -> Request:
    return of_options(prompt, parameters={"max_tokens": max_tokens}, tags={"costCenter": "sales"})


def desk(tmp_path: Path, limits: str = DAILY, **script: Any) -> Desk:
    cloud = FakeCloud(PROFILES | {"Converse": ANSWER} | script)
    clock, ledger, events = FrozenClock(), MemoryLedger(), []
    gate = Gate(ledger, clock, 60)

    def keep(event: Any) -> None:
        events.append(dict(event))

    wanted = manifest(tmp_path, BASIC + limits)
    calls = Metering(cloud, cloud, wanted, "us-east-1", clock, gate, keep, wait=lambda _: None)
    return Desk(cloud, calls, ledger, events)
