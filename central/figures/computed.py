"""Days that are computed from intervals for one view alone: what of a day may be seen, and whole days in the zones of
terms that the stored ones were not counted by."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta

from msgspec import structs

from central.figures.decisions import decisions_of
from central.figures.intervals import slots, view
from central.figures.material import CATCH_UP
from central.figures.source import ACTIVE_IMPORT, FIELDS, Opened
from central.figures.totals import totals
from central.figures.views import DayView, Period
from central.metering.plain import Rows, plain_day
from central.metering.slots import Completeness, Slot, completeness, energies, maximum
from central.metering.terms import State
from central.metering.zones import day_of, midnight
from central.metering.zones import days as days_of

ONE_DAY = timedelta(days=1)


def part_of_day(point: Opened, day: date, span: Period, channel: str, now: int) -> DayView:
    """What of a day may be seen."""
    found = view(point, span, channel, now)
    return structs.replace(_by_slots(point, day, found.slots, channel), registers=found.registers)


def days_anew(point: Opened, period: Period, channel: str, now: int) -> dict[date, DayView]:
    """The days of a period: those that nothing is special of by their rows, the others by their intervals."""
    days = days_of(day_of(period.since, point.tz), day_of(period.until - 1, point.tz) + ONE_DAY)
    found = dict(_plain(point, days, period, channel))
    others = {day: (midnight(day, point.tz), midnight(day + ONE_DAY, point.tz)) for day in days if day not in found}
    spans = [(max(period.since, since), min(period.until, until)) for since, until in others.values()]
    by_day: dict[date, list[Slot]] = defaultdict(list)
    for slot in slots(point, spans, channel, now):
        by_day[day_of(slot.start, point.tz)].append(slot)
    return found | {day: _by_slots(point, day, by_day[day], channel) for day in others}


def _plain(point: Opened, days: Iterable[date], period: Period, channel: str) -> Iterator[tuple[date, DayView]]:
    """Of these days those that are all in the period, nobody decided on, and nothing is special of."""
    segments = point.entries.segments(period.since, period.until)
    rows = {meter: _rows(point, meter, period, channel) for meter in {segment.meter for segment in segments}}
    decided = [
        one
        for one in decisions_of(point.connection, point.id, period.since, period.until)
        if one.channel in ("", channel)
    ]
    for day in days:
        since, until = midnight(day, point.tz), midnight(day + ONE_DAY, point.tz)
        segment = next((one for one in segments if one.spans(since, until)), None)
        if segment is None or since < period.since or period.until < until:
            continue
        if any(one.since < until and since < one.until for one in decided):
            continue
        found = plain_day(rows[segment.meter], segment, point.calendar, day, point.tz)
        if found is not None:
            counts = Completeness(found.count, found.count, 0, 0, 0, 0, 0)
            yield day, _day(point, day, found.energies, counts, (found.power, found.at), channel)


def _rows(point: Opened, meter: str, period: Period, channel: str) -> Rows:
    return Rows.of(*point.series.column(meter, FIELDS[channel], period.since, period.until + CATCH_UP))


def _by_slots(point: Opened, day: date, found: Sequence[Slot], channel: str) -> DayView:
    greatest = maximum(found) if channel == ACTIVE_IMPORT else None
    peak = (greatest.power, greatest.end) if greatest else (None, None)
    return _day(point, day, energies(found), completeness(found), peak, channel)


def _day(
    point: Opened,
    day: date,
    by_zone: Mapping[str, Mapping[State, int]],
    counts: Completeness,
    peak: tuple[int | None, int | None],
    channel: str,
) -> DayView:
    """`peak`: the greatest power, mW, and when it was over: of active import."""
    power, at = peak if channel == ACTIVE_IMPORT else (None, None)
    return DayView(
        day=day,
        totals=totals([by_zone], point.calendar.zones),
        energies=by_zone,
        completeness=counts,
        max_power=power,
        max_at=at,
        registers=None,
        cost=None,
        whole=False,
        version=None,
        made_at=None,
        cause=None,
    )
