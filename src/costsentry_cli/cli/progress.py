"""Work in progress, on stderr: one line for each ending, and on a terminal a counter below them."""

from __future__ import annotations

import sys
from types import TracebackType

from costsentry_cli.render import applied as applied_view
from costsentry_cli.render.safe import safe


class Progress:
    """Tells endings as they come; calls may come from any thread, one at a time."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.done: set[int] = set()
        self.told = 0
        self.live = sys.stderr.isatty() and total > 1

    def __enter__(self) -> Progress:
        self._counter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._clear()

    def ended(self, one: applied_view.Ended) -> None:
        """One change has come to its end, or been answered: then it is only counted."""
        self._clear()
        self.done.add(id(one.change))
        if one.seen:
            self.told += 1
            sys.stderr.write(safe(applied_view.line(one)) + "\n")
        self._counter()
        sys.stderr.flush()

    def _counter(self) -> None:
        if self.live and self.told < self.total:
            unseen = len(self.done) - self.told
            more = f", {unseen} still to be seen there" if unseen else ""
            sys.stderr.write(f"  {len(self.done)}/{self.total} done{more}")
            sys.stderr.flush()

    def _clear(self) -> None:
        if self.live:
            sys.stderr.write("\r\x1b[K")
