"""Threads that take turns by dice: every interleaving of calls can happen, and a seed repeats it exactly."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar


class Turns:
    """A baton for ``players`` threads. Nobody moves before everybody waits; then the dice say whose turn it is.

    ``wait`` stands before each call of a player, ``leave`` at a player's end. The player that moved last is the only
    one running, so the order of calls is that of the dice and of nothing else. Some are much quicker than others.
    """

    def __init__(self, players: int, seed: int) -> None:
        self._players = players
        self._dice = Random(seed)
        self._haste = [self._dice.random() ** 4 for _ in range(players)]
        self._lock = threading.Lock()
        self._waiting: dict[int, threading.Event] = {}

    def wait(self, player: int) -> None:
        gate = threading.Event()
        with self._lock:
            self._waiting[player] = gate
            self._pass_on()
        if not gate.wait(30):
            raise TimeoutError(f"player {player} was never called")

    def leave(self) -> None:
        with self._lock:
            self._players -= 1
            self._pass_on()

    def _pass_on(self) -> None:
        """When all that are left wait, one of them goes."""
        if self._waiting and len(self._waiting) == self._players:
            waiting = sorted(self._waiting)
            (player,) = self._dice.choices(waiting, [self._haste[one] for one in waiting])
            self._waiting.pop(player).set()


R = TypeVar("R")


def together(work: Sequence[Callable[[], R]], turns: Turns | None = None) -> list[R]:
    """Do all of it at once, each in a thread; the results in order. What one raises is raised here."""
    results: dict[int, R] = {}
    raised: list[BaseException] = []
    barrier = threading.Barrier(len(work))

    def run(number: int) -> None:
        barrier.wait(30)
        try:
            results[number] = work[number]()
        except BaseException as error:  # noqa: BLE001 - raised again below
            raised.append(error)
        finally:
            if turns is not None:
                turns.leave()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(work))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if raised:
        raise raised[0]
    return [results[number] for number in range(len(work))]
