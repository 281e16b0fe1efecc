"""Looking things up in the registry, in the words of `central.metering`."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, or_, select

from central.db import given, keys_of
from central.metering.cost import Price
from central.metering.terms import Reading, Segment
from central.metering.zones import Calendar, ZoneRule
from central.registry.tables import meter, mounting, point, price, zone_rule, zone_scheme

ACT = "act"


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
    query = (
        select(mounting, meter.c.serial, meter.c.register_end, meter.c.resolution, point.c.power_max)
        .join(meter, meter.c.id == mounting.c.meter)
        .join(point, point.c.id == mounting.c.point)
        .where(mounting.c.point == point_id, mounting.c.valid_from < until)
        .where(or_(mounting.c.valid_to.is_(None), mounting.c.valid_to > since))
        .order_by(mounting.c.valid_from)
    )
    return tuple(
        Segment(
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
            power_max=row.power_max,
        )
        for row in connection.execute(query)
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
    query = select(mounting).where(mounting.c.id.in_([segment.mounting for segment in segments]))
    for row in connection.execute(query):
        for moment, registers in ((row.valid_from, row.reg_start), (row.valid_to, row.reg_end)):
            for field, value in (registers or {}).items():
                found[row.id, moment][field] = Reading(moment, value, ACT)
    return dict(found)


def calendar_of(connection: Connection, scheme: int) -> Calendar:
    """The zones of a scheme, in the order of its tariffs."""
    head = connection.execute(select(zone_scheme).where(zone_scheme.c.id == scheme)).one()
    rules = connection.execute(select(zone_rule).where(zone_rule.c.scheme == scheme).order_by(zone_rule.c.id))
    fields = ("valid_from", "valid_to", "months", "day_kind", "start", "end", "zone", "tz")
    return Calendar(
        head.name, tuple(head.tariffs), tuple(ZoneRule(*(getattr(row, name) for name in fields)) for row in rules)
    )


def prices_of(connection: Connection, scheme: int) -> Sequence[Price]:
    """All versions of all zones, oldest first."""
    query = select(price).where(price.c.scheme == scheme).order_by(price.c.valid_from, price.c.id)
    return [Price(row.id, row.zone, row.valid_from, row.valid_to, row.amount) for row in connection.execute(query)]
