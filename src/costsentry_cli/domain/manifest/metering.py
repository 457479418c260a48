"""Where limits are counted (``ledger:``) and where calls are recorded (``audit:``): keys and meaning."""

from __future__ import annotations

import re

from costsentry_cli.domain import aws_limits as aws
from costsentry_cli.domain.document import Mark
from costsentry_cli.domain.manifest.forms import Text, Word
from costsentry_cli.domain.manifest.shapes import Field, Filled, Record, WordOr
from costsentry_cli.domain.manifest.types import Audit, Ledger, Limit

CLOUDWATCH = "cloudwatch"
"""The ledger of the source article: CloudWatch's own metrics, read before a call. Advisory; nothing is made for it."""
DYNAMODB = "dynamodb"
RETENTION_DAYS = 90

REGION = Text(re.compile(r"[a-z]{2,3}(?:-[a-z]+){1,2}-[0-9]{1,2}", re.ASCII), "a region such as us-east-1", 30)
LEDGER = Record(
    "the ledger",
    (
        Field(
            "table",
            Text(
                aws.TABLE_NAME,
                "the name of a DynamoDB table",
                aws.TABLE_NAME_MAX,
                "CS0021",
                "3 to 255 letters, digits and _ . -",
            ),
            "The DynamoDB table. Default: costsentry-NAMESPACE.",
        ),
        Field("region", REGION, "Where the table is. Default: the first of the manifest's regions."),
        Field(
            "expired",
            Word(("charge", "release")),
            "What an abandoned reservation becomes: charged in full, or given back (weakens the bound).",
            default="charge",
        ),
    ),
)
AUDIT = Record(
    "audit",
    (
        Field(
            "log_group",
            Text(
                aws.LOG_GROUP,
                "the name of a log group",
                aws.LOG_GROUP_MAX,
                "CS0021",
                "letters, digits and . - _ /, not starting with aws/",
            ),
            "The CloudWatch Logs group. Default: /costsentry/NAMESPACE.",
        ),
        Field(
            "retention_days",
            Word(tuple(map(str, aws.LOG_RETENTION_DAYS))),
            "How long events are kept.",
            default=str(RETENTION_DAYS),
        ),
        Field("region", REGION, "Where the log group is. Default: the first of the manifest's regions."),
    ),
)
FIELDS = (
    Field("ledger", WordOr(Word((CLOUDWATCH,)), LEDGER), "Where limits are counted. Default: a DynamoDB table."),
    Field("audit", AUDIT, "Record every metered call in a log group."),
)


def default_table(namespace: str) -> str:
    """The table of a namespace that names none."""
    return f"costsentry-{namespace}"


def default_log_group(namespace: str) -> str:
    """The log group of a namespace that names none."""
    return f"/costsentry/{namespace}"


def ledger_of(top: Filled, namespace: str, regions: tuple[str, ...], limits: tuple[Limit, ...]) -> Ledger | None:
    """The ledger: as it is written, a table where limits need one, else none."""
    written: Filled | str | None = top.get("ledger")
    if isinstance(written, str):
        return Ledger("cloudwatch", "", _first(regions), "charge", None)
    if written is None:
        return _table(None, namespace, regions, limits[0].at) if limits else None
    return _table(written, namespace, regions, written.at)


def audit_of(top: Filled, namespace: str, regions: tuple[str, ...]) -> Audit | None:
    """The audit trail, None where nothing is to be recorded in AWS."""
    written: Filled | None = top.get("audit")
    if written is None:
        return None
    group, region = written.get("log_group"), written.get("region")
    return Audit(
        log_group=group.text if group else default_log_group(namespace),
        retention_days=int(written.get("retention_days") or RETENTION_DAYS),
        region=region.text if region else _first(regions),
        at=written.at,
    )


def _table(written: Filled | None, namespace: str, regions: tuple[str, ...], at: Mark) -> Ledger:
    table, region = (written.get("table"), written.get("region")) if written else (None, None)
    return Ledger(
        kind="dynamodb",
        table=table.text if table else default_table(namespace),
        region=region.text if region else _first(regions),
        expired=(written.get("expired") if written else None) or "charge",
        at=at,
    )


def _first(regions: tuple[str, ...]) -> str | None:
    return regions[0] if regions else None
