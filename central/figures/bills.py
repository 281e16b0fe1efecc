"""Readings at the start and the end of a period, by direction and zone, consumption and its cost.

A bill is cut where a price changes, and where a month begins its ranges anew: by the readings of that day's start, or,
where none was fixed then, by days. What is paid each month whatever was used is part of it, by the days of contract.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise

from central.accounts.policy import Viewer
from central.figures.daily import ONE_DAY, days_before, days_view
from central.figures.hours import is_hourly
from central.figures.recompute import published_at
from central.figures.registers import Tenure, registers_of, tenures
from central.figures.source import ACTIVE_IMPORT, FIELDS, Opened, Source, opened
from central.figures.totals import portions_of
from central.figures.views import (
    BilledPart,
    DaysView,
    DayView,
    DirectionReadings,
    NotFound,
    Period,
    ReadingsView,
    Totals,
    ZoneReading,
)
from central.metering.consumption import RegisterTerm, SumCheck, summed, zones_to_total
from central.metering.cost import Portion, cost, price_days
from central.metering.monthly import monthly_lines
from central.metering.rounding import shares
from central.metering.terms import State
from central.metering.zones import day_of, midnight, month_start
from central.metering.zones import days as days_of
from central.registry.look import Terms

REGISTERS, PROFILE = "registers", "profile"


def readings(source: Source, viewer: Viewer, point_id: int, since: int, until: int, now: int) -> ReadingsView:
    """Raises NotFound, SeriesUnavailable."""
    with opened(source, viewer, point_id, since, until) as point:
        return readings_view(point, Period(since, until), now)


def readings_view(point: Opened, asked: Period, now: int) -> ReadingsView:
    """The same of a point that is open already; what of `asked` may be seen, and not beyond now."""
    period = Period(max(asked.since, point.visible.since), min(asked.until, point.visible.until, max(now, asked.since)))
    bills = _Bills(point, point.terms_on(day_of(max(period.until - 1, period.since), point.tz)))
    found = tenures(point, period)
    directions = tuple(direction for channel in FIELDS if (direction := bills.direction(found, channel)) is not None)
    hourly = any(is_hourly(point, day) for day in days_of(*_days(period, point.tz))) if point.entries.hourly else False
    zones = bills.billed(period, directions) if not hourly else None
    parts = bills.parts(period, zones) if zones is not None else ()
    days = _profile(point, period, now) if zones is None else None
    energy, spent = (days.totals, days.cost) if days is not None else (None, None)
    before, whole_days_before = _before(point, period.since, now) if zones is not None else ((), ())
    if zones is not None:
        used = [*(part.portion for part in before), *portions_of(whole_days_before)]
        energy, spent = _measured(zones), cost([part.portion for part in parts], point.entries.prices, used)
    monthly = monthly_lines(contract_days(point, period), point.entries.monthly)
    if monthly:  # paid whatever was used, and where nothing is known too
        spent = (spent or cost((), ())).with_monthly(monthly)
    return ReadingsView(
        point=point.view(now),
        asked=asked,
        taken=_taken(directions),
        directions=directions,
        billed_by=PROFILE if zones is None else REGISTERS,
        totals=energy,
        cost=spent,
        provisional=now < published_at(day_of(max(asked.until - 1, asked.since), point.tz), point.tz),
        calendar=point.calendar,
        zones=zones or {},
        parts=parts,
        before=before,
        days_before=whole_days_before,
        days=days,
    )


def _before(point: Opened, since: int, now: int) -> tuple[tuple[BilledPart, ...], tuple[DayView, ...]]:
    """What filled the ranges of prices in the month before a moment, as far as it is the viewer's: by the registers,
    or, where they do not bill or do not tell, by the profile."""
    start = max(midnight(month_start(day_of(since, point.tz)), point.tz), point.reach.since)
    if start >= since or not any(price.above for price in point.entries.prices):
        return (), ()
    earlier = Period(start, since)
    bills = _Bills(point, point.terms_on(day_of(since - 1, point.tz)))
    direction = bills.direction(tenures(point, earlier), ACTIVE_IMPORT)
    zones = bills.billed(earlier, [direction]) if direction is not None else None
    return (bills.parts(earlier, zones), ()) if zones is not None else ((), days_before(point, since, now))


def contract_days(point: Opened, period: Period) -> list[date]:
    """Days of the period that began under a contract: one on which the point changes hands is still the former's."""
    found = days_of(*_days(period, point.tz))
    begun = [(day, midnight(day, point.tz)) for day in found]
    return [
        day
        for day, start in begun
        if period.since <= start < period.until
        and any(one.since <= start < one.until for one in point.entries.contracts)
    ]


Zones = Mapping[str, tuple[ZoneReading, ...]]  # zone -> readings whose energies are its energy


def _energy(readings: Sequence[ZoneReading]) -> int:
    return sum(reading.energy or 0 for reading in readings)


def _measured(zones: Zones) -> Totals:
    energies = {zone: _energy(readings) for zone, readings in zones.items()}
    total = sum(energies.values())
    return Totals(total, energies, {State.MEASURED: total}, 0)


