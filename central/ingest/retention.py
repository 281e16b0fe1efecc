"""What ingest kept long enough is forgotten: messages that went through, and those nobody can read.

What waits in the inbox (new, partial, quarantined) stays until someone resolves it. SQLite loses its old messages one
by one; PostgreSQL whole weeks, after what still waits in them has moved to the week of now.
"""

from sqlalchemy import ColumnElement, Connection, Engine, Table, delete, func, select, update

from central import partitions
from central.db import writing
from central.ingest.tables import State, inbox, stray

DAY = 86_400
KEEP_DONE = 14 * DAY  # messages that went through; by partitions up to a week longer
KEEP_STRAY = 90 * DAY
CHUNK = 1000  # rows a transaction: ingest goes on between two

_OVER = (State.DONE, State.GIVEN_UP)
_WAITING = [state for state in State if state not in _OVER]


def forget(engine: Engine, now: int) -> int:
    """Drops what is older than it is kept; returns how many messages. Raises DBAPIError."""
    gone = _forget_oldest(engine, stray, stray.c.id > 0, now - KEEP_STRAY)
    if partitions.is_partitioned(engine):
        return gone + _forget_weeks(engine, now)
    return gone + sum(_forget_oldest(engine, inbox, inbox.c.state == over, now - KEEP_DONE) for over in _OVER)


def _forget_oldest(engine: Engine, table: Table, which: ColumnElement[bool], before: int) -> int:
    """In the order of arrival, until one is young enough: the others are not looked at."""
    gone = 0
    oldest = select(table.c.id, table.c.received_at).where(which).order_by(table.c.id).limit(CHUNK)
    while True:
        with writing(engine).begin() as connection:
            ids = [row.id for row in connection.execute(oldest) if row.received_at < before]
            connection.execute(delete(table).where(table.c.id.in_(ids)))
        gone += len(ids)
        if len(ids) < CHUNK:
            return gone


def _forget_weeks(engine: Engine, now: int) -> int:
    this, kept = partitions.week_of(now), partitions.week_of(now - KEEP_DONE)
    partitions.make(engine, [partitions.inbox_week(this), partitions.inbox_week(this + 1)])
    return sum(_forget_week(engine, week, this) for week in partitions.inbox_weeks(engine) if week < kept)


def _forget_week(engine: Engine, week: int, this: int) -> int:
    moved = CHUNK
    while moved == CHUNK:
        with engine.begin() as connection:
            moved = _move_what_waits(connection, week, this)
    with engine.connect() as connection:
        gone = connection.execute(select(func.count()).where(inbox.c.week == week)).scalar_one()
    with engine.begin() as connection:
        partitions.stop_everyone(connection, inbox.name)
        _move_what_waits(connection, week, this)  # what `replay` gave to the worker again meanwhile
        partitions.drop(connection, partitions.inbox_week(week))
    return int(gone)


def _move_what_waits(connection: Connection, week: int, this: int) -> int:
    """Some of it; returns how many rows."""
    some = select(inbox.c.id).where(inbox.c.week == week, inbox.c.state.in_(_WAITING)).limit(CHUNK).with_for_update()
    moving = update(inbox).where(inbox.c.week == week, inbox.c.id.in_(some)).values(week=this)
    return connection.execute(moving).rowcount
