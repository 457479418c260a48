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

TOKENS_PER_UNIT = {"1K tokens": 1_000, "Units": 1_000_000}
"""Tokens in one unit of Cost Explorer's usage quantity; marketplace-billed models count millions (AWS: CUR data)."""

OPEN_ANSWER_LIVES = timedelta(hours=8)
"""An answer of Cost Explorer about days of an open month is asked for again after this long (AWS: up to 3x a day)."""

MONTH_CLOSED_AFTER = timedelta(days=5)
"""The cost of a month does not change any more this long after its end, unless tags are backfilled."""

COST_EXPLORER_HISTORY_MONTHS = 13
"""Cost Explorer answers for the current month and the 13 before it."""

BACKFILL_TAKES = timedelta(hours=12)
"""A backfill of cost allocation tags has reached the bill this long after its request (AWS: "up to 24 hours")."""

BACKFILL_AGAIN_AFTER = timedelta(hours=24)
"""A backfill of cost allocation tags can be requested this long after the last one."""

BACKFILL_MONTHS = 12
"""A backfill of cost allocation tags reaches back to the first day of the month this many months ago."""

BACKFILL_STATUS_OF = "request"
"""A backfill applies the on/off status every key has when it is requested, not when it is done."""

IAM_PRINCIPAL_KEY = "iamPrincipal/"
"""Cost allocation tags of IAM principals are listed as UserDefined keys that begin so: the model has no such type."""

ANOMALY_NAMES_UNIQUE = False
"""Two anomaly monitors, or two subscriptions, of an account may have one name."""

ANOMALY_SUBSCRIPTION_WITHOUT_MONITORS = "stays"
"""A deleted monitor is taken out of its subscriptions; one left without any monitor stays, with an empty list."""

ANOMALY_MONITORS_PER_DIMENSION = {"SERVICE": 1}
"""How many AWS managed monitors of a dimension an account may have, beside the 500 others."""

ANOMALY_HISTORY_DAYS = 10
"""A value of a monitored dimension needs this many days of cost before an anomaly is found in it."""

ANOMALY_RUNS_EVERY = timedelta(hours=8)
"""Anomaly detection runs three times a day; a new monitor finds what ends after it was made."""

BUDGET_REFRESH = timedelta(hours=8)
"""AWS Budgets brings its figures up to date this often, counted from midnight UTC (AWS: up to three times a day)."""

BUDGET_FORECAST_NEEDS = timedelta(days=35)
"""A budget has a forecast once its account had cost this long before the newest data (AWS: about 5 weeks of usage)."""

BUDGET_DAILY_SHOWS = "newest day with data"
"""A DAILY budget is judged by the day its newest cost data is of, not by today, of which nothing is known yet."""

EVERY_BEDROCK_COST_HAS_A_PROVIDER = "provider"
"""Every Bedrock cost, and no other, has this product attribute, whatever service it is billed under."""

BUDGET_TAG_FILTER_WITHOUT_USER_PREFIX = ""
"""A budget's filter expression names a tag key as Cost Explorer does; only the older cost filters want ``user:``."""

BUDGET_ANSWERS_AS_IT_WAS_ASKED = "canonical form"
"""A budget's filter comes back as it was sent, but for the order of its parts and defaults said or left out."""

BUDGET_PLAN_STAYS = "as given"
"""The planned limits of a budget stay as they were given, but for past periods, which may be left out later."""

COUNTED_TOKENS_MARGIN = 0
"""CountTokens counts exactly what a Converse call with the same content is charged for as input (AWS: "will match")."""

TEMPLATE_TOKENS_PER_REQUEST = 256
"""What a model's template and AWS add to a request as charged input tokens is at most this many."""

TEMPLATE_TOKENS_PER_MESSAGE = 16
"""What a model's template adds to a message, or to a block of it or of the system prompt, is at most this many."""

TEMPLATE_TOKENS_FOR_TOOLS = 1024
"""What a provider adds to a request with tools, beside their definitions, is at most this many tokens."""

NORMALISED_BEFORE_TOKENS = ("NFC", "NFKC")
"""No text has more tokens than UTF-8 bytes, in the longest of its forms: as it is, and after these normalisations."""

CACHING_ON_REQUEST_ONLY = ("Anthropic",)
"""Models of these makers write and read the prompt cache at cache points only; others may cache on their own."""

TIER_MAY_FALL_TO = "default"
"""A call is served, and billed, at the service tier it asks for or at this one; never at a third."""

TABLE_PROTECTION_ENDS = "at once"
"""A table whose deletion protection was just switched off can be deleted; where it is still UPDATING, run it again."""

INSIGHTS_FIELD_WITH_DOTS = "`a.b`"
"""CloudWatch Logs Insights finds a flat JSON key with dots in it under its name in backticks."""

AUDIT_EVENT_TWICE = "possible"
"""A PutLogEvents that is sent again after a lost answer leaves the event there twice: sums count it twice."""

CLOUDWATCH_METRIC_USD = "0.00001"
"""Price of one metric asked for by GetMetricData ($0.01 for 1,000); a SEARCH counts every metric it finds."""

CLOUDWATCH_LAG = timedelta(minutes=5)
"""CloudWatch shows a call about this late; a metric that is new may take 15 minutes to be listed and found."""

METRIC_MATH_PERIODS = "refused"
"""An expression over metrics of different periods: what AWS answers is not documented; the sandbox refuses it."""

METRIC_MATH_WORDING = "Error in expression 'e1': ..."
"""How AWS begins an error about an expression; "Invalid syntax" and "Function 'X' not found" are its own words."""

INSIGHTS_BEFORE_TWO_WEEKS = "no data"
"""Metrics Insights gives nothing, and no error, for the part of a range that is older than two weeks."""

TAGS_AT_CREATION_NEED = "TagResource"
"""A call that makes something with tags needs the service's action TagResource beside its own (AWS: by service)."""

LIMIT_EXCEEDED_OF_A_WRITE = "a quota"
"""Cost Explorer's LimitExceededException means throttling, but a quota where something is made in no haste."""

REFUSALS_TOLD_APART_BY = "AWS's sentence"
"""An explicit deny, a member account, Cost Explorer or a model not switched on, a wrong clock: known by words."""

INFERENCE_PROFILE_ARN_IN_A_CALL = "the profile that was called"
"""``bedrock:InferenceProfileArn`` holds the called profile's ARN, also where that was made from a system profile."""

COUNT_TOKENS_PERMISSION = "bedrock:CountTokens"
"""Counting the tokens of a bare model needs no permission to invoke it past a profile."""

SIMULATED_RESOURCES = "need not exist"
"""``SimulatePrincipalPolicy`` judges ARNs of what is not there, and the condition keys it is given, as real ones."""

TABLE_TAGS_IN_POLICIES = "on"
"""DynamoDB's ABAC is on in the account (AWS: in most, by default); where it is off, a ledger's deletion is denied."""

INVOCATION_LOG_STREAM = "aws/bedrock/modelinvocations"
"""The stream of a log group that Bedrock writes the records of model invocations to (AWS: model invocation logging)."""

INVOCATION_LOG_TEXT_DEFAULT = False
"""Prompts and answers stand in invocation records only where ``textDataDeliveryEnabled`` was said to be true."""

INVOCATION_LOG_CACHE_FIELDS = ("cacheReadInputTokenCount", "cacheWriteInputTokenCount")
"""Where an invocation record has the cached tokens, beside ``inputTokenCount``: AWS does not document it."""
