"""The one picker of a period: length and day in the URL, previous and next, and what it is called."""

from dataclasses import dataclass
from datetime import date, timedelta

from central.faces.formats import day as written
from central.faces.formats import month_name, said
from central.metering.zones import midnight, month_start, next_month

ONE_DAY = timedelta(days=1)
EARLIEST = date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Local days [first, until); `today` in the point's zone: nothing after it can be chosen."""

    length: str  # day | week | month
    first: date
    until: date
    today: date

    @property
    def previous(self) -> date | None:
        before = self.first - ONE_DAY
        return before if before >= EARLIEST else None

    @property
    def next(self) -> date | None:
        return self.until if self.until <= self.today else None

    @property
    def kept(self) -> date:
        """The day that another length is chosen around: its first one, or today where today lies in it."""
        return self.today if self.first <= self.today < self.until else self.first

    def span(self, tz: str) -> tuple[int, int]:
        return midnight(self.first, tz), midnight(self.until, tz)

    @property
    def caption(self) -> str:
        """«Ноябрь 2026», «16–22.11.2026», «вт, 24 ноября 2026»."""
        if self.length == "month":
            return month_name(self.first)
        if self.length == "day":
            return said(self.first, "E, d MMMM y")
        last = self.until - ONE_DAY
        if last.month == self.first.month:
            return f"{self.first.day}–{said(last, 'd MMMM y')}"
        return f"{written(self.first, year=last.year != self.first.year)}–{written(last)}"


def choose(length: str | None, day: str | None, today: date, *, usual: str = "month") -> Chosen:
    """From the words of the URL; what is not understood is today and the usual length."""
    length = length if length in ("day", "week", "month") else usual
    try:
        asked = date.fromisoformat(day or "")
    except ValueError:
        asked = today
    asked = min(max(asked, EARLIEST), today)
    first, until = _around(length, asked)
    return Chosen(length, first, until, today)


def _around(length: str, day: date) -> tuple[date, date]:
    if length == "month":
        return month_start(day), next_month(day)
    if length == "week":
        monday = day - timedelta(days=day.weekday())
        return monday, monday + timedelta(days=7)
    return day, day + ONE_DAY
