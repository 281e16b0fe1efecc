"""What time it is, and whether that can be believed.

The wall clock is believed when the kernel says it is synchronised, or when it goes on from where it was: not before
the last row of the journal, not far after it, and in step with the monotonic clock since. While it is not believed,
`now` goes on from the last time that was.
"""

import ctypes
import time
from collections.abc import Callable
from typing import Protocol

BUILT = 1_793_491_200  # 2026-11-01: this program did not exist before
FAR = 400 * 86400  # an edge that lay in a store
STEP = 60.0  # seconds by which the wall may step against the monotonic clock unexplained
_TIME_ERROR = 5  # adjtimex: clock not synchronised


class Clock(Protocol):
    def wall(self) -> float:
        """Best knowledge of the time, seconds UTC: the system's clock while it is trusted."""

    def monotonic(self) -> float:
        """Seconds from some moment, never back."""

    def trusted(self) -> bool: ...


def synchronised() -> bool:
    """What the kernel thinks of its clock."""
    try:
        adjtimex = ctypes.CDLL(None, use_errno=True).adjtimex
    except (AttributeError, OSError):
        return False
    return 0 <= int(adjtimex(ctypes.create_string_buffer(512))) < _TIME_ERROR


class SystemClock:
    def __init__(
        self,
        last: int | None,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        synced: Callable[[], bool] = synchronised,
    ) -> None:
        """`last` = when the journal was last written, seconds UTC, or None."""
        self._wall, self._monotonic, self._synced = wall, monotonic, synced
        floor = max(last or 0, BUILT)
        self._good = (float(floor), monotonic())  # a time that was believed, and when
        self._believed = floor - STEP <= wall() <= floor + FAR if last else wall() >= BUILT
        if self._believed:
            self._good = (wall(), monotonic())

    def wall(self) -> float:
        return self._wall() if self.trusted() else self._expected()

    def monotonic(self) -> float:
        return self._monotonic()

    def trusted(self) -> bool:
        wall = self._wall()
        in_step = self._believed and abs(wall - self._expected()) <= STEP
        self._believed = wall >= BUILT and (in_step or self._synced())
        if self._believed:
            self._good = (wall, self._monotonic())
        return self._believed

    def _expected(self) -> float:
        time_then, moment = self._good
        return time_then + self._monotonic() - moment
