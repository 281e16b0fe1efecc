"""The one picker of a period: length and day in the URL, previous and next, and what it is called.

`length` = day | week | month | quarter | year | own; `day` lies in it; of one's own `day` is the first and `last` the
last day.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from flask_babel import gettext as _

from central.faces.formats import day as written
from central.faces.formats import month_name, said
from central.metering.zones import midnight, month_start, next_month

ONE_DAY = timedelta(days=1)
EARLIEST = date(2000, 1, 1)
LENGTHS = ("day", "week", "month", "quarter", "year", "own")
QUARTERS = ("I", "II", "III", "IV")
LONGEST = 3 * 365  # days of one's own period


@dataclass(frozen=True, slots=True)
class Chosen:
    """Local days [first, until); `today` in the point's zone: nothing after it can be chosen."""

    length: str
    first: date
    until: date
    today: date

    @property
    def last(self) -> date:
        return self.until - ONE_DAY

    @property
    def days(self) -> int:
        return (self.until - self.first).days

    @property
    def before(self) -> "Chosen | None":
        """The same length just before; None: earlier than anything."""
        if self.length == "own":
            first = self.first - timedelta(days=self.days)
        else:
            first = _around(self.length, self.first - ONE_DAY)[0]
        return Chosen(self.length, first, self.first, self.today) if first >= EARLIEST else None

    @property
    def after(self) -> "Chosen | None":
        """The same length just after; None: it has not begun."""
        if self.until > self.today:
            return None
        until = self.until + timedelta(days=self.days) if self.length == "own" else _around(self.length, self.until)[1]
        return Chosen(self.length, self.until, until, self.today)

    @property
    def year_ago(self) -> "Chosen | None":
        """The same days of the year before; 29 February is the 28th."""
        first, until = _year_before(self.first), _year_before(self.until)
        return Chosen(self.length, first, until, self.today) if first >= EARLIEST and first < until else None

    @property
    def named(self) -> dict[str, str]:
        """For the address."""
        own = {"last": self.last.isoformat()} if self.length == "own" else {}
        return {"length": self.length, "day": self.first.isoformat(), **own}

    def of(self, length: str) -> dict[str, str]:
        """For the address of another length: around today where today lies in it, else its first day."""
        kept = self.today if self.first <= self.today < self.until else self.first
        if length == "own":
            last = min(self.last, self.today)
            return {"length": length, "day": self.first.isoformat(), "last": last.isoformat()}
        return {"length": length, "day": kept.isoformat()}

    def span(self, tz: str) -> tuple[int, int]:
        return midnight(self.first, tz), midnight(self.until, tz)

    @property
    def caption(self) -> str:
        """«Ноябрь 2026», «IV квартал 2026», «16–22 ноября 2026», «вт, 24 ноября 2026», «2026»."""
        if self.length == "month":
            return month_name(self.first)
        if self.length == "quarter":
            return self._quarter
        if self.length == "year":
            return said(self.first, "y")
        if self.days == 1:
            return said(self.first, "E, d MMMM y")
        if month_start(self.last) == month_start(self.first):
            return f"{self.first.day}–{said(self.last, 'd MMMM y')}"
        return f"{written(self.first, year=self.last.year != self.first.year)}–{written(self.last)}"

    @property
    def within(self) -> str:
        """After «чем за»: «октябрь 2026», «16–22 ноября 2026», «24 ноября 2026», «2025 год»."""
        if self.length == "month":
            return said(self.first, "LLLL y")
        if self.length == "quarter":
            return self._quarter
        if self.length == "year":
            return str(_("%(year)s год", year=said(self.first, "y")))
        return said(self.first, "d MMMM y") if self.days == 1 else self.caption

    @property
    def _quarter(self) -> str:
        number = QUARTERS[(self.first.month - 1) // 3]
        return str(_("%(number)s квартал %(year)s", number=number, year=said(self.first, "y")))


def choose(asked: Mapping[str, str], today: date, *, usual: str = "month") -> Chosen:
    """From the words of the URL; what is not understood is today and the usual length. A day named without a length
    is that day; one's own period ends with today and has at most LONGEST days.
    """
    length = asked.get("length", "")
    if length not in LENGTHS:
        length = "day" if "day" in asked else usual
    day = min(max(_day(asked.get("day", "")) or today, EARLIEST), today)
    if length != "own":
        return Chosen(length, *_around(length, day), today)
    last = min(_day(asked.get("last", "")) or day, today)
    first, last = min(day, max(last, EARLIEST)), max(day, last)
    return Chosen(length, max(first, last - timedelta(days=LONGEST - 1)), last + ONE_DAY, today)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _around(length: str, day: date) -> tuple[date, date]:
    if length == "year":
        return date(day.year, 1, 1), date(day.year + 1, 1, 1)
    if length == "quarter":
        first = date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
        return first, next_month(next_month(next_month(first)))
    if length == "month":
        return month_start(day), next_month(day)
    if length == "week":
        monday = day - timedelta(days=day.weekday())
        return monday, monday + timedelta(days=7)
    return day, day + ONE_DAY


def _year_before(day: date) -> date:
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)