class _Bills:
    """How the registers of a point become zones and money."""

    def __init__(self, point: Opened, terms: Terms) -> None:
        """`terms` decide on which register is which zone."""
        self._point = point
        self._terms = terms
        self._tariffs = terms.tariffs
        self._whole = terms.whole

    def billed(self, period: Period, directions: Sequence[DirectionReadings]) -> Zones | None:
        """Active import by the registers; None when they do not bill, or do not tell.

        Where the terms change in the period, each part is by its own, and a reading must stand at the change.
        """
        changes = self._changes(period)
        if not changes:
            return self.zones(directions) if self._terms.zone_source == REGISTERS else None
        parts = self._fixed_parts(period, [midnight(day, self._point.tz) for day in changes])
        if parts is None:
            return None
        names = dict.fromkeys(zone for part in parts for zone in part)
        return {zone: tuple(one for part in parts for one in part.get(zone, ())) for zone in names}

    def _changes(self, period: Period) -> list[date]:
        """Days inside the period from which on other terms hold."""
        first, until = day_of(period.since, self._point.tz), _day_after(period, self._point.tz)
        return [one.since for one in self._point.entries.terms[1:] if first < one.since < until]

    def direction(self, found: Sequence[Tenure], channel: str) -> DirectionReadings | None:
        """None when no meter has a register of this direction."""
        present = registers_of(found, channel)
        if not present:
            return None
        total = self._zone(found, channel, None, 0) if 0 in present else None
        zones = tuple(
            self._zone(found, channel, zone, tariff)
            for zone, tariff in self._tariffs.items()
            if tariff in present and tariff
        )
        return DirectionReadings(channel, total, zones, _check(total, zones))

    def _zone(self, found: Sequence[Tenure], channel: str, zone: str | None, tariff: int) -> ZoneReading:
        terms = [tenure.term(channel, tariff, self._whole) for tenure in found]
        known = tuple(term for term in terms if term is not None)
        return ZoneReading(zone, tariff, known, summed(known) if len(known) == len(terms) else None)

    def zones(self, directions: Sequence[DirectionReadings]) -> Zones | None:
        """Of active import; None when one zone of the scheme is not known."""
        direction = next((found for found in directions if found.channel == ACTIVE_IMPORT), None)
        if direction is None:
            return None
        by_tariff = {reading.tariff: reading for reading in (direction.total, *direction.zones) if reading}
        found = {zone: by_tariff.get(tariff) for zone, tariff in self._tariffs.items()}
        known = {zone: (reading,) for zone, reading in found.items() if reading and reading.energy is not None}
        return known if len(known) == len(found) else None

    def parts(self, period: Period, zones: Zones) -> tuple[BilledPart, ...]:
        """Cut where a price or the terms change: by readings where they stand there, else by days."""
        tz = self._point.tz
        first, until = day_of(period.since, tz), _day_after(period, tz)
        edges = [first, *sorted({*price_days(self._point.entries.prices, first, until), *self._changes(period)}), until]
        spans = list(pairwise(edges))
        if len(spans) == 1:
            return tuple(
                BilledPart(Portion(zone, first, until, _energy(readings)), readings) for zone, readings in zones.items()
            )
        cut = self._fixed_parts(period, [midnight(day, tz) for day in edges[1:-1]])
        found: list[BilledPart] = []
        for zone, readings in zones.items():
            valid = [number for number, span in enumerate(spans) if zone in self._point.terms_on(span[0]).tariffs]
            known = [cut[number][zone] for number in valid] if cut else []
            if known and sum(_energy(part) for part in known) == _energy(readings):
                for number, part in zip(valid, known, strict=True):
                    found.append(BilledPart(Portion(zone, *spans[number], _energy(part)), part))
            else:
                found += _divided(zone, readings, [spans[number] for number in valid])
        return tuple(found)

    def _fixed_parts(self, period: Period, cuts: Sequence[int]) -> list[Zones] | None:
        """By the readings between the cuts; None when none stands exactly at one of them, or they do not bill."""
        found = []
        for start, end in pairwise([period.since, *cuts, period.until]):
            terms = self._point.terms_on(day_of(start, self._point.tz))
            part = _Bills(self._point, terms)
            direction = part.direction(tenures(self._point, Period(start, end)), ACTIVE_IMPORT)
            taken = _taken([direction]) if direction else None
            zones = part.zones([direction]) if direction and terms.zone_source == REGISTERS else None
            if taken is None or zones is None:
                return None
            if (start in cuts and taken.since != start) or (end in cuts and taken.until != end):
                return None
            found.append(zones)
        return found


def _divided(zone: str, readings: tuple[ZoneReading, ...], spans: Sequence[tuple[date, date]]) -> Iterator[BilledPart]:
    """In proportion to the days of each span."""
    lengths = tuple((until - since).days for since, until in spans)
    for number, energy in enumerate(shares(_energy(readings), lengths)):
        yield BilledPart(Portion(zone, *spans[number], energy, by_days=True), readings, lengths, number)


def _day_after(period: Period, tz: str) -> date:
    """The day after the last one of a period."""
    return day_of(max(period.until - 1, period.since), tz) + ONE_DAY


def _days(period: Period, tz: str) -> tuple[date, date]:
    """The first of a period, and the day after its last."""
    return day_of(period.since, tz), _day_after(period, tz)


def _profile(point: Opened, period: Period, now: int) -> DaysView | None:
    """Whole days from `point_day`, the ends of the period by intervals; None = nothing of the period has begun."""
    try:
        only = replace(point, visible=period)
        return days_view(only, day_of(period.since, point.tz), _day_after(period, point.tz), ACTIVE_IMPORT, now)
    except NotFound:
        return None


def _check(total: ZoneReading | None, zones: Sequence[ZoneReading]) -> SumCheck | None:
    if total is None or total.energy is None or not zones:
        return None
    energies = [zone.energy for zone in zones if zone.energy is not None]
    if len(energies) < len(zones):
        return None
    return zones_to_total(energies, total.energy, [term.segment for term in total.terms])


def _taken(directions: Sequence[DirectionReadings]) -> Period | None:
    terms: list[RegisterTerm] = [
        term
        for direction in directions
        for reading in (direction.total, *direction.zones)
        if reading
        for term in reading.terms
    ]
    if not terms:
        return None
    return Period(min(term.start.moment for term in terms), max(term.end.moment for term in terms))
