"""PURE: when a job is due by itself. A run is named by its moment, so that it exists once, whoever makes it.

Runs missed while no worker ran are not made up for: only the newest is.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)


class Schedule(Protocol):
    def latest(self, now: int, zone: ZoneInfo) -> int:
        """The newest moment that is not after `now`, seconds UTC."""

    def following(self, now: int, zone: ZoneInfo) -> int:
        """The first moment after `now`."""


@dataclass(frozen=True, slots=True)
class Every:
    """At whole multiples of so many seconds, UTC."""

    seconds: int

    def latest(self, now: int, _zone: ZoneInfo) -> int:
        """As in Schedule."""
        return now // self.seconds * self.seconds

    def following(self, now: int, zone: ZoneInfo) -> int:
        """As in Schedule."""
        return self.latest(now, zone) + self.seconds

    def __str__(self) -> str:
        return f"every {self.seconds} s"


@dataclass(frozen=True, slots=True)
class Daily:
    """At this time of the company's clock. Where the clock jumps over it, at the moment it would have been."""

    at: time

    def latest(self, now: int, zone: ZoneInfo) -> int:
        """As in Schedule."""
        today = datetime.fromtimestamp(now, zone).date()
        return max(moment for day in (today, today - ONE_DAY) if (moment := self._of(day, zone)) <= now)

    def following(self, now: int, zone: ZoneInfo) -> int:
        """As in Schedule."""
        today = datetime.fromtimestamp(now, zone).date()
        return min(moment for day in (today, today + ONE_DAY) if (moment := self._of(day, zone)) > now)

    def _of(self, day: date, zone: ZoneInfo) -> int:
        return int(datetime.combine(day, self.at, zone).timestamp())

    def __str__(self) -> str:
        return f"daily at {self.at:%H:%M}"


def name_of(moment: int) -> str:
    """`2026-11-24T00:30Z`: the key of a run. (Seconds are shown where they are not 0.)"""
    text = datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds").removesuffix("+00:00")
    return text.removesuffix(":00") + "Z"
