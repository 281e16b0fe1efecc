"""Looking things up in the registry, in the words of `central.metering`."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, Table, bindparam, func, or_, select

from central.db import given, keys_of
from central.metering.cost import Price
from central.metering.hourly import HourPrice
from central.metering.monthly import MonthlyPrice
from central.metering.terms import ACT, MANUAL, Reading, Segment
from central.metering.zones import Calendar, ZoneRule, midnight
from central.registry.tables import (
    hour_price,
    manual_reading,
    meter,
    monthly_line,
    mounting,
    point,
    point_terms,
    price,
    zone_rule,
    zone_scheme,
)

Dated = TypeVar("Dated", ZoneRule, Price, MonthlyPrice)


def valid(table: Table, moment: int) -> ColumnElement[bool]:
    """Rows of a table with validity that are in force at this moment."""
    return (table.c.valid_from <= moment) & (table.c.valid_to.is_(None) | (table.c.valid_to > moment))


def tenures_of(connection: Connection, meters: Iterable[str]) -> Sequence[tuple[str, int, str, int, int | None]]:
    """Where these meters stand or stood: meter, point, IANA zone of the point, since, until (null = still)."""
    keys = [(meter_id,) for meter_id in meters]
    if not keys:
        return ()
    return [tuple(row) for row in connection.execute(_tenures(connection.dialect.name), keys_of(keys))]


@cache
def _tenures(dialect: str) -> Select[Any]:
    ours = given(dialect, mounting.c.meter)
    return (
        select(mounting.c.meter, point.c.id, point.c.tz, mounting.c.valid_from, mounting.c.valid_to)
        .join_from(ours, mounting, mounting.c.meter == ours.c.meter)
        .join(point, point.c.id == mounting.c.point)
    )


def segments_of(connection: Connection, point_id: int, since: int, until: int) -> tuple[Segment, ...]:
    """Tenures at the point that have a moment in [since, until), oldest first."""
    powers = _powers(connection.execute(_POWERS, {"its_point": point_id}))
    asked = {"its_point": point_id, "since": since, "until": until}
    return tuple(_segment(row, powers) for row in connection.execute(_SEGMENTS, asked))


def all_segments_of(connection: Connection, points: Collection[int]) -> dict[int, tuple[Segment, ...]]:
    """Point -> all its tenures, oldest first, by two queries; one where no meter ever stood is not in it."""
    keys, dialect = keys_of([(key,) for key in points]), connection.dialect.name
    ours = given(dialect, point_terms.c.point)
    query = _TERMS_POWERS.join(ours, ours.c.point == point_terms.c.point).order_by(point_terms.c.valid_from)
    terms: dict[int, list[Any]] = defaultdict(list)
    for row in connection.execute(query, keys):
        terms[row.point].append((row.valid_from, row.power_max, row.tz))
    powers = {key: _powers(rows) for key, rows in terms.items()}
    ours = given(dialect, mounting.c.point)
    mounted: Select[Any] = _MOUNTED.join(ours, ours.c.point == mounting.c.point).order_by(mounting.c.valid_from)
    found: dict[int, list[Segment]] = defaultdict(list)
    for row in connection.execute(mounted, keys):
        found[row.point].append(_segment(row, powers[row.point]))
    return {key: tuple(segments) for key, segments in found.items()}


_MOUNTED: Select[Any] = select(mounting, meter.c.serial, meter.c.register_end, meter.c.resolution).join(
    meter, meter.c.id == mounting.c.meter
)
_SEGMENTS = (  # this and what follows is asked for on each page: made once
    _MOUNTED.where(mounting.c.point == bindparam("its_point"), mounting.c.valid_from < bindparam("until"))
    .where(or_(mounting.c.valid_to.is_(None), mounting.c.valid_to > bindparam("since")))
    .order_by(mounting.c.valid_from)
)


def _segment(row: Any, powers: Sequence[tuple[int, int | None]]) -> Segment:
    return Segment(
        mounting=row.id,
        meter=row.meter,
        serial=row.serial,
        since=row.valid_from,
        until=row.valid_to,
        ki=Fraction(row.ki),
        ku=Fraction(row.ku),
        primary=row.values_are == "primary",
        period=row.period,
        resolution=row.resolution,
        register_end=row.register_end,
        power_max=next((power for since, power in reversed(powers) if since <= row.valid_from), powers[0][1]),
        powers=tuple(one for one in powers if one[0] > row.valid_from),
        begun_by_act=bool(row.reg_start),
    )


def _powers(rows: Iterable[Any]) -> Sequence[tuple[int, int | None]]:
    """Since when which power is permitted, W; the first holds before its beginning too. Changes alone are told."""
    found: list[tuple[int, int | None]] = []
    for day, power, tz in rows:
        if not found or found[-1][1] != power:
            found.append((midnight(day, tz), power))
    return found or [(0, None)]


_POWERS = (
    select(point_terms.c.valid_from, point_terms.c.power_max, point.c.tz)
    .join(point, point.c.id == point_terms.c.point)
    .where(point_terms.c.point == bindparam("its_point"))
    .order_by(point_terms.c.valid_from)
)
_TERMS_POWERS = select(point_terms.c.point, point_terms.c.valid_from, point_terms.c.power_max, point.c.tz).join(
    point, point.c.id == point_terms.c.point
)


def standing_at(connection: Connection, points: Iterable[int], moment: int) -> dict[int, tuple[str, int]]:
    """Point -> meter that stands there at this moment, and the period of its profile in seconds."""
    query = select(mounting.c.point, mounting.c.meter, mounting.c.period).where(
        mounting.c.point.in_(list(points)), valid(mounting, moment)
    )
    return {row.point: (row.meter, row.period) for row in connection.execute(query)}


def act_readings(connection: Connection, segments: Iterable[Segment]) -> dict[tuple[int, int], dict[str, Reading]]:
    """Readings of the acts: (mounting, moment) -> field of the series -> reading."""
    found: dict[tuple[int, int], dict[str, Reading]] = defaultdict(dict)
    for row in connection.execute(_MOUNTINGS, {"mountings": [segment.mounting for segment in segments]}):
        for moment, registers in ((row.valid_from, row.reg_start), (row.valid_to, row.reg_end)):
            for field, value in (registers or {}).items():
                found[row.id, moment][field] = Reading(moment, value, ACT)
    return dict(found)


def manual_readings(connection: Connection, segments: Iterable[Segment]) -> dict[tuple[int, int], dict[str, Reading]]:
    """What people read: (mounting, moment) -> field of the series -> reading."""
    mountings = [segment.mounting for segment in segments]
    return {
        (row.mounting, row.read_at): {
            field: Reading(row.read_at, value, MANUAL) for field, value in row.registers.items()
        }
        for row in connection.execute(_BY_HAND, {"mountings": mountings})
    }


_MOUNTINGS = select(mounting).where(mounting.c.id.in_(bindparam("mountings", expanding=True)))
_BY_HAND = select(manual_reading).where(manual_reading.c.mounting.in_(bindparam("mountings", expanding=True)))


@dataclass(frozen=True, slots=True)
class Terms:
    """How a point is billed on days [since, until): the row of `point_terms` and the head of its scheme.

    `tariffs`: zone -> tariff register of the meter, in the order of the zones; `whole`: readings are cut to whole kWh;
    `coefficient`: of the consumer's category, to every price.
    """

    since: date
    until: date | None
    scheme: int
    name: str
    tariffs: Mapping[str, int]
    zone_source: str
    whole: bool
    power_max: int | None
    coefficient: Decimal = Decimal(1)

    def covers(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day < self.until)


def terms_of(connection: Connection, points: Collection[int]) -> dict[int, tuple[Terms, ...]]:
    """Point -> its terms, oldest first; each has at least one."""
    query = (
        select(point_terms, zone_scheme.c.name, zone_scheme.c.tariffs.label("usual"), zone_scheme.c.billing_reading)
        .join_from(
            ours := given(connection.dialect.name, point_terms.c.point),
            point_terms,
            point_terms.c.point == ours.c.point,
        )
        .join(zone_scheme, zone_scheme.c.id == point_terms.c.scheme)
        .order_by(point_terms.c.point, point_terms.c.valid_from)
    )
    found: dict[int, list[Terms]] = defaultdict(list)
    for row in connection.execute(query, keys_of([(key,) for key in points])):
        found[row.point].append(
            Terms(
                since=row.valid_from,
                until=row.valid_to,
                scheme=row.scheme,
                name=row.name,
                tariffs={zone: (row.tariffs or row.usual)[zone] for zone in row.usual},
                zone_source=row.zone_source,
                whole=row.billing_reading == "whole_kwh",
                power_max=row.power_max,
                coefficient=Decimal(1) if row.coefficient is None else row.coefficient.normalize(),
            )
        )
    return {key: tuple(terms) for key, terms in found.items()}


def terms_under(connection: Connection, scheme: int, held: Sequence[Terms]) -> tuple[Terms, ...]:
    """Those of a point as if it had always been billed by another scheme, and were else, each in its time, as it is."""
    head = connection.execute(_HEAD, {"its_scheme": scheme}).one()
    other = {"scheme": scheme, "name": head.name, "tariffs": dict(head.tariffs)}
    return tuple(replace(one, **other, whole=head.billing_reading == "whole_kwh") for one in held)


def in_force(terms: Sequence[Terms], day: date) -> Terms:
    """Those of this day; before the first of them the first."""
    return next((one for one in reversed(terms) if one.since <= day), terms[0])


def calendar_of(connection: Connection, scheme: int) -> Calendar:
    """The zones of a scheme, in the order of its tariffs."""
    head = connection.execute(_HEAD, {"its_scheme": scheme}).one()
    rules = connection.execute(_RULES, {"its_scheme": scheme})
    return Calendar(head.name, tuple(head.tariffs), tuple(ZoneRule(*row) for row in rules))


_HEAD = select(zone_scheme).where(zone_scheme.c.id == bindparam("its_scheme"))
_RULES = (
    select(*(zone_rule.c[one.name] for one in fields(ZoneRule)))
    .where(zone_rule.c.scheme == bindparam("its_scheme"))
    .order_by(zone_rule.c.id)
)


def calendar_through(terms: Sequence[Terms], calendars: Mapping[int, Calendar]) -> Calendar:
    """One calendar of a point whose schemes changed: each one's rules hold on the days of its terms.

    `zones`: all there ever were, those in force now first; `scheme`: the name of the last.
    """
    if len(terms) == 1:
        return calendars[terms[0].scheme]
    zones = dict.fromkeys(zone for one in reversed(terms) for zone in one.tariffs)
    rules = _through(terms, {scheme: calendar.rules for scheme, calendar in calendars.items()})
    return Calendar(terms[-1].name, tuple(zones), tuple(rule for _, rule in rules))


def prices_through(terms: Sequence[Terms], prices: Mapping[int, Sequence[Price]]) -> Sequence[Price]:
    """Prices of a point: each scheme's on the days of its terms, with their coefficient, oldest first."""
    return [replace(version, coefficient=one.coefficient) for one, version in _through(terms, prices)]


