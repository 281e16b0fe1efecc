"""Alarms for the log, each thing once an hour: a meter nobody bound may send a thousand messages a minute."""

from collections.abc import Hashable

HOUR = 3600
REMEMBERED = 10_000  # things; beyond that all is forgotten at once, and said again


class Sparingly:
    def __init__(self) -> None:
        self._said: dict[Hashable, float] = {}

    def may_say(self, what: Hashable, now: float) -> bool:
        """True when it was not said in the last hour; then it counts as said. `now` in seconds."""
        said = self._said.get(what)
        if said is not None and now - said < HOUR:
            return False
        if len(self._said) >= REMEMBERED:
            self._said.clear()
        self._said[what] = now
        return True
