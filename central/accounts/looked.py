"""«Кто смотрел мои данные»: who of the company has opened the points of a consumer, in the time that is his, and who
his whole cabinet."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, false, or_, select

from central.accounts.policy import Viewer, around, may_see
from central.accounts.tables import account, audit
from central.registry.tables import point

OPENED, CABINET = "point opened", "cabinet opened"  # actions in the audit
MOST = 20


@dataclass(frozen=True, slots=True)
class Look:
    at: int
    who: str  # name of an operator or administrator
    code: str | None  # of the point; None: the whole cabinet
    name: str | None


def looks(connection: Connection, viewer: Viewer, now: int, most: int | None = MOST) -> Sequence[Look]:
    """The newest first, at most so many: at the points that are the viewer's now, since they are."""
    mine = connection.execute(select(point.c.id, point.c.code).where(may_see(viewer, now))).all()
    since = {row.code: span[0] for row in mine if (span := around(connection, viewer, row.id, now)) is not None}
    if viewer.staff:
        return ()
    whole = and_(audit.c.action == CABINET, audit.c.subject == f"account {viewer.account}")
    opened = [and_(audit.c.subject == code, audit.c.at >= begun) for code, begun in since.items()]
    query = (
        select(audit.c.at, account.c.name.label("who"), point.c.code, point.c.name)
        .join(account, account.c.id == audit.c.account)
        .outerjoin(point, and_(point.c.code == audit.c.subject, point.c.organisation == viewer.organisation))
        .where(account.c.organisation == viewer.organisation)
        .where(or_(whole, and_(audit.c.action == OPENED, or_(false(), *opened))))
        .order_by(audit.c.at.desc(), audit.c.id.desc())
        .limit(most)
    )
    return [Look(row.at, row.who, row.code, row.name) for row in connection.execute(query)]
