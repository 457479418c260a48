"""One short command that asks AWS, against a script that makes the same calls and against the AWS CLI.

``sentry profiles list`` asks who it is (the target line) and for one page of profiles; the script makes the same two
calls, the AWS CLI only the second.
"""

from __future__ import annotations

from collections.abc import Iterator

import goals
from loopback import served
from ratio import AWS, PEER_PYTHON, SENTRY, Row, cpu_ratios, show

SCRIPT = """
import boto3
boto3.client("sts").get_caller_identity()
print(boto3.client("bedrock").list_inference_profiles(typeEquals="APPLICATION", maxResults=1000))
"""
CLI = (*AWS, "bedrock", "list-inference-profiles", "--type-equals", "APPLICATION", "--max-results", "1000")


def rows() -> Iterator[Row]:
    """Against the script, then against the AWS CLI."""
    listing = (*SENTRY, "profiles", "list", "-o", "json")
    with served() as reached:
        yield Row(goals.LIST, cpu_ratios(listing, (PEER_PYTHON, "-c", SCRIPT), **reached))
        yield Row(goals.LIST_CLI, cpu_ratios(listing, CLI, **reached))


if __name__ == "__main__":
    show(rows())
