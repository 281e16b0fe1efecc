"""Which meters, concentrators and schemes the people of a company may see, as conditions for SQL.

Points are policy.py's. A meter is seen where it stands, stood or is read, and by all while it is nobody's; a
concentrator by the company that entered it, and by all while nobody has; a scheme by those whose points it bills, and
by all while it bills nobody's.
"""

from sqlalchemy import ColumnElement, exists, or_

from central.accounts.policy import Viewer
from central.ingest.tables import edge, edge_meter
from central.registry.tables import concentrator, meter, mounting, point, point_terms, zone_scheme


def meters_of(viewer: Viewer) -> ColumnElement[bool]:
    """Rows of `meter` that the viewer may see: those of his points or concentrators, and those of nobody."""
    at_points = exists().where(mounting.c.meter == meter.c.id, mounting.c.point == point.c.id)
    at_edges = exists().where(edge_meter.c.meter == meter.c.id, edge_meter.c.edge == concentrator.c.edge)
    ours = or_(
        at_points.where(point.c.organisation == viewer.organisation),
        at_edges.where(concentrator.c.organisation == viewer.organisation),
    )
    return or_(ours, ~at_points & ~at_edges)


def edges_of(viewer: Viewer) -> ColumnElement[bool]:
    """Rows of `edge`: those entered by the viewer's organisation, and those that are nobody's yet."""
    entered = exists().where(concentrator.c.edge == edge.c.name)
    foreign = exists().where(
        edge_meter.c.edge == edge.c.name,
        mounting.c.meter == edge_meter.c.meter,
        point.c.id == mounting.c.point,
        point.c.organisation != viewer.organisation,
    )
    return or_(entered.where(concentrator.c.organisation == viewer.organisation), ~entered & ~foreign)


def billing(viewer: Viewer, ours: bool) -> ColumnElement[bool]:
    """Whether points of the viewer's organisation, or of others, are billed by a row of `zone_scheme`."""
    whose = point.c.organisation == viewer.organisation if ours else point.c.organisation != viewer.organisation
    return exists().where(point_terms.c.scheme == zone_scheme.c.id, point_terms.c.point == point.c.id, whose)


def schemes_of(viewer: Viewer) -> ColumnElement[bool]:
    """Rows of `zone_scheme` that the viewer may see; asked without a look at the points of others."""
    return or_(billing(viewer, True), ~exists().where(point_terms.c.scheme == zone_scheme.c.id))
