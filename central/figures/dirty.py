"""Which days of which points are to be computed anew. No mark is lost: a day marked again meanwhile stays dirty."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection, delete, select

from central.db import insert
from central.figures.tables import dirty
from central.metering.zones import day_of
from central.registry.look import points_of


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


def take(connection: Connection, limit: int) -> list[Mark]:
    """The newest days first: today is looked at while a backlog is computed."""
    query = select(dirty.c.point, dirty.c.day, dirty.c.mark).order_by(dirty.c.day.desc(), dirty.c.point).limit(limit)
    return [Mark(*row) for row in connection.execute(query)]


def clear(connection: Connection, marks: Iterable[Mark]) -> None:
    """What was computed is clean, unless it was marked again meanwhile."""
    for found in marks:
        connection.execute(
            delete(dirty).where(dirty.c.point == found.point, dirty.c.day == found.day, dirty.c.mark == found.mark)
        )
