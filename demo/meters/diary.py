"""What a meter writes into its journals, and how wrong its clock is: functions of the seed, of what was brought about
at it (incidents.py), and of the moment.

Journals and codes are those of ГОСТ Р 58940-2020, app. Д; the words for them are in `protocol.spodes.events`.
"""

from collections.abc import Sequence
from functools import lru_cache
from random import Random
from typing import NamedTuple, TypeAlias

from demo.meters.calendar import DAY
from demo.meters.chance import chance
from demo.meters.incidents import Incidents
from demo.meters.outages import BLOCK, Outages

Pair: TypeAlias = tuple[float, int, int, int, int, int]
Single: TypeAlias = tuple[float, int, int]

DEPTH = 256  # lines that a journal keeps
_CORRECTION = 3 * BLOCK  # the clock is put right once in thirty days

JOURNALS = range(10)
VOLTAGE, CURRENT, POWER, PROGRAMMING, TAMPER, LINK, ACCESS, DIAGNOSIS, TANGENT, QUALITY = JOURNALS

# chance in ten days, journal, codes at begin and end, shortest and longest seconds between them
_PAIRS = (
    (0.35, VOLTAGE, 9, 10, 20, 900),  # low voltage
    (0.10, VOLTAGE, 7, 8, 20, 600),  # high voltage
    (0.01, TAMPER, 1, 2, 60, 1200),  # magnetic field
)
# chance in ten days, journal, code
_SINGLES = (
    (0.03, TAMPER, 3),  # terminal cover
    (0.02, PROGRAMMING, 50),  # mode of the relay
    (0.02, PROGRAMMING, 13),  # reader's password
)
# the same of the journals that meters were given later: their dice are others, so that what was thrown before stays
_LATER_PAIRS = (
    (0.05, CURRENT, 17, 18, 20, 600),  # too high a current
    (0.15, LINK, 2, 1, 60, 1800),  # a connection is made and broken
    (0.10, TANGENT, 1, 2, 1800, 7200),
    (0.10, QUALITY, 1, 0, 600, 3600),  # a mask: voltage low by more than 10 %
)
_LATER_SINGLES = ((0.03, ACCESS, 1),)  # an attempt to get in
# seconds after 09:00 of the first day, journal, code
_MOUNTING = ((0, DIAGNOSIS, 1), (600, PROGRAMMING, 3), (900, PROGRAMMING, 13), (1200, PROGRAMMING, 10))


class Line(NamedTuple):
    """One line; `end` = its moment, local seconds, as records of the other profiles call theirs."""

    end: int
    journal: int
    code: int


class Diary:
    """The journals of a meter mounted on day `born`."""

    def __init__(self, seed: str, born: int, outages: Outages, incidents: Incidents) -> None:
        self._seed = seed
        self._mounted = born * DAY + 9 * 3600
        self._outages = outages
        self._incidents = incidents
        self._block = lru_cache(None)(self._make_block)
        self._drift = chance(seed, "drift").uniform(-0.25, 0.25)  # seconds a day

    def journal(self, number: int, m: float) -> list[Line]:
        """The newest lines of one journal, as far as they have happened, oldest first."""
        found = [Line(self._mounted + after, where, code) for after, where, code in _MOUNTING]
        for block in range(self._mounted // BLOCK, int(m // BLOCK) + 1):
            found += self._block(block)
        found += [Line(*line) for line in self._incidents.lines()]
        return [line for line in sorted(found) if line.journal == number and self._mounted <= line.end <= m][-DEPTH:]

    def clock_error(self, m: float) -> float:
        """Seconds by which the clock is ahead of the meter's nominal time; it drifts, and is corrected each month."""
        correction = self._correction(int(m // _CORRECTION))
        if m < correction:
            correction = self._correction(int(m // _CORRECTION) - 1)
        return self._drift * (m - correction) / DAY

    def _correction(self, number: int) -> int:
        return number * _CORRECTION + chance(self._seed, "correction", number).randrange(9 * 3600, 17 * 3600)

    def _make_block(self, number: int) -> tuple[Line, ...]:
        start = number * BLOCK
        found = self._thrown(chance(self._seed, "diary", number), start, _PAIRS, _SINGLES)
        found += self._thrown(chance(self._seed, "later diary", number), start, _LATER_PAIRS, _LATER_SINGLES)
        outage = self._outages.block(number)
        if outage:
            off, on = outage
            found += [Line(off, VOLTAGE, 27), Line(off, POWER, 1)]
            found += [Line(on, VOLTAGE, 28), Line(on, POWER, 2), Line(on, DIAGNOSIS, 1)]
        if number * BLOCK % _CORRECTION == 0:
            found.append(Line(self._correction(number * BLOCK // _CORRECTION), PROGRAMMING, 68))
        return tuple(sorted(found))

    def _thrown(self, dice: Random, start: int, pairs: Sequence[Pair], singles: Sequence[Single]) -> list[Line]:
        """What the dice make of the ten days from `start` on."""
        found = []
        for odds, journal, begin, end, shortest, longest in pairs:
            happens, at, lasts = dice.random() < odds, start + dice.randrange(BLOCK), dice.randrange(shortest, longest)
            if happens and not self._outages.touching(at, at + lasts + 1):
                found += [Line(at, journal, begin), Line(at + lasts, journal, end)]
        for odds, journal, code in singles:
            happens, at = dice.random() < odds, start + dice.randrange(BLOCK)
            if happens and not self._outages.at(at):
                found.append(Line(at, journal, code))
        return found
