"""Every interleaving of a few clients, each API call a step: all states that can be reached, each looked at once.

A client is a function of the answers it has had: it is run again from its beginning for each further step, so no
threads are needed and a state is plain data: what the table holds and what each client was answered.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from costsentry_cli.domain.calls import Answer, ApiCall, Outcome
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.ledger.port import DONE_KEPT
from dynamo_table import DynamoTable, Item

Trace = tuple["Said", ...]
Log = list[str]
Program = Callable[["Told", Log], None]
Items = dict[str, Item]


class Paused(BaseException):
    """The client wants to make a call that it has no answer to yet."""


class Killed(BaseException):
    """The client was killed: whatever else it tries is not done."""


@dataclass(frozen=True)
class Said:
    """What a client was told: an answer, an error, or that it was interrupted or killed.

    ``key`` is what of it the client can act on. A write that succeeded shows the counter, which nobody acts on as long
    as it remembers few endings; one that failed shows who holds and who is done. What was read is taken whole.
    """

    kind: str
    value: Any = None
    key: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        item = self.value.answer.get("Item") if isinstance(self.value, SentryError) else None
        read = self.value if self.kind == "answer" and "Attributes" not in self.value else None
        seen = [
            self.kind,
            read,
            getattr(self.value, "code", ""),
            item and (sorted(item["r"]["M"]), sorted(item["d"]["M"])),
        ]
        if self.kind == "answer" and "Attributes" in self.value:
            assert len(self.value["Attributes"]["d"]["M"]) < DONE_KEPT - 1
        object.__setattr__(self, "key", json.dumps(seen, sort_keys=True))


class Told:
    """A ``Cloud`` that answers from a trace, and pauses the client at its end."""

    interrupted = False

    def __init__(self, trace: Trace) -> None:
        self.trace = list(trace)
        self.wanted: ApiCall | None = None

    def call(self, call: ApiCall) -> Answer:
        if not self.trace:
            self.wanted = self.wanted or call
            raise Paused
        said = self.trace[0]
        if said.kind == "killed":
            raise Killed
        self.trace.pop(0)
        if said.kind == "interrupted":
            raise KeyboardInterrupt
        if said.kind == "error":
            raise said.value
        return said.value  # type: ignore[no-any-return]

    def pages(self, call: ApiCall) -> Iterator[Answer]:
        raise NotImplementedError

    def each(self, calls: Sequence[ApiCall]) -> Iterator[Outcome]:
        raise NotImplementedError

    as_ended = each


@dataclass(frozen=True)
class Stage:
    """How far one client is: the call it makes next (None at its end) and what it noted."""

    wanted: ApiCall | None
    log: tuple[str, ...]


@dataclass
class Explorer:
    """All runs of the programs over a table, with at most one fault in each.

    ``check`` judges every state, ``check_end`` those where all clients have ended; both give what is wrong.
    """

    programs: Sequence[Program]
    check: Callable[[Items], list[str]]
    check_end: Callable[[Items, list[Stage], bool], list[str]]
    faults: Sequence[str] = ()
    wrong: list[str] = field(default_factory=list)
    states: int = 0
    steps: int = 0
    _paths: dict[Any, int] = field(default_factory=dict)
    _tables: set[str] = field(default_factory=set)
    _stages: dict[Any, Stage] = field(default_factory=dict)

    def run(self, items: Items) -> int:
        """How many different runs there are; ``wrong`` has what was found."""
        return self._explore(items, tuple(() for _ in self.programs), fault_free=True)

    def _explore(self, items: Items, traces: tuple[Trace, ...], *, fault_free: bool) -> int:
        table = json.dumps(items, sort_keys=True)
        state = (table, tuple(tuple(s.key for s in t) for t in traces), fault_free)
        if state in self._paths or self.wrong:  # the first thing wrong ends the search
            return self._paths.get(state, 0)
        self.states += 1
        if table not in self._tables:
            self._tables.add(table)
            self.wrong += self.check(items)
        stages = [self._stage(number, trace) for number, trace in enumerate(traces)]
        moves = [number for number, stage in enumerate(stages) if stage.wanted is not None]
        if not moves:
            self.wrong += self.check_end(items, stages, fault_free)
        paths = 0 if moves else 1
        for number in moves:
            for after, said, faulty in self._moves(items, stages[number].wanted, fault_free):
                self.steps += 1
                trace = (*traces[number], said) if said else traces[number]
                others = (*traces[:number], trace, *traces[number + 1 :])
                paths += self._explore(after, others, fault_free=fault_free and not faulty)
        self._paths[state] = paths
        return paths

    def _stage(self, number: int, trace: Trace) -> Stage:
        key = (number, tuple(said.key for said in trace))
        if key not in self._stages:
            cloud, log = Told(trace), Log()
            with suppress(Paused, Killed, KeyboardInterrupt):
                self.programs[number](cloud, log)
            self._stages[key] = Stage(cloud.wanted, tuple(log))
        return self._stages[key]

    def _moves(self, items: Items, call: ApiCall | None, may_fail: bool) -> Iterator[tuple[Items, Said | None, bool]]:
        assert call is not None
        table = DynamoTable(items)
        try:
            said = Said("answer", table.call(call))
        except SentryError as error:
            said = Said("error", error)
        yield table.items, said, False
        if not may_fail:
            return
        lost = Said("error", SentryError("CS0808", "the answer was lost"))
        effects: Mapping[str, tuple[Items, Said | None]] = {
            "killed before": (items, Said("killed")),
            "killed after": (table.items, Said("killed")),
            "interrupted before": (items, Said("interrupted")),
            "interrupted after": (table.items, Said("interrupted")),
            "lost": (table.items, lost),
            "not sent": (items, lost),
            "sent twice": (table.items, None),
        }
        for fault in self.faults:
            yield *effects[fault], True
