"""Dirty days into `point_day`. Running it again changes nothing; what is published is never changed in place.

A day is published at D+1 12:00 of the point's time. Until then a new figure replaces the old one; from then on it is
version n+1, with its cause. The same figure again is no version.
"""

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, timedelta
from time import monotonic
from typing import Any

from sqlalchemy import Connection, Engine, Row, bindparam, func, select

from central.db import writing
from central.figures import checking, dirty, recheck
from central.figures.material import REACH, Material, Place
from central.figures.source import ACTIVE_IMPORT
from central.figures.tables import point_day
from central.logs import about
from central.metering.checks.catalogue import Settings, When
from central.metering.checks.evidence import Finding
from central.metering.slots import completeness, energies, maximum
from central.metering.zones import Uncovered, day_of, days, midnight
from central.operation.alarms import Alarm
from central.partitions import make, point_day_month
from central.registry.look import calendar_of, calendar_through, segments_of, terms_of
from central.registry.tables import point
from central.timeseries.base import Series

log = logging.getLogger(__name__)

BATCH = 100  # days a run
SPELL = 2.0  # seconds
PUBLISHED_AFTER = 12 * 3600  # seconds of D+1, on the clock of the point
AUTHOR = "worker"
FIRST = "first"  # the cause of a day's first version
ONE_DAY = timedelta(days=1)
NEAR = timedelta(seconds=REACH)  # so far a register may decide on a gap


def run(
    engine: Engine,
    series: Series,
    now: int,
    limit: int = BATCH,
    slices: Collection[int] | None = None,
    fence: Callable[[Connection], None] | None = None,
    spell: float = SPELL,
) -> int:
    """Computes up to `limit` dirty days; returns how many. Raises SeriesUnavailable: the marks stay.

    It takes `spell` seconds, and what one day more needs: readings that came meanwhile, and whoever stops the worker,
    wait no longer for days that are dear, as those of a long gap.

    Where several workers are, `slices` are this one's, and `fence`, called in the transaction that writes, raises when
    they are its no more.
    """
    with engine.connect() as connection:
        marks = dirty.take(connection, limit, slices)
        if not marks:
            return 0
        places = places_of(connection, {mark.point for mark in marks})
        settings = checking.settings_of(connection, places.keys())
        figures: dict[tuple[int, date], Computed] = {}
        causes = {(mark.point, mark.day): mark.cause for mark in marks}
        done: list[dirty.Mark] = []
        ends = monotonic() + spell
        for mark in marks:
            if done and monotonic() >= ends:
                break
            waiting = {(mark.point, mark.day)} - figures.keys()
            while waiting:
                key, day = waiting.pop()
                try:
                    computed = compute(connection, series, places[key], settings[key], day, now)
                except Uncovered as error:  # rows of a time when the scheme was not there: no other day waits for them
                    ids = {"point": key, "day": day}
                    log.error("a day cannot be computed: %s", error, extra=about(Alarm.DAY_NOT_COMPUTED, **ids))
                    continue
                figures[key, day] = computed
                waiting |= {(key, other) for other in computed.others} - figures.keys()
                causes = dict.fromkeys(waiting, mark.cause) | causes
            done.append(mark)
    make(engine, {point_day_month(day) for _, day in figures})
    with writing(engine).begin() as connection:
        if fence is not None:
            fence(connection)
        for (key, day), computed in figures.items():
            store(connection, places[key], day, computed.figures, now, causes[key, day])
            checking.keep(connection, key, day, computed.findings, now)
        recheck.by_days(connection, {key: causes[key] for key in figures})
        dirty.clear(connection, done)
    return len(done)


def places_of(connection: Connection, points: Collection[int]) -> dict[int, Place]:
    terms = terms_of(connection, points)
    schemes = {one.scheme for held in terms.values() for one in held}
    calendars = {scheme: calendar_of(connection, scheme) for scheme in schemes}
    rows = connection.execute(select(point.c.id, point.c.tz).where(point.c.id.in_(points)))
    return {row.id: Place(row.id, row.tz, calendar_through(terms[row.id], calendars), terms[row.id]) for row in rows}


@dataclass(frozen=True, slots=True)
class Computed:
    """A day: the columns of `point_day` that are figures, what the checks found, and the days that the same registers
    decided on."""

    figures: dict[str, Any]
    findings: tuple[Finding, ...]
    others: tuple[date, ...]


