"""Whose a report is: the company that makes it, and the contract of who asks where that is one."""

from flask_babel import gettext as _
from sqlalchemy import Connection, select

from central.accounts.policy import Viewer, grants_of
from central.accounts.tables import grant
from central.registry.tables import contract, organisation


def whose(connection: Connection, viewer: Viewer) -> tuple[str, str]:
    """Name of the organisation; «договор № 100-1, Анна Петрова», "" of staff and of several contracts."""
    name = select(organisation.c.name).where(organisation.c.id == viewer.organisation)
    company = str(connection.execute(name).scalar_one())
    held = select(contract.c.number, contract.c.holder).join(grant, grant.c.contract == contract.c.id)
    rows = connection.execute(held.where(grants_of(viewer), grant.c.valid_to.is_(None)).distinct().limit(2)).all()
    if viewer.staff or len(rows) != 1:
        return company, ""
    return company, _("договор № %(number)s, %(holder)s", number=rows[0].number, holder=rows[0].holder)
