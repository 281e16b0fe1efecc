"""Points that used far more than is usual there: out of `point_day`, of days that were measured as a whole."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from sqlalchemy import Connection, func, or_, select

from central.figures.source import ACTIVE_IMPORT
from central.figures.tables import point_day
from central.metering.usual import MONTH_SPAN, High, high
from central.metering.zones import month_start, next_month

ONE_DAY = timedelta(days=1)


def high_use(connection: Connection, days: Mapping[int, Sequence[date]]) -> dict[int, High]:
    """Point -> the first of these days of it, in their order, at whose end there is something to say."""
    if not days:
        return {}
    asked = [day for its in days.values() for day in its]
    used = _measured(connection, list(days), min(asked), max(asked))
    found = {
        key: next(filter(None, (high(day, used[key]) for day in its)), None) for key, its in days.items() if key in used
    }
    return {key: one for key, one in found.items() if one is not None}


def _measured(connection: Connection, points: Sequence[int], first: date, last: date) -> dict[int, dict[date, int]]:
    """Point -> day -> active import, mWh: two months before them, and the same month a year ago."""
    before = month_start(first) - MONTH_SPAN * ONE_DAY
    year_ago = month_start(first).replace(year=first.year - 1), month_start(last).replace(year=last.year - 1)
    column = point_day.c
    spans = or_(column.day.between(before, last), (column.day >= year_ago[0]) & (column.day < next_month(year_ago[1])))
    its = column.point.in_(points), spans
    newest = select(column.point, column.day, func.max(column.version).label("version")).where(*its)
    latest = newest.group_by(column.point, column.day).subquery()
    same = (latest.c.point == column.point) & (latest.c.day == column.day) & (latest.c.version == column.version)
    query = select(column.point, column.day, column.energies).join(latest, same)
    query = query.where(column.expected > 0, column.got == column.expected)
    query = query.where(column.estimated == 0, column.missing == 0, column.suspect == 0, column.off == 0)
    found: dict[int, dict[date, int]] = defaultdict(dict)
    for row in connection.execute(query):
        zones = row.energies.get(ACTIVE_IMPORT)
        if zones is not None:
            found[row.point][row.day] = sum(energy for states in zones.values() for energy in states.values())
    return dict(found)
