"""What the console's pages show of the registry, fetched through the viewer: what is not his does not exist.

A point, node, contract belongs to an organisation; who sees the rest says accounts/objects.py. Figures are not here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, exists, func, or_, select

from central.accounts.objects import billing, contracts_of, edges_of, elsewhere, meters_of, schemes_of
from central.accounts.policy import Viewer, own_nodes, own_points
from central.figures.views import NotFound
from central.ingest.tables import State as InboxState
from central.ingest.tables import edge, edge_line, edge_meter, inbox, meter_seen
from central.registry.look import valid
from central.registry.tables import (
    concentrator,
    contract,
    contract_point,
    hour_price,
    meter,
    meter_type,
    monthly_line,
    mounting,
    node,
    organisation,
    point,
    point_terms,
    price,
    transformer,
    transformer_place,
    verification,
    zone_rule,
    zone_scheme,
)

Rows = Sequence[Row[Any]]
FEW = 20  # that are only shown as examples
MOST = 200  # rows of one table on a page; more are counted
FOREIGN_METER = "foreign_meter"  # central.ingest.judge.Reason, which this room does not open


def own(connection: Connection, table: Table, viewer: Viewer, key: int) -> Row[Any]:
    """The row of a point, contract or node. Raises NotFound when it is not the viewer's, or is not there."""
    found = connection.execute(select(table).where(table.c.id == key, _OWN[table.name](viewer))).first()
    if found is None or not viewer.staff:
        raise NotFound(f"{table.name} {key}")
    return found


_OWN: Mapping[str, Callable[[Viewer], ColumnElement[bool]]] = {
    point.name: own_points,
    contract.name: contracts_of,
    node.name: own_nodes,
}


@dataclass(frozen=True, slots=True)
class PointPage:
    """`mountings`, `contracts`, `terms`, `transformers`: the newest first; `standing` = what stands there now."""

    row: Row[Any]
    path: str
    mountings: Rows
    standing: Row[Any] | None
    terms: Rows
    contracts: Rows
    transformers: Rows
    verified: Mapping[str, Row[Any]]  # meter -> its last verification
    seen: Row[Any] | None
    edge: str | None


def point_page(connection: Connection, viewer: Viewer, key: int, now: int) -> PointPage:
    """Raises NotFound."""
    row = own(connection, point, viewer, key)
    mountings = mountings_of(connection, key)
    standing = next((one for one in mountings if _now(one, now)), None)
    meters = {one.meter for one in mountings}
    return PointPage(
        row=row,
        path=path_of(connection, row.node),
        mountings=mountings,
        standing=standing,
        terms=terms_rows(connection, key),
        contracts=connection.execute(
            select(contract_point, contract.c.number, contract.c.holder, contract.c.phone)
            .join(contract, contract.c.id == contract_point.c.contract)
            .where(contract_point.c.point == key)
            .order_by(contract_point.c.valid_from.desc())
        ).all(),
        transformers=_transformers(connection, key),
        verified=verified(connection, meters),
        seen=_seen(connection, standing.meter) if standing else None,
        edge=edge_of(connection, standing.meter, now) if standing else None,
    )


def mountings_of(connection: Connection, point_id: int) -> Rows:
    return connection.execute(
        select(mounting, meter.c.serial, meter.c.type, meter.c.maker)
        .join(meter, meter.c.id == mounting.c.meter)
        .where(mounting.c.point == point_id)
        .order_by(mounting.c.valid_from.desc())
    ).all()


def terms_rows(connection: Connection, point_id: int) -> Rows:
    return connection.execute(
        select(point_terms, zone_scheme.c.name, zone_scheme.c.tariffs.label("usual"))
        .join(zone_scheme, zone_scheme.c.id == point_terms.c.scheme)
        .where(point_terms.c.point == point_id)
        .order_by(point_terms.c.valid_from.desc())
    ).all()


def _transformers(connection: Connection, point_id: int) -> Rows:
    last = (
        select(func.max(verification.c.valid_until))
        .where(verification.c.transformer == transformer.c.id)
        .correlate(transformer)
        .scalar_subquery()
    )
    return connection.execute(
        select(transformer_place, transformer.c.kind, transformer.c.serial, transformer.c.type)
        .add_columns(transformer.c.primary, transformer.c.secondary, transformer.c.accuracy, last.label("verified_to"))
        .join(transformer, transformer.c.id == transformer_place.c.transformer)
        .where(transformer_place.c.point == point_id)
        .order_by(transformer_place.c.valid_from.desc(), transformer.c.kind, transformer_place.c.phase)
    ).all()


def verified(connection: Connection, meters: set[str]) -> Mapping[str, Row[Any]]:
    """Meter -> its last verification."""
    query = select(verification).where(verification.c.meter.in_(meters)).order_by(verification.c.valid_until)
    return {row.meter: row for row in connection.execute(query)}


