"""The job `notices_use`, when the figures of yesterday are published: a day or a month beyond what is usual, once in a
calendar month at a point.

Who is told has seen the point in all of the time that it was concluded from: of what a former tenant used, the new one
learns nothing.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row, select

from central.accounts.policy import readers
from central.accounts.tables import grant
from central.figures.high_use import high_use
from central.jobs.context import Context
from central.metering.usual import High
from central.metering.zones import day_of, midnight, month_start
from central.notices.keeping import keep
from central.notices.kinds import NO_JOURNAL, Kind
from central.notices.tables import notice
from central.registry.look import standing_at
from central.registry.tables import contract_point, point

ONE_DAY = timedelta(days=1)
BACK = 3  # days that are looked at: data may come late
MANY = 200  # points a transaction


def run(context: Context, _arguments: dict[str, Any]) -> dict[str, Any]:
    """Each of them once, however often it is run."""
    with context.engine.connect() as connection:
        held = select(contract_point.c.point).join(grant, grant.c.contract == contract_point.c.contract)
        keys = connection.scalars(held.distinct().order_by(contract_point.c.point)).all()
    made = 0
    for begin in range(0, len(keys), MANY):
        context.check()
        with context.writing() as connection:
            made += _look(connection, keys[begin : begin + MANY], context.now)
    return {"notices": made}


def _look(connection: Connection, keys: Sequence[int], now: int) -> int:
    rows = {row.id: row for row in connection.execute(select(point).where(point.c.id.in_(keys)))}
    days = {key: [day_of(now, row.tz) - back * ONE_DAY for back in range(1, BACK + 1)] for key, row in rows.items()}
    found = high_use(connection, days)
    standing = standing_at(connection, list(found), now)
    return sum(
        _tell(connection, rows[key], one, standing[key][0], now)
        for key, one in sorted(found.items())
        if key in standing and not _told(connection, rows[key], one)
    )


def _told(connection: Connection, row: Row[Any], found: High) -> bool:
    """In this month already."""
    since = midnight(month_start(found.last), row.tz)
    its = notice.c.point == row.id, notice.c.kind == Kind.HIGH_USE, notice.c.since >= since
    return connection.scalar(select(notice.c.id).where(*its).limit(1)) is not None


def _tell(connection: Connection, row: Row[Any], found: High, meter: str, now: int) -> bool:
    rests = midnight(min(found.rests_on[0], found.first), row.tz)
    people = sorted(set(readers(connection, row.id, now, now)) & set(readers(connection, row.id, rests, now)))
    values = {
        "kind": Kind.HIGH_USE.value,
        "point": row.id,
        "meter": meter,
        "since": midnight(found.first, row.tz),
        "until": midnight(found.last + ONE_DAY, row.tz),
        "journal": NO_JOURNAL,
        "code": 0,
        "received_at": None,
        "terms": {
            "period": found.length.value,
            "first": found.first.isoformat(),
            "last": found.last.isoformat(),
            "energy": found.energy,
            "usual": found.usual,
            "days": found.days,
            "rests_on": [one.isoformat() for one in found.rests_on],
            "of": found.of,
        },
    }
    return bool(people) and keep(connection, values, row.tz, now, now, past=False, people=people)
