"""Where figures come from goes with them: as a sentence for people, as columns where rows stand alone."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from costsentry_cli.domain.provenance import carried, sentence
from costsentry_cli.domain.table import Column, Table, Type

FACTS: dict[str, Any] = {
    "source": "Cost Explorer", "kind": "billed", "metric": "UnblendedCost", "asked": "2026-11-23T12:00:00Z",
    "complete_through": "2026-11-21",
}  # fmt: skip
COLUMNS = (Column("model", "Model"), Column("cost_usd", "Cost", Type.MONEY))


def table(facts: dict[str, Any]) -> Table:
    return Table("costs", COLUMNS, (("Nova", Decimal(2)), (None, None)), ("Total", Decimal(2)), facts=facts)


def test_a_sentence_tells_source_kind_metric_and_age() -> None:
    assert sentence(table(FACTS)) == "Billed: Cost Explorer, UnblendedCost in USD, asked 2026-11-23 12:00 UTC."
    measured = {"source": "CloudWatch X", "kind": "measured", "asked": "2026-11-23T12:00:00Z", "late_by_seconds": 300}
    assert sentence(table(measured)) == (
        "Measured: CloudWatch X, asked 2026-11-23 12:00 UTC; it is about 5 minutes late."
    )


def test_rows_that_stand_alone_carry_it_and_keep_what_they_have() -> None:
    alone = carried(table(FACTS))
    keys = [column.key for column in alone.columns]
    assert keys == ["model", "cost_usd", "data_source", "data_kind", "data_asked", "data_through"]
    told = ("Cost Explorer", "billed", "2026-11-23T12:00:00Z", "2026-11-21")
    assert alone.rows == (("Nova", Decimal(2), *told), (None, None, *told))


@pytest.mark.parametrize("missing", ["source", "kind", "asked"])
def test_a_table_without_provenance_stays_as_it_is(missing: str) -> None:
    bare = table({name: fact for name, fact in FACTS.items() if name != missing})
    assert carried(bare) is bare
    assert sentence(bare) == ""
