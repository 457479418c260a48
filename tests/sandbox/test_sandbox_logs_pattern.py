"""Filter patterns of CloudWatch Logs in the sandbox: text and JSON, as AWS documents them, and hostile ones."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costsentry_cli.sandbox.contract import ServiceError
from costsentry_cli.sandbox.services.logs_pattern import matcher

CALL = (
    '{"costCenter": "sales", "n": 7, "usd": 0.25, "ok": true, "failed": false, "none": null, "a": {"b": ["x", "y"]},'
    ' "gen_ai.usage.input_tokens": 120, "modelId": "us.anthropic.claude-haiku", "ip": "123.123.1.2", "text": "a\\"b"}'
)


@pytest.mark.parametrize(
    ("pattern", "message", "found"),
    [
        ("", "anything", True),
        ("ERROR", "[ERROR 401] no", True),
        ("error", "[ERROR 401] no", False),
        ("ERROR no", "[ERROR 401] no", True),
        ("ERROR yes", "[ERROR 401] no", False),
        ('"ERROR 401"', "[ERROR 401] no", True),
        ('"401 ERROR"', "[ERROR 401] no", False),
        ('"a \\"b\\""', 'x a "b"', True),
        ("ERROR -401", "[ERROR 401] no", False),
        ('ERROR -"403 x"', "[ERROR 401] no", True),
        ("-ERROR", "fine", True),
        ("?ERROR ?WARN", "WARN: low", True),
        ("?ERROR ?WARN", "INFO", False),
        ("INFO ?ERROR", "INFO", True),  # beside other terms optional ones are ignored
    ],
)
def test_text_terms_match(pattern, message, found):
    assert matcher(pattern)(message) is found


@pytest.mark.parametrize(
    "pattern",
    [
        '{ $.costCenter = "sales" }', "{ $.costCenter = sales }", '{ $.costCenter = "sa*s" }', '{$.costCenter != "x"}',
        '{ $.costCenter = "sales" && $.n > 5 }', "{ $.n = 7 }", "{ $.n >= 7 }", "{ $.n < 7.5 }", "{ $.n <= 7e0 }",
        "{ $.n != 8 }", "{ $.usd = 0.25 }", "{ $.ok IS TRUE }", "{ $.failed is false }", "{ $.none IS NULL }",
        "{ $.never NOT EXISTS }", '{ $.costCenter = "*" }', "{ $.n = * }", "{ $.a.b[0] = x }", "{ $['a']['b'][1] = y }",
        "{ $.['gen_ai.usage.input_tokens'] >= 100 }", '{ $["gen_ai.usage.input_tokens"] = 120 }',
        '{ $.modelId = "*claude*haiku" }', "{ $.ip = 123.123.* }", '{ $.text = "a\\"b" }',
        '{ ($.n = 1 || $.n = 7) && ($.costCenter = "sales") }', "{ $.n = 7 || $.n = 8 && $.n = 9 }",
    ],
)  # fmt: skip
def test_a_json_pattern_matches(pattern):
    assert matcher(pattern)(CALL)


@pytest.mark.parametrize(
    "pattern",
    [
        '{ $.costCenter = "Sales" }', '{ $.costCenter = "sale" }', "{ $.n > 7 }", '{ $.n = "7" }', "{ $.never = 1 }",
        "{ $.never != 1 }", "{ $.ok = 1 }", "{ $.ok IS FALSE }", "{ $.costCenter IS NULL }", "{ $.none NOT EXISTS }",
        "{ $.never IS NULL }", "{ $.n NOT EXISTS }", '{ $.never = "*" }', "{ $.a = x }", "{ $.a.b[9] = x }",
        "{ $.gen_ai.usage.input_tokens = 120 }", "{ ($.n = 7 || $.n = 8) && $.n = 9 }", '{ $.costCenter = "sales*s" }',
        '{ $.costCenter = "sa*a*s" }',
    ],
)  # fmt: skip
def test_a_json_pattern_does_not_match(pattern):
    assert not matcher(pattern)(CALL)


@pytest.mark.parametrize("message", ["", "sales", "[1]", '"x"', '{"n": 7', "{" * 5000, '{"n": ' + "9" * 5000 + "}"])
def test_a_json_pattern_matches_json_objects_only(message):
    assert not matcher("{ $.n = 7 }")(message)


@pytest.mark.parametrize(
    ("pattern", "place"),
    [
        ("a-b", 1), ("ERROR 401:", 6), ('"open', 1), ("%regex%", 1), ("[a, b]", 1), ("{", 2),
        ("{ }", 3), ("{ $ = 1 }", 4), ("{ $.n 7 }", 7), ("{ $.n = }", 9), ("{ $.n > abc }", 12), ("{ $.n = 1", 10),
        ("{ $.n = 1 } x", 13), ("{ $.n = 1 && }", 14), ("{ $.n EXISTS }", 7),
        ("{ ($.n = 1 }", 12), ("{ $.n = %x% }", 9),
    ],
)  # fmt: skip
def test_a_pattern_that_cannot_be_read_is_refused_with_its_place(pattern, place):
    with pytest.raises(ServiceError, match=f"InvalidParameterException.*at character {place} ") as caught:
        matcher(pattern)
    assert caught.value.code == "InvalidParameterException"


@given(st.text(alphabet="{}$.[]'\"=<>!&|()*-?%ab1 EXISTS", max_size=80))
def test_any_text_is_a_pattern_or_a_refusal(pattern):
    try:
        matcher(pattern)(CALL)
    except ServiceError as error:
        if error.code != "InvalidParameterException":
            raise


@pytest.mark.parametrize(
    "pattern",
    [
        "{ $.x = \"" + "*a" * 500 + "*b\" }", "{" + "(" * 1000, "-" * 1000, "?" * 1000, '"' + "\\" * 999, "a " * 500,
        "{ " + "$.x = 1 || " * 90 + "$.x = 1 }", "{ $" + ".a" * 500 + " = 1 }",
    ],
)  # fmt: skip
def test_a_hostile_pattern_does_not_hang(pattern):
    message = '{"x": "' + "a" * 250_000 + '"}'
    began = time.process_time()
    with suppress(ServiceError):
        matcher(pattern)(message)
    assert time.process_time() - began < 1
