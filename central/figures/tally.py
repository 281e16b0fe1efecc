"""How many points there are and how many are silent: walked at most once a minute, kept in SQL for all who ask."""

from typing import Any

from sqlalchemy import ColumnElement, Engine, Select, func, or_, select

from central.accounts.policy import Viewer, may_see
from central.db import insert, writing
from central.figures.heard import SILENT_PERIODS
from central.figures.tables import tally
from central.figures.views import Tally
from central.ingest.tables import meter_seen
from central.metering.slots import DUE_AFTER
from central.registry.look import valid
from central.registry.tables import mounting, point

FRESH = 60  # seconds


def tally_of(engine: Engine, viewer: Viewer, now: int) -> Tally:
    """Of the viewer's organisation; of branches of it, walked each time."""
    with engine.connect() as connection:
        found = connection.execute(select(tally).where(tally.c.organisation == viewer.organisation)).first()
    if viewer.whole and found is not None and 0 <= now - found.at < FRESH:
        return Tally(found.points, found.silent, found.at)
    with engine.connect() as connection:
        points = connection.scalar(select(func.count()).select_from(point).where(may_see(viewer, now))) or 0
        silent = connection.scalar(select(func.count()).select_from(silent_points(viewer, now).subquery())) or 0
    counts = {"points": points, "silent": silent, "at": now}
    if not viewer.whole:
        return Tally(**counts)
    with writing(engine).begin() as connection:
        kept = insert(connection, tally).values(organisation=viewer.organisation, **counts)
        connection.execute(kept.on_conflict_do_update(index_elements=["organisation"], set_=counts))
    return Tally(points, silent, now)


def silent_points(viewer: Viewer, now: int) -> Select[Any]:
    """Rows of `point` whose meter is not heard, or that have none: what `heard.heard` calls silent."""
    standing = point.outerjoin(mounting, (mounting.c.point == point.c.id) & valid(mounting, now))
    seen = standing.outerjoin(meter_seen, meter_seen.c.meter == mounting.c.meter)
    return select(point).select_from(seen).where(may_see(viewer, now), is_silent(now))


def is_silent(now: int) -> ColumnElement[bool]:
    """Of a mounting beside what was seen of its meter; without either it was never heard."""
    latest = now - SILENT_PERIODS * mounting.c.period - DUE_AFTER
    return or_(meter_seen.c.last_stamp.is_(None), mounting.c.period.is_(None), meter_seen.c.last_stamp < latest)
