"""What a meter writes into its journals, and how wrong its clock is: functions of the seed and the moment.

Journals and codes are those of ГОСТ Р 58940-2020, app. Д; the words for them are in `protocol.spodes.events`.
"""

from functools import lru_cache
from typing import NamedTuple

from demo.meters.calendar import DAY
from demo.meters.chance import chance
from demo.meters.outages import BLOCK, Outages

DEPTH = 256  # lines that a journal keeps
_CORRECTION = 3 * BLOCK  # the clock is put right once in thirty days

VOLTAGE, POWER, PROGRAMMING, TAMPER, DIAGNOSIS = 0, 2, 3, 4, 7
JOURNALS = (VOLTAGE, POWER, PROGRAMMING, TAMPER, DIAGNOSIS)

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
# seconds after 09:00 of the first day, journal, code
_MOUNTING = ((0, DIAGNOSIS, 1), (600, PROGRAMMING, 3), (900, PROGRAMMING, 13), (1200, PROGRAMMING, 10))


class Line(NamedTuple):
    """One line; `end` = its moment, local seconds, as records of the other profiles call theirs."""

    end: int
    journal: int
    code: int


class Diary:
    """The journals of a meter mounted on day `born`."""

    def __init__(self, seed: str, born: int, outages: Outages) -> None:
        self._seed = seed
        self._mounted = born * DAY + 9 * 3600
        self._outages = outages
        self._block = lru_cache(None)(self._make_block)
        self._drift = chance(seed, "drift").uniform(-0.25, 0.25)  # seconds a day

    def journal(self, number: int, m: float) -> list[Line]:
        """The newest lines of one journal, as far as they have happened, oldest first."""
        found = [Line(self._mounted + after, where, code) for after, where, code in _MOUNTING]
        for block in range(self._mounted // BLOCK, int(m // BLOCK) + 1):
            found += self._block(block)
        return [line for line in found if line.journal == number and self._mounted <= line.end <= m][-DEPTH:]

    def clock_error(self, m: float) -> float:
        """Seconds by which the clock is ahead of the meter's nominal time; it drifts, and is corrected each month."""
        correction = self._correction(int(m // _CORRECTION))
        if m < correction:
            correction = self._correction(int(m // _CORRECTION) - 1)
        return self._drift * (m - correction) / DAY

    def _correction(self, number: int) -> int:
        return number * _CORRECTION + chance(self._seed, "correction", number).randrange(9 * 3600, 17 * 3600)

    def _make_block(self, number: int) -> tuple[Line, ...]:
        dice = chance(self._seed, "diary", number)
        start = number * BLOCK
        found = []
        for odds, journal, begin, end, shortest, longest in _PAIRS:
            happens, at, lasts = dice.random() < odds, start + dice.randrange(BLOCK), dice.randrange(shortest, longest)
            if happens and not self._outages.touching(at, at + lasts + 1):
                found += [Line(at, journal, begin), Line(at + lasts, journal, end)]
        for odds, journal, code in _SINGLES:
            happens, at = dice.random() < odds, start + dice.randrange(BLOCK)
            if happens and not self._outages.at(at):
                found.append(Line(at, journal, code))
        outage = self._outages.block(number)
        if outage:
            off, on = outage
            found += [Line(off, VOLTAGE, 27), Line(off, POWER, 1)]
            found += [Line(on, VOLTAGE, 28), Line(on, POWER, 2), Line(on, DIAGNOSIS, 1)]
        if number * BLOCK % _CORRECTION == 0:
            found.append(Line(self._correction(number * BLOCK // _CORRECTION), PROGRAMMING, 68))
        return tuple(sorted(found))
