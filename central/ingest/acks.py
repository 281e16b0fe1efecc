"""When an edge is told: at once after its `about` and when half of its window is counted, else at most once a second.

A second for each word would hold an edge that catches up to one window a second. Time is an argument.
"""

from protocol.messages.control import WINDOW, Ack

PAUSE = 1.0  # seconds
HALF = WINDOW // 2  # rows


class Acks:
    """Acknowledgements that wait; a newer one of the same store takes the place of the older."""

    def __init__(self) -> None:
        self._waiting: dict[str, dict[str, Ack]] = {}
        self._told: dict[str, tuple[str, int]] = {}  # edge -> store and `upto` of the last word
        self._next: dict[str, float] = {}

    def note(self, edge: str, ack: Ack, at_once: bool) -> None:
        self._waiting.setdefault(edge, {})[ack.store] = ack
        store, upto = self._told.get(edge, (ack.store, 0))
        if at_once or (store == ack.store and ack.upto >= upto + HALF):
            self._next.pop(edge, None)

    def due(self, now: float) -> list[tuple[str, Ack]]:
        """Edge and acknowledgement; `now` is monotonic."""
        found = []
        for edge in [edge for edge in self._waiting if self._next.get(edge, now) <= now]:
            for ack in self._waiting.pop(edge).values():
                found.append((edge, ack))
                self._told[edge] = ack.store, ack.upto
            self._next[edge] = now + PAUSE
        return found

    def wait(self, now: float, longest: float) -> float:
        """Seconds until the next one is due."""
        return max(0.0, min((self._next.get(edge, now) - now for edge in self._waiting), default=longest))
