"""Where figures come from, and the only door to a point: fetched through the viewer, cut in time by the policy."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, select

from central.accounts.policy import Viewer, around, may_see, policy
from central.figures.views import NotFound, Period, PointView
from central.metering.zones import Calendar
from central.registry.look import calendar_of, valid
from central.registry.tables import meter, mounting, node, point
from central.timeseries.base import Series
from protocol.quantities import DIRECTIONS

FIELDS = {name: stem for name, _, stem, _ in DIRECTIONS}  # channel -> stem of the fields of the series
ACTIVE_IMPORT = DIRECTIONS[0][0]


@dataclass(frozen=True, slots=True)
class Source:
    """SQL and the time series."""

    engine: Engine
    series: Series


@dataclass(frozen=True, slots=True)
class Opened:
    """A point that the viewer may see, and a connection to read it with."""

    connection: Connection
    series: Series
    row: Row[Any]  # of the table `point`
    calendar: Calendar
    visible: Period  # of the time asked for
    reach: Period  # all the unbroken time around it that is the viewer's: a boundary's reading may lie there

    @property
    def id(self) -> int:
        return int(self.row.id)

    @property
    def tz(self) -> str:
        return str(self.row.tz)

    def view(self, now: int) -> PointView:
        """`serial`, `meter_type`: of the meter in force at the end of what may be seen."""
        return describe(self.connection, self.row, self.calendar, self.visible, now)


@contextmanager
def opened(source: Source, viewer: Viewer, point_id: int, since: int, until: int) -> Iterator[Opened]:
    """Raises NotFound when the viewer may see nothing of the point in [since, until)."""
    with source.engine.connect() as connection:
        span = policy(connection, viewer, point_id, (since, until))
        reach = around(connection, viewer, point_id, span[0]) if span is not None else None
        row = connection.execute(select(point).where(point.c.id == point_id)).first()
        if span is None or reach is None or row is None:
            raise NotFound(f"point {point_id}")
        calendar = calendar_of(connection, row.scheme)
        yield Opened(connection, source.series, row, calendar, Period(*span), Period(*reach))


def point_view(source: Source, viewer: Viewer, point_id: int, now: int) -> PointView:
    """One point; of a former tenant's the time that was his. Raises NotFound."""
    with opened(source, viewer, point_id, 0, now + 1) as found:
        return found.view(now)


def points(source: Source, viewer: Viewer, now: int) -> tuple[PointView, ...]:
    """What the viewer may see at this moment, in the order of the codes."""
    with source.engine.connect() as connection:
        query = select(point).where(may_see(viewer, now)).order_by(point.c.code)
        return describe_all(connection, connection.execute(query).all(), now)


def describe(connection: Connection, row: Row[Any], calendar: Calendar, visible: Period, now: int) -> PointView:
    """A point as its consumer knows it."""
    last = max(visible.since, min(now, visible.until - 1))
    return _view(row, calendar, visible, _paths(connection, [row]), _meters(connection, [row.id], last))


def describe_all(connection: Connection, rows: Sequence[Row[Any]], now: int) -> tuple[PointView, ...]:
    """Points that may be seen at this moment, by a fixed number of queries."""
    calendars = {scheme: calendar_of(connection, scheme) for scheme in {row.scheme for row in rows}}
    paths, meters = _paths(connection, rows), _meters(connection, [row.id for row in rows], now)
    return tuple(_view(row, calendars[row.scheme], Period(now, now + 1), paths, meters) for row in rows)


def _view(
    row: Row[Any], calendar: Calendar, visible: Period, paths: Mapping[int, str], meters: Mapping[int, Row[Any]]
) -> PointView:
    standing = meters.get(row.id)
    return PointView(
        id=row.id,
        code=row.code,
        name=row.name,
        address=row.address,
        path=paths.get(row.node, ""),
        tz=row.tz,
        scheme=calendar.scheme,
        zones=calendar.zones,
        zone_source=row.zone_source,
        serial=standing.serial if standing else None,
        meter_type=standing.type if standing else None,
        period=standing.period if standing else None,
        visible=visible,
    )


def _paths(connection: Connection, rows: Sequence[Row[Any]]) -> Mapping[int, str]:
    nodes = {row.node for row in rows if row.node is not None}
    query = select(node.c.id, node.c.path).where(node.c.id.in_(nodes))
    return {row.id: row.path for row in connection.execute(query)}


def _meters(connection: Connection, points: Sequence[int], moment: int) -> Mapping[int, Row[Any]]:
    """Point -> serial, type and period of the meter that stands there."""
    query: Select[Any] = (
        select(mounting.c.point, mounting.c.period, meter.c.serial, meter.c.type)
        .join(meter, meter.c.id == mounting.c.meter)
        .where(mounting.c.point.in_(points), valid(mounting, moment))
        .order_by(mounting.c.valid_from.desc())
    )
    return {row.point: row for row in connection.execute(query)}