def compute(
    connection: Connection,
    series: Series,
    place: Place,
    settings: Settings,
    day: date,
    now: int,
    *,
    upto: When = When.ALWAYS,
) -> Computed:
    """A day of a point as it is now; `upto`: with these checks. Raises SeriesUnavailable, Uncovered."""
    since, until = midnight(day, place.tz), midnight(day + ONE_DAY, place.tz)
    segments = segments_of(connection, place.point, since, until)
    material = Material(connection, series, place, segments, since, until, now)
    slots = {channel: material.slots(channel) for channel in material.channels()}
    counts, greatest = completeness(slots[ACTIVE_IMPORT]), maximum(slots[ACTIVE_IMPORT])
    differences = {channel: material.difference(channel, since, until) for channel in slots}
    figures = {
        "energies": {channel: energies(found) for channel, found in slots.items()},
        "expected": counts.expected,
        "got": counts.received,
        "suspect": counts.suspect,
        "off": counts.off,
        "estimated": counts.estimated,
        "missing": counts.missing,
        "max_power": greatest.power if greatest else None,
        "max_at": greatest.end if greatest else None,
        "registers": {
            channel: term.energy for channel, term in differences.items() if term and term.energy is not None
        },
    }
    first, last = material.decided()
    others = set(days(day_of(first, place.tz), day_of(last - 1, place.tz) + ONE_DAY))
    holed = days_with_holes(connection, place.point, day - NEAR, day + NEAR)
    if holed:  # a register of this day that came, or is gone, decides on gaps of others too
        since, until = material.around()
        others |= holed & set(days(day_of(since, place.tz), day_of(until - 1, place.tz) + ONE_DAY))
    findings = checking.check(
        connection,
        series,
        material,
        settings,
        point_id=place.point,
        day=day,
        estimated=counts.estimated,
        now=now,
        upto=upto,
    )
    return Computed(figures, findings, tuple(sorted(others)))


def days_with_holes(connection: Connection, point_id: int, first: date, last: date) -> set[date]:
    """Days from the first to the last of this time that have figures, on which something is missing or was, or that
    have none."""
    row = connection.execute(_HOLES, {"its_point": point_id, "its_first": first, "its_last": last}).one()
    if not row.days or (not row.holes and (row.last - row.first).days + 1 == row.days):
        return set()
    there = (point_day.c.point == point_id, point_day.c.day.between(first, last))
    query = select(point_day.c.day, func.sum(_LACK).label("holes")).where(*there).group_by(point_day.c.day)
    found = {found.day: found.holes for found in connection.execute(query)}
    return {day for day in days(row.first, row.last + ONE_DAY) if found.get(day, 1)}


_LACK = point_day.c.missing + point_day.c.estimated + point_day.c.off
_HOLES = select(  # asked for every day that is computed: made once
    func.count(point_day.c.day.distinct()).label("days"),
    func.min(point_day.c.day).label("first"),
    func.max(point_day.c.day).label("last"),
    func.sum(_LACK).label("holes"),
).where(
    point_day.c.point == bindparam("its_point"),
    point_day.c.day >= bindparam("its_first"),
    point_day.c.day <= bindparam("its_last"),
)


def store(
    connection: Connection, place: Place, day: date, figures: dict[str, Any], now: int, cause: str = dirty.LATE
) -> None:
    """Writes the day: a new row, in place, or a new version with its cause."""
    last = newest(connection, place.point, day)
    made = {"author": AUTHOR, "made_at": now}
    if last is None:
        first = point_day.insert().values(point=place.point, day=day, version=1, cause=FIRST, **made, **figures)
        connection.execute(first)
    elif all(getattr(last, name) == value for name, value in figures.items()):
        return
    elif now < published_at(day, place.tz):
        connection.execute(point_day.update().where(*_key(last)).values(**made, **figures))
    else:
        connection.execute(
            point_day.insert().values(
                point=place.point, day=day, version=last.version + 1, cause=cause, **made, **figures
            )
        )


def newest(connection: Connection, point_id: int, day: date) -> Row[Any] | None:
    """The version in force of a day."""
    query = select(point_day).where(point_day.c.point == point_id, point_day.c.day == day)
    return connection.execute(query.order_by(point_day.c.version.desc()).limit(1)).first()


def published_at(day: date, tz: str) -> int:
    """From this moment on (seconds UTC) the figures of the day are published."""
    return midnight(day + ONE_DAY, tz) + PUBLISHED_AFTER


def _key(row: Row[Any]) -> tuple[Any, ...]:
    return (point_day.c.point == row.point, point_day.c.day == row.day, point_day.c.version == row.version)
