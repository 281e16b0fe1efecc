"""«Кто смотрел мои данные»: who of the company has opened the points of a consumer, in the time that is his, and who
his whole cabinet."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Table, null, select, union

from central.accounts.policy import Viewer, grants_of
from central.accounts.tables import account, audit, grant
from central.registry.tables import contract_point, point

OPENED, CABINET = "point opened", "cabinet opened"  # actions in the audit
MOST = 20


@dataclass(frozen=True, slots=True)
class Look:
    at: int
    who: str  # name of an operator or administrator
    code: str | None  # of the point; None: the whole cabinet
    name: str | None


def looks(connection: Connection, viewer: Viewer, now: int, most: int | None = MOST) -> Sequence[Look]:
    """The newest first, at most so many: at points in the time in which they were the viewer's."""
    if viewer.staff:
        return ()
    whole = select(*_LOOK, null().label("code"), null().label("name")).join(account, account.c.id == audit.c.account)
    whole = whole.where(audit.c.action == CABINET, audit.c.subject == f"account {viewer.account}")
    opened = (
        select(*_LOOK, point.c.code, point.c.name)
        .join(account, account.c.id == audit.c.account)
        .join(point, point.c.code == audit.c.subject)
        .join(contract_point, contract_point.c.point == point.c.id)
        .join(grant, grant.c.contract == contract_point.c.contract)
        .where(audit.c.action == OPENED, account.c.organisation == point.c.organisation, grants_of(viewer))
        .where(_within(contract_point), _within(grant))
    )
    both = union(*(query.where(account.c.organisation == viewer.organisation) for query in (whole, opened))).subquery()
    query = select(both).order_by(both.c.at.desc(), both.c.id.desc()).limit(most)
    return [Look(row.at, row.who, row.code, row.name) for row in connection.execute(query)]


_LOOK = (audit.c.id, audit.c.at, account.c.name.label("who"))


def _within(table: Table) -> ColumnElement[bool]:
    return (table.c.valid_from <= audit.c.at) & (table.c.valid_to.is_(None) | (table.c.valid_to > audit.c.at))
