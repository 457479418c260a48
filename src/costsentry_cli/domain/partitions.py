"""AWS's partitions: what an ARN begins with, told by a region's name."""

from __future__ import annotations

AWS = "aws"
_BEGINNINGS = (
    ("us-gov-", "aws-us-gov"),
    ("cn-", "aws-cn"),
    ("eusc-", "aws-eusc"),
    ("us-isob-", "aws-iso-b"),
    ("us-iso-", "aws-iso"),
)


def partition_of(region: str) -> str:
    """``aws-us-gov`` for ``us-gov-west-1``; ``aws`` for every region of no other partition."""
    return next((name for beginning, name in _BEGINNINGS if region.startswith(beginning)), AWS)
