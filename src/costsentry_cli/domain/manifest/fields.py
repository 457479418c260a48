"""Every key a manifest can have: one table for the reader, the JSON Schema and the documentation."""

from __future__ import annotations

import re
from datetime import timedelta

from costsentry_cli.domain import aws_limits as aws
from costsentry_cli.domain.manifest.forms import AMOUNT, WHOLE, Duration, Percent, Period, Text, Word
from costsentry_cli.domain.manifest.metering import FIELDS as METERING
from costsentry_cli.domain.manifest.metering import REGION
from costsentry_cli.domain.manifest.shapes import Choice, Field, ListOf, MapOf, OneOrMany, Record
from costsentry_cli.domain.resource import OWN, OWNERSHIP_TAGS

MATCH_KEYS = ("model", "costCenter", "applicationId", "environment")
TEMPLATE_MAX = 1024
"""A template is longer than what it expands to only by its placeholders."""
MANY = 20_000
"""Entries of a list and of an expansion: twenty times the default quota of profiles in a region."""
SOME = 1_000
PLANNED_MAX = 120
"""Ten years of months."""

TAG_KEY = Text(
    re.compile(f"(?!{aws.AWS_TAG_PREFIX}|{OWN})(?=.){aws.TAG_TEXT.pattern}", re.ASCII | re.IGNORECASE),
    "a tag key AWS accepts",
    aws.TAG_KEY_MAX,
    "CS0022",
    "1 to 128 letters, digits, spaces and . _ : / = + - @; not starting with aws: or costsentry:",
)
TAG_VALUE = Text(
    aws.TAG_TEXT,
    "a tag value AWS accepts",
    aws.TAG_VALUE_MAX,
    "CS0022",
    "letters, digits, spaces and . _ : / = + - @",
)
ANY_TAG_KEY = Text(re.compile(f"(?=.){aws.TAG_TEXT.pattern}", re.ASCII), TAG_KEY.says, aws.TAG_KEY_MAX, "CS0022")
TEMPLATE = Text(re.compile(r"[\s\S]+"), "text of at least one character", TEMPLATE_MAX, "CS0021")
ALIAS = Text(
    re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII),
    "an alias",
    64,
    help="letters, digits and . _ -, starting with a letter or digit",
)
MODEL = Text(re.compile(r"\S+"), "a model reference", aws.SOURCE_ARN_MAX, "CS0023", "it has no spaces")
EMAIL = Text(re.compile(r"[A-Za-z0-9._%+'-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+", re.ASCII), "an e-mail address", 254)
TOPIC = Text(
    re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}", re.ASCII),
    "the ARN of an SNS topic",
    320,
)
POLICY = Text(
    aws.POLICY_ARN,
    "the ARN of an IAM policy",
    aws.POLICY_ARN_MAX,
    help="for example arn:aws:iam::123456789012:policy/deny-bedrock",
)
EXECUTION_ROLE = Text(
    aws.EXECUTION_ROLE,
    "the ARN of an IAM role",
    aws.EXECUTION_ROLE_MAX,
    help="for example arn:aws:iam::123456789012:role/budgets",
)
ROLE = Text(
    aws.BUDGET_ROLE,
    "the name of an IAM role",
    aws.BUDGET_ROLE_MAX,
    help="give the name, not the ARN: letters, digits and + = , . @ _ -",
)
MONITOR = Text(
    aws.MONITOR_NAME,
    "the name of a monitor",
    aws.MONITOR_NAME_MAX,
    "CS0021",
    "letters, digits, spaces and . _ : / = + - @, without a space at either end",
)
REGIONS = ListOf(REGION, "regions", 64, least=1)
TAGS = MapOf(
    TAG_KEY,
    "the tag key",
    OneOrMany(ListOf(TAG_VALUE, "values", MANY, least=1)),
    aws.TAGS_PER_RESOURCE - len(OWNERSHIP_TAGS),
)

