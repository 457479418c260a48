"""The request document: the article's JSON, the same in YAML, and everything it can get wrong."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costsentry_cli.domain.document import InvalidDocument, Mark, Problem
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.metering import json_document, request
from costsentry_cli.domain.metering.json_document import MAX_LINES, MAX_NODES
from costsentry_cli.domain.metering.request import Message, Parameters, Request
from costsentry_cli.domain.metering.request_fields import MAX_BYTES, REQUEST
from costsentry_cli.manifest_file import parse

ARTICLE = """\
{
\t"model": "anthropic.claude-3-haiku-20240307-v1:0",
\t"prompt": {
\t\t"messages": [
\t\t\t{"role": "system", "content": "Be brief."},
\t\t\t{"role": "user", "content": "What is Amazon S3? \\ud83d\\ude00"},
\t\t\t{"role": "assistant", "content": "You are a helpful AWS expert."}
\t\t],
\t\t"parameters": {"max_tokens": "500", "temperature": 0.7, "top_p": "0.9", "top_k": 250}
\t},
\t"tags": {"applicationId": "aws-documentation-helper", "costCenter": "support", "environment": "production"}
}
"""
TAGS = {"applicationId": "docs", "costCenter": "sales"}


def read(text: str, name: str = "request.json") -> Request:
    return request.read(text.encode("utf-8", "surrogatepass"), name, parse)


def problems(text: str, name: str = "request.json") -> list[Problem]:
    with pytest.raises(InvalidDocument) as caught:
        read(text, name)
    return list(caught.value.problems)


def document(**changed: Any) -> str:
    whole: dict[str, Any] = {
        "model": "haiku",
        "prompt": {"messages": [{"role": "user", "content": "Hi"}]},
        "tags": TAGS,
    }
    return json.dumps({key: value for key, value in (whole | changed).items() if value is not None})


def with_parameters(**parameters: Any) -> str:
    return document(prompt={"messages": [{"role": "user", "content": "Hi"}], "parameters": parameters})


def test_the_article_s_example_is_read_with_its_numbers_as_text_its_tabs_and_its_surrogates() -> None:
    found = read(ARTICLE)
    assert found.model == "anthropic.claude-3-haiku-20240307-v1:0"
    assert found.messages == (
        Message("system", "Be brief."),
        Message("user", "What is Amazon S3? \U0001f600"),
        Message("assistant", "You are a helpful AWS expert."),
    )
    assert found.parameters == Parameters(500, Decimal("0.7"), Decimal("0.9"), 250)
    assert found.tags["applicationId"] == "aws-documentation-helper"


def test_yaml_says_the_same_and_a_plain_no_stays_text() -> None:
    text = """\
model: haiku
prompt:
  messages:
    - {role: user, content: no}
    - role: assistant
      content: |
        two
        lines
  parameters: {max_tokens: 1_000, temperature: .5}
