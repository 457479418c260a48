"""The forms in which a request names a model, told apart by their form alone; whether it exists is the catalogue's say.

Source: bedrock-runtime ``ConversationalModelId`` and bedrock ``InferenceProfileModelSourceArn`` patterns.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

GEO_PREFIXES = ("us-gov", "global", "apac", "au", "ca", "eu", "in", "jp", "us")
"""Prefixes of system-defined inference profiles (AWS: cross-Region inference)."""

_ARN = re.compile(
    r"arn:(?:aws|aws-us-gov|aws-cn|aws-iso|aws-iso-b):bedrock:(?P<region>[a-z0-9-]{0,20}):(?P<account>[0-9]{12})?:"
    r"(?P<resource>foundation-model|inference-profile|application-inference-profile)/(?P<id>[a-zA-Z0-9.:-]+)"
)
_MODEL_ID = re.compile(r"[a-z0-9-]+\.[a-zA-Z0-9.:-]+")
_ARN_KINDS = {
    "foundation-model": "foundation-model-arn",
    "inference-profile": "system-profile-arn",
    "application-inference-profile": "application-profile-arn",
}


class Reference(NamedTuple):
    """The parts of a reference: its kind, the id after prefix and path, its geo prefix and region (``""``: none)."""

    kind: str
    id: str
    geo: str = ""
    region: str = ""


def _split(text: str) -> tuple[str, str]:
    """(geo prefix or ``""``, the id behind it)."""
    prefix, _, rest = text.partition(".")
    return (prefix, rest) if prefix in GEO_PREFIXES and "." in rest else ("", text)


@lru_cache(4096)  # a manifest of ten thousand profiles names a handful, three times each
def read_reference(text: str) -> Reference:
    """Take a reference apart; a form that is none of AWS's has kind ``unknown`` and its own text as id."""
    arn = _ARN.fullmatch(text)
    if arn is None:
        geo, name = _split(text)
        form = "system-profile-id" if geo else "model-id"
        return Reference(form if _MODEL_ID.fullmatch(text) else "unknown", name, geo)
    geo, name = _split(arn["id"])
    return Reference(_ARN_KINDS[arn["resource"]], name, geo, arn["region"])


def kind_of_reference(text: str) -> str:
    """What sort of reference to a model this is, by its form alone.

    One of ``model-id``, ``system-profile-id``, ``foundation-model-arn``, ``system-profile-arn``,
    ``application-profile-arn``, ``unknown``. The form says nothing about whether such a model exists.
    """
    return read_reference(text).kind


def profile_id(arn: str) -> str:
    """The last segment of an inference profile's ARN: its id, under which CloudWatch stores its usage."""
    return arn.rpartition("/")[2]
