"""From which impact on an anomaly is told, as text that can be read back."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from costsentry_cli.domain.anomaly_text import expression_of, threshold_text

JOINED = ("And", "Or")
IMPACTS = st.builds(
    lambda key, amount: {"Dimensions": {"Key": key, "Values": [amount], "MatchOptions": ["GREATER_THAN_OR_EQUAL"]}},
    st.sampled_from(["ANOMALY_TOTAL_IMPACT_ABSOLUTE", "ANOMALY_TOTAL_IMPACT_PERCENTAGE"]),
    st.decimals(0, 10**10, places=2).map(lambda amount: f"{amount.normalize():f}"),
)


@given(
    st.one_of(
        IMPACTS,
        st.lists(IMPACTS, min_size=2, max_size=3).map(lambda parts: {"And": parts}),
        st.lists(IMPACTS, min_size=2, max_size=3).map(lambda parts: {"Or": parts}),
        st.lists(IMPACTS, min_size=2, max_size=2).map(lambda parts: {"Or": [{"And": parts}, parts[0]]}),
    )
)
def test_an_impact_is_read_back_from_its_text_but_for_order(said: dict[str, Any]) -> None:
    text = threshold_text({"ThresholdExpression": said})
    assert threshold_text({"ThresholdExpression": expression_of(text)}) == text
    assert _sorted(expression_of(text)) == _sorted(said)


def _sorted(said: dict[str, Any]) -> Any:
    parts = {
        name: [json.dumps(part, sort_keys=True) for part in value] for name, value in said.items() if name in JOINED
    }
    return said if not parts else {name: sorted(value) for name, value in parts.items()}


def test_the_deprecated_threshold_of_a_subscription_is_an_amount() -> None:
    assert threshold_text({"Threshold": 50.0}) == ">= 50 USD"
