"""When an edge is told: at once after its `about`, otherwise at most once a second. Time is an argument."""

from protocol.messages.control import Ack

PAUSE = 1.0  # seconds


class Acks:
    """Acknowledgements that wait; a newer one of the same store takes the place of the older."""

    def __init__(self) -> None:
        self._waiting: dict[str, dict[str, Ack]] = {}
        self._next: dict[str, float] = {}

    def note(self, edge: str, ack: Ack, at_once: bool) -> None:
        self._waiting.setdefault(edge, {})[ack.store] = ack
        if at_once:
            self._next.pop(edge, None)

    def due(self, now: float) -> list[tuple[str, Ack]]:
        """Edge and acknowledgement; `now` is monotonic."""
        found = []
        for edge in [edge for edge in self._waiting if self._next.get(edge, now) <= now]:
            found += [(edge, ack) for ack in self._waiting.pop(edge).values()]
            self._next[edge] = now + PAUSE
        return found

    def wait(self, now: float, longest: float) -> float:
        """Seconds until the next one is due."""
        return max(0.0, min((self._next.get(edge, now) - now for edge in self._waiting), default=longest))
