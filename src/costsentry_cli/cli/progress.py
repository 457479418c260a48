"""Work in progress, on stderr: one line for each ending, and on a terminal a counter below them."""

from __future__ import annotations

import sys
from types import TracebackType

from costsentry_cli.domain.alike import likeness
from costsentry_cli.render import applied as applied_view
from costsentry_cli.render.safe import safe


class Progress:
    """Tells endings as they come, failures that are alike once; calls may come from any thread, one at a time."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.alike: dict[tuple[str, str], list[str]] = {}
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
        for (code, _), (first, *others) in self.alike.items():
            if others:
                sys.stderr.write(safe(applied_view.failed_alike(code, first, others)) + "\n")

    def ended(self, one: applied_view.Ended) -> None:
        """One change has come to its end, or been answered: then it is only counted."""
        self._clear()
        self.done.add(id(one.change))
        self.told += one.seen
        if one.seen and self._is_news(one):
            sys.stderr.write(safe(applied_view.line(one)) + "\n")
        self._counter()
        sys.stderr.flush()

    def _is_news(self, one: applied_view.Ended) -> bool:
        """Anything but a failure like one before: those are counted, and told in the end."""
        if one.error is None or not one.tried:
            return True
        names = self.alike.setdefault(likeness(one.error, one.change.name), [])
        names.append(one.change.name)
        return len(names) == 1

    def _counter(self) -> None:
        if self.live and self.told < self.total:
            unseen = len(self.done) - self.told
            more = f", {unseen} still to be seen there" if unseen else ""
            sys.stderr.write(f"  {len(self.done)}/{self.total} done{more}")
            sys.stderr.flush()

    def _clear(self) -> None:
        if self.live:
            sys.stderr.write("\r\x1b[K")
