"""Switchable misbehaviour of a simulated meter: set a field, at any time, and the meter misbehaves from then on.

silent    says nothing
late      seconds by which each answer is late
garbled   chance for each byte of an answer to have one bit wrong
cut       the connection is closed after so many bytes of answers
stale     answers each request with the answer to the one before
refuse    refuses every association (СПОДЭС only)
serial    another meter with this number stands there
clock     how the clock was set, and when (СПОДЭС only)
"""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple


class ClockSet(NamedTuple):
    """From `m` (local seconds) on the clock shows `shift` seconds too much. Keep the shift to whole periods."""

    m: float
    shift: int


@dataclass
class Faults:
    silent: bool = False
    late: float = 0.0
    garbled: float = 0.0
    cut: int | None = None
    stale: bool = False
    refuse: bool = False
    serial: str | None = None
    clock: tuple[ClockSet, ...] = ()


class LineCut(Exception):
    """The fault `cut` wants this connection closed."""


class Mouth:
    """Where the answers of one meter leave on one connection; the faults act here."""

    def __init__(self, faults: Faults, write: Callable[[bytes], None], silent: Callable[[], bool]) -> None:
        """`silent`: does the meter say nothing at all now?"""
        self._faults = faults
        self._silent = silent
        self._write = write
        self._sent = 0
        self._last = b""
        self._dice = random.Random(1)

    def say(self, answer: bytes) -> None:
        """Send it, or what the faults make of it. Raises LineCut after the last byte that `cut` lets through."""
        faults = self._faults
        if not answer or self._silent():
            return
        answer, self._last = (self._last or answer) if faults.stale else answer, answer
        if faults.garbled:
            answer = bytes(self._garbled(byte) for byte in answer)
        if faults.cut is not None and self._sent + len(answer) >= faults.cut:
            self._write(answer[: max(faults.cut - self._sent, 0)])
            raise LineCut
        self._sent += len(answer)
        if faults.late:
            asyncio.get_running_loop().call_later(faults.late, self._write, answer)
        else:
            self._write(answer)

    def _garbled(self, byte: int) -> int:
        return byte ^ (1 << self._dice.randrange(8)) if self._dice.random() < self._faults.garbled else byte
