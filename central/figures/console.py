"""The operator's lists: points and concentrators, each line with its last success, a page at a time.

SQL pages and searches; the rows of one page are then described by a fixed number of queries, however many points the
company has.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, case, func, select

from central.accounts.objects import edges_of
from central.accounts.policy import Viewer, may_see
from central.figures.daily import ONE_DAY
from central.figures.heard import NEVER, heard
from central.figures.source import Source, describe_all
from central.figures.tables import point_day
from central.figures.tally import is_silent, silent_points, tally_of
from central.figures.views import EdgeList, EdgeStatus, NotFound, PointList, PointStatus, PointView
from central.ingest.tables import edge, edge_meter, meter_seen
from central.metering.slots import Completeness
from central.metering.zones import day_of
from central.registry.look import standing_at, valid
from central.registry.search.find import points_matching
from central.registry.tables import contract, contract_point, mounting, point
from protocol.errors import Garbled
from protocol.messages.control import Health, decode


def point_list(
    source: Source, viewer: Viewer, now: int, *, asked: str = "", silent: bool = False, page: int = 1, rows: int = 50
) -> PointList:
    """Points in the order of their codes. `asked` = beginnings of words, as in the search box. Raises NotFound for
    whoever is not of the company."""
    if not viewer.staff:
        raise NotFound("points")
    rows_of = silent_points(viewer, now) if silent else select(point).where(may_see(viewer, now))
    if asked:
        rows_of = rows_of.where(points_matching(viewer.organisation, asked, point.c.id))
    tally = tally_of(source.engine, viewer, now)
    with source.engine.connect() as connection:
        found = tally.silent if silent else tally.points
        if asked:
            found = connection.scalar(select(func.count()).select_from(rows_of.subquery())) or 0
        page = _within(page, found, rows)
        query = rows_of.order_by(point.c.code).limit(rows).offset((page - 1) * rows)
        return PointList(_points(connection, connection.execute(query).all(), now), found, page, tally)


def edge_list(source: Source, viewer: Viewer, now: int, *, page: int = 1, rows: int = 50) -> EdgeList:
    """Concentrators in the order of their names. Raises NotFound for whoever is not of the company."""
    if not viewer.staff:
        raise NotFound("edges")
    with source.engine.connect() as connection:
        found = connection.scalar(select(func.count()).select_from(edge).where(edges_of(viewer))) or 0
        page = _within(page, found, rows)
        query = select(edge).where(edges_of(viewer)).order_by(edge.c.name).limit(rows).offset((page - 1) * rows)
        return EdgeList(_edges(connection, connection.execute(query).all(), now), found, page)


def _within(page: int, found: int, rows: int) -> int:
    return min(max(page, 1), max(1, -(-found // rows)))


def _points(connection: Connection, rows: Sequence[Row[Any]], now: int) -> tuple[PointStatus, ...]:
    seen = describe_all(connection, rows, now)
    standing = standing_at(connection, [view.id for view in seen], now)
    last = heard(connection, dict(standing.values()), now)
    contracts = _contracts(connection, [view.id for view in seen], now)
    edges = _edges_of(connection, list(last), now)
    days = _yesterdays(connection, seen, now)
    found = []
    for view in seen:
        meter_id = standing[view.id][0] if view.id in standing else None
        number, holder = contracts.get(view.id, (None, None))
        edge_name, status = (edges.get(meter_id), last[meter_id]) if meter_id else (None, NEVER)
        found.append(PointStatus(view, number, holder, meter_id, edge_name, status, days.get(view.id)))
    return tuple(found)


def _edges(connection: Connection, rows: Sequence[Row[Any]], now: int) -> tuple[EdgeStatus, ...]:
    counts = _meters_of(connection, [row.name for row in rows], now)
    found = []
    for row in rows:
        health = _health(row.health)
        meters, silent = counts.get(row.name, (0, 0))
        found.append(
            EdgeStatus(
                name=row.name,
                state=row.state,
                state_at=row.state_at,
                last_at=row.last_at,
                waiting=health.waiting if health else None,
                oldest=int(health.oldest.timestamp()) if health and health.oldest else None,
                clock=health.clock if health else None,
                health_at=row.health_at,
                meters=meters,
                silent_meters=silent,
            )
        )
    return tuple(found)


def _meters_of(connection: Connection, edges: Sequence[str], now: int) -> Mapping[str, tuple[int, int]]:
    """Edge -> how many meters are bound to it now, and how many of them are silent."""
    heard_of = (
        edge_meter.outerjoin(mounting, (mounting.c.meter == edge_meter.c.meter) & valid(mounting, now))
    ).outerjoin(meter_seen, meter_seen.c.meter == edge_meter.c.meter)
    query = (
        select(
            edge_meter.c.edge,
            func.count(edge_meter.c.meter.distinct()),
            func.count(case((is_silent(now), edge_meter.c.meter)).distinct()),
        )
        .select_from(heard_of)
        .where(edge_meter.c.edge.in_(edges), valid(edge_meter, now))
        .group_by(edge_meter.c.edge)
    )
    return {name: (meters, silent) for name, meters, silent in connection.execute(query)}


def _health(body: bytes | None) -> Health | None:
    try:
        return decode(body, Health) if body else None
    except Garbled:  # of another version: the rest of the line is still true
        return None


def _edges_of(connection: Connection, meters: Sequence[str], now: int) -> Mapping[str, str]:
    """Meter -> the edge that is bound to it now."""
    query = select(edge_meter.c.meter, edge_meter.c.edge).where(edge_meter.c.meter.in_(meters), valid(edge_meter, now))
    return {row.meter: row.edge for row in connection.execute(query.order_by(edge_meter.c.edge))}


def _contracts(connection: Connection, points: Sequence[int], now: int) -> Mapping[int, tuple[str, str]]:
    query = (
        select(contract_point.c.point, contract.c.number, contract.c.holder)
        .join(contract, contract.c.id == contract_point.c.contract)
        .where(contract_point.c.point.in_(points), valid(contract_point, now))
    )
    return {row.point: (row.number, row.holder) for row in connection.execute(query)}


def _yesterdays(connection: Connection, seen: Sequence[PointView], now: int) -> Mapping[int, Completeness]:
    """Completeness of the day before today, each point's own; a point without a row had nothing at all."""
    days = {view.id: day_of(now, view.tz) - ONE_DAY for view in seen}
    query = (
        select(point_day)
        .where(point_day.c.day.in_(set(days.values())), point_day.c.point.in_(list(days)))
        .order_by(point_day.c.version)
    )
    return {
        row.point: Completeness(row.expected, row.got, row.off, row.estimated, row.suspect, row.missing, 0)
        for row in connection.execute(query)
        if row.day == days[row.point]
    }