def _seen(connection: Connection, meter_id: str) -> Row[Any] | None:
    return connection.execute(select(meter_seen).where(meter_seen.c.meter == meter_id)).first()


def edge_of(connection: Connection, meter_id: str, now: int) -> str | None:
    """The concentrator that may speak for the meter at this moment."""
    query = select(edge_meter.c.edge).where(edge_meter.c.meter == meter_id, valid(edge_meter, now))
    return connection.execute(query.order_by(edge_meter.c.edge)).scalar()


def path_of(connection: Connection, key: int | None) -> str:
    return connection.execute(select(node.c.path).where(node.c.id == key)).scalar() or "" if key is not None else ""


def _now(row: Row[Any], now: int) -> bool:
    return bool(row.valid_from <= now and (row.valid_to is None or row.valid_to > now))


# meters


@dataclass(frozen=True, slots=True)
class MeterPage:
    """`places`: where it stands and stood, of the viewer's own points, the newest first."""

    row: Row[Any]
    places: Rows
    elsewhere: int  # places of other organisations
    standing: Row[Any] | None
    bound: Rows  # to which concentrators since when
    verifications: Rows
    seen: Row[Any] | None
    in_hand: bool  # it stands at a point of the viewer, or nowhere


def meter_row(connection: Connection, viewer: Viewer, meter_id: str) -> Row[Any]:
    """Raises NotFound."""
    row = connection.execute(select(meter).where(meter.c.id == meter_id, meters_of(viewer))).first()
    if row is None or not viewer.staff:
        raise NotFound(f"meter {meter_id}")
    return row


def meter_in_hand(connection: Connection, viewer: Viewer, meter_id: str, now: int) -> Row[Any]:
    """To be changed, or read now: it stands at a point of the viewer, or nowhere. Raises NotFound."""
    row = meter_row(connection, viewer, meter_id)
    if connection.scalar(select(meter.c.id).where(meter.c.id == meter_id, elsewhere(viewer, now))) is not None:
        raise NotFound(f"meter {meter_id}")
    return row


def meter_page(connection: Connection, viewer: Viewer, meter_id: str, now: int) -> MeterPage:
    """Raises NotFound."""
    row = meter_row(connection, viewer, meter_id)
    places = connection.execute(
        select(mounting, point.c.code, point.c.name, point.c.address, point.c.tz, own_points(viewer).label("own"))
        .join(point, point.c.id == mounting.c.point)
        .where(mounting.c.meter == meter_id)
        .order_by(mounting.c.valid_from.desc())
    ).all()
    own_places = [one for one in places if one.own]
    return MeterPage(
        row=row,
        places=own_places,
        elsewhere=len(places) - len(own_places),
        standing=next((one for one in own_places if _now(one, now)), None),
        bound=connection.execute(
            select(edge_meter, edge_line.c.name.label("line_name"))
            .outerjoin(edge_line, edge_line.c.id == edge_meter.c.line)
            .where(edge_meter.c.meter == meter_id)
            .order_by(edge_meter.c.valid_from.desc())
        ).all(),
        verifications=connection.execute(
            select(verification).where(verification.c.meter == meter_id).order_by(verification.c.valid_until.desc())
        ).all(),
        seen=_seen(connection, meter_id),
        in_hand=not connection.scalar(select(elsewhere(viewer, now)).where(meter.c.id == meter_id)),
    )


def free_meters(connection: Connection, viewer: Viewer, now: int, asked: str = "") -> Rows:
    """Meters that stand nowhere now, at most MOST."""
    stands = exists().where(mounting.c.meter == meter.c.id, valid(mounting, now))
    query = select(meter).where(meters_of(viewer), ~stands).order_by(meter.c.serial).limit(MOST)
    return connection.execute(query.where(meter.c.serial.contains(asked, autoescape=True)) if asked else query).all()


def meter_types(connection: Connection) -> Rows:
    return connection.execute(select(meter_type).order_by(meter_type.c.maker, meter_type.c.name)).all()


@dataclass(frozen=True, slots=True)
class Placed:
    """A transformer, and the points of the viewer where it stands or stood, the newest first."""

    row: Row[Any]
    points: Sequence[int]


def placed(connection: Connection, viewer: Viewer, key: int) -> Placed:
    """Raises NotFound: it never stood at a point of the viewer."""
    row = connection.execute(select(transformer).where(transformer.c.id == key)).first()
    points = (
        select(point.c.id)
        .join(transformer_place, transformer_place.c.point == point.c.id)
        .where(transformer_place.c.transformer == key, own_points(viewer))
        .order_by(transformer_place.c.valid_from.desc())
    )
    found = connection.execute(points).scalars().all()
    if row is None or not found or not viewer.staff:
        raise NotFound(f"transformer {key}")
    return Placed(row, found)


