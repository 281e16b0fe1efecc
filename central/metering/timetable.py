"""The hours of a calendar as a table on the wall tells them: which zone when, months and days that are alike as one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from central.metering.zones import ANY, DAY_MINUTES, WEEKEND, WORKDAY, Calendar, ZoneRule

MONTHS = range(1, 13)


@dataclass(frozen=True, slots=True)
class Band:
    """[start, end) minutes of the day. `zone` None = no rule covers this time."""

    start: int
    end: int
    zone: str | None


@dataclass(frozen=True, slots=True)
class DayTable:
    """A whole day of these months. `day_kind`: any | workday | weekend; `months`: bit 0 = January."""

    months: int
    day_kind: str
    bands: tuple[Band, ...]

    def of(self, zone: str) -> tuple[Band, ...]:
        """Its bands of one zone; one that goes over midnight begins in the evening."""
        found = [band for band in self.bands if band.zone == zone]
        if len(found) > 1 and found[0].start == 0 and found[-1].end == DAY_MINUTES:
            return (*found[1:-1], Band(found[-1].start, found[0].end, zone))
        return tuple(found)


def timetable(calendar: Calendar, day: date) -> tuple[DayTable, ...]:
    """As the rules of this day say it, a year through; seasons in the order of their first months."""
    rules = [rule for rule in calendar.rules if _holds(rule, day)]
    alike: dict[tuple[tuple[Band, ...], tuple[Band, ...]], int] = {}
    for month in MONTHS:
        pair = _bands(rules, month, WORKDAY), _bands(rules, month, WEEKEND)
        alike[pair] = alike.get(pair, 0) | 1 << (month - 1)
    found: list[DayTable] = []
    for (workday, weekend), months in alike.items():
        if workday == weekend:
            found.append(DayTable(months, ANY, workday))
        else:
            found += [DayTable(months, WORKDAY, workday), DayTable(months, WEEKEND, weekend)]
    return tuple(found)


def clocks(calendar: Calendar, day: date) -> tuple[str, ...]:
    """IANA zones in which the rules of this day tell their hours, where that is not the clock of the point."""
    return tuple(dict.fromkeys(rule.tz for rule in calendar.rules if _holds(rule, day) and rule.tz is not None))


def _holds(rule: ZoneRule, day: date) -> bool:
    return rule.valid_from <= day and (rule.valid_to is None or day < rule.valid_to)


def _bands(rules: Sequence[ZoneRule], month: int, kind: str) -> tuple[Band, ...]:
    mine = [rule for rule in rules if rule.months >> (month - 1) & 1 and rule.day_kind in (ANY, kind)]
    cuts = sorted({0, DAY_MINUTES, *(cut for rule in mine for cut in (rule.start, rule.end))})
    bands: list[Band] = []
    for start, end in pairwise(cuts):
        zone = next((rule.zone for rule in mine if _at(rule, start)), None)
        if bands and bands[-1].zone == zone:
            bands[-1] = Band(bands[-1].start, end, zone)
        else:
            bands.append(Band(start, end, zone))
    return tuple(bands)


def _at(rule: ZoneRule, minute: int) -> bool:
    if rule.start < rule.end:
        return rule.start <= minute < rule.end
    return minute >= rule.start or minute < rule.end
