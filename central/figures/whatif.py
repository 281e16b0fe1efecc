"""What if a point were billed by another scheme of its company: the same months, by the same engine.

The terms of the point are exchanged and nothing else: what comes out is what a bill would say, had they been so.
Registers bill only where the meter counted by the other scheme's zones; else its profile is zoned anew.
"""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from sqlalchemy import Connection, exists, or_, select

from central.accounts.objects import schemes_of
from central.accounts.policy import Viewer
from central.figures.bills import PROFILE, REGISTERS
from central.figures.daily import ONE_DAY
from central.figures.month_figure import NOTHING, figure, month_figure
from central.figures.source import Opened, Source, opened
from central.figures.views import MonthFigure, NotFound, Period, PointView
from central.metering.zones import Calendar, Uncovered, day_of, midnight, month_start
from central.metering.zones import days as days_of
from central.registry.look import Terms, calendar_of, hourly_schemes, in_force, terms_under
from central.registry.tables import hour_price, price, zone_scheme

MONTHS = 3  # this one and those before
HALF_HOUR = 1800  # zones begin on none but such moments


@dataclass(frozen=True, slots=True)
class OtherScheme:
    key: int
    name: str


@dataclass(frozen=True, slots=True)
class OtherMonth:
    """The same time, as it is billed and as it would be."""

    first: date
    billed: MonthFigure
    other: MonthFigure

    @property
    def dearer(self) -> Decimal | None:
        """By how much the other scheme is dearer; None where one of the two has no cost."""
        costs = [one.cost.total if one.cost is not None else None for one in (self.other, self.billed)]
        return None if costs[0] is None or costs[1] is None else costs[0] - costs[1]


@dataclass(frozen=True, slots=True)
class WhatIf:
    """`scheme` None = the company has no other one with prices. `rezoned`: the registers did not count by its zones, or
    it is priced by the hour: the intervals bill."""

    point: PointView
    offered: tuple[OtherScheme, ...]
    scheme: OtherScheme | None
    months: tuple[OtherMonth, ...]
    rezoned: bool

    @property
    def dearer(self) -> Decimal | None:
        """In all months that both schemes have a cost of."""
        found = [month.dearer for month in self.months if month.dearer is not None]
        return sum(found, Decimal(0)) if found else None


def what_if(source: Source, viewer: Viewer, point_id: int, scheme: int | None, now: int) -> WhatIf:
    """`scheme` None = the first that is offered. Raises NotFound, also of a scheme that is not; SeriesUnavailable."""
    with opened(source, viewer, point_id, now - (MONTHS + 1) * 31 * 86_400, now + 1) as point:
        if point.visible.until <= now:  # a former tenant has nothing to choose
            raise NotFound(f"point {point_id}")
        today = day_of(now, point.tz)
        held = point.terms_on(today)
        offered = _offered(point.connection, viewer, held.scheme)
        chosen = next((one for one in offered if scheme in (None, one.key)), None)
        if chosen is None and scheme is not None:
            raise NotFound(f"scheme {scheme}")
        months = _months(point, today)
        rezoned, found = False, []
        if chosen is not None and months:
            billed = [month_figure(point, first, now) for first in months]
            other, rezoned = under(point, chosen.key, months[-1], now)
            found = [_beside(one, other, first, now) for one, first in zip(billed, months, strict=True)]
        return WhatIf(point.view(now), offered, chosen, tuple(found), rezoned)


def under(point: Opened, scheme: int, since: date, now: int) -> tuple[Opened, bool]:
    """The point as if it were billed by this scheme, and whether its profile must be zoned anew for that."""
    terms = terms_under(point.connection, scheme, point.entries.terms)
    calendar = calendar_of(point.connection, scheme)
    by_registers = any(
        one.zone_source == REGISTERS for one in point.entries.terms if one.until is None or since < one.until
    )
    rezoned = by_registers and not _counted_so(point, terms[-1], calendar, since, now)
    if rezoned:
        terms = tuple(replace(one, zone_source=PROFILE) for one in terms)
    return replace(point, entries=point.entries.under(terms), stored=False), rezoned


def _counted_so(point: Opened, terms: Terms, calendar: Calendar, since: date, now: int) -> bool:
    """Whether each register that bills a zone of these terms counted in that zone and at no other time."""
    if hourly_schemes(point.connection, [terms.scheme]):
        return False
    if set(terms.tariffs.values()) == {0}:
        return True
    tz, ours = point.tz, point.calendar
    try:
        for day in days_of(since, day_of(now, tz)):
            moments = range(midnight(day, tz), midnight(day + ONE_DAY, tz), HALF_HOUR)
            held = in_force(point.entries.terms, day).tariffs
            pairs = set(zip(ours.zones_on(day, moments, tz), calendar.zones_on(day, moments, tz), strict=True))
            if any(held.get(zone) != terms.tariffs[other] for zone, other in pairs):
                return False
    except Uncovered:  # one of the schemes began later
        return False
    return True


def _beside(billed: MonthFigure, other: Opened, first: date, now: int) -> OtherMonth:
    since, until = billed.since, billed.until
    try:
        return OtherMonth(first, billed, figure(other, Period(since, until), now))
    except Uncovered:  # the other scheme began later
        return OtherMonth(
            first, billed, MonthFigure(since, until, NOTHING, None, other.terms_on(first).zone_source, False)
        )


def _months(point: Opened, today: date) -> list[date]:
    """This one and those before it that the viewer may see, the newest first."""
    found = [month_start(today)]
    while len(found) < MONTHS and midnight(found[-1], point.tz) > point.visible.since:
        found.append(month_start(found[-1] - ONE_DAY))
    return found


def _offered(connection: Connection, viewer: Viewer, held: int) -> tuple[OtherScheme, ...]:
    query = select(zone_scheme.c.id, zone_scheme.c.name).where(schemes_of(viewer), zone_scheme.c.id != held)
    priced = (exists().where(table.c.scheme == zone_scheme.c.id) for table in (price, hour_price))
    query = query.where(or_(*priced)).order_by(zone_scheme.c.name)
    return tuple(OtherScheme(row.id, row.name) for row in connection.execute(query))
