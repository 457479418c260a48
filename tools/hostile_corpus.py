"""The fixed hostile files: each with the code it is refused by and the place, or with the news that it is accepted."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from costsentry_cli.domain.metering.request_fields import MAX_BYTES as REQUEST_BYTES
from costsentry_cli.manifest_file import MAX_BYTES, MAX_LINES


@dataclass(frozen=True)
class Case:
    """One file: its bytes, made when asked for, and the first refusal of it (``""``: none)."""

    name: str
    data: Callable[[], bytes]
    code: str
    at: str
    said: str = ""


HEAD = "version: 1\nnamespace: docs\nmodels: {lite: amazon.nova-lite-v1:0}\n"
PROFILES = "profiles: [{name: x, model: lite}]\n"


def case(name: str, text: str | bytes, code: str, at: str = "", said: str = "") -> Case:
    """A file of a given text."""
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    return Case(name, lambda: data, code, at, said)


def trap(text: str, code: str, said: str = "", *, at: str = "2:12") -> Case:
    """The text where a namespace stands."""
    whole = f"version: 1\nnamespace: {text}\nmodels: {{lite: amazon.nova-lite-v1:0}}\n{PROFILES}"
    return case(f"namespace: {text[:40]}", whole, code, at, said)


def aliases(levels: int, width: int) -> str:
    """The classic alias bomb: ``width ** levels`` leaves when it is walked."""
    named = [chr(97 + level) for level in range(levels + 1)]
    rows = ["a: &a [x, x]"]
    rows += [f"{new}: &{new} [{', '.join([f'*{old}'] * width)}]" for old, new in itertools.pairwise(named)]
    return "\n".join(rows) + "\n"


def merges(levels: int, width: int) -> str:
    """The merge-key bomb: under a kilobyte, more than a minute in a loader that merges."""
    named = [chr(97 + level) for level in range(levels + 1)]
    rows = ["a: &a {x: 1}"]
    rows += [f"{new}: &{new} {{<<: [{', '.join([f'*{old}'] * width)}]}}" for old, new in itertools.pairwise(named)]
    return "\n".join(rows) + "\n"


def dense() -> bytes:
    """As many values as bytes allow."""
    return b"[" + b"x," * (MAX_BYTES // 2 - 2) + b"x]"


MANIFESTS: tuple[Case, ...] = (
    case("nothing", "", "CS0007", "1:1"),
    case("blank", " \n\n \n", "CS0007", "1:1"),
    case("a comment", "# nothing here\n", "CS0007", "1:1"),
    case("null", "null\n", "CS0007", "1:1"),
    case("alias bomb", aliases(20, 2), "CS0005", "1:4", "anchor"),
    case("wide alias bomb", aliases(8, 9), "CS0005", "1:4", "anchor"),
    case("merge bomb", merges(7, 9), "CS0005", "1:4", "anchor"),
    case("a cycle", "a: &a [*a]\n", "CS0005", "1:4"),
    case("a cycle of keys", "&a ? *a : 1\n", "CS0003", "1:4"),
    case("deep lists", "[" * 1000 + "]" * 1000, "CS0004", "1:21", "deeper"),
    case("deep lists, never closed", "[" * 100_000, "CS0003", "1:1001", "nesting depth"),
    case("deep mappings", "{a: " * 1000 + "1" + "}" * 1000, "CS0004", "1:81", "deeper"),
    case("deep blocks", "".join(f"{' ' * n}a:\n" for n in range(600)), "CS0004", "21:21", "deeper"),
    case("deep dashes", "- " * 5000 + "x\n", "CS0004", "1:41", "deeper"),
    case("deep keys", "? " * 5000 + "x\n", "CS0005", "1:3", "a key is one word"),
    case("100,000 lines", "\n".join(f"k{n}: v" for n in range(100_000)), "CS0012", "1:1"),
    case("100,000 lines of one list", HEAD + "regions:\n" + "  - us-east-1\n" * 100_000, "CS0026", "5:3"),
    case(
        "100,000 profiles of one name", HEAD + "profiles:\n" + "  - {name: x, model: lite}\n" * 20_000, "CS0024", "6:12"
    ),
    Case("more lines than fit", lambda: b"#\n" * (MAX_LINES + 1), "CS0004", f"{MAX_LINES + 1}:1", "lines"),
    Case("only line ends", lambda: b"\n" * MAX_BYTES, "CS0004", f"{MAX_LINES + 1}:1", "lines"),
    Case("50 MB of comment", lambda: b"# x\n" * (50 * 2**18), "CS0004", f"{MAX_BYTES // 4 + 1}:1", "larger"),
    Case("50 MB in one line", lambda: b"a: " + b"x" * (50 * 2**20), "CS0004", f"1:{MAX_BYTES + 1}", "larger"),
    Case("one long scalar", lambda: b"a: " + b"x" * (MAX_BYTES - 10), "CS0012", "1:1"),
    Case("one long key", lambda: b"x" * (MAX_BYTES - 10) + b": 1", "CS0003", "1:8388599"),
    Case("one long quoted scalar", lambda: b'namespace: "' + b"\\x41" * (MAX_BYTES // 4 - 10) + b'"', "CS0013", "1:12"),
    Case("dense values", dense, "CS0004", "1:500000", "values"),
    Case("wide text", lambda: b"a: " + "\U0001f600".encode() * (MAX_BYTES // 4 - 4), "CS0012", "1:1"),
    Case("wide line ends", lambda: "\u2028".encode() * (MAX_BYTES // 3), "CS0004", f"{MAX_LINES + 1}:1", "lines"),
    Case("unclosed quotes", lambda: b'"' + b"x\n" * 300_000, "CS0003", "1:1"),
    Case("colons", lambda: b"a:" * 400_000, "CS0003", "1:800000"),
    Case("commas", lambda: b"[" + b"," * 400_000, "CS0003", "1:2"),
    Case("question marks", lambda: b"? " * 400_000, "CS0005", "1:3"),
    Case("percent signs", lambda: b"%" * 400_000, "CS0003", "1:2"),
    Case("anchors", lambda: b"".join(b"- &a%d x\n" % n for n in range(100_000)), "CS0005", "1:3"),
    Case("tags", lambda: b"- !x y\n" * 100_000, "CS0005", "1:3"),
    Case("tabs", lambda: b"\t" * 400_000 + b"a: 1", "CS0003", "1:1"),
    Case("spaces", lambda: b" " * 4_000_000 + b"a: 1", "CS0012", "1:4000001"),
    Case("literal block", lambda: b"namespace: |\n" + b"  x\n" * 300_000, "CS0013", "1:12"),
    Case("documents", lambda: b"--- a\n" * 100_000, "CS0005", "2:1", "second document"),
    Case("equal keys", lambda: b"version: 1\n" * 100_000, "CS0006", "2:1", "stands twice"),
    Case("control characters", lambda: b"\x01" * 100_000, "CS0003", "1:1", "U+0001"),
    case("ESC", "a: \x1b[31m\n", "CS0003", "1:4", "U+001B"),
    case("C1", "a: \x9b31m\n", "CS0003", "1:4", "U+009B"),
    case("NUL", "version: 1\na: \x00\n", "CS0003", "2:4", "U+0000"),
    case("DEL", "a: \x7f\n", "CS0003", "1:4", "U+007F"),
    case("U+FFFE", "a: \ufffe\n", "CS0003", "1:4", "U+FFFE"),
    case("a byte that is not UTF-8", b"version: 1\nna\xffme: x\n", "CS0002", "2:3", "0xff"),
    case("Latin-1", "version: 1\nname: é\n".encode("latin-1"), "CS0002", "2:7", "0xe9"),
    case("overlong UTF-8", b"a: \xc0\xaf\n", "CS0002", "1:4"),
    case("a surrogate in UTF-8", b"a: \xed\xa0\x80\n", "CS0002", "1:4"),
    case("UTF-8 cut off", "a: é".encode()[:-1], "CS0002", "1:4"),
    case("UTF-16", "version: 1\n".encode("utf-16"), "CS0002", "1:1", "UTF-16"),
    case("UTF-16 big-endian", b"\xfe\xff" + "version: 1\n".encode("utf-16-be"), "CS0002", "1:1", "UTF-16"),
    case("UTF-32", "version: 1\n".encode("utf-32"), "CS0002", "1:1", "UTF-32"),
    case("UTF-16 without a mark", "version: 1\n".encode("utf-16-le"), "CS0003", "1:2", "U+0000"),
    case("a mark and nothing", b"\xef\xbb\xbf", "CS0007", "1:1"),
    case("a mark in front", b"\xef\xbb\xbfversio: 1\n", "CS0012", "1:1", "versio"),
    case("two marks", b"\xef\xbb\xbf\xef\xbb\xbfversion: 1\n", "CS0011", "1:1", "namespace"),
    case("bidi override", HEAD + "tags: {a: \u202ex}\n", "CS0022", "4:11", "tag value"),
    case("zero width", HEAD + "tags: {a: x\u200by}\n", "CS0022", "4:11", "tag value"),
    case("markup", HEAD + "tags: {a: '[/red][link=x]y'}\n", "CS0022", "4:11", "tag value"),
    case("two keys after escapes", 'version: 1\n"v\\x65rsion": 1\n', "CS0006", "2:1", "'version'"),
    case("two keys, one quoted", "version: 1\n'version': 1\n", "CS0006", "2:1"),
    case("two tag keys but for case", HEAD + "tags: {costCenter: a, costcenter: b}\n", "CS0022", "4:23"),
    case(
        "two profiles after expansion",
        HEAD + "profiles: [{name: a-b, model: lite}, {name: 'a-{t}', model: lite, tags: {t: b}}]\n",
        "CS0024",
        "4:45",
    ),
    case("a second document", HEAD + "---\nversion: 1\n", "CS0005", "4:1", "second document"),
    case("a directive", "%YAML 1.1\n---\nversion: 2\n", "CS0014", "3:10"),
    case("an unknown directive", "%TAG ! tag:x,2000:\n---\n!a version: 1\n", "CS0005", "3:1"),
    case("a list", "- version: 1\n", "CS0013", "1:1"),
    case("a word", "version\n", "CS0013", "1:1"),
    case("a shebang", "#!/bin/sh\nrm -rf /\n", "CS0013", "2:1"),
    case("HTML", "<!doctype html><html>\n", "CS0013", "1:1"),
    case("gzip", b"\x1f\x8b\x08\x00\x00\x00\x00\x00", "CS0002", "1:2", "0x8b"),
    case("ELF", b"\x7fELF\x02\x01\x01\x00", "CS0003", "1:1"),
    trap("!!int abc", "CS0005"),
    trap("!!int ''", "CS0005"),
    trap("!!int _", "CS0005"),
    trap("!!int 0x", "CS0005"),
    trap("!!int 1:a", "CS0005"),
    trap("!!float abc", "CS0005"),
    trap("!!float ''", "CS0005"),
    trap("!!bool abc", "CS0005"),
    trap("!!timestamp abc", "CS0005"),
    trap("!!binary =", "CS0005"),
    trap("!!python/object/apply:os.system [id]", "CS0005"),
    trap("!!python/name:os.system ''", "CS0005"),
    trap("! x", "CS0005"),
    trap("2025-13-45", ""),
    trap("012", ""),
    trap("12:30", "CS0013", "'12:30'"),
    trap("1_000", "CS0013", "'1_000'"),
    trap("1e3", ""),
    trap(".nan", "CS0013", "'.nan'"),
    trap(".inf", "CS0013", "'.inf'"),
    trap("=", "CS0013", "'='"),
    trap("9" * 5000, "CS0013", "5000 characters"),
    trap("0x" + "f" * 50_000, "CS0013", "50002 characters"),
    trap('"\\ud800"', "CS0003", at="2:15"),
    trap('"\\U00110000"', "CS0003", at="2:15"),
    trap('"\\x00"', "CS0013"),
    trap('"\\x1b[31m"', "CS0013", "\\x1b[31m"),
    trap('"\\u202e"', "CS0013", "\\u202e"),
    trap("[/red]", "CS0013"),
    trap("../../etc/passwd", "CS0013"),
)

REQUEST = (
    '{"model": "sales", "prompt": {"messages": [{"role": "user", "content": "Hi"}]}, "tags": {"applicationId": "docs"}'
)
DEEP = "[" * 100_000

REQUESTS: tuple[Case, ...] = (
    case("nothing", "", "CS0007", "1:1"),
    case("half an object", REQUEST, "CS0003", "1:114"),
    case("no object", "[]", "CS0013", "1:1"),
    case("deep lists", DEEP + "]" * 100_000, "CS0004", "1:21", "deeper"),
    case("deep lists, never closed", DEEP, "CS0004", "1:21"),
    case("deep YAML", "a: " + DEEP, "CS0003", "1:1003", "nesting depth"),
    case("an alias", "a: &a [*a]\n", "CS0005", "1:4"),
    case("half a character", REQUEST + ', "model2": "\\ud800"}', "CS0003", "1:126", "half a character"),
    case("a key twice", REQUEST + ', "model": "x"}', "CS0006", "1:116"),
    case("a huge number", REQUEST + ', "n": ' + "9" * 5000 + "}", "CS0012", "1:116"),
    case("NaN", REQUEST.replace('"Hi"', "NaN") + "}", ""),
    case("a byte that is not UTF-8", b'{"model":\n "\xff"}', "CS0002", "2:3", "0xff"),
    case("UTF-16", REQUEST.encode("utf-16"), "CS0002", "1:1", "UTF-16"),
    case("a control character", '{"model": "\x01"}', "CS0003", "1:12"),
    Case("dense values", lambda: b"[" + b"1," * 200_000 + b"1]", "CS0004", "1:200000", "values"),
    Case("50 MB", lambda: b'{"model": "' + b"x" * (50 * 2**20), "CS0004", f"1:{REQUEST_BYTES + 1}", "larger"),
    Case("a long string of escapes", lambda: b'{"model": "' + b"\\u0041" * 500_000 + b'"}', "CS0011", "1:1"),
    Case("line ends", lambda: b"{" + b"\n" * 2_000_000, "CS0004", "400001:1"),
)  # fmt: skip

OF = {"manifest": MANIFESTS, "request": REQUESTS}


def files(kind: str) -> Iterator[bytes]:
    """The bytes of every case, one after the other: together they are large."""
    return (each.data() for each in OF[kind])
