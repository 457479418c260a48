"""Failures that are one failure are told once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from costsentry_cli.domain.alike import grouped, likeness, some
from costsentry_cli.domain.errors import SentryError


def denied(about: str) -> SentryError:
    return SentryError("CS0403", f"AccessDenied: not authorized on resource: {about}")


def test_what_they_are_about_does_not_part_them() -> None:
    first, second = denied("arn:aws:bedrock:us-east-1:1:x/a"), denied("arn:aws:bedrock:us-east-1:1:x/b")
    assert likeness(first) == likeness(second)
    assert likeness(denied("sales"), "sales") == likeness(denied("support"), "support")


def test_another_sentence_or_another_code_is_another_failure() -> None:
    assert likeness(denied("sales")) != likeness(denied("support"))
    assert likeness(SentryError("CS0403", "no")) != likeness(SentryError("CS0801", "no"))


@given(st.lists(st.sampled_from(["a", "b", "c"])))
def test_grouping_loses_none_and_keeps_the_order_of_the_firsts(words: list[str]) -> None:
    groups = grouped(words, denied)
    assert sorted(word for group in groups for word in group) == sorted(words)
    assert [group[0] for group in groups] == list(dict.fromkeys(words))


def test_three_are_named_and_the_rest_is_counted() -> None:
    assert some(["a", "b", "c"]) == "a, b, c"
    assert some([f"n{number}" for number in range(1200)]) == "n0, n1, n2 and 1,197 more"
