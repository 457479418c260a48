"""From bytes to a document: what YAML is accepted, and where everything else is refused."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from costsentry_cli import manifest_file
from costsentry_cli.domain.document import Entries, InvalidDocument, Items, Mark, Problem, Scalar
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.manifest.reader import read as meaning
from costsentry_cli.manifest_file import MAX_BYTES, MAX_DEPTH, MAX_LINES, MAX_NODES, parse, read

PARSERS = [manifest_file._fastest(), manifest_file._PureParser]
HEAD = "version: 1\nnamespace: docs\nmodels: {lite: amazon.nova-lite-v1:0}\n"
TEN_MISTAKES = """\
version: 2
namespace: Docs
models: {lite: amazon.nova-lite-v1:0}
profiles:
  - name: docs-sales
    modl: lite
  - {name: docs_support, model: lyte}
  - &anchored {name: docs-web, model: lite}
  - *anchored
  - name: docs-{costcentre}
    model: lite
    tags: {costCenter: sales}
    tags: {costCenter: web}
limits:
  - {per: week, tokens: 1}
  - {per: day, tokens: many}
"""


def whole(text: str, parser: object = None) -> object:
    document = parse(text, "m.yaml", parser)  # type: ignore[arg-type]
    return meaning(document.root, document.source, document.problems, suggest=lambda _: ())


def problems(text: str, parser: object = None) -> list[Problem]:
    with pytest.raises(InvalidDocument) as caught:
        whole(text, parser)
    return list(caught.value.problems)


def from_reader(text: str, parser: object = None) -> list[Problem]:
    return list(parse(text, "m.yaml", parser).problems)  # type: ignore[arg-type]


@pytest.mark.parametrize("parser", PARSERS)
def test_a_document_is_text_with_places(parser: object) -> None:
    root = parse('a: 0123\nb: [on, "null", ~]\n', "m.yaml", parser).root  # type: ignore[arg-type]
    items = (Scalar("on", Mark(2, 5)), Scalar("null", Mark(2, 9), plain=False), Scalar("", Mark(2, 17)))
    assert root == Entries(
        (
            (Scalar("a", Mark(1, 1)), Scalar("0123", Mark(1, 4))),
            (Scalar("b", Mark(2, 1)), Items(items, Mark(2, 4))),
        ),
        Mark(1, 1),
    )


def test_ten_different_mistakes_are_ten_located_problems_in_one_run() -> None:
    found = [f"{each.at.line}:{each.at.column} {each.code} {each.message}" for each in problems(TEN_MISTAKES)]
    assert found == [
        "1:10 CS0014 version is 1, not '2'",
        "2:12 CS0013 namespace 'Docs' is not a namespace",
        "6:5 CS0012 unknown key 'modl'",
        "7:33 CS0023 model 'lyte' is not known",
        "8:5 CS0005 the anchor &anchored is not accepted here",
        "9:5 CS0005 the alias *anchored is not accepted here",
        "10:16 CS0025 '{costcentre}' names no tag of this entry",
        "13:5 CS0006 the key 'tags' stands twice in one mapping; the first is on line 12",
        "15:11 CS0014 per is minute or hour or day or month, not 'week'",
        "16:24 CS0013 tokens is a whole number such as 100000 or 100_000, not 'many'",
    ]


REFUSED = [
    ("a: &x 1", 4, "CS0005", "the anchor &x"),
    ("a: 1\nb: *x", 4, "CS0005", "the alias *x"),
    ("a: {<<: {b: 1}}", 5, "CS0005", "the merge key <<"),
    ("a: !!int 1", 4, "CS0005", "the tag 'tag:yaml.org,2002:int'"),
    ("a: !secret 1", 4, "CS0005", "the tag '!secret'"),
    ("a: ! 1", 4, "CS0005", "the tag '!'"),
    ("a: !!python/object:os.system x", 4, "CS0005", "the tag"),
    ("a: 1\nb: 2\na: 3", 1, "CS0006", "the first is on line 1"),
    ("? [x]\n: 1", 3, "CS0005", "a key is one word"),
    ("a: 1\n---\nb: 1", 1, "CS0005", "a second document"),
]


@pytest.mark.parametrize("parser", PARSERS)
@pytest.mark.parametrize(("text", "column", "code", "message"), REFUSED, ids=[row[0] for row in REFUSED])
def test_a_yaml_feature_that_is_not_accepted_is_located(
    text: str, column: int, code: str, message: str, parser: object
) -> None:
    if "*x" in text and parser is manifest_file._PureParser:
        text = text.replace("a: 1", "a: &y 1")
    found = [each for each in from_reader(text, parser) if "&y" not in each.message]
    assert len(found) == 1
    assert (found[0].at.column, found[0].code) == (column, code)
    assert message in found[0].message


def test_a_quoted_merge_key_is_only_text() -> None:
    assert from_reader('a: {"<<": b}') == []


BROKEN = [
    ("a: [1", 1, "not valid YAML"),
    ("a:\n\tb: 1", 2, "not valid YAML"),
    ("a: 'x", 1, "not valid YAML"),
    ("a: b: c", 1, "mapping values are not allowed"),
    ("a: x\n b: 1", 2, "mapping values are not allowed"),
    ("name: {costCenter}-prod", 1, "not valid YAML"),
    ("a: @x", 1, "not valid YAML"),
    ('a: "\\q"', 1, "not valid YAML"),
    ('a: "\\U00110000"', 1, "not valid YAML"),
    ("a: 1\nb: \x00", 2, "the character U+0000"),
    ("a: 1\nb: \x1b[31m", 2, "the character U+001B"),
]


@pytest.mark.parametrize("parser", PARSERS)
@pytest.mark.parametrize(("text", "line", "message"), BROKEN, ids=[repr(row[0]) for row in BROKEN])
def test_text_that_is_not_yaml_is_one_located_problem(text: str, line: int, message: str, parser: object) -> None:
    (problem,) = problems(text, parser)
    assert (problem.code, problem.at.line) == ("CS0003", line)
    assert message in problem.message


@pytest.mark.parametrize("text", ["name: {costCenter}-prod", "[{name: docs-{costCenter}, model: x}]"])
def test_a_name_with_braces_gets_a_help_about_quotes(text: str) -> None:
    assert '"docs-{costCenter}"' in problems(text)[0].help


def test_a_tab_gets_a_help_about_spaces() -> None:
    assert "spaces" in problems("a:\n\tb: 1")[0].help


def test_what_a_merge_key_may_have_held_is_not_reported_as_missing() -> None:
    text = HEAD + "profiles:\n  - {<<: {model: lite}, name: x}\n"
    assert [each.code for each in problems(text)] == ["CS0005"]


def write(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "m.yaml"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "CS0007"),
        (b"# only a comment\n", "CS0007"),
        (b"---\n", "CS0007"),
        (b"null\n", "CS0007"),
        (b"a: \xff\n", "CS0002"),
        ("a: 1".encode("utf-16"), "CS0002"),
        (b"#" * (MAX_BYTES + 1), "CS0004"),
        (b"\n" * (MAX_LINES + 1), "CS0004"),
        (b"\r" * (MAX_LINES + 1), "CS0004"),
    ],
    ids=["empty", "comment", "marker", "null", "latin", "utf-16", "bytes", "lines", "carriage-returns"],
)
def test_a_file_that_cannot_be_a_manifest_has_its_own_code(tmp_path: Path, data: bytes, code: str) -> None:
    with pytest.raises(SentryError) as caught:
        read(write(tmp_path, data))
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"a: 1\nb: \xff\n", "2:4"),
        ("ä: é".encode() + b"\xc3", "1:5"),
        (b"\xef\xbb\xbfa: \xff", "1:4"),
        (b"a: 1\n" + b"x" * MAX_BYTES, f"2:{MAX_BYTES - 4}"),
        (b"\n" * (MAX_LINES + 5), f"{MAX_LINES + 1}:1"),
        (b"", "1:1"),
    ],
    ids=["byte", "cut", "mark", "large", "lines", "empty"],
)
def test_what_no_reading_can_begin_with_is_located(tmp_path: Path, data: bytes, place: str) -> None:
    with pytest.raises(SentryError) as caught:
        read(write(tmp_path, data))
    assert caught.value.where.endswith(f"m.yaml:{place}")


@pytest.mark.parametrize("name", ["absent.yaml", ".", "a\0b"])
def test_a_file_that_cannot_be_read_is_said_so(tmp_path: Path, name: str) -> None:
    with pytest.raises(SentryError) as caught:
        read(tmp_path / name)
    assert caught.value.code == "CS0001"


def test_a_byte_order_mark_and_windows_line_ends_are_accepted(tmp_path: Path) -> None:
    text = (HEAD + "profiles: [{name: x, model: lite}]\n").replace("\n", "\r\n")
    assert read(write(tmp_path, b"\xef\xbb\xbf" + text.encode())).namespace == "docs"


def test_lines_are_counted_as_yaml_counts_them() -> None:
    text = "a: 1\r\nb: 2\rc: 3\x85d: 4\u2028e: 5\nf: &x 6"
    (problem,) = from_reader(text)
    document = parse(text, "m.yaml")
    assert problem.at.line == 6
    assert document.source.lines[5] == "f: &x 6"


def test_nesting_too_deep_or_too_many_values_end_the_reading() -> None:
    assert problems("[" * 1000)[0].code == "CS0004"
    assert problems("\n".join(" " * depth + "a:" for depth in range(1000)))[0].code == "CS0004"
    assert problems("[" + "a," * MAX_NODES + "]")[0].code == "CS0004"
    assert parse("[" * MAX_DEPTH + "x" + "]" * MAX_DEPTH, "m.yaml").problems == ()


class FailingParser:
    """A parser with a defect of its own."""

    def __init__(self, text: str) -> None: ...

    def get_event(self) -> object:
        raise KeyError("inside")


def test_a_defect_of_the_parser_is_a_located_problem() -> None:
    (problem,) = problems("a: 1", FailingParser)
    assert (problem.code, problem.at) == ("CS0003", Mark(1, 1))


def test_ten_thousand_profiles_load_and_the_collector_runs_again_afterwards(tmp_path: Path) -> None:
    rows = "".join(
        f"  - {{name: docs-{i}, model: lite, tags: {{costCenter: cc-{i}, team: '{i}'}}}}\n" for i in range(10_000)
    )
    manifest = read(write(tmp_path, (HEAD + "profiles:\n" + rows).encode()))
    assert len({profile.name for profile in manifest.profiles}) == 10_000
    assert gc.isenabled()
