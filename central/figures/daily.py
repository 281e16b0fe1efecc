"""Days of a point, read from `point_day`; only a day that the viewer may see in part is computed for him alone."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

from msgspec import structs
from sqlalchemy import bindparam, func, select

from central.accounts.policy import FOREVER, Viewer
from central.figures import causes
from central.figures.computed import days_anew, part_of_day
from central.figures.counting import with_counts
from central.figures.hours import Hours, hour_prices, hours_of, with_hours
from central.figures.intervals import TooLong
from central.figures.source import ACTIVE_IMPORT, FIELDS, KeptDay, Opened, Source, opened
from central.figures.tables import point_day
from central.figures.totals import added, cost_of, day_portions, portions_of, together, totals
from central.figures.views import DaysView, DayVersion, DayView, NotFound, Period, Revision
from central.metering.cost import Price
from central.metering.hourly import HourPrice
from central.metering.slots import Completeness, count_places
from central.metering.terms import Segment, State
from central.metering.zones import day_of, midnight, month_start, next_month
from central.metering.zones import days as days_of

LONGEST = 3 * 366  # days
MOST = 100  # revisions
ONE_DAY = timedelta(days=1)
NOTHING = KeptDay()


def days(
    source: Source,
    viewer: Viewer,
    point_id: int,
    first: date,
    until: date,
    channel: str,
    now: int,
    *,
    each: bool = True,
    priced: bool = True,
) -> DaysView:
    """Local days [first, until); `each`: with the cost of each day; `priced`: with any cost. Raises NotFound, TooLong,
    SeriesUnavailable; KeyError for no channel."""
    FIELDS[channel]
    if (until - first).days > LONGEST:
        raise TooLong(f"{(until - first).days} days, at most {LONGEST}")
    # the zone is known only once the point is open: a day more on either side, cut below
    with opened(source, viewer, point_id, midnight(first - ONE_DAY, "UTC"), midnight(until + ONE_DAY, "UTC")) as point:
        return days_view(point, first, until, channel, now, each=each and priced, priced=priced)


def by_months(
    source: Source, viewer: Viewer, point_id: int, first: date, until: date, channel: str, now: int
) -> tuple[DaysView, ...]:
    """Local days [first, until) by calendar months, each with the cost of its month and none of its days; months of
    which nothing may be seen, or that have not begun, are not in it. Raises as `days` does."""
    FIELDS[channel]
    if (until - first).days > LONGEST:
        raise TooLong(f"{(until - first).days} days, at most {LONGEST}")
    found = []
    with opened(source, viewer, point_id, midnight(first - ONE_DAY, "UTC"), midnight(until + ONE_DAY, "UTC")) as point:
        _newest(point, first, until)  # all at once
        while first < until and midnight(first, point.tz) <= now:
            end = min(next_month(first), until)
            if point.visible.since < midnight(end, point.tz) and midnight(first, point.tz) < point.visible.until:
                found.append(days_view(point, first, end, channel, now))
            first = end
    return tuple(found)


def days_view(
    point: Opened, first: date, until: date, channel: str, now: int, *, each: bool = False, priced: bool = True
) -> DaysView:
    """The same of a point that is open already; `each`: with the cost of each day, `priced`: of all together. Raises
    NotFound when nothing of these days may be seen."""
    priced = priced and channel == ACTIVE_IMPORT
    asked = Period(midnight(first, point.tz), midnight(until, point.tz))
    visible = Period(max(asked.since, point.visible.since), min(asked.until, point.visible.until))
    if visible.since >= visible.until:
        raise NotFound(f"point {point.id}")
    rows = _newest(point, first, until) if point.stored else {}
    segments = point.entries.segments(visible.since, visible.until)
    prices = point.entries.prices if priced else ()
    found = []
    last = min(visible.until, now)
    anew = {} if point.stored else days_anew(point, Period(visible.since, max(last, visible.since + 1)), channel, now)
    for day in days_of(day_of(visible.since, point.tz), day_of(max(last, visible.since + 1) - 1, point.tz) + ONE_DAY):
        span = _span(day, point.tz)
        if not point.stored:
            found.append(anew[day])
        elif _within(span, visible):
            found.append(_stored(point, day, span, rows.get(day, NOTHING), segments, channel, now))
        else:
            found.append(part_of_day(point, day, Period(*span), channel, now))
    if point.stored and channel != ACTIVE_IMPORT:
        whole = [day for day in found if _within(_span(day.day, point.tz), visible)]
        counted = {day.day: day for day in with_counts(point, whole, channel, now)}
        found = [counted.get(day.day, day) for day in found]
    before = days_before(point, visible.since, now) if prices else ()
    hours = hours_of(point, Period(visible.since, max(last, visible.since + 1)), now) if priced else {}
    by_hour = hour_prices(point, hours)
    if priced and each:
        found = _with_costs(found, before, prices, hours, by_hour)
    by_zones = portions_of(day for day in found if day.day not in hours)
    spent = cost_of(by_zones, prices, portions_of(before)) if priced else None
    return DaysView(
        point=point.view(now),
        channel=channel,
        first=first,
        until=until,
        days=tuple(found),
        totals=added((day.totals for day in found), point.calendar.zones),
        completeness=together(day.completeness for day in found),
        cost=with_hours(spent, hours.values(), by_hour),
        before=before,
    )


def days_before(point: Opened, since: int, now: int) -> tuple[DayView, ...]:
    """Of the month before this moment, as far as they are the viewer's, where prices have monthly ranges: what was used
    then fills them."""
    month = month_start(day_of(since, point.tz))
    start = max(midnight(month, point.tz), point.reach.since)
    if start >= since or not any(price.above for price in point.entries.prices):
        return ()
    only = replace(point, visible=Period(start, since))
    return days_view(only, month, day_of(since - 1, point.tz) + ONE_DAY, ACTIVE_IMPORT, now).days


def _with_costs(
    days: Sequence[DayView],
    before: Sequence[DayView],
    prices: Sequence[Price],
    hours: Mapping[date, Hours],
    by_hour: Mapping[int, HourPrice],
) -> list[DayView]:
    """Each day at its prices, where these have ranges after the days of its month before it; or by its hours."""
    ranged = any(price.above for price in prices)
    used = list(portions_of(before))
    month = None
    found = []
    for day in days:
        if month != month_start(day.day):
            month = month_start(day.day)
            used = [portion for portion in used if month_start(portion.first) == month]
        portions = day_portions(day.day, day.totals) if day.day not in hours else ()
        made = cost_of(portions, prices, used if ranged else ())
        found.append(structs.replace(day, cost=with_hours(made, [hours.get(day.day, {})], by_hour)))
        used += portions
    return found


def month_so_far(point: Opened, first: date, until: date, now: int) -> Completeness:
    """Of whole local days [first, until) that may be seen: what came and what did not, without a figure."""
    spans = [(day, _span(day, point.tz)) for day in days_of(first, until)]
    rows = _newest(point, first, until)
    segments = point.entries.segments(point.visible.since, point.visible.until)
    return together(
        _completeness(rows.get(day, NOTHING), span, segments, point.tz, now)
        for day, span in spans
        if _within(span, point.visible)
    )


def whole_days(point: Opened, first: date, until: date, now: int) -> dict[date, Mapping[str, int]]:
    """Of local days [first, until) those that lack nothing and may be seen: energy by zone, active import."""
    segments = point.entries.segments(point.visible.since, point.visible.until)
    rows = _newest(point, first, until)
    found = {}
    for day in days_of(first, until):
        span, kept = _span(day, point.tz), rows.get(day)
        if kept is not None and _within(span, point.visible):
            counts = _completeness(kept, span, segments, point.tz, now)
            energies = totals([_energies(kept.energies, ACTIVE_IMPORT)], point.calendar.zones)
            if counts.expected and not (counts.missing or counts.not_due or energies.suspect or energies.total is None):
                found[day] = energies.zones
    return found


def still_out(point: Opened, first: date, until: date, now: int) -> dict[date, float]:
    """Of local days [first, until) those of which intervals lack or have not come yet, and which part of each."""
    segments = point.entries.segments(0, FOREVER)
    rows = _newest(point, first, until)
    found = {}
    for day in days_of(first, until):
        counts = _completeness(rows.get(day, NOTHING), _span(day, point.tz), segments, point.tz, now)
        if counts.missing or counts.not_due:
            found[day] = (counts.missing + counts.not_due) / (counts.expected + counts.not_due)
    return found


def day_history(source: Source, viewer: Viewer, point_id: int, day: date, channel: str) -> tuple[DayVersion, ...]:
    """All versions of a day's total, oldest first; empty when none was computed. Raises NotFound."""
    with opened(source, viewer, point_id, midnight(day - ONE_DAY, "UTC"), midnight(day + 2 * ONE_DAY, "UTC")) as point:
        if not _wholly(point, day):
            raise NotFound(f"all of {day} at point {point_id}")  # a stored day tells of the other tenant's part too
        return _versions(point, [day], channel).get(day, ())


