"""Which meters, concentrators and schemes the people of a company may see, as conditions for SQL.

Points and nodes are policy.py's. A contract is seen by those who may see a point that is or was under it, and by all of
its company while it has none. A meter is seen where it stands, stood or is read, and by all while it is nobody's; a
concentrator by the company that entered it, and by all while nobody has; a scheme by those whose points it bills, and
by all while it bills nobody's.
"""

from sqlalchemy import ColumnElement, and_, exists, or_

from central.accounts.policy import Viewer, below, own_points
from central.ingest.tables import edge, edge_meter
from central.registry.tables import (
    concentrator,
    contract,
    contract_point,
    meter,
    mounting,
    point,
    point_terms,
    zone_scheme,
)


def contracts_of(viewer: Viewer) -> ColumnElement[bool]:
    """Rows of `contract`."""
    ours = contract.c.organisation == viewer.company
    if not viewer.branches:
        return ours
    held = exists().where(contract_point.c.contract == contract.c.id)
    return and_(ours, or_(held.where(point.c.id == contract_point.c.point, own_points(viewer)), ~held))


def meters_of(viewer: Viewer) -> ColumnElement[bool]:
    """Rows of `meter` that the viewer may see: those of his points or concentrators, and those of nobody."""
    at_points = exists().where(mounting.c.meter == meter.c.id, mounting.c.point == point.c.id)
    at_edges = exists().where(edge_meter.c.meter == meter.c.id, edge_meter.c.edge == concentrator.c.edge)
    ours = or_(
        at_points.where(own_points(viewer)),
        at_edges.where(own_concentrators(viewer)),
    )
    return or_(ours, ~at_points & ~at_edges)


def edges_of(viewer: Viewer) -> ColumnElement[bool]:
    """Rows of `edge`: those entered by the viewer's organisation, and those that are nobody's yet; of branches, those
    entered there, and those that read a meter there."""
    entered = exists().where(concentrator.c.edge == edge.c.name)
    foreign = exists().where(
        edge_meter.c.edge == edge.c.name,
        mounting.c.meter == edge_meter.c.meter,
        point.c.id == mounting.c.point,
        _foreign(viewer),
    )
    ours = or_(entered.where(own_concentrators(viewer)), ~entered & ~foreign)
    if not viewer.branches:
        return ours
    read = exists().where(edge_meter.c.edge == edge.c.name, mounting.c.meter == edge_meter.c.meter)
    theirs = entered.where(concentrator.c.organisation != viewer.organisation)
    return or_(ours, read.where(point.c.id == mounting.c.point, own_points(viewer)) & ~theirs)


def elsewhere(viewer: Viewer, now: int) -> ColumnElement[bool]:
    """Whether a row of `meter` stands at this moment where the viewer sees nothing: it is not his to change or read."""
    standing = (mounting.c.valid_from <= now, or_(mounting.c.valid_to.is_(None), mounting.c.valid_to > now))
    here = (mounting.c.meter == meter.c.id, point.c.id == mounting.c.point)
    return exists().where(*here, *standing, _foreign(viewer))


def _foreign(viewer: Viewer) -> ColumnElement[bool]:
    """Rows of `point` that are not own_points; a point without a node is below none."""
    others = point.c.organisation != viewer.organisation
    outside = or_(point.c.node.is_(None), point.c.node.not_in(below(viewer)))
    return or_(others, outside) if viewer.branches else others


def own_concentrators(viewer: Viewer) -> ColumnElement[bool]:
    """Rows of `concentrator` that the viewer may change."""
    ours = concentrator.c.organisation == viewer.organisation
    return and_(ours, concentrator.c.node.in_(below(viewer))) if viewer.branches else ours


def billing(viewer: Viewer, ours: bool) -> ColumnElement[bool]:
    """Whether points of the viewer's organisation, or of others, are billed by a row of `zone_scheme`."""
    whose = point.c.organisation == viewer.organisation if ours else point.c.organisation != viewer.organisation
    return exists().where(point_terms.c.scheme == zone_scheme.c.id, point_terms.c.point == point.c.id, whose)


def schemes_of(viewer: Viewer) -> ColumnElement[bool]:
    """Rows of `zone_scheme` that the viewer may see; asked without a look at the points of others."""
    return or_(billing(viewer, True), ~exists().where(point_terms.c.scheme == zone_scheme.c.id))
