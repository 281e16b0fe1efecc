"""Days of points that were kept long enough are forgotten: whole months, all their versions, only where it is asked."""

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Engine, bindparam, delete, func, select

from central import partitions
from central.db import writing
from central.figures.tables import point_day
from central.registry.tables import point

CHUNK = 500  # points a transaction


def forget(engine: Engine, now: int, years: int) -> int:
    """Drops the months that ended more than `years` ago; 0 keeps all. Returns how many rows. Raises DBAPIError."""
    if not years:
        return 0
    today = datetime.fromtimestamp(now, UTC).date()
    before = date(today.year - years, today.month, 1)
    return _forget_months(engine, before) if partitions.is_partitioned(engine) else _forget_rows(engine, before)


def _forget_months(engine: Engine, before: date) -> int:
    gone = 0
    for month in [found for found in partitions.point_day_months(engine) if found < before]:
        following = (month + timedelta(days=32)).replace(day=1)
        of_the_month = select(func.count()).where(point_day.c.day >= month, point_day.c.day < following)
        with engine.connect() as connection:
            gone += connection.execute(of_the_month).scalar_one()
        with engine.begin() as connection:
            partitions.stop_everyone(connection, point_day.name)
            partitions.drop(connection, partitions.point_day_month(month))
    return gone


def _forget_rows(engine: Engine, before: date) -> int:
    """Point by point: the days of one are found by the key."""
    old = delete(point_day).where(point_day.c.point == bindparam("key"), point_day.c.day < before)
    gone, last = 0, 0
    while True:
        with writing(engine).begin() as connection:
            some = select(point.c.id).where(point.c.id > last).order_by(point.c.id).limit(CHUNK)
            points = connection.scalars(some).all()
            if not points:
                return gone
            gone += connection.execute(old, [{"key": key} for key in points]).rowcount
        last = points[-1]
