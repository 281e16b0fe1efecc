"""The line of a long period: every interval of it, or, of runs of them, the greatest and the mean.

What is greatest is never lost by it: each run tells its greatest interval, and when that was. Runs of a day are read
from the days, so a year costs no more than its 365 rows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import islice

from central.accounts.policy import Viewer
from central.figures.daily import ONE_DAY, days_view
from central.figures.intervals import within
from central.figures.source import ACTIVE_IMPORT, FIELDS, Source, opened
from central.figures.views import DayView, Period
from central.metering.rounding import half_away
from central.metering.slots import Slot
from central.metering.terms import State
from central.metering.zones import midnight

RUNS = 1_500  # at most, of intervals that are read one by one
BY_INTERVALS = 62  # days: a longer line of active import is made of days, whose greatest power is kept with them
HALF_HOUR = 1800
UNKNOWN = (State.MISSING, State.SUSPECT, State.NOT_DUE)
GRAVEST = (State.MISSING, State.SUSPECT, State.POWER_OFF, State.ESTIMATED, State.NOT_DUE)


@dataclass(frozen=True, slots=True)
class Run:
    """[start, end), seconds UTC. `most`: mWh (mvarh) of its greatest interval, which began at `most_at`; `mean`: of all
    that are known; None = none is. `state`: the gravest there is."""

    start: int
    end: int
    most: int | None
    most_at: int | None
    mean: int | None
    state: State


@dataclass(frozen=True, slots=True)
class Line:
    """`own`: seconds of an interval; `each` of them are a run, 0 = those of a day."""

    own: int
    each: int
    runs: tuple[Run, ...]


def line(source: Source, viewer: Viewer, point_id: int, first: date, until: date, channel: str, now: int) -> Line:
    """Of local days [first, until). Raises NotFound, TooLong, SeriesUnavailable; KeyError for no channel."""
    FIELDS[channel]
    with opened(source, viewer, point_id, midnight(first - ONE_DAY, "UTC"), midnight(until + ONE_DAY, "UTC")) as point:
        own = point.view(now).period or HALF_HOUR
        if channel == ACTIVE_IMPORT and (until - first).days > BY_INTERVALS:
            found = days_view(point, first, until, channel, now).days
            return Line(own, 0, tuple(_of_day(day, own, point.tz) for day in found))
        slots = within(point, Period(midnight(first, point.tz), midnight(until, point.tz)), channel, now).slots
    each = max(1, -(-len(slots) // RUNS))
    return Line(own, each, tuple(_of_slots(run) for run in _runs(slots, each)))


def _runs(slots: Sequence[Slot], each: int) -> Iterator[tuple[Slot, ...]]:
    left = iter(slots)
    while run := tuple(islice(left, each)):
        yield run


def _of_slots(run: Sequence[Slot]) -> Run:
    known = [(slot.energy, -slot.start) for slot in run if slot.energy is not None and slot.state not in UNKNOWN]
    most = max(known, default=None)
    states = {slot.state for slot in run}
    return Run(
        start=run[0].start,
        end=run[-1].end,
        most=most[0] if most else None,
        most_at=-most[1] if most else None,
        mean=_mean(sum(energy for energy, _ in known), len(known)),
        state=next((state for state in GRAVEST if state in states), State.MEASURED),
    )


def _of_day(day: DayView, own: int, tz: str) -> Run:
    """Its greatest is of the whole measured intervals."""
    counts = day.completeness
    known = counts.received + counts.off + counts.estimated - counts.suspect
    there = (counts.missing, counts.suspect, counts.off, counts.estimated, not counts.expected)
    found = None if day.max_power is None else half_away(Fraction(day.max_power * own, 3600))
    return Run(
        start=midnight(day.day, tz),
        end=midnight(day.day + ONE_DAY, tz),
        most=found,
        most_at=None if day.max_at is None else day.max_at - own,
        mean=_mean(day.totals.total, known),
        state=next((state for state, count in zip(GRAVEST, there, strict=True) if count), State.MEASURED),
    )


def _mean(total: int | None, count: int) -> int | None:
    return half_away(Fraction(total, count)) if total is not None and count else None
