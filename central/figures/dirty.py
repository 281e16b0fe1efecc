"""Which days of which points are to be computed anew. No mark is lost: a day marked again meanwhile stays dirty.

Points are cut into slices, so that several workers never compute the same one.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, delete, select, tuple_

from central.db import insert
from central.figures.tables import dirty
from central.metering.zones import day_of
from central.registry.look import points_of

SLICES = 16
_KEY = (dirty.c.point, dirty.c.day, dirty.c.mark)


class Mark(NamedTuple):
    """A dirty day as it was found: `mark` has grown when somebody marked it since."""

    point: int
    day: date
    mark: int


def mark(connection: Connection, meter: str, stamps: Sequence[int]) -> None:
    """Marks the local days of these stamps (seconds UTC), of the points where the meter stood then.

    A stamp is the END of an interval and the moment of a register: at midnight it concerns the day that ends and the
    one that begins.
    """
    if not stamps:
        return
    found = points_of(connection, meter, min(stamps), max(stamps))
    for point, tz in found.items():
        mark_days(connection, point, {day_of(moment, tz) for stamp in stamps for moment in (stamp - 1, stamp)})


def mark_days(connection: Connection, point: int, days: Iterable[date]) -> None:
    """Marks these days of one point."""
    for day in sorted(days):
        upsert = insert(connection, dirty).values(point=point, day=day, mark=1)
        again = {"mark": dirty.c.mark + 1}
        connection.execute(upsert.on_conflict_do_update(index_elements=["point", "day"], set_=again))


def take(connection: Connection, limit: int, slices: Collection[int] | None = None) -> list[Mark]:
    """The newest days first: today is looked at while a backlog is computed. `slices` = only their points."""
    query = select(*_KEY).order_by(dirty.c.day.desc(), dirty.c.point.desc()).limit(limit)  # one index, backwards
    if slices is not None and len(slices) < SLICES:
        query = query.where((dirty.c.point % SLICES).in_(slices))
    return [Mark(*row) for row in connection.execute(query)]


def clear(connection: Connection, marks: Iterable[Mark]) -> None:
    """What was computed is clean, unless it was marked again meanwhile, or is being marked at this moment."""
    computed = list(marks)
    query = select(*_KEY).where(tuple_(*_KEY).in_(computed))
    query = query.where(dirty.c.point.in_({mark.point for mark in computed}))  # SQLite has no index for a tuple
    clean = connection.execute(query.with_for_update(skip_locked=True)).all()
    if clean:
        names = [{"its_point": row.point, "its_day": row.day} for row in clean]
        which = dirty.c.point == bindparam("its_point"), dirty.c.day == bindparam("its_day")
        connection.execute(delete(dirty).where(*which), names)