PROFILE = Record(
    "a profile",
    (
        Field("name", TEMPLATE, "What AWS shows; {tagKey} and {model} are filled in.", required=True),
        Field("model", MODEL, "An alias from models:, a model id, a system profile id or an ARN.", required=True),
        Field("key", TEMPLATE, "The identity under the namespace; survives a new name. Default: the name."),
        Field("tags", TAGS, "Tags of this profile; they win over common tags. A list makes one profile per value."),
        Field("description", TEMPLATE, "1 to 200 letters, digits, : and ., with single separators."),
        Field("regions", REGIONS, "Where the profile exists. Default: the manifest's regions."),
    ),
)
ACCOUNT_ID = Text(re.compile(r"[0-9]{12}", re.ASCII), "an account id of 12 digits", 12)
ACCOUNT = Record(
    "an account",
    (
        Field("id", ACCOUNT_ID, "The account.", required=True),
        Field(
            "assume_role",
            Text(
                re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]{1,512}", re.ASCII),
                "the ARN of an IAM role",
                600,
            ),
            "The role to assume there. Without it the account is the credentials' own.",
        ),
        Field(
            "external_id",
            Text(re.compile(r"[A-Za-z0-9+=,.@:/_-]{2,1224}", re.ASCII), "an external id", 1224),
            "What the role's trust policy asks for.",
        ),
    ),
)
AMOUNTS = ("tokens", "input_tokens", "output_tokens", "requests", "usd")
LIMIT = Record(
    "a limit",
    (
        Field(
            "match",
            Record(
                "match",
                (
                    Field("model", MODEL, "An alias from models:."),
                    *(Field(key, TAG_VALUE, f"The {key} of the call.") for key in MATCH_KEYS[1:]),
                ),
            ),
            "Which calls count. Default: every call.",
        ),
        Field("per", Word(("minute", "hour", "day", "month")), "The window, in UTC.", required=True),
        Field("tokens", WHOLE, "Input and output tokens together."),
        Field("input_tokens", WHOLE, "Input tokens."),
        Field("output_tokens", WHOLE, "Output tokens."),
        Field("requests", WHOLE, "Calls."),
        Field("usd", AMOUNT, "Cost in US dollars."),
        Field("mode", Word(("enforce", "observe")), "Deny, or only record what would be denied.", default="enforce"),
        Field("on_ledger_error", Word(("deny", "allow")), "What to do without a ledger.", default="deny"),
        Field("fallback", MODEL, "The alias to try when this limit denies."),
    ),
    Choice(AMOUNTS, "a limit has no amount", f"add one of: {', '.join(AMOUNTS)}"),
)
_TRIGGER = (
    Field("at", Percent(), "The share of the amount, such as 80%.", required=True),
    Field("of", Word(("actual", "forecast")), "Cost so far, or forecast for the period (not per day).", required=True),
)
_TOLD = (
    Field("email", ListOf(EMAIL, "addresses", aws.ALERT_EMAILS_MAX), "Who gets an e-mail."),
    Field("sns", ListOf(TOPIC, "topics", aws.ALERT_TOPICS_MAX), "The SNS topic to publish to."),
)
ALERT = Record("an alert", (*_TRIGGER, *_TOLD))
ACTION = Record(
    "an action",
    (
        *_TRIGGER,
        Field("policy", POLICY, "The IAM policy to attach, one that denies calls.", required=True),
        Field(
            "roles",
            ListOf(ROLE, "roles", aws.BUDGET_ROLES_MAX, least=1),
            "The names of the roles to attach it to.",
            required=True,
        ),
        Field("execution_role", EXECUTION_ROLE, "The role AWS Budgets does it with.", required=True),
        Field(
            "approval", Word(("manual", "automatic")), "Wait for a person's approval, or act at once.", default="manual"
        ),
        *_TOLD,
    ),
)
PLANNED = MapOf(Period(aws.BUDGETS_END), "the period", AMOUNT, PLANNED_MAX, least=1)
BUDGET = Record(
    "a budget",
    (
        Field("name", TEMPLATE, "Unique in the account; {tagKey} of for_each and tags is filled in.", required=True),
        Field("for_each", ANY_TAG_KEY, "A tag key: one budget for each value the profiles have."),
        Field(
            "tags",
            MapOf(ANY_TAG_KEY, "the tag key", TAG_VALUE, aws.TAGS_PER_RESOURCE),
            "Only costs that carry all of these tags. Default: every Bedrock cost.",
        ),
        Field("amount", AMOUNT, "US dollars per period."),
        Field("planned", PLANNED, "US dollars from each month (2026-11) or quarter (2026-Q4) on, instead of amount."),
        Field("per", Word(("day", "month", "quarter", "year")), "The period.", required=True),
        Field("alerts", ListOf(ALERT, "alerts", aws.BUDGET_ALERTS_MAX), "Who hears of it, and when."),
        Field("action", ACTION, "What AWS does about it."),
    ),
    Choice(
        ("amount", "planned"), "a budget has no amount", "add: amount: 500, or planned: {2026-11: 500}", rivals=True
    ),
)
ANOMALY_ALERT = Record(
    "an anomaly alert",
    (
        Field("above", AMOUNT, "The least impact in US dollars."),
        Field("above_percent", Percent(), "The least impact as a share of the expected cost, such as 40%."),
        Field(
            "frequency",
            Word(("immediate", "daily", "weekly")),
            "At once to an SNS topic, or a summary by e-mail.",
            required=True,
        ),
        Field("email", ListOf(EMAIL, "addresses", aws.ANOMALY_EMAILS_MAX), "Who gets the summary."),
        Field(
            "sns",
            ListOf(TOPIC._replace(most=aws.ANOMALY_ADDRESS_MAX), "topics", aws.ALERT_TOPICS_MAX),
            "The SNS topic to publish to.",
        ),
    ),
    Choice(
        ("above", "above_percent"), "an anomaly alert has no threshold", "add: above: 50 (USD), or above_percent: 40%"
    ),
)
ANOMALY_MONITOR = Record(
    "an anomaly monitor",
    (
        Field("name", MONITOR, "Unique in the manifest.", required=True),
        Field("tag", ANY_TAG_KEY, "A tag key: each of its values is watched by itself.", required=True),
        Field("alert", ANOMALY_ALERT, "Who hears of it, and from which impact on."),
    ),
)
MANIFEST = Record(
    "the manifest",
    (
        Field("version", Word(("1",)), "The version of this format.", required=True),
        Field(
            "namespace",
            Text(
                re.compile(r"[a-z0-9][a-z0-9-]*", re.ASCII),
                "a namespace",
                63,
                help="lower-case letters, digits and -, starting with a letter or digit",
            ),
            "The ownership mark: nothing without it is ever changed or deleted.",
            required=True,
        ),
        Field(
            "account",
            ACCOUNT_ID,
            "Refuse any other AWS account.",
        ),
        Field("accounts", ListOf(ACCOUNT, "accounts", SOME, least=1), "Every account the profiles belong in."),
        Field("grace", Duration(timedelta(days=365)), "How long a replaced profile is kept. Default: 7d."),
        Field("regions", REGIONS, "Where profiles exist. Default: the target's region."),
        Field(
            "models", MapOf(ALIAS, "the alias", MODEL, SOME), "Short names for model ids, system profile ids or ARNs."
        ),
        Field("tags", TAGS, "Tags of every profile."),
        Field("profiles", ListOf(PROFILE, "profiles", MANY), "The application inference profiles.", required=True),
        Field(
            "cost_allocation_tags",
            ListOf(ANY_TAG_KEY, "keys", aws.ACTIVE_COST_ALLOCATION_TAGS_MAX),
            "Tag keys to activate for billing.",
        ),
        Field("limits", ListOf(LIMIT, "limits", SOME), "Bounds on what calls may use."),
        *METERING,
        Field("budgets", ListOf(BUDGET, "budgets", SOME), "AWS budgets."),
        Field(
            "anomaly_monitors",
            ListOf(ANOMALY_MONITOR, "monitors", aws.ANOMALY_MONITORS_MAX),
            "Cost anomaly monitors over the values of a tag.",
        ),
    ),
)
