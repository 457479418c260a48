"""Hostile files by the thousand: real documents broken at every level, and YAML from nothing. One seed, one series."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]

WHOLE = """\
version: 1
namespace: docs-helper
account: "123456789012"
regions: [us-east-1]
accounts:
  - {id: "123456789012"}
  - {id: "210987654321", assume_role: "arn:aws:iam::210987654321:role/sentry", external_id: x}
models:
  lite: amazon.nova-lite-v1:0
  haiku: us.anthropic.claude-haiku-4-5-20251001-v1:0
tags: {applicationId: docs, environment: production}
profiles:
  - name: docs-{costCenter}-prod
    model: haiku
    description: Documentation helper
    tags: {costCenter: [sales, services, 0123]}
  - {name: batch, model: lite, tags: {costCenter: batch}}
cost_allocation_tags: [applicationId, costCenter, environment]
ledger: {table: costsentry-docs, region: us-east-1, expired: charge}
audit: {log_group: /costsentry/docs, retention_days: 90}
limits:
  - {match: {model: haiku}, per: minute, tokens: 100_000, requests: 60}
  - {match: {costCenter: sales}, per: day, usd: 25.50, mode: observe, on_ledger_error: allow, fallback: lite}
budgets:
  - name: bedrock-{costCenter}
    for_each: costCenter
    planned: {2026-11: 500, 2027-01: 700}
    per: month
    alerts: [{at: 80%, of: actual, email: [finops@example.com]}]
    action: {at: 100%, of: actual, policy: "arn:aws:iam::123456789012:policy/deny", roles: [callers],
             execution_role: "arn:aws:iam::123456789012:role/budgets", email: [finops@example.com]}
anomaly_monitors:
  - {name: by-centre, tag: costCenter, alert: {above: 50, above_percent: 40%, frequency: daily, email: [a@example.com]}}
"""
REQUEST = """\
model: sales
prompt:
  messages:
    - {role: system, content: Answer in one sentence.}
    - {role: user, content: "What is Amazon Bedrock?"}
    - {role: assistant, content: "It is"}
    - {role: user, content: Go on.}
  parameters: {max_tokens: 200, temperature: 0.2, top_p: 0.9, top_k: 50}