# contracts, nodes


@dataclass(frozen=True, slots=True)
class ContractPage:
    row: Row[Any]
    points: Rows


def contract_page(connection: Connection, viewer: Viewer, key: int) -> ContractPage:
    """Raises NotFound."""
    row = own(connection, contract, viewer, key)
    points = connection.execute(
        select(contract_point, point.c.code, point.c.name, point.c.address, point.c.tz)
        .join(point, point.c.id == contract_point.c.point)
        .where(contract_point.c.contract == key, own_points(viewer))
        .order_by(contract_point.c.valid_from.desc(), point.c.code)
        .limit(MOST)
    )
    return ContractPage(row, points.all())


def contracts(connection: Connection, viewer: Viewer) -> Rows:
    """To choose one: the newest, at most MOST; any other is found by its number."""
    return connection.execute(
        select(contract).where(contracts_of(viewer)).order_by(contract.c.id.desc()).limit(MOST)
    ).all()


def contract_numbered(connection: Connection, viewer: Viewer, number: str) -> Row[Any] | None:
    numbered = select(contract).where(contract.c.number == number, contracts_of(viewer))
    return connection.execute(numbered).first()


@dataclass(frozen=True, slots=True)
class NodePage:
    row: Row[Any]
    above: Rows  # from the top
    children: Rows
    points: Rows
    count: int  # of its own points
    edges: Rows


def node_page(connection: Connection, viewer: Viewer, key: int, now: int) -> NodePage:
    """Raises NotFound."""
    row = own(connection, node, viewer, key)
    above: list[Row[Any]] = []
    parent = row.parent
    while parent is not None:
        above.insert(0, connection.execute(select(node).where(node.c.id == parent)).one())
        parent = above[0].parent
    here = point.c.node == key
    standing = (mounting.c.point == point.c.id) & valid(mounting, now)
    points = (
        select(point, mounting.c.meter, meter.c.serial, meter.c.type)
        .outerjoin(mounting, standing)
        .outerjoin(meter, meter.c.id == mounting.c.meter)
        .where(here)
        .order_by(point.c.code)
        .limit(MOST)
    )
    return NodePage(
        row=row,
        above=above,
        children=connection.execute(select(node).where(node.c.parent == key).order_by(node.c.name)).all(),
        points=connection.execute(points).all(),
        count=connection.execute(select(func.count()).select_from(point).where(here)).scalar_one(),
        edges=connection.execute(select(concentrator).where(concentrator.c.node == key)).all(),
    )


def nodes(connection: Connection, viewer: Viewer) -> Sequence[str]:
    """Paths to propose, in their order, at most MOST; any other is found by its path."""
    return (
        connection.execute(select(node.c.path).where(own_nodes(viewer)).order_by(node.c.path).limit(MOST))
        .scalars()
        .all()
    )


def node_at(connection: Connection, viewer: Viewer, path: str) -> int | None:
    """The node of this path."""
    return connection.execute(select(node.c.id).where(node.c.path == path, own_nodes(viewer))).scalar()


def organisation_row(connection: Connection, viewer: Viewer) -> Row[Any]:
    return connection.execute(select(organisation).where(organisation.c.id == viewer.organisation)).one()


# schemes


@dataclass(frozen=True, slots=True)
class SchemePage:
    """`points`: some of the viewer's that it bills now, `count` of them all.

    `shared`: another organisation's points are billed by it too, so it is not to be changed here.
    """

    row: Row[Any]
    rules: Rows
    prices: Rows  # the newest first
    lines: Rows
    points: Rows
    count: int
    shared: bool
    hours: Row[Any] | None  # count, first, last of those that have prices of their own


def schemes(connection: Connection, viewer: Viewer) -> Rows:
    return connection.execute(select(zone_scheme).where(schemes_of(viewer)).order_by(zone_scheme.c.name)).all()


def _hours_of(connection: Connection, scheme: int) -> Row[Any] | None:
    span = (func.count().label("count"), func.min(hour_price.c.hour).label("first"), func.max(hour_price.c.hour))
    row = connection.execute(select(*span[:2], span[2].label("last")).where(hour_price.c.scheme == scheme)).one()
    return row if row.first is not None else None


