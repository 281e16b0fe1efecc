"""Which closed months are to be looked at again, because what their bills are made from may be another now.

A mark is written in the transaction that computed the day, or changed the registry: a crash loses none. Whoever marks
and whoever closes (closing.py) hold each other up for a moment, so a change is either in the bill that is closed, or
finds the closing and marks it. correcting.py takes the marks.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from itertools import islice
from typing import NamedTuple

from sqlalchemy import Connection, case, delete, select

from central.db import given, insert, keys_of
from central.figures.dirty import LATE, by_change
from central.figures.tables import period_close, period_recheck
from central.metering.zones import midnight, month_start
from central.registry.tables import point, point_terms

ONE_DAY = timedelta(days=1)
CHUNK = 500  # points a query
STANDING = period_close.c.undone_at.is_(None)
_NEEDS = (period_close.c.id, period_close.c.point, period_close.c.needs_since, period_close.c.needs_until)

Touched = Mapping[int, tuple[int, int]]  # point -> [since, until), seconds UTC


class Recheck(NamedTuple):
    """A closed month as it was found marked: `mark` has grown when somebody marked it since."""

    close: int
    mark: int
    cause: str


def by_days(connection: Connection, causes: Mapping[tuple[int, date], str]) -> None:
    """These days of points were computed anew, whatever came of them: a register may be another, and no day."""
    if not causes:
        return
    points = sorted({key for key, _ in causes})
    locked = select(point.c.id, point.c.tz).where(point.c.id.in_(points)).order_by(point.c.id)
    zones = {row.id: row.tz for row in connection.execute(locked.with_for_update(read=True, key_share=True))}
    first = midnight(min(day for _, day in causes), "UTC") - 86_400
    query = select(*_NEEDS).where(period_close.c.point.in_(points), STANDING, period_close.c.needs_until > first)
    closed = connection.execute(query).all()
    marks: dict[int, str] = {}
    for key, day in causes if closed else ():
        since, until = midnight(day, zones[key]), midnight(day + ONE_DAY, zones[key])
        for row in closed:
            if row.point == key and row.needs_since < until and since < row.needs_until:
                marks[row.id] = _graver(marks.get(row.id, LATE), causes[key, day])
    _mark(connection, marks)


def by_registry(connection: Connection, touched: Touched, priced: Mapping[int, date], change: int) -> None:
    """What a change of the registry decides on: `touched` times of points, and of schemes (`priced`) all since a day.

    In a transaction that is alone with the registry.
    """
    marks: set[int] = set()
    for part in _chunks(touched):
        ours = given(connection.dialect.name, period_close.c.point)
        query = select(*_NEEDS).where(STANDING)
        query = query.join_from(ours, period_close, period_close.c.point == ours.c.point)
        for row in connection.execute(query, keys_of([(key,) for key in part])):
            since, until = part[row.point]
            if row.needs_since < until and since < row.needs_until:
                marks.add(row.id)
    for scheme, first in priced.items():
        its = select(point_terms.c.point).where(point_terms.c.scheme == scheme)
        later = period_close.c.month >= month_start(first), period_close.c.point.in_(its)
        marks |= set(connection.scalars(select(period_close.c.id).where(STANDING, *later)))
    _mark(connection, dict.fromkeys(marks, by_change(change)))


def mark(connection: Connection, close: int) -> None:
    """A closing is looked at once more: what was computed while it was made is not missed."""
    _mark(connection, {close: LATE})


def take(connection: Connection, after: int, limit: int) -> list[Recheck]:
    """In the order of the closings, those after this one."""
    columns = (period_recheck.c.close, period_recheck.c.mark, period_recheck.c.cause)
    query = select(*columns).where(period_recheck.c.close > after).order_by(period_recheck.c.close).limit(limit)
    return [Recheck(*row) for row in connection.execute(query)]


def clear(connection: Connection, found: Recheck) -> None:
    """It was looked at; marked again meanwhile it stays."""
    ours = period_recheck.c.close == found.close, period_recheck.c.mark == found.mark
    connection.execute(delete(period_recheck).where(*ours))


def _graver(one: str, other: str) -> str:
    """Any other cause outlasts late data, as in `dirty`."""
    return one if other == LATE else other


def _mark(connection: Connection, marks: Mapping[int, str]) -> None:
    rows = [{"close": close, "mark": 1, "cause": cause} for close, cause in sorted(marks.items())]
    if not rows:
        return
    upsert = insert(connection, period_recheck)
    cause = case((upsert.excluded.cause == LATE, period_recheck.c.cause), else_=upsert.excluded.cause)
    again = upsert.on_conflict_do_update(
        index_elements=["close"], set_={"mark": period_recheck.c.mark + 1, "cause": cause, "held": None}
    )
    connection.execute(again, rows)


def _chunks(touched: Touched) -> Iterator[dict[int, tuple[int, int]]]:
    points: Iterable[int] = iter(sorted(touched))
    while part := list(islice(points, CHUNK)):
        yield {key: touched[key] for key in part}