tags: {applicationId: aws-documentation-helper, costCenter: sales, environment: production, team: a}
"""

TRAPS = (
    "yes", "no", "on", "off", "y", "n", "Yes", "NO", "true", "False", "null", "Null", "~", "",
    "012", "0o14", "0x1F", "0b101", "1_000", "089", "+1", "-0", "1e3", "1e999", ".5", "1.", "6.02e+23",
    ".inf", "-.INF", ".nan", "12:30", "12:30:45", "190:20:30.15", "1:60",
    "2026-01-01", "2025-13-45", "2001-12-14t21:59:43.10-05:00", "2026-02-30 25:61:61",
    "=", "<<", "&a x", "*a", "&a [*a]", "!!int abc", "!!int ''", "!!int _", "!!int 0x", "!!int 1:a", "!!float abc",
    "!!bool abc", "!!timestamp abc", "!!binary ====", "!!set {a}", "!!omap [a: 1]", "!!pairs [a: 1]", "!!null x",
    "!!python/object/apply:os.system [id]", "!!python/name:os.system", "!<tag:yaml.org,2002:str> x", "! x", "!local x",
    '"\\ud800"', '"\\U00110000"', '"\\x00"', '"\\x1b[31m"', '"\\u202e"', '"\\q"', '"\\',
    "'", '"', "''", '"\\N\\L\\P\\_"',
    "|", ">", "|\n x", ">-\n x", "|9", "|0", "|+1", "? x", "? [a]\n: b", "- - - x", "---", "...",
    "%YAML 1.1", "%TAG ! !!",
    "{a: b", "[a", "}", "]", "{a, b: c}", "[a: b]", "{? a}", "{[a]: b}", "{{a}}", "{a}-b", "a: b: c", "@x", "`x", "%x",
    "#", " #", "a #b", "a\tb", "\t", "9" * 400, "9" * 5000, "0x" + "f" * 3000, "x" * 3000, "-1", "0", "nan",
    "NaN", "Infinity",
    "$(id)", "`id`", "../../etc/passwd", "/dev/zero", "[/red]", "[link=http://x]y[/link]", "=cmd()|' /C calc'!A0",
    "\x1b[2J", "\x9b31m", "\x07", "\x00", "\x7f", "\x85", "\u2028", "\u2029", "\u202e", "\u200b",
    "\ufeff", "\ufffe", "\uffff",
    "e\u0301", "\u00e9", "\u0130", "\uff21", "\U0001f600", "\u0661", "\u00b2", "\u2160",
)  # fmt: skip
"""Texts that some reader of YAML 1.1 takes for something else, and characters that some terminal obeys."""

MARKS = (*"{}[]:,-?&*!|>'\"#%@`~ \n\r\t\\<=/.$_", "\r\n", "\n\n", "  ", ": ", "- ", "? ", "---\n", "...\n")
RAW = (
    b"\x00",
    b"\xff",
    b"\xfe",
    b"\x80",
    b"\xc0\xaf",
    b"\xe2\x28\xa1",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"\xef\xbb\xbf",
)
ENCODINGS = ("utf-16", "utf-16-le", "utf-32", "latin-1", "utf-7", "cp500")
MOST_LINES = 300_000
MOST_BYTES = 10 * 2**20
_TOKEN = re.compile(r"\s+|[\w.-]+|.", re.DOTALL)

Dice = random.Random
Breaker = Callable[[Dice, str], str]


def originals() -> tuple[str, ...]:
    """The manifests of this project, and one that has every section."""
    template = ROOT / "src/costsentry_cli/data/profiles.template.yaml"
    shown = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    files = (ROOT / "profiles.yaml", template)
    return (WHOLE, *(path.read_text(encoding="utf-8") for path in files), *shown)


def manifests(seed: int, numbers: Iterable[int]) -> Iterator[bytes]:
    """The hostile manifests of these numbers, the same for the same seed."""
    return _series(seed, numbers, originals())


def requests(seed: int, numbers: Iterable[int]) -> Iterator[bytes]:
    """The hostile request documents of these numbers: the article's, as YAML and as JSON, broken."""
    return _series(seed, numbers, (REQUEST, json.dumps(yaml.safe_load(REQUEST), indent=2)))


def _series(seed: int, numbers: Iterable[int], texts: Sequence[str]) -> Iterator[bytes]:
    for number in numbers:
        dice = Dice(f"{seed}:{number}")
        text = dice.choice(texts)
        if dice.random() < 0.12:
            text = from_nothing(dice)
        for _ in range(dice.choice((1, 1, 1, 2, 3, 8))):
            text = dice.choice(BREAKERS)(dice, text)[:MOST_BYTES]
        yield _bytes(dice, text)


def _bytes(dice: Dice, text: str) -> bytes:
    data = text.encode("utf-8", "surrogatepass")[:MOST_BYTES]
    fate = dice.random()
    if fate < 0.04:
        return text[:MOST_BYTES].encode(dice.choice(ENCODINGS), "replace")[:MOST_BYTES]
    if fate < 0.12:
        at = dice.randrange(len(data) + 1)
        return data[:at] + dice.choice(RAW) + data[at + dice.randrange(3) :]
    return data[: dice.randrange(len(data) + 1)] if fate < 0.16 else data


def characters(dice: Dice, text: str) -> str:
    """Something put in, taken out or put over, anywhere."""
    at, cut = dice.randrange(len(text) + 1), dice.choice((0, 0, 1, 2, 20))
    piece = dice.choice((dice.choice(MARKS), dice.choice(TRAPS), chr(dice.randrange(0x3000)), ""))
    return text[:at] + piece * dice.choice((1, 1, 1, 2, 50)) + text[at + cut :]


def tokens(dice: Dice, text: str) -> str:
    """Words and marks exchanged, doubled or dropped."""
    pieces = _TOKEN.findall(text) or [""]
    for _ in range(dice.randrange(1, 4)):
        one, two = dice.randrange(len(pieces)), dice.randrange(len(pieces))
        change = dice.randrange(4)
        if change == 0:
            pieces[one], pieces[two] = pieces[two], pieces[one]
        else:
            pieces[one] = (pieces[one] * 2, "", dice.choice((*MARKS, *TRAPS)))[change - 1]
    return "".join(pieces)


