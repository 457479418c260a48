"""Slices of cost in as few paid requests as there can be."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from budget_answers import HAIKU_SERVICE, costs
from costsentry_cli.domain.budget_filter import Slice, slice_of_tags
from costsentry_cli.domain.budget_spend import Question, ask, questions_for
from costsentry_cli.domain.calls import Answer, ApiCall
from costsentry_cli.domain.window import Window
from fakes import FakeCloud

DAY = Window(date(2026, 11, 1), date(2026, 11, 2))
ROWS = [
    ("2026-11-01", "sales", HAIKU_SERVICE, "1.5"),
    ("2026-11-01", "sales", "Amazon Bedrock", "0.25"),
    ("2026-11-01", "sales", "Amazon Simple Storage Service", "100"),
    ("2026-11-01", "", "Amazon Bedrock", "4"),
]


def test_every_value_of_a_key_shares_one_request() -> None:
    slices = [slice_of_tags({"costCenter": value}) for value in ("sales", "support", "services")]
    assert set(questions_for(slices).values()) == {Question("costCenter")}


def test_slices_of_two_tags_share_a_request_where_they_differ_in_one() -> None:
    slices = [slice_of_tags({"costCenter": value, "environment": "prod"}) for value in ("a", "b", "c")]
    assert set(questions_for(slices).values()) == {Question("costCenter", (("environment", ("prod",)),))}
    (question,) = set(questions_for(slices).values())
    assert question.call(DAY).params["Filter"]["And"][0] == {"Tags": {"Key": "environment", "Values": ["prod"]}}


def test_a_tag_key_named_like_one_of_our_words_is_a_tag_key() -> None:
    for key in ("service", "model"):
        (question,) = set(questions_for([slice_of_tags({key: "x"})]).values())
        assert question.call(DAY).params["GroupBy"][0] == {"Type": "TAG", "Key": key}


def test_a_slice_counts_bedrock_alone_and_its_own_values() -> None:
    answers, paid = ask(FakeCloud({"GetCostAndUsage": costs(ROWS)}), [Question("costCenter")], DAY)
    spend = answers[Question("costCenter")]
    assert paid == 1
    assert spend.by_day(slice_of_tags({"costCenter": "sales"})) == {date(2026, 11, 1): Decimal("1.75")}
    assert spend.by_day(Slice({"costCenter": ("sales",)}, (HAIKU_SERVICE,))) == {date(2026, 11, 1): Decimal("1.5")}
    assert spend.by_value(DAY) == {"sales": Decimal("1.75"), "": Decimal(4)}
    assert spend.services(Slice({"costCenter": ("sales",)})) == {HAIKU_SERVICE, "Amazon Bedrock"}


def test_everything_of_bedrock_is_one_request_by_service() -> None:
    cloud = FakeCloud({"GetCostAndUsage": costs(ROWS)})
    mine = slice_of_tags({})
    question = questions_for([mine])[mine.identity()]
    answers, _ = ask(cloud, [question, question], DAY)
    assert len(cloud.calls) == 1
    assert answers[question].by_day(mine) == {date(2026, 11, 1): Decimal("5.75")}


class InTwoPages(FakeCloud):
    """Answers every listing with two pages, each a paid request."""

    def pages(self, call: ApiCall) -> Iterator[Answer]:
        yield self.call(call)
        yield self.call(call)


def test_every_page_is_paid_for_and_counted() -> None:
    answers, paid = ask(InTwoPages({"GetCostAndUsage": costs(ROWS)}), [Question("costCenter")], DAY)
    assert paid == 2
    assert answers[Question("costCenter")].by_value(DAY)[""] == 8


def test_a_filter_that_is_not_understood_is_not_asked_for() -> None:
    assert questions_for([Slice(rest=("x",)), Slice(unprefixed=("a$b",)), Slice({"a": ("1",)}, either=True)]) == {}