def scheme_page(connection: Connection, viewer: Viewer, key: int) -> SchemePage:
    """Raises NotFound."""
    row = connection.execute(
        select(zone_scheme, billing(viewer, False).label("shared")).where(zone_scheme.c.id == key, schemes_of(viewer))
    ).first()
    if row is None or not viewer.staff:
        raise NotFound(f"scheme {key}")

    def all_of(table: Table, *order: Any) -> Rows:
        return connection.execute(select(table).where(table.c.scheme == key).order_by(*order)).all()

    billed = (
        select(point)
        .join(point_terms, point_terms.c.point == point.c.id)
        .where(point_terms.c.scheme == key, point_terms.c.valid_to.is_(None))
        .where(own_points(viewer))
    )
    return SchemePage(
        row=row,
        rules=all_of(zone_rule, zone_rule.c.id),
        prices=all_of(price, price.c.valid_from.desc(), price.c.id),
        hours=_hours_of(connection, key),
        lines=all_of(monthly_line, monthly_line.c.valid_from.desc(), monthly_line.c.name),
        points=connection.execute(billed.order_by(point.c.code).limit(FEW)).all(),
        count=connection.execute(select(func.count()).select_from(billed.subquery())).scalar_one(),
        shared=bool(row.shared),
    )


# concentrators


@dataclass(frozen=True, slots=True)
class EdgePage:
    """`entered` = None: it has been heard, and nobody has entered it."""

    row: Row[Any]
    entered: Row[Any] | None
    path: str
    lines: Rows
    meters: Rows  # the newest first


def edge_row(connection: Connection, viewer: Viewer, name: str) -> Row[Any]:
    """Raises NotFound."""
    row = connection.execute(select(edge).where(edge.c.name == name, edges_of(viewer))).first()
    if row is None or not viewer.staff:
        raise NotFound(f"edge {name}")
    return row


def edge_page(connection: Connection, viewer: Viewer, name: str) -> EdgePage:
    """Raises NotFound."""
    row = edge_row(connection, viewer, name)
    entered = connection.execute(select(concentrator).where(concentrator.c.edge == name)).first()
    return EdgePage(
        row=row,
        entered=entered,
        path=path_of(connection, entered.node) if entered else "",
        lines=edge_lines(connection, name),
        meters=connection.execute(
            select(edge_meter, meter.c.serial, meter.c.type, edge_line.c.name.label("line_name"))
            .outerjoin(meter, meter.c.id == edge_meter.c.meter)
            .outerjoin(edge_line, edge_line.c.id == edge_meter.c.line)
            .where(edge_meter.c.edge == name, or_(meter.c.id.is_(None), meters_of(viewer)))
            .order_by(edge_meter.c.valid_to.is_not(None), edge_meter.c.meter, edge_meter.c.valid_from.desc())
            .limit(MOST)
        ).all(),
    )


def edge_lines(connection: Connection, name: str) -> Rows:
    return connection.execute(select(edge_line).where(edge_line.c.edge == name).order_by(edge_line.c.name)).all()


def edges(connection: Connection, viewer: Viewer) -> Sequence[tuple[str, str | None]]:
    """To choose one: names, with titles where they were entered."""
    query = select(edge.c.name, concentrator.c.title).outerjoin(concentrator, concentrator.c.edge == edge.c.name)
    return [(name, title) for name, title in connection.execute(query.where(edges_of(viewer)).order_by(edge.c.name))]


# meters that nobody has entered, and whose rows wait


@dataclass(frozen=True, slots=True)
class Foreign:
    """Messages of a meter that wait because this concentrator is not entitled to it."""

    meter: str
    edge: str
    first: int  # received, seconds UTC
    last: int
    messages: int
    known: bool  # it stands in the registry


def foreign_meters(connection: Connection, viewer: Viewer) -> tuple[Foreign, ...]:
    """Those of concentrators that the viewer may see, the longest waiting first."""
    return _waiting(connection, viewer)


def foreign_meter(connection: Connection, viewer: Viewer, name: str, meter_id: str) -> Foreign:
    """Raises NotFound: nothing of this meter waits, or its concentrator is another organisation's."""
    edge_row(connection, viewer, name)
    found = next((one for one in _waiting(connection, viewer, name, meter_id)), None)
    if found is None:
        raise NotFound(f"nothing waits of {meter_id} at {name}")
    return found


def _waiting(connection: Connection, viewer: Viewer, *of: str) -> tuple[Foreign, ...]:
    """`of`: concentrator and meter, or all."""
    known = exists().where(meter.c.id == inbox.c.name)
    received = inbox.c.received_at
    query = (
        select(inbox.c.name, inbox.c.edge, func.min(received), func.max(received), func.count(), known)
        .join(edge, edge.c.name == inbox.c.edge)
        .where(inbox.c.state == InboxState.QUARANTINED, inbox.c.reason == FOREIGN_METER, edges_of(viewer))
        .group_by(inbox.c.name, inbox.c.edge)
        .order_by(func.min(received))
        .limit(MOST)
    )
    if of:
        query = query.where(inbox.c.edge == of[0], inbox.c.name == of[1])
    return tuple(Foreign(*row) for row in connection.execute(query))
