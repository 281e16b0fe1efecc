"""Readings that central wants at this moment, between the desk and the readers of the lines.

The desk puts down what was begun and not yet told, a reader takes one between two reads and gives its answer, the desk
tells it. In memory only: what a dying process leaves here, the clerk's file puts down again.
"""

import asyncio
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass

from edge.lines.base import LineDown
from edge.meters.base import Garbled, MeterFault, OtherMeter, Refused, WrongPassword
from protocol.messages.command import Shown, Status

_BY_FAULT = (
    ((Refused, WrongPassword), Status.DENIED),
    (OtherMeter, Status.NO_METER),
    ((Garbled, LineDown), Status.BAD_LINK),
)


@dataclass(frozen=True, slots=True)
class Wish:
    """The command with this id wants this meter read."""

    id: str
    meter: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The last word on a wish."""

    status: Status
    detail: str | None = None
    shown: Shown | None = None

    @classmethod
    def of(cls, shown: Shown | None, fault: MeterFault | LineDown | None) -> "Answer":
        """What came before a fault is told with it."""
        if fault is None:
            nothing = "the meter has nothing to show of this moment"
            return cls(Status.UNSUPPORTED, nothing) if shown is None else cls(Status.DONE, None, shown)
        if shown is not None:
            return cls(Status.PARTIAL, str(fault), shown)
        status = next((status for kinds, status in _BY_FAULT if isinstance(fault, kinds)), Status.NO_ANSWER)
        return cls(status, str(fault))


class Wanted:
    """`answered` is set when there is something to tell; who waits for it clears it."""

    def __init__(self) -> None:
        self.answered = asyncio.Event()
        self._wishes: list[Wish] = []
        self._taken: set[str] = set()
        self._answers: dict[str, Answer] = {}

    # ---- for the desk

    @property
    def answers(self) -> dict[str, Answer]:
        """By the id of the command, until they are settled."""
        return dict(self._answers)

    def settle(self, told: Mapping[str, Answer], wishes: Iterable[Wish]) -> None:
        """These were told; all that is now begun and not told."""
        for id in told:
            self._answers.pop(id, None)
        self._wishes = list(wishes)

    # ---- for the readers

    def first(self, meters: Container[str]) -> Wish | None:
        """The oldest wish about one of these meters that nobody has taken."""
        for wish in self._wishes:
            if wish.meter in meters and wish.id not in self._taken and wish.id not in self._answers:
                return wish
        return None

    def take(self, wish: Wish) -> None:
        """This one is read now; `give` or `drop` follows."""
        self._taken.add(wish.id)

    def give(self, wish: Wish, answer: Answer) -> None:
        self._taken.discard(wish.id)
        self._answers[wish.id] = answer
        self.answered.set()

    def drop(self, wish: Wish) -> None:
        """It was not read after all: another reader may take it."""
        self._taken.discard(wish.id)