def revisions(
    source: Source, viewer: Viewer, point_id: int, first: date, until: date, channel: str
) -> tuple[Revision, ...]:
    """What was published of days [first, until) and became another total since, the newest first, at most MOST.

    Raises NotFound: nothing of these days may be seen.
    """
    with opened(source, viewer, point_id, midnight(first - ONE_DAY, "UTC"), midnight(until + ONE_DAY, "UTC")) as point:
        return revised(point, first, until, channel)


def revised(point: Opened, first: date, until: date, channel: str) -> tuple[Revision, ...]:
    """The same of a point that is open already."""
    again = (point_day.c.point == point.id, point_day.c.day >= first, point_day.c.day < until, point_day.c.version > 1)
    newest = select(point_day.c.day).where(*again).group_by(point_day.c.day)
    newest = newest.order_by(func.max(point_day.c.made_at).desc()).limit(MOST)
    seen = [day for day in point.connection.scalars(newest) if _wholly(point, day)]
    found = [
        Revision(day, before, after)
        for day, versions in _versions(point, seen, channel).items()
        for before, after in pairwise(versions)
        if before.total != after.total
    ]
    return tuple(sorted(found, key=lambda one: (one.after.made_at, one.day, one.after.version), reverse=True)[:MOST])


def _wholly(point: Opened, day: date) -> bool:
    """Whether all of this day may be seen."""
    return _within(_span(day, point.tz), point.visible)


