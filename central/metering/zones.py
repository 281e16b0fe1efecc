"""Tariff zones: a calendar, and the zone of a moment. An interval has the zone of its START; zones are [start, end)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

ALL_MONTHS = 0xFFF
DAY_MINUTES = 24 * 60

WORKDAY = "workday"  # Monday to Friday
WEEKEND = "weekend"
ANY = "any"


class Uncovered(Exception):
    """No rule of the calendar covers this moment: the calendar is wrong, and the message says where."""


@dataclass(frozen=True, slots=True)
class ZoneRule:
    """From day `valid_from` until before `valid_to`, in these months, on such days, [start, end) minutes of the day.

    `end` <= `start` goes over midnight. `tz` = None: the clock of the point.
    """

    valid_from: date
    valid_to: date | None
    months: int  # bit 0 = January
    day_kind: str
    start: int
    end: int
    zone: str
    tz: str | None = None

    def covers(self, local: datetime) -> bool:
        return self.holds(local.date()) and self.has(local.hour * 60 + local.minute)

    def holds(self, day: date) -> bool:
        """On some of this day."""
        if day < self.valid_from or (self.valid_to is not None and day >= self.valid_to):
            return False
        return bool(self.months >> (day.month - 1) & 1) and self.day_kind in (ANY, day_kind(day))

    def has(self, minute: int) -> bool:
        """A minute of a day on which it holds."""
        if self.start < self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end


@dataclass(frozen=True, slots=True)
class Calendar:
    """The zones of a scheme. `zones` in the order of its tariffs."""

    scheme: str
    zones: tuple[str, ...]
    rules: tuple[ZoneRule, ...]

    def zone(self, moment: int, tz: str) -> str:
        """Zone of a moment (seconds UTC) at a point of this IANA zone. Raises Uncovered."""
        return self.rule(moment, tz).zone

    def zones_on(self, day: date, moments: Sequence[int], tz: str) -> list[str]:
        """Zones of moments of one local day of a point of this IANA zone. Raises Uncovered."""
        if any(rule.tz is not None for rule in self.rules):
            return [self.zone(moment, tz) for moment in moments]
        origin = midnight(day, tz)
        if midnight(day + timedelta(days=1), tz) - origin != 60 * DAY_MINUTES:  # the clocks are set
            return [self.zone(moment, tz) for moment in moments]
        zones = _by_minutes(tuple(rule for rule in self.rules if rule.holds(day)))
        return [zones[(moment - origin) // 60] or self.zone(moment, tz) for moment in moments]

    def rule(self, moment: int, tz: str) -> ZoneRule:
        """The first rule that covers the moment. Raises Uncovered."""
        here = local(moment, tz)
        for rule in self.rules:
            if rule.covers(here if rule.tz is None else local(moment, rule.tz)):
                return rule
        raise Uncovered(f"calendar «{self.scheme}» has no zone for {here.isoformat()}")


@lru_cache(maxsize=256)  # days of one kind and season have the same rules
def _by_minutes(held: tuple[ZoneRule, ...]) -> list[str | None]:
    """The zone of each minute of a day on which these rules hold; None = none of them covers it."""
    return [next((rule.zone for rule in held if rule.has(minute)), None) for minute in range(DAY_MINUTES)]


@lru_cache(maxsize=32_768)  # all points of a zone have the same moments
def local(moment: int, tz: str) -> datetime:
    """A moment as the clock on the wall shows it."""
    return datetime.fromtimestamp(moment, ZoneInfo(tz))


@lru_cache(maxsize=16_384)  # pages and jobs ask for the same days again and again
def midnight(day: date, tz: str) -> int:
    """Start of a local day, seconds UTC; where the clock jumps over midnight, the first moment of that day."""
    naive = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(tz))
    return int(naive.timestamp())


def day_of(moment: int, tz: str) -> date:
    """The local day that this moment belongs to."""
    return local(moment, tz).date()


def day_kind(day: date) -> str:
    return WORKDAY if day.weekday() < 5 else WEEKEND


def days(first: date, until: date) -> tuple[date, ...]:
    """Days [first, until)."""
    return tuple(first + timedelta(days=number) for number in range((until - first).days))


def month_start(day: date) -> date:
    return day.replace(day=1)


def next_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)
