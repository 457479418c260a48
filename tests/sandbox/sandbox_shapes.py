"""Random values that AWS's models allow, for properties of the wire."""

from __future__ import annotations

import string
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from costsentry_cli.sandbox.model_check import compiled

_TEXT = st.text(st.sampled_from(string.ascii_letters + string.digits + " .,:;/?&=+%<>\"'äß€漢"), max_size=12)
_MOMENTS = st.integers(0, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
_ARNS = (
    "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123def456",
    "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0",
    "arn:aws:iam::123456789012:role/finops",
    "arn:aws:bedrock:us-east-1:123456789012:guardrail/abc123def456",
)
_DOCUMENTS = st.dictionaries(
    _TEXT, st.recursive(st.none() | st.booleans() | st.integers() | _TEXT, st.lists, max_leaves=4), max_size=3
)


def values(shape: Any, depth: int = 0) -> st.SearchStrategy[Any]:
    """Values of a shape; optional members thin out with depth, so that recursive shapes end."""
    if shape.metadata.get("document"):
        return _DOCUMENTS
    return _BY_TYPE[shape.type_name](shape, depth)


def _structure(shape: Any, depth: int) -> st.SearchStrategy[Any]:
    members = shape.members
    if shape.metadata.get("union"):
        names = [name for name in members if depth < 5 or members[name].type_name == "string"] or list(members)
        return st.sampled_from(names[:4]).flatmap(
            lambda name: st.fixed_dictionaries({name: values(members[name], depth + 1)})
        )
    required = {name: values(members[name], depth + 1) for name in shape.metadata.get("required", ())}
    optional = {name: values(members[name], depth + 1) for name in members if name not in required and depth < 3}
    return st.fixed_dictionaries(required, optional=optional)


def _list(shape: Any, depth: int) -> st.SearchStrategy[Any]:
    least = shape.metadata.get("min", 0)
    return st.lists(values(shape.member, depth + 1), min_size=least, max_size=max(least, 2))


def _map(shape: Any, depth: int) -> st.SearchStrategy[Any]:
    least = shape.metadata.get("min", 0)
    return st.dictionaries(
        values(shape.key, depth), values(shape.value, depth + 1), min_size=least, max_size=max(least, 2)
    )


def _string(shape: Any, _depth: int) -> st.SearchStrategy[Any]:
    rules = shape.metadata
    if rules.get("enum"):
        return st.sampled_from(rules["enum"])
    least, most = rules.get("min", 0), rules.get("max", 1_000_000)
    expression = compiled(rules["pattern"]) if "pattern" in rules else None
    if expression is None:
        return st.text("abc XYZ-ä&<", min_size=least, max_size=max(least, min(most, 12)))
    for alphabet in ("aB7", "017"):  # far quicker than generating from the expression
        if expression.fullmatch(max(least, 1) * alphabet[0]):
            plain = st.text(alphabet, min_size=max(least, 1), max_size=min(most, max(least, 12)))
            # A lambda: hypothesis turns a filter by ``fullmatch`` itself into the slow ``from_regex``.
            return plain.filter(lambda text: expression.fullmatch(text) is not None)
    if (arn := next((text for text in _ARNS if expression.fullmatch(text)), None)) is not None:
        return st.just(arn)
    texts = st.from_regex(expression, fullmatch=True)
    return texts.filter(lambda text: least <= len(text) <= most and text.isprintable() and text == text.strip())


def _integer(shape: Any, _depth: int) -> st.SearchStrategy[Any]:
    return st.integers(int(shape.metadata.get("min", -(2**31))), int(shape.metadata.get("max", 2**31 - 1)))


def _number(shape: Any, _depth: int) -> st.SearchStrategy[Any]:
    width = 32 if shape.type_name == "float" else 64
    return st.floats(shape.metadata.get("min", -1e9), shape.metadata.get("max", 1e9), width=width, allow_nan=False)


_BY_TYPE: dict[str, Any] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _string,
    "integer": _integer,
    "long": _integer,
    "float": _number,
    "double": _number,
    "boolean": lambda _shape, _depth: st.booleans(),
    "timestamp": lambda _shape, _depth: _MOMENTS,
    "blob": lambda shape, _depth: st.binary(min_size=shape.metadata.get("min", 0), max_size=20),
}
