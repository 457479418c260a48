"""What is left of a sentence once secrets and quotations are out of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.metering.unquoted import MOST, texts_of, unquoted
from costsentry_cli.domain.redaction import LEFT_OUT, RUN, without

PLAIN = [
    "arn:aws:iam::123456789012:user/ci is not authorized to perform bedrock:InvokeModel on nelxl6ppzc37",
    "1 validation error detected: Value at 'inferenceConfig.maxTokens' must be at most 64000",
    "Too many tokens, please wait before trying again. (request id 00000000-0000-4000-8000-00000000002a)",
    "the digest is da39a3ee5e6b4b0d3255bfef95601890afd80709",
]
SECRETS = [
    "AKIAQ3EGCANARYKEYID7",
    "ASIAQ3EGCANARYKEYID7",
    "wJalrXUtnFEMIsecretK7MDENGbPxRfiCYEXAMPL",
    "IQoJb3JpZ2luX2Vj" * 8 + "==",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmN",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIC\n-----END RSA PRIVATE KEY-----",
]


@pytest.mark.parametrize("sentence", PLAIN)
def test_aws_own_words_stay(sentence: str) -> None:
    assert without(sentence, ["What is S3?", "short"]) == sentence


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_goes_and_the_words_around_it_stay(secret: str) -> None:
    assert without(f"the key {secret} is wrong") == f"the key {LEFT_OUT} is wrong"


def test_a_part_of_what_was_said_goes_whatever_its_white_space() -> None:
    said = "the plan is\n to buy   the moon"
    assert without("at 'text': 'plan is to buy the' (400)", [said]) == f"at 'text': '{LEFT_OUT}' (400)"


def test_a_short_text_goes_as_a_whole_and_a_tiny_one_may_be_chance() -> None:
    assert without("no: secret", ["secret"]) == f"no: {LEFT_OUT}"
    assert without("this is it", ["is"]) == "this is it"


@given(st.text("abcdef ", min_size=RUN, max_size=60), st.integers(0, 40), st.text("XYZ", max_size=30))
def test_no_run_of_what_was_said_survives(said: str, start: int, around: str) -> None:
    told = without(around + said[start:] + around + said + around, [said])
    assert not any(said[at : at + RUN] in told for at in range(len(said) - RUN + 1))


def said(text: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": [{"text": text}]}]}


def test_an_error_with_nothing_to_leave_out_is_itself() -> None:
    error = SentryError("CS0802", PLAIN[1], where="bedrock-runtime Converse", undone=True)
    assert unquoted(error, said("What is S3?")) is error


def test_an_error_that_quotes_is_made_anew_without_a_cause() -> None:
    error = SentryError("CS0802", "no: What is S3, please?", details=("What is S3, please?",), undone=True)
    error.__cause__ = ValueError("What is S3, please?")
    told = unquoted(error, said("What is S3, please?"))
    assert (told.message, told.details, told.undone, told.__cause__) == (f"no: {LEFT_OUT}", (LEFT_OUT,), True, None)
    assert len(unquoted(SentryError("CS0802", "no word " * 900), {}).message) == MOST


def test_everything_that_is_said_is_known_and_no_word_of_the_form() -> None:
    params = {
        "system": [{"text": "be kind"}, {"cachePoint": {"type": "default"}}],
        "messages": [
            {"role": "user", "content": [{"text": "hello"}, {"image": {"format": "png", "source": {"bytes": b"x"}}}]},
            {
                "role": "assistant",
                "content": [{"toolUse": {"toolUseId": "t1", "name": "w", "input": {"city": "Bern"}}}],
            },
            {
                "role": "user",
                "content": [{"toolResult": {"toolUseId": "t1", "content": [{"json": {"sky": ["grey"]}}]}}],
            },
        ],
        "requestMetadata": {"costCenter": "sales", "ticket": "T-4711"},
    }
    assert texts_of(params) == ("be kind", "hello", "Bern", "grey", "T-4711")


def test_the_user_and_password_of_a_url_are_left_out_and_its_host_stays() -> None:
    assert (
        without("Failed to connect to http://jane:hunter2@proxy:8080/x")
        == f"Failed to connect to http://{LEFT_OUT}@proxy:8080/x"
    )
    assert without("see https://jmespath.org/x:y@z") == "see https://jmespath.org/x:y@z"
