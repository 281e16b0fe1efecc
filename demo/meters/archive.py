"""Which records a meter has in its profiles at a moment (ГОСТ Р 58940-2020, А.4–А.6), oldest first.

Load: a record for each period, stamped with its end. Power off inside a period leaves a record stamped with the second
of switching off; a period without power leaves none; the one in which the power returns is stamped as usual.
Daily, monthly: registers at 00:00; a midnight without power is written, with the readings of the switching off, when
the power is back.
"""

from functools import lru_cache
from typing import NamedTuple

from demo.meters.calendar import DAY, months
from demo.meters.outages import Outage
from demo.meters.power import Power

LOAD_DEPTH = 8640  # 180 days of half-hours
DAILY_DEPTH = 128
MONTHLY_DEPTH = 36


class Record(NamedTuple):
    """Energy of [start, end), or with start = end a snapshot; local seconds. The stamp is `end`."""

    start: int
    end: int


class Archive:
    """`period`: seconds of the load profile, a divisor of a day."""

    def __init__(self, born: int, period: int, supply: Power) -> None:
        self._born = born
        self._period = period
        self._supply = supply
        self._made = lru_cache(400)(self._make_day)

    def load(self, m: float) -> list[Record]:
        """Energy of the intervals that have ended."""
        today = int(m // DAY)
        first = max(today - LOAD_DEPTH * self._period // DAY, self._born)
        found = [record for day in range(first, today) for record in self._load_of_day(day)]
        found += [record for record in self._load_of_day(today) if record.end <= m]
        return found[-LOAD_DEPTH:]

    def daily(self, m: float) -> list[Record]:
        """Registers at the starts of days."""
        today = int(m // DAY)
        midnights = range(max(today - DAILY_DEPTH - 2, self._born), today + 1)
        return self._snapshots([day * DAY for day in midnights], m)[-DAILY_DEPTH:]

    def monthly(self, m: float) -> list[Record]:
        """Registers at the starts of months."""
        return self._snapshots(months(self._born * DAY, m), m)[-MONTHLY_DEPTH:]

    def _snapshots(self, moments: list[int], m: float) -> list[Record]:
        found = []
        for moment in moments:
            outage = self._supply.at(moment)
            if outage is None or outage.on <= m:
                found.append(Record(moment, moment))
        return found

    def _load_of_day(self, day: int) -> tuple[Record, ...]:
        return self._made(day, self._supply.within(day * DAY, (day + 1) * DAY))

    def _make_day(self, day: int, outages: tuple[Outage, ...]) -> tuple[Record, ...]:
        found = []
        for start in range(day * DAY, (day + 1) * DAY, self._period):
            end = start + self._period
            for off, on in outages:
                if off < end and on > start:
                    if off > start:
                        found.append(Record(start, off))
                    start = on
            if start < end:
                found.append(Record(start, end))
        return tuple(found)
