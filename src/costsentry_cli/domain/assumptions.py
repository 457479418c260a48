"""What we assume about AWS beyond its service models, each with a name.

Nothing else in the code may rest on an unverified belief about AWS. ``docs/assumptions.md`` lists these for readers.
"""

from __future__ import annotations

from datetime import date, timedelta

TAG_KEY_KNOWN_AFTER = timedelta(hours=24)
"""A tag key can be activated about a day after a tagged resource first had usage (AWS: "up to 24 hours")."""

TAG_ACTIVE_AFTER = timedelta(hours=24)
"""Usage carries an activated key from about a day after the activation (AWS: "up to 24 hours"); not retroactive."""

COST_DATA_LAG = timedelta(hours=24)
"""Cost Explorer shows usage about a day after it happened; the last two days are estimates."""

PRODUCT_ATTRIBUTES_SINCE = date(2026, 9, 1)
"""Cost Explorer has product attributes (model, provider) of Bedrock usage from this day on."""

COST_EXPLORER_REQUEST_USD = "0.01"
"""Price of one page of a Cost Explorer answer."""

CLIENT_TOKEN_LIFETIME = timedelta(minutes=10)
"""A clientRequestToken is remembered at least this long; AWS states no figure."""

BEDROCK_SERVICE_NAME_MARK = "bedrock"
"""Every Cost Explorer service name of Bedrock spend contains this word, marketplace-billed models included."""

PROFILE_METRIC_MODEL_ID = "last ARN segment"
"""CloudWatch stores usage through an application inference profile under the last segment of its ARN."""

COST_EXPLORER_HISTORY_MONTHS = 13
"""Cost Explorer answers for the current month and the 13 before it."""
