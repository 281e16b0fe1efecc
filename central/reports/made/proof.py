"""What anybody who has its code may know of a document, and whether a file is that document: nothing of a person."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, select

from central.accounts.tables import account
from central.registry.tables import organisation
from central.reports.made import codes
from central.reports.tables import State, report_file

NONE = "0" * codes.LENGTH  # asked for where a code is none, so that each answer takes the same time


@dataclass(frozen=True, slots=True)
class Proof:
    """`first`, `until`: days of its period. `file`: for whose it is, its key while the file lies there."""

    code: str
    title: str
    organisation: str
    length: str
    first: date
    until: date
    points: int
    form: str
    size: int
    sha256: str
    made_at: int
    account: int
    file: int | None


def of(connection: Connection, text: str) -> Proof | None:
    """None: no document has this code."""
    code = codes.typed(text)
    query = (
        select(report_file, organisation.c.name.label("company"))
        .join(account, account.c.id == report_file.c.account)
        .join(organisation, organisation.c.id == account.c.organisation)
        .where(report_file.c.code == (code or NONE), report_file.c.sha256.is_not(None))
    )
    row = connection.execute(query).first()
    if row is None or code is None:
        return None
    return Proof(
        code=codes.shown(row.code),
        title=row.title,
        organisation=row.company,
        length=str(row.asked["length"]),
        first=row.since,
        until=row.until,
        points=sum(since < until for _key, since, until in row.points),
        form=row.form,
        size=row.size,
        sha256=row.sha256,
        made_at=row.ended_at,
        account=row.account,
        file=row.id if row.state == State.READY else None,
    )
