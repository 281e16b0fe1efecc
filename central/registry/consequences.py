"""Whose figures a change of the registry makes anew: told before it is saved, their days marked when it is."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from central.db import given, keys_of
from central.figures import dirty
from central.figures.recompute import published_at
from central.figures.tables import point_day
from central.ingest.tables import meter_seen
from central.metering.zones import day_of, days
from central.registry.tables import contract, contract_point, mounting, point

if TYPE_CHECKING:
    from central.registry.changes import Change

ONE_DAY = timedelta(days=1)
CHUNK = 500  # points a query

Touched = Mapping[int, tuple[int, int]]  # point -> [since, until), seconds UTC


@dataclass(frozen=True, slots=True)
class Consequence:
    """A point whose figures of local days [first, until) are computed anew: `days` of them exist, some published."""

    point: int
    code: str
    name: str
    address: str
    holders: tuple[str, ...]
    first: date
    until: date
    days: int
    published: int


def mark_days(connection: Connection, touched: Touched, change: int) -> None:
    """Marks the days that have figures, and those of which a meter that stands there now may have readings."""
    for part in _chunks(touched):
        zones = _zones(connection, part)
        part = {key: span for key, span in part.items() if key in zones}  # an undone import takes its points along
        marks: dict[int, set[date]] = {key: set() for key in part}
        for key, day in _computed(connection, part, zones):
            marks[key].add(day)
        for key, since, until in _heard(connection, part):
            marks[key] |= set(days(day_of(since, zones[key]), day_of(until - 1, zones[key]) + ONE_DAY))
        for key, found in marks.items():
            dirty.mark_days(connection, key, found, dirty.by_change(change))


def consequences(change: "Change", now: int) -> tuple[Consequence, ...]:
    """Only of points that have figures in the time that is touched, in the order of their codes.

    `holders`: all who are shown the figures of that time, or were before this change.
    """
    connection, found = change.connection, []
    for part in _chunks(change.touched):
        zones = _zones(connection, part)
        part = {key: span for key, span in part.items() if key in zones}
        computed: dict[int, list[date]] = {}
        for key, day in _computed(connection, part, zones):
            computed.setdefault(key, []).append(day)
        holders = _holders(connection, {key: part[key] for key in computed}, change.left)
        for row in connection.execute(select(point).where(point.c.id.in_(list(computed)))):
            there = sorted(computed[row.id])
            published = sum(published_at(day, row.tz) <= now for day in there)
            told = (row.code, row.name, row.address, holders.get(row.id, ()))
            found.append(Consequence(row.id, *told, there[0], there[-1] + ONE_DAY, len(there), published))
    return tuple(sorted(found, key=lambda one: one.code))


def _chunks(touched: Touched) -> Iterator[dict[int, tuple[int, int]]]:
    points = iter(sorted(touched))
    while part := list(islice(points, CHUNK)):
        yield {key: touched[key] for key in part}


def _zones(connection: Connection, points: Iterable[int]) -> dict[int, str]:
    return {row.id: row.tz for row in connection.execute(select(point.c.id, point.c.tz).where(point.c.id.in_(points)))}


def _computed(connection: Connection, part: Touched, zones: Mapping[int, str]) -> Iterator[tuple[int, date]]:
    """Days that have figures in the touched time of these points."""
    ours = given(connection.dialect.name, point_day.c.point)
    query = (
        select(point_day.c.point, point_day.c.day)
        .distinct()
        .join_from(ours, point_day, point_day.c.point == ours.c.point)
    )
    first = min((day_of(max(since, 0), zones[key]) for key, (since, _) in part.items()), default=date.min)
    for key, day in connection.execute(query.where(point_day.c.day >= first), keys_of([(key,) for key in part])):
        since, until = part[key]
        if day_of(max(since, 0), zones[key]) <= day and (until >= _LAST or day <= day_of(until - 1, zones[key])):
            yield key, day


def _heard(connection: Connection, part: Touched) -> Iterator[tuple[int, int, int]]:
    """Point, since, until of tenures in that time whose meter has been heard."""
    ours = given(connection.dialect.name, mounting.c.point)
    query = (
        select(mounting.c.point, mounting.c.valid_from, mounting.c.valid_to, meter_seen.c.last_stamp)
        .join_from(ours, mounting, mounting.c.point == ours.c.point)
        .join(meter_seen, meter_seen.c.meter == mounting.c.meter)
    )
    for key, begun, ended, last in connection.execute(query, keys_of([(key,) for key in part])):
        since, until = part[key]
        first, end = max(since, begun), min(until, ended or _LAST, (last or 0) + 1)
        if first < end:
            yield key, first, end


def _holders(connection: Connection, part: Touched, left: Mapping[int, Collection[int]]) -> dict[int, tuple[str, ...]]:
    found: dict[int, list[str]] = {}
    gone = {key for contracts in left.values() for key in contracts}
    before = {row.id: row.holder for row in connection.execute(select(contract).where(contract.c.id.in_(gone)))}
    for key in part:
        found[key] = [before[one] for one in sorted(left.get(key, ()))]
    query = (
        select(contract_point.c.point, contract_point.c.valid_from, contract_point.c.valid_to, contract.c.holder)
        .join(contract, contract.c.id == contract_point.c.contract)
        .where(contract_point.c.point.in_(list(part)))
        .order_by(contract_point.c.valid_from)
    )
    for key, since, until, holder in connection.execute(query):
        if since < part[key][1] and (until is None or part[key][0] < until):
            found[key].append(holder)
    return {key: tuple(dict.fromkeys(names)) for key, names in found.items()}


_LAST = 2**40  # beyond any day of a calendar
