"""The limits of the checks as a company sets them, by kind of point: where it set none, the usual ones hold."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select

from central.accounts.audit import note
from central.accounts.policy import Viewer
from central.accounts.tables import account
from central.db import insert, writing
from central.figures.source import Source
from central.figures.tables import check_limit
from central.figures.views import NotFound
from central.jobs.asking import enqueue
from central.metering.checks.catalogue import CHECKS, LONGEST, PointKind
from central.registry.tables import point
from central.timeseries.base import DAY

SUBJECT = "check"
GAPS = "gaps"  # the job that has days with gaps computed anew


@dataclass(frozen=True, slots=True)
class Limit:
    """`limits` None = the check is off for this kind; `usual` beside it. `who`, `at`: None = nobody has set it."""

    name: str
    kind: PointKind
    limits: Mapping[str, int] | None
    usual: Mapping[str, int] | None
    who: str | None = None
    at: int | None = None

    @property
    def own(self) -> bool:
        return self.at is not None


def longest(connection: Connection, point_id: int) -> int:
    """Seconds between two registers of the point: beyond it nothing is estimated."""
    name, limit = LONGEST
    own = connection.scalar(_OF_POINT, {"its_point": point_id, "its_name": name}) or {}
    return int(own.get(limit, CHECKS[name].limits[limit])) * DAY


_OF_POINT = (
    select(check_limit.c.limits)
    .join(point, (point.c.organisation == check_limit.c.organisation) & (point.c.kind == check_limit.c.kind))
    .where(point.c.id == bindparam("its_point"), check_limit.c.name == bindparam("its_name"))
)


def longest_of(connection: Connection, organisation: int, kind: str) -> int:
    """The same of all its points of a kind, in days."""
    name, limit = LONGEST
    ours = (check_limit.c.organisation == organisation, check_limit.c.kind == kind, check_limit.c.name == name)
    own = connection.scalar(select(check_limit.c.limits).where(*ours)) or {}
    return int(own.get(limit, CHECKS[name].limits[limit]))


def limits(source: Source, viewer: Viewer) -> Mapping[tuple[str, PointKind], Limit]:
    """All checks of all kinds. Raises NotFound for whoever is not of a company."""
    if not viewer.staff:
        raise NotFound("checks")
    found = {
        (name, kind): Limit(name, kind, one.usual(kind), one.usual(kind))
        for name, one in CHECKS.items()
        for kind in PointKind
    }
    query = (
        select(check_limit, account.c.name.label("who"))
        .join(account, account.c.id == check_limit.c.account)
        .where(check_limit.c.organisation == viewer.organisation)
    )
    with source.engine.connect() as connection:
        for row in connection.execute(query):
            key = (row.name, PointKind(row.kind))
            if key in found:
                found[key] = Limit(*key, row.limits, found[key].usual, row.who, row.at)
    return found


def set_limits(
    source: Source, viewer: Viewer, name: str, kind: PointKind, limits: Mapping[str, int] | None, now: int
) -> None:
    """From the next run of the check on; the usual ones again are nobody's. Where a gap may be estimated longer than
    before, or less long, days with gaps are computed anew. Raises NotFound."""
    if not viewer.staff or name not in CHECKS:
        raise NotFound(f"check {name}")
    key: dict[str, Any] = {"organisation": viewer.organisation, "kind": kind, "name": name}
    with writing(source.engine).begin() as connection:
        before = longest_of(connection, key["organisation"], kind)
        if limits == CHECKS[name].usual(kind):
            same = (check_limit.c[column] == value for column, value in key.items())
            connection.execute(delete(check_limit).where(*same))
        else:
            values = {"limits": None if limits is None else dict(limits), "account": viewer.account, "at": now}
            upsert = insert(connection, check_limit).values(**key, **values)
            connection.execute(upsert.on_conflict_do_update(index_elements=list(key), set_=values))
        if longest_of(connection, key["organisation"], kind) != before:
            enqueue(connection, GAPS, {"organisation": viewer.organisation, "kind": kind.value}, now)
        note(connection, now, viewer.account, SUBJECT, f"{name} {kind}", "off" if limits is None else str(dict(limits)))