def monthly_through(terms: Sequence[Terms], lines: Mapping[int, Sequence[MonthlyPrice]]) -> Sequence[MonthlyPrice]:
    """What a point pays each month: each scheme's on the days of its terms, oldest first."""
    return [version for _, version in _through(terms, lines)]


def _through(terms: Sequence[Terms], held: Mapping[int, Sequence[Dated]]) -> Iterator[tuple[Terms, Dated]]:
    """Of each scheme on the days of its terms alone; the first terms hold before their beginning too."""
    for number, one in enumerate(terms):
        for version in held[one.scheme]:
            since = version.valid_from if number == 0 else max(version.valid_from, one.since)
            until = min((day for day in (version.valid_to, one.until) if day is not None), default=None)
            if until is None or since < until:
                yield one, replace(version, valid_from=since, valid_to=until)


def prices_of(connection: Connection, scheme: int) -> Sequence[Price]:
    """All versions of all zones, oldest first."""
    rows = connection.execute(_PRICES, {"its_scheme": scheme})
    return [Price(row.id, row.zone, row.valid_from, row.valid_to, row.amount, above=row.above or 0) for row in rows]


_PRICES = select(price).where(price.c.scheme == bindparam("its_scheme")).order_by(price.c.valid_from, price.c.id)


def monthly_of(connection: Connection, scheme: int) -> Sequence[MonthlyPrice]:
    """All versions of what is paid each month, oldest first."""
    rows = connection.execute(_MONTHLY, {"its_scheme": scheme})
    return [MonthlyPrice(row.id, row.name, row.valid_from, row.valid_to, row.amount) for row in rows]


_MONTHLY = (
    select(monthly_line)
    .where(monthly_line.c.scheme == bindparam("its_scheme"))
    .order_by(monthly_line.c.valid_from, monthly_line.c.id)
)


def hourly_schemes(connection: Connection, schemes: Collection[int]) -> dict[int, int]:
    """Those of these that are priced by the hour, each with the beginning of its first hour: till then by zones."""
    return {row.scheme: row.hour for row in connection.execute(_FIRST_HOURS, {"schemes": list(schemes)})}


_FIRST_HOURS = (
    select(hour_price.c.scheme, func.min(hour_price.c.hour).label("hour"))
    .where(hour_price.c.scheme.in_(bindparam("schemes", expanding=True)))
    .group_by(hour_price.c.scheme)
)


def hour_prices_of(connection: Connection, scheme: int, since: int, until: int) -> dict[int, HourPrice]:
    """Of hours that begin in [since, until), by their beginning."""
    query = select(hour_price).where(hour_price.c.scheme == scheme)
    query = query.where(hour_price.c.hour >= since, hour_price.c.hour < until)
    return {row.hour: HourPrice(row.id, row.hour, row.amount) for row in connection.execute(query)}
