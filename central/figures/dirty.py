"""Which days of which points are to be computed anew. No mark is lost: a day marked again meanwhile stays dirty.

Points are cut into slices, so that several workers never compute the same one.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, case, delete, select, tuple_

from central.db import insert_of
from central.figures.tables import dirty
from central.metering.zones import day_of, midnight
from central.registry.look import tenures_of

SLICES = 16
ONE_DAY = timedelta(days=1)
LATE = "late data"  # rows or events that came; any other cause outlasts it
LIMIT = "limit"  # how long a gap may be estimated is another now
_CHANGE = "change "  # of the registry, with its number
_DECISION = "decision "  # of a person about values, with its number
_KEY = (dirty.c.point, dirty.c.day, dirty.c.mark)


class Mark(NamedTuple):
    """A dirty day as it was found: `mark` has grown when somebody marked it since."""

    point: int
    day: date
    mark: int
    cause: str


def by_change(key: int) -> str:
    """The cause of a day that this change of the registry makes anew."""
    return f"{_CHANGE}{key}"


def change_of(cause: str) -> int | None:
    """The change of the registry that was the cause; None = another cause."""
    return int(cause.removeprefix(_CHANGE)) if cause.startswith(_CHANGE) else None


def by_decision(key: int) -> str:
    """The cause of a day that this decision about its values, or its undoing, makes anew."""
    return f"{_DECISION}{key}"


def decision_of(cause: str) -> int | None:
    """The decision about values that was the cause; None = another cause."""
    return int(cause.removeprefix(_DECISION)) if cause.startswith(_DECISION) else None


def mark(connection: Connection, stamps: Mapping[str, Collection[int]]) -> None:
    """Meter -> stamps (seconds UTC): marks their local days, of the points where the meter stood then.

    A stamp is the END of an interval and the moment of a register: at midnight it concerns the day that ends and the
    one that begins.
    """
    wanted = {meter: sorted(moments) for meter, moments in stamps.items() if moments}
    marks: set[tuple[int, date]] = set()
    for meter, point, tz, since, until in tenures_of(connection, wanted):
        first, last = wanted[meter][0], wanted[meter][-1]
        if since <= last and (until is None or until >= first):
            marks |= {(point, day) for day in _days_of(wanted[meter], tz)}
    _mark(connection, marks, LATE)


def mark_days(connection: Connection, point: int, days: Iterable[date], cause: str = LATE) -> None:
    """Marks these days of one point; `cause`: of the version that comes of it."""
    _mark(connection, {(point, day) for day in days}, cause)


def _days_of(moments: Sequence[int], tz: str) -> Iterator[date]:
    """Local days that these stamps, in order, concern."""
    number = 0
    while number < len(moments):
        day = day_of(moments[number] - 1, tz)
        yield day
        end = midnight(day + ONE_DAY, tz)
        number = bisect_right(moments, end, number)
        if moments[number - 1] == end:
            yield day + ONE_DAY


def _mark(connection: Connection, marks: Iterable[tuple[int, date]], cause: str) -> None:
    rows = [{"point": point, "day": day, "mark": 1, "cause": cause} for point, day in sorted(marks)]
    if rows:
        connection.execute(_again(connection.dialect.name), rows)


@cache
def _again(dialect: str) -> Any:
    """A day that is marked already is marked once more."""
    upsert = insert_of(dialect, dirty)
    cause = case((upsert.excluded.cause == LATE, dirty.c.cause), else_=upsert.excluded.cause)
    return upsert.on_conflict_do_update(
        index_elements=["point", "day"], set_={"mark": dirty.c.mark + 1, "cause": cause}
    )


def take(connection: Connection, limit: int, slices: Collection[int] | None = None) -> list[Mark]:
    """The newest days first: today is looked at while a backlog is computed. `slices` = only their points."""
    newest_first = dirty.c.day.desc(), dirty.c.point.desc()  # one index, backwards
    query = select(*_KEY, dirty.c.cause).order_by(*newest_first).limit(limit)
    if slices is not None and len(slices) < SLICES:
        query = query.where((dirty.c.point % SLICES).in_(slices))
    return [Mark(*row) for row in connection.execute(query)]


def clear(connection: Connection, marks: Iterable[Mark]) -> None:
    """What was computed is clean, unless it was marked again meanwhile, or is being marked at this moment."""
    computed = [mark[:3] for mark in marks]
    query = select(*_KEY).where(tuple_(*_KEY).in_(computed))
    query = query.where(dirty.c.point.in_({point for point, _, _ in computed}))  # SQLite has no index for a tuple
    clean = connection.execute(query.with_for_update(skip_locked=True)).all()
    if clean:
        names = [{"its_point": row.point, "its_day": row.day} for row in clean]
        which = dirty.c.point == bindparam("its_point"), dirty.c.day == bindparam("its_day")
        connection.execute(delete(dirty).where(*which), names)