def _span(day: date, tz: str) -> tuple[int, int]:
    return midnight(day, tz), midnight(day + ONE_DAY, tz)


def _within(span: tuple[int, int], period: Period) -> bool:
    return period.since <= span[0] and span[1] <= period.until


def _versions(point: Opened, days: Sequence[date], channel: str) -> dict[date, tuple[DayVersion, ...]]:
    """Day -> its versions, oldest first."""
    query = select(point_day).where(point_day.c.point == point.id, point_day.c.day.in_(days))
    rows = point.connection.execute(query.order_by(point_day.c.day, point_day.c.version)).all()
    why = causes.told(point.connection, (row.cause for row in rows))
    found: dict[date, list[DayVersion]] = defaultdict(list)
    for row in rows:
        total = totals([_energies(row.energies, channel)], point.calendar.zones).total
        one = why[row.cause]
        found[row.day].append(
            DayVersion(row.version, total, row.made_at, row.cause, row.author, one.change, one.decision)
        )
    return {day: tuple(versions) for day, versions in found.items()}


def _newest(point: Opened, first: date, until: date) -> Mapping[date, KeptDay]:
    """Of days [first, until) at least: what was read of a point once is not read again for a part of it."""
    for (since, end), rows in point.entries.days.items():
        if since <= first and until <= end:
            return rows
    read = point.connection.execute(_VERSIONS, {"its_point": point.id, "first": first, "until": until})
    found = {day: KeptDay(*row) for day, *row in read}  # of some versions of a day the last
    point.entries.days[first, until] = found
    return found


_VERSIONS = (
    select(point_day.c.day, *(point_day.c[name] for name in KeptDay.__struct_fields__))
    .where(point_day.c.point == bindparam("its_point"))
    .where(point_day.c.day >= bindparam("first"), point_day.c.day < bindparam("until"))
    .order_by(point_day.c.day, point_day.c.version)
)


def _stored(
    point: Opened,
    day: date,
    span: tuple[int, int],
    kept: KeptDay,
    segments: Sequence[Segment],
    channel: str,
    now: int,
) -> DayView:
    """Without what it costs."""
    by_zone = _energies(kept.energies, channel)
    return DayView(
        day=day,
        totals=totals([by_zone], point.calendar.zones),
        energies=by_zone,
        completeness=_completeness(kept, span, segments, point.tz, now),
        max_power=kept.max_power,
        max_at=kept.max_at,
        registers=kept.registers.get(channel),
        cost=None,
        whole=span[1] <= now,
        version=kept.version,
        made_at=kept.made_at,
        cause=kept.cause,
    )


def _energies(kept: Mapping[str, Mapping[str, Mapping[str, int]]], channel: str) -> dict[str, dict[State, int]]:
    """Zone -> state -> mWh."""
    return {
        zone: {_STATES[name]: energy for name, energy in states.items()}
        for zone, states in kept.get(channel, {}).items()
    }


_STATES = {state.value: state for state in State}  # twice as quick as State(name)


def _completeness(kept: KeptDay, span: tuple[int, int], segments: Sequence[Segment], tz: str, now: int) -> Completeness:
    """What came is in the row; what was to come by now is counted anew: a silent meter makes no row."""
    count, due_by_now = count_places(segments, *span, tz, now)
    came = kept.got + kept.off + kept.estimated
    due = max(due_by_now, came)
    return Completeness(
        expected=due,
        received=kept.got,
        off=kept.off,
        estimated=kept.estimated,
        suspect=kept.suspect,
        missing=due - came,
        not_due=count - due,
    )