tags: {applicationId: docs, user: "José (sales)"}
"""
    found = read(text, "request.yaml")
    assert found.messages == (Message("user", "no"), Message("assistant", "two\nlines\n"))
    assert found.parameters == Parameters(1000, Decimal("0.5"))
    assert dict(found.tags) == {"applicationId": "docs", "user": "José (sales)"}


BROKEN = [
    (document(model=None), "CS0011", "the request has no 'model'", "add: model: …"),
    (document(modell="x"), "CS0012", "unknown key 'modell'", "did you mean 'model'?"),
    (document(tags={"costCenter": "a"}), "CS0011", "tags have no 'applicationId'", "add: applicationId: …"),
    (document(tags={"applicatonId": "a"}), "CS0011", "tags have no 'applicationId'", "did you mean 'applicationId'?"),
    (document(tags=TAGS | {"costcenter": "a"}), "CS0022", "the tag key 'costcenter' differs", "write 'costCenter'"),
    (document(tags={"applicationId": "é"}), "CS0022", "applicationId 'é' is not a tag value", "1 to 256"),
    (document(tags={"applicationId": ""}), "CS0022", "applicationId '' is not a tag value", "1 to 256"),
    (document(tags=TAGS | {"aws:x": "a"}), "CS0022", "the tag key 'aws:x' is not a tag key", "not starting with aws:"),
    (document(tags=TAGS | {str(n): "" for n in range(15)}), "CS0026", "tags has 17 entries; at most 16", ""),
    (document(prompt={"messages": []}), "CS0013", "messages is empty", "write at least one"),
    (document(prompt={"messages": [{"role": "user", "content": " \n"}]}), "CS0013", "content ' \n' is not text", "AWS"),
    (document(prompt={"messages": [{"role": "usr", "content": "a"}]}), "CS0014", "role is user or", "mean 'user'?"),
    (
        document(prompt={"messages": [{"role": "user", "content": [{"text": "a"}]}]}),
        "CS0013",
        "content is one text, but here stands a list",
        "write the text alone",
    ),
    (
        document(prompt={"messages": [{"role": "assistant", "content": "a"}]}),
        "CS0014",
        "the conversation begins with the assistant",
        "put a user message before it",
    ),
    (
        document(prompt={"messages": [{"role": "system", "content": "a"}]}),
        "CS0014",
        "no message is the user's",
        "add one with role: user",
    ),
    (with_parameters(max_token=1), "CS0012", "unknown key 'max_token'", "did you mean 'max_tokens'?"),
    (with_parameters(max_tokens=0), "CS0014", "max_tokens is from 1 to 2,147,483,647, not '0'", ""),
    (with_parameters(max_tokens=1.5), "CS0013", "max_tokens is a whole number such as 500, not '1.5'", ""),
    (with_parameters(max_tokens=7).replace("7", "7" * 5000), "CS0013", "max_tokens is a whole number", ""),
    (with_parameters(temperature=1.01), "CS0014", "temperature is from 0 to 1, not '1.01'", ""),
    (with_parameters(temperature="hot"), "CS0013", "temperature is a number such as 0.7, not 'hot'", ""),
    (with_parameters(top_p=-0.1), "CS0014", "top_p is from 0 to 1, not '-0.1'", ""),
    (with_parameters(top_k=501), "CS0014", "top_k is from 0 to 500, not '501'", ""),
    (with_parameters(top_k=None), "CS0013", "top_k has no value", ""),
    (with_parameters(top_k=True), "CS0013", "top_k is a whole number such as 250, not 'true'", ""),
]


@pytest.mark.parametrize(("text", "code", "message", "advice"), BROKEN)
def test_what_is_wrong_is_said_with_what_helps(text: str, code: str, message: str, advice: str) -> None:
    (found,) = problems(text)
    assert (found.code, message in found.message, advice in found.help) == (code, True, True), found


@pytest.mark.parametrize(("value", "number"), [(0, "0"), (1, "1"), ("-0", "0"), (5e-7, "5E-7"), ("1.0", "1.0")])
def test_shares_are_exact_at_their_bounds(value: object, number: str) -> None:
    assert str(read(with_parameters(temperature=value)).parameters.temperature) == number


def test_every_problem_is_found_in_one_run_each_at_its_place() -> None:
    text = (
        '{"model": "a b ",\r\n "promt": 1,\r\n'
        '\t"prompt": {"messages": [{"role": "usr", "content": "half \\ud83d"}]},\r\n "tags": {"applicationId": "é"}}'
    )
    assert [(found.at, found.code) for found in problems(text)] == [
        (Mark(1, 11), "CS0023"),
        (Mark(2, 2), "CS0012"),
        (Mark(3, 35), "CS0014"),
        (Mark(3, 53), "CS0003"),
        (Mark(4, 28), "CS0022"),
    ]


NOT_JSON = [
    ('{"model": "x",}', Mark(1, 15), "a comma too many"),
    ("{“model”: 1}", Mark(1, 2), "straight double quotes"),
    ('{"a": "one\ntwo"}', Mark(1, 11), "write a line break as \\n"),
    ('{"a": 1\n"b": 2}', Mark(2, 1), "look at the commas"),
    ('{"a": 1} x', Mark(1, 10), ""),
    ("[1", Mark(1, 3), ""),
]


@pytest.mark.parametrize(("text", "at", "advice"), NOT_JSON)
def test_what_is_not_json_is_shown_where_it_ends_to_be(text: str, at: Mark, advice: str) -> None:
    (found,) = problems(text, "request")
    assert (found.code, found.at.line, advice in found.help) == ("CS0003", at.line, True), found
    assert abs(found.at.column - at.column) <= 1  # Pythons differ about a trailing comma


def test_a_key_that_stands_twice_is_refused() -> None:
    text = document()[:-1] + ', "model": "other"}'
    (found,) = problems(text)
    assert (found.code, "the key 'model' stands twice" in found.message) == ("CS0006", True)


def test_tabs_indent_json_but_not_yaml() -> None:
    assert read(document().replace(", ", ",\n\t")).model == "haiku"
    (found,) = problems("model: x\nprompt:\n\tmessages: []\n", "request.yaml")
    assert found.help == "indent with spaces; YAML allows no tab here"


@pytest.mark.parametrize(
    ("data", "code", "place"),
    [
        (b"", "CS0007", "1:1"),
        (b" \n", "CS0007", "1:1"),
        (b'{"a":\n "\xff"}', "CS0002", "2:3"),
        (b" " * (MAX_BYTES + 1), "CS0004", f"1:{MAX_BYTES + 1}"),
        (b"{" + b"\n" * MAX_LINES, "CS0004", f"{MAX_LINES + 1}:1"),
    ],
)
def test_files_that_cannot_be_a_request_are_refused_as_such(data: bytes, code: str, place: str) -> None:
    with pytest.raises(SentryError) as caught:
        request.read(data, "request.json", parse)
    assert (caught.value.code, caught.value.where) == (code, f"request.json:{place}")


@pytest.mark.parametrize(
    ("text", "column"),
    [("[" * 100_000, 21), ("[" * 21 + "]" * 21, 21), ("[" + "1," * 100_000 + "1]", 2 * MAX_NODES)],
    ids=["never closed", "just too deep", "values"],
)
def test_a_request_too_deep_or_too_full_is_refused_where_it_becomes_so(text: str, column: int) -> None:
    (found,) = problems(text, "request.json")
    assert (found.code, found.at) == ("CS0004", Mark(1, column))


def test_a_request_of_the_largest_size_is_read() -> None:
    text = "ä" * ((MAX_BYTES - 500) // 2)
    message = {"role": "user", "content": text}
    whole = json.dumps({"model": "m", "prompt": {"messages": [message]}, "tags": TAGS}, ensure_ascii=False)
    assert read(whole).messages[0].text == text
    many = [message | {"content": "a"}] * 10_001
    assert [found.code for found in problems(document(prompt={"messages": many}))] == ["CS0026"]


@settings(max_examples=150, deadline=None)
@given(st.text(min_size=1).filter(str.strip), st.booleans())
def test_json_texts_arrive_as_they_are(text: str, ascii_only: bool) -> None:
    prompt = {"messages": [{"role": "user", "content": text}]}
    whole = json.dumps({"model": "m", "prompt": prompt, "tags": TAGS}, ensure_ascii=ascii_only)
    assert read("\ufeff" + whole).messages == (Message("user", text),)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)
PIECES = [*'{}[]:,"\\ \t\n', "{", '"role"', '"model": ', "1e5", "null", "\\ud83d", '"x"', "\u2028", "é", "“"]


@settings(max_examples=300, deadline=None)
@given(JSON.map(json.dumps) | st.lists(st.sampled_from(PIECES), max_size=25).map("".join).map("{".__add__))
def test_whatever_looks_like_json_is_a_request_or_has_located_problems(text: str) -> None:
    end = verdict(text)
    if isinstance(end, InvalidDocument):
        lines = len(end.source.lines)
        assert end.problems
        assert all(1 <= each.at.line <= lines and each.at.column >= 1 for each in end.problems)


def verdict(text: str) -> Request | InvalidDocument:
    """What reading ends with; any other exception is a defect."""
    try:
        return read(text)
    except InvalidDocument as error:
        return error


def test_options_make_the_same_request() -> None:
    found = request.of_options(
        "Hi", model="haiku", system="Be brief.", parameters={"temperature": 0.1, "top_k": None}, tags=TAGS | {"x": ""}
    )
    messages = (Message("system", "Be brief."), Message("user", "Hi"))
    assert found == Request("haiku", messages, Parameters(temperature=Decimal("0.1")), found.tags)
    assert dict(found.tags) == TAGS


def test_options_may_leave_model_and_tags_to_the_profile() -> None:
    assert request.of_options("Hi") == Request("", (Message("user", "Hi"),))


def test_wrong_options_are_one_error_that_says_everything() -> None:
    with pytest.raises(SentryError) as caught:
        request.of_options("\t", parameters={"max_tokens": 0}, tags={"costCenter": "ä"})
    said = (caught.value.message, *caught.value.details)
    assert caught.value.code == "CS0101"
    assert [words.partition(" ")[0] for words in said] == ["content", "max_tokens", "costCenter"]


def test_the_schema_of_the_table_takes_the_article_s_example() -> None:
    from jsonschema import Draft202012Validator

    checker = Draft202012Validator(REQUEST.schema())
    assert list(checker.iter_errors(json.loads(ARTICLE))) == []
    assert list(checker.iter_errors(json.loads(with_parameters(temperature=2)))) != []


@pytest.mark.parametrize("text", ['{"a":1}', " {}", "[1]", "{“a”: 1}"])
def test_json_is_known_by_its_beginning_whatever_the_file_is_called(text: str) -> None:
    assert json_document.is_json(text, "-")
    assert not json_document.is_json("{a: 1}", "request.yaml")
