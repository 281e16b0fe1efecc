"""The operator's first page: every point and every concentrator with its last success."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, Connection, Table, or_, select

from central.accounts.policy import Viewer
from central.figures.daily import ONE_DAY
from central.figures.heard import NEVER, heard
from central.figures.source import Source, points
from central.figures.tables import point_day
from central.figures.views import EdgeStatus, Heard, NotFound, OverviewView, PointStatus, PointView
from central.ingest.tables import edge, edge_meter
from central.metering.slots import Completeness
from central.metering.zones import day_of
from central.registry.look import standing_at
from central.registry.tables import contract, contract_point
from protocol.errors import Garbled
from protocol.messages.control import Health, decode


def overview(source: Source, viewer: Viewer, now: int) -> OverviewView:
    """Raises NotFound for whoever is not of the company."""
    if not viewer.staff:
        raise NotFound("overview")
    seen = points(source, viewer, now)
    with source.engine.connect() as connection:
        standing = standing_at(connection, [point.id for point in seen], now)
        last = heard(connection, dict(standing.values()), now)
        return OverviewView(now, _points(connection, seen, standing, last, now), _edges(connection, last, now))


def _points(
    connection: Connection,
    seen: Sequence[PointView],
    standing: Mapping[int, tuple[str, int]],
    last: Mapping[str, Heard],
    now: int,
) -> tuple[PointStatus, ...]:
    contracts = _contracts(connection, now)
    edges = {meter: name for name, meter in _bound(connection, now)}
    days = _yesterdays(connection, seen, now)
    found = []
    for point in seen:
        meter = standing[point.id][0] if point.id in standing else None
        number, holder = contracts.get(point.id, (None, None))
        edge_name = edges.get(meter) if meter else None
        status = last[meter] if meter else NEVER
        found.append(PointStatus(point, number, holder, meter, edge_name, status, days.get(point.id)))
    return tuple(found)


def _edges(connection: Connection, last: Mapping[str, Heard], now: int) -> tuple[EdgeStatus, ...]:
    meters: dict[str, list[str]] = defaultdict(list)
    for name, meter in _bound(connection, now):
        meters[name].append(meter)
    found = []
    for row in connection.execute(select(edge).order_by(edge.c.name)):
        health = _health(row.health)
        mine = meters[row.name]
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
                meters=len(mine),
                silent_meters=sum(1 for meter in mine if last.get(meter, NEVER).silent),
            )
        )
    return tuple(found)


def _health(body: bytes | None) -> Health | None:
    try:
        return decode(body, Health) if body else None
    except Garbled:  # of another version: the rest of the line is still true
        return None


def _bound(connection: Connection, now: int) -> list[tuple[str, str]]:
    """Edge and meter that are bound now."""
    query = select(edge_meter.c.edge, edge_meter.c.meter).where(*_valid(edge_meter, now))
    return [(row.edge, row.meter) for row in connection.execute(query)]


def _contracts(connection: Connection, now: int) -> dict[int, tuple[str, str]]:
    query = (
        select(contract_point.c.point, contract.c.number, contract.c.holder)
        .join(contract, contract.c.id == contract_point.c.contract)
        .where(*_valid(contract_point, now))
    )
    return {row.point: (row.number, row.holder) for row in connection.execute(query)}


def _valid(table: Table, now: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return table.c.valid_from <= now, or_(table.c.valid_to.is_(None), table.c.valid_to > now)


def _yesterdays(connection: Connection, seen: Sequence[PointView], now: int) -> dict[int, Completeness]:
    """Completeness of the day before today, each point's own; a point without a row had nothing at all."""
    days = {point.id: day_of(now, point.tz) - ONE_DAY for point in seen}
    query = (
        select(point_day)
        .where(point_day.c.day.in_(set(days.values())), point_day.c.point.in_(list(days)))
        .order_by(point_day.c.version)
    )
    return {
        row.point: Completeness(row.expected, row.got, row.off, row.estimated, 0, row.missing, 0)
        for row in connection.execute(query)
        if row.day == days[row.point]
    }
