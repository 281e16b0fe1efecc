"""The main page of one point: this month so far beside the month before, yesterday, and what is wrong."""

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import select

from central.accounts.policy import Viewer, may_act, may_see
from central.figures.daily import ONE_DAY, days_before, month_so_far
from central.figures.forecast import forecast
from central.figures.heard import heard
from central.figures.hours import by_hours, hour_prices, with_hours
from central.figures.intervals import view
from central.figures.month_figure import earlier, month_figure, removed_at
from central.figures.source import ACTIVE_IMPORT, Opened, Source, opened
from central.figures.totals import cost_of, day_portions, portions_of
from central.figures.views import (
    Concern,
    Heard,
    IntervalView,
    Meanwhile,
    MonthFigure,
    NotFound,
    Period,
    Silence,
    SummaryView,
    Trouble,
)
from central.metering.handed import DAY
from central.metering.terms import State
from central.metering.zones import day_of, midnight, month_start
from central.registry.look import standing_at
from central.registry.reading_days import terms
from central.registry.tables import point as point_table


def summary(source: Source, viewer: Viewer, point_id: int, now: int) -> SummaryView:
    """Raises NotFound when the viewer may not see the point now, SeriesUnavailable."""
    with opened(source, viewer, point_id, 0, now + 1) as point:
        if point.visible.until <= now:  # a former tenant keeps his past, on other pages
            raise NotFound(f"point {point_id}")
        today = day_of(now, point.tz)
        month = month_figure(point, month_start(today), now)
        before = earlier(point, month_start(today), month_start(month_start(today) - ONE_DAY), month, now)
        yesterday = _yesterday(point, today, now)
        found = _heard(point, now)
        spent = day_portions(today - ONE_DAY, yesterday.totals)
        used = portions_of(days_before(point, midnight(today - ONE_DAY, point.tz), now))
        hours = by_hours(point, yesterday.slots)
        by_zones = cost_of(spent if not hours else (), point.entries.prices, used)
        return SummaryView(
            point=point.view(now),
            now=now,
            month=month,
            forecast=forecast(point, month, now),
            previous_same=before[0],
            previous=before[1],
            yesterday=yesterday,
            yesterday_cost=with_hours(by_zones, hours.values(), hour_prices(point, hours)),
            heard=found,
            silence=_silence(point, viewer, month, found, now) if found is not None and found.silent else None,
            troubles=_troubles(point, month, yesterday, found, now),
        )


def silent(source: Source, viewer: Viewer, points: Sequence[int], now: int) -> Mapping[int, Trouble]:
    """Of these points that the viewer may see now, those whose meter is not heard."""
    with source.engine.connect() as connection:
        seen = connection.scalars(select(point_table.c.id).where(may_see(viewer, now), point_table.c.id.in_(points)))
        standing = standing_at(connection, seen.all(), now)
        last = heard(connection, dict(standing.values()), now)
        return {
            key: Trouble(Concern.SILENT, last[meter].stamp)
            for key, (meter, _) in standing.items()
            if last[meter].silent
        }


def heard_at(source: Source, viewer: Viewer, point_id: int, now: int) -> Heard | None:
    """Of the meter that stands there now; None = none does. Raises NotFound."""
    with opened(source, viewer, point_id, now, now + 1) as point:
        return _heard(point, now)


def _silence(point: Opened, viewer: Viewer, month: MonthFigure, found: Heard, now: int) -> Silence | None:
    standing = point.entries.segments(now, now + 1)
    if not standing:
        return None
    since = standing[0].since if found.stamp is None else found.stamp
    own = select(point_table.c.id).where(may_act(viewer, now), point_table.c.id == point.id)
    read = [moment for mounting, moment in point.entries.manual if mounting == standing[0].mounting and moment > since]
    return Silence(
        since=since,
        days=(now - since) // DAY,
        by=_meanwhile(point, month, bool(read), now),
        read_at=max(read, default=None),
        opened=now - since >= terms(point.connection, point.entries.row.organisation).silent_days * DAY,
        own=point.connection.execute(own).first() is not None,
    )


def _meanwhile(point: Opened, month: MonthFigure, read: bool, now: int) -> Meanwhile:
    if point.terms_on(day_of(now, point.tz)).zone_source == "profile":
        return Meanwhile.ESTIMATE if month.totals.states.get(State.ESTIMATED_OPEN) else Meanwhile.PROFILE
    return Meanwhile.HANDED_IN if read else Meanwhile.REGISTERS


def _yesterday(point: Opened, today: date, now: int) -> IntervalView:
    return view(point, Period(midnight(today - ONE_DAY, point.tz), midnight(today, point.tz)), ACTIVE_IMPORT, now)


def _heard(point: Opened, now: int) -> Heard | None:
    """None = no meter stands there."""
    standing = point.entries.segments(now, now + 1)
    if not standing:
        return None
    meter = standing[0].meter
    return heard(point.connection, {meter: standing[0].period}, now)[meter]


def _troubles(
    point: Opened, month: MonthFigure, yesterday: IntervalView, found: Heard | None, now: int
) -> tuple[Trouble, ...]:
    today = day_of(now, point.tz)
    counts = month_so_far(point, month_start(today), today, now)
    suspect = [slot.start for slot in yesterday.slots if slot.state is State.SUSPECT]
    off = [slot.start for slot in yesterday.slots if slot.state is State.POWER_OFF]
    troubles = []
    if found is None:
        troubles.append(Trouble(Concern.NO_METER, removed_at(point, now)))
    elif found.silent:
        troubles.append(Trouble(Concern.SILENT, found.stamp))
    if suspect:
        troubles.append(Trouble(Concern.SUSPECT, suspect[0], len(suspect)))
    if counts.missing:
        troubles.append(Trouble(Concern.MISSING, month.since, counts.missing))
    if off:
        troubles.append(Trouble(Concern.POWER_OFF, off[0], len(off)))
    if month.cost is not None and (month.cost.unpriced or month.cost.unpriced_hours):
        troubles.append(Trouble(Concern.NO_PRICE, month.since))
    return tuple(troubles)
