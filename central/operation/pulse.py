"""The pulse of a process: when each of its loops last turned. A hung loop is not alive; one that waits for SQL is.

A loop, which is a thread, beats at each turn. What it waits for SQL is not counted against it (`attend`), so that a
dead database is not taken for a frozen program; only when SQL says nothing for very long the loop counts as hung: a new
process may find it again.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, event

TURN = 60.0  # seconds in which a loop turns
ASKING = 600.0  # the longest wait for SQL
SLOW = 10.0  # seconds of waiting that are worth saying


@dataclass(slots=True)
class _Loop:
    turned: float  # monotonic; moved on by what was waited for
    within: float  # seconds to the next turn
    asked: float | None = None  # since when it waits for SQL


class Pulse:
    """`clock` is monotonic. Threads share it, and each beats for itself."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._loops: dict[str, _Loop] = {}
        self._names: dict[int, str] = {}  # by thread

    def beat(self, loop: str, within: float = TURN) -> None:
        """The loop of this thread turns, and does so again within so many seconds."""
        with self._lock:
            self._names[threading.get_ident()] = loop
            self._loops[loop] = _Loop(self._clock(), within)

    def asks(self) -> None:
        """This thread asks SQL now."""
        with self._lock:
            if loop := self._mine():
                loop.asked = self._clock()

    def answered(self) -> None:
        """SQL has answered this thread."""
        with self._lock:
            loop = self._mine()
            if loop and loop.asked is not None:
                loop.turned += self._clock() - loop.asked
                loop.asked = None

    def begun(self, loop: str) -> bool:
        """It has turned at least once."""
        with self._lock:
            return loop in self._loops

    def hung(self) -> list[str]:
        """A sentence for each loop that should have turned by now."""
        return [
            f"{name}: no turn for {own:.0f} s" if own > within else f"{name}: waits for SQL for {asking:.0f} s"
            for name, own, within, asking in self._looked()
            if own > within or asking > ASKING
        ]

    def waiting(self) -> list[str]:
        """A sentence for each loop that waits for SQL for long, but is not hung."""
        return [
            f"{name}: waits for SQL for {asking:.0f} s"
            for name, own, within, asking in self._looked()
            if own <= within and SLOW < asking <= ASKING
        ]

    def _mine(self) -> _Loop | None:
        return self._loops.get(self._names.get(threading.get_ident(), ""))

    def _looked(self) -> list[tuple[str, float, float, float]]:
        """Name, seconds of its own since its turn, seconds it has, seconds that it waits for SQL."""
        with self._lock:
            now, found = self._clock(), []
            for name, loop in sorted(self._loops.items()):
                asking = 0.0 if loop.asked is None else now - loop.asked
                found.append((name, now - loop.turned - asking, loop.within, asking))
            return found


def attend(engine: Engine, pulse: Pulse) -> None:
    """What the loops wait for this engine is not their own time."""
    for moment in ("do_connect", "before_cursor_execute", "commit"):
        event.listen(engine, moment, lambda *_: pulse.asks())
    for moment in ("connect", "after_cursor_execute", "handle_error"):
        event.listen(engine, moment, lambda *_: pulse.answered())
    ping = engine.dialect.do_ping

    def timed_ping(dbapi_connection: Any) -> bool:
        pulse.asks()
        try:
            return ping(dbapi_connection)
        finally:
            pulse.answered()

    engine.dialect.do_ping = timed_ping  # type: ignore[method-assign]  # the pool's question has no event of its own