def lines(dice: Dice, text: str) -> str:
    """Lines exchanged, doubled, dropped or moved to another depth; now and then by the thousand."""
    rows = text.split("\n")
    one, two = dice.randrange(len(rows)), dice.randrange(len(rows))
    change = dice.randrange(5)
    if change == 0:
        rows[one], rows[two] = rows[two], rows[one]
    elif change == 1:
        del rows[one]
    elif change == 2:
        rows[one] = " " * dice.choice((1, 2, 4, 40)) + rows[one].lstrip()
    else:
        low, high = sorted((one, two))
        times = dice.choice((1, 1, 2, 10, 100, 1_000 if dice.random() < 0.1 else 1))
        rows[high:high] = (rows[low : high + 1] * times)[:MOST_LINES]
    return "\n".join(rows)


def values(dice: Dice, text: str) -> str:
    """What stands behind a colon or a dash becomes a trap."""
    places = [found.span(1) for found in re.finditer(r"(?:: |- |\[|, )([^\s,\]}{\[#][^,\]}\n#]*)", text)]
    if not places:
        return text + dice.choice(TRAPS)
    start, end = dice.choice(places)
    return text[:start] + dice.choice(TRAPS) + text[end:]


def nodes(dice: Dice, text: str) -> str:
    """The document's tree with something exchanged, written anew in YAML's or JSON's way."""
    try:
        tree = yaml.safe_load(text)
    except Exception:  # noqa: BLE001 - what is broken already is broken otherwise
        return values(dice, text)
    for _ in range(dice.randrange(1, 3)):
        tree = _changed(dice, tree)
    try:
        if dice.random() < 0.3:
            return json.dumps(tree, default=str, ensure_ascii=dice.random() < 0.5)
        flow = dice.choice((None, True, False))
        return str(yaml.safe_dump(tree, default_flow_style=flow, allow_unicode=True, sort_keys=False))
    except Exception:  # noqa: BLE001
        return text


def _changed(dice: Dice, node: Any) -> Any:
    """The tree with one node exchanged, doubled, dropped or wrapped."""
    if isinstance(node, dict) and node and dice.random() < 0.8:
        key = dice.choice(list(node))
        change = dice.random()
        if change < 0.1:
            return {name: value for name, value in node.items() if name != key}
        if change < 0.2:
            return {(dice.choice(TRAPS) if name == key else name): value for name, value in node.items()}
        return {name: (_changed(dice, value) if name == key else value) for name, value in node.items()}
    if isinstance(node, list) and node and dice.random() < 0.8:
        at = dice.randrange(len(node))
        change = dice.random()
        if change < 0.1:
            return node[:at] + node[at + 1 :]
        if change < 0.2:
            return node * dice.choice((2, 3, 60))
        return [*node[:at], _changed(dice, node[at]), *node[at + 1 :]]
    return _strange(dice, node)


def _strange(dice: Dice, node: Any) -> Any:
    """Something that does not belong where a node was."""
    wrapped: Any = node
    for _ in range(dice.choice((1, 2, 19, 30, 200))):
        wrapped = [wrapped] if dice.random() < 0.5 else {"a": wrapped}
    odd = (None, True, False, 0, -1, 10**30, 1.5, float("nan"), float("-inf"), [], {}, "", [[]], {"": ""}, {"a": None})
    return dice.choice((*odd, wrapped, dice.choice(TRAPS), dice.choice(TRAPS), "x" * 70_000, [node], {"a": node}))


def from_nothing(dice: Dice, depth: int = 0) -> str:
    """YAML that resembles nothing, block and flow mixed."""
    size = dice.randrange(1, 6)
    indent = " " * dice.choice((0, depth, 2 * depth))
    rows = []
    for _ in range(size):
        inner = dice.choice(TRAPS)
        if depth < 6 and dice.random() < 0.3:
            inner = dice.choice(("\n", "", "{", "[")) + from_nothing(dice, depth + 1) + dice.choice(("", "}", "]"))
        rows.append(f"{indent}{dice.choice(('- ', 'a: ', 'version: ', '? ', '', dice.choice(TRAPS) + ': '))}{inner}")
    return "\n".join(rows) + "\n"


BREAKERS: tuple[Breaker, ...] = (characters, characters, tokens, lines, values, values, nodes)
