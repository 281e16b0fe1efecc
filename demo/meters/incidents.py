"""What is brought about at a meter at a chosen moment, on top of what its seed makes of it.

    case                     the electronic seal of the case goes off
    terminals                … of the terminal cover
    seals                    the covers are closed and their seals armed anew: nothing else tells of a closed cover
    magnet, magnet-over      a strong magnetic field begins, ends
    failure, failure-over    self-diagnosis finds the measuring unit broken, and whole again
    off, on                  the power goes: no answer, no counting; comes back: the journals tell of both
    restart                  the meter begins anew, and says nothing meanwhile
Codes are those of ГОСТ Р 58940-2020, app. Д; 143 of СТО 34.01-5.1-006-2021. Times: local seconds of the meter.
"""

from bisect import insort
from enum import StrEnum
from typing import NamedTuple

from demo.meters.outages import FAR, Outage

RESTART = 5  # seconds that a meter needs to begin anew


class What(StrEnum):
    CASE = "case"
    TERMINALS = "terminals"
    SEALS = "seals"
    MAGNET = "magnet"
    MAGNET_OVER = "magnet-over"
    FAILURE = "failure"
    FAILURE_OVER = "failure-over"
    OFF = "off"
    ON = "on"
    RESTART = "restart"


POWER = (What.OFF, What.ON, What.RESTART)  # what can happen to a meter without journals too
# journal, code
_LINES = {
    What.CASE: ((4, 4),),
    What.TERMINALS: ((4, 3),),
    What.SEALS: ((3, 143),),
    What.MAGNET: ((4, 1),),
    What.MAGNET_OVER: ((4, 2),),
    What.FAILURE: ((7, 2),),
    What.FAILURE_OVER: ((7, 3),),
    What.OFF: ((0, 27), (2, 1)),
    What.ON: ((0, 28), (2, 2), (7, 1)),
    What.RESTART: ((7, 1),),
}


class Incident(NamedTuple):
    m: int
    what: What


class Incidents:
    """Of one meter. What has happened stays."""

    def __init__(self) -> None:
        self._happened: list[Incident] = []

    def happen(self, what: What, m: int) -> None:
        """Raises ValueError for what cannot be: power that goes while it is off, comes while it is on."""
        off = any(outage.on == FAR for outage in self.outages())
        if off and what in (What.OFF, What.RESTART):
            raise ValueError(f"{what}: the power is off already")
        if not off and what is What.ON:
            raise ValueError(f"{what}: the power is on already")
        insort(self._happened, Incident(m, what))

    def lines(self) -> list[tuple[int, int, int]]:
        """Moment, journal, code, oldest first."""
        return [(m, journal, code) for m, what in self._happened for journal, code in _LINES[what]]

    def outages(self) -> list[Outage]:
        """Oldest first; the end of one that lasts is FAR."""
        found: list[Outage] = []
        for m, what in self._happened:
            if what is What.OFF:
                found.append(Outage(m, FAR))
            elif what is What.ON and found:
                found[-1] = Outage(found[-1].off, m)
        return found

    def silent(self, m: float) -> bool:
        """Nobody answers at this moment."""
        restarts = any(what is What.RESTART and at <= m < at + RESTART for at, what in self._happened)
        return restarts or any(outage.off <= m < outage.on for outage in self.outages())
