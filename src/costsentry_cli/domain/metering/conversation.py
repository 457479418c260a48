"""Messages in the order a person wrote them, as the system prompt and the turns that Converse and a model take.

No text is lost, and none changes places with another of its part. AWS: Converse ``messages`` and ``system``; a
conversation starts with the user and alternates.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from costsentry_cli.domain.catalog import Model
from costsentry_cli.domain.errors import SentryError
from costsentry_cli.domain.metering.request import Message, Role

FLAG = "--assistant-as-system"


@dataclass(frozen=True, slots=True)
class Turn:
    """Texts of one side, one content block each."""

    role: Role
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Conversation:
    """What is sent. ``adjustments`` tell what differs from what was asked, ``notes`` what else there is to know."""

    system: tuple[str, ...]
    turns: tuple[Turn, ...]
    adjustments: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def conversation(
    messages: Sequence[Message], model: Model | None, *, assistant_as_system: bool | None = None
) -> Conversation:
    """The messages as the model takes them; an unknown model (None) is taken for one that takes everything.

    ``assistant_as_system`` is about a last message that is the assistant's: True makes it part of the system prompt,
    False continues it or refuses, None continues it where the model can and else makes it part of the system prompt,
    which is said. Raises ``SentryError`` CS0014 when the conversation does not begin with the user, or is refused.
    """
    arranged = _Arranged(messages, model)
    arranged.check_beginning()
    arranged.move_last_answer(assistant_as_system=assistant_as_system)
    arranged.move_system()
    return arranged.result()


class _Arranged:
    """The messages by number, while some of them move to the system prompt."""

    def __init__(self, messages: Sequence[Message], model: Model | None) -> None:
        self._messages = messages
        self._model = model
        self._turns = [number for number, each in enumerate(messages) if each.role != "system"]
        self._top: set[int] = set()
        self._adjustments: list[str] = []
        self._notes: list[str] = []

    def check_beginning(self) -> None:
        """Refuse what no rearranging mends; system messages before the first turn become the system prompt."""
        if not self._turns or self._messages[self._turns[0]].role != "user":
            advice = "put a user message first"
            raise SentryError("CS0014", "the conversation does not begin with the user", help=advice)
        self._top.update(range(self._turns[0]))

    def move_last_answer(self, *, assistant_as_system: bool | None) -> None:
        """Decide what becomes of assistant messages at the end."""
        last = self._turns[:]
        while self._messages[last[-1]].role == "assistant":
            last.pop()
        ending = self._turns[len(last) :]
        if not ending:
            return
        continues = self._model is None or self._model.capabilities.prefill
        if assistant_as_system:
            self._notes.append("the assistant message at the end is sent as part of the system prompt, as asked")
        elif continues:
            said = "the assistant message at the end is what the answer goes on from"
            self._notes.append(f"{said}; to send it as part of the system prompt: {FLAG}")
            return
        elif assistant_as_system is None:
            said = f"{self._name} does not continue an assistant message at the end"
            self._adjustments.append(f"{said}: it is sent as part of the system prompt")
        else:
            advice = f"end with a user message, or send it as part of the system prompt: {FLAG}"
            raise SentryError("CS0014", f"{self._name} does not continue an assistant message", help=advice)
        self._top.update(ending)
        self._turns = last

    def move_system(self) -> None:
        """Later system messages stay where the model takes them, between a user message and what answers it."""
        moved = [number for number, before in self._later_system() if not self._stays(before)]
        if not moved:
            return
        self._top.update(moved)
        what = "a system message" if len(moved) == 1 else f"{len(moved)} system messages"
        verb = "is" if len(moved) == 1 else "are"
        self._adjustments.append(f"{what} between other messages {verb} sent in the system prompt, which comes first")

    def _later_system(self) -> Iterator[tuple[int, int]]:
        """The system messages after the first turn, each with the number of turns before it."""
        before = 0
        for number in range(self._turns[0], len(self._messages)):
            if before < len(self._turns) and self._turns[before] == number:
                before += 1
            elif self._messages[number].role == "system":
                yield number, before

    def _stays(self, before: int) -> bool:
        if self._model is None or not self._model.capabilities.mid_system:
            return False
        around = [self._messages[turn].role for turn in self._turns[before - 1 : before + 1]]
        return around in (["user"], ["user", "assistant"])

    def result(self) -> Conversation:
        """The system prompt and the turns; neighbours of one side become one turn."""
        system = tuple(self._messages[number].text for number in sorted(self._top))
        rest = [each for number, each in enumerate(self._messages) if number not in self._top]
        turns = [Turn(role, tuple(m.text for m in group)) for role, group in groupby(rest, key=lambda each: each.role)]
        joined = len(rest) - len(turns)
        if joined:
            words = "a message follows" if joined == 1 else f"{joined} messages follow"
            self._adjustments.append(f"{words} another of the same role: they are sent as one message")
        turns = self._without_trailing_space(turns)
        if system and self._model is not None and not self._model.capabilities.system:
            self._adjustments.append(f"{self._name} takes no system prompt: it is sent before the first user message")
            turns = [Turn("user", (*system, *turns[0].texts)), *turns[1:]]
            system = ()
        return Conversation(system, tuple(turns), tuple(self._adjustments), tuple(self._notes))

    def _without_trailing_space(self, turns: list[Turn]) -> list[Turn]:
        """Anthropic's models refuse white space at the end of what they are to continue."""
        last, anthropic = turns[-1], self._model is not None and self._model.provider == "Anthropic"
        text = last.texts[-1]
        if last.role != "assistant" or not anthropic or text == text.rstrip():
            return turns
        self._adjustments.append("white space at the end of the last assistant message is cut off")
        return [*turns[:-1], Turn(last.role, (*last.texts[:-1], text.rstrip()))]

    @property
    def _name(self) -> str:
        return "the model" if self._model is None else self._model.name
