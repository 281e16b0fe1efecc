"""A consent is withdrawn (152-ФЗ, ст. 9 ч. 2): the account is closed at once, and its person erased on a day that is
told; until then the company may take it back when the person asks for it. What is measured is not touched."""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, or_, select, update

from central.accounts.audit import note
from central.accounts.erasing import DAY
from central.accounts.policy import Viewer
from central.accounts.states import MAY_LOG_IN, Stage, State
from central.accounts.tables import (
    account,
    application,
    consent,
    grant,
    mail_change,
    once_key,
    session,
    token,
    withdrawal,
)
from central.db import alone


class NotNow(Exception):
    """The account is not one that may be closed, or taken back."""


@dataclass(frozen=True, slots=True)
class Withdrawal:
    at: int
    erase_at: int


def withdraw(connection: Connection, viewer: Viewer, days: int, now: int) -> Withdrawal:
    """Nobody logs in to it any more, what it was granted ends, what it applied for is off the desk. Raises NotNow."""
    key = viewer.account
    alone(connection, f"account {key}")
    may = (account.c.id == key, account.c.role == "consumer", account.c.state.in_(MAY_LOG_IN))
    before = connection.scalar(select(account.c.state).where(*may))
    if before is None:
        raise NotNow(f"account {key}")
    found = Withdrawal(now, now + days * DAY)
    values = {"account": key, "at": now, "erase_at": found.erase_at, "before": before}
    connection.execute(withdrawal.insert().values(**values, ended=_end_grants(connection, key, now)))
    given = update(consent).where(consent.c.account == key, consent.c.withdrawn_at.is_(None))
    connection.execute(given.values(withdrawn_at=now))
    _turn_applications(connection, key, Stage.WAITING, Stage.WITHDRAWN)
    for table in (session, token, once_key, mail_change):
        connection.execute(delete(table).where(table.c.account == key))
    connection.execute(update(account).where(account.c.id == key).values(state=State.WITHDRAWN, state_at=now))
    note(connection, now, key, "consent withdrawn", f"account {key}")
    return found


def standing(connection: Connection, account_id: int) -> Withdrawal | None:
    """None: the account is not closed so."""
    query = select(withdrawal.c.at, withdrawal.c.erase_at).where(withdrawal.c.account == account_id)
    row = connection.execute(query).first()
    return None if row is None else Withdrawal(row.at, row.erase_at)


def take_back(connection: Connection, viewer: Viewer, account_id: int, reason: str, now: int) -> None:
    """As it was before, by somebody of the company, because the person asked for it. Raises NotNow."""
    alone(connection, f"account {account_id}")
    ours = (account.c.id == account_id, account.c.organisation == viewer.company)
    query = select(withdrawal).join(account, account.c.id == withdrawal.c.account).where(*ours)
    row = connection.execute(query.where(account.c.state == State.WITHDRAWN)).first()
    if row is None:
        raise NotNow(f"account {account_id}")
    for number, until in row.ended:
        connection.execute(update(grant).where(grant.c.id == number).values(valid_to=until))
    given = update(consent).where(consent.c.account == account_id, consent.c.withdrawn_at == row.at)
    connection.execute(given.values(withdrawn_at=None))
    _turn_applications(connection, account_id, Stage.WITHDRAWN, Stage.WAITING)
    connection.execute(delete(withdrawal).where(withdrawal.c.account == account_id))
    connection.execute(update(account).where(account.c.id == account_id).values(state=row.before, state_at=now))
    note(connection, now, viewer.account, "consent taken back", f"account {account_id}", reason)


def _end_grants(connection: Connection, account_id: int, now: int) -> list[tuple[int, int | None]]:
    """Which ended, and when they were to end."""
    held = grant.c.account == account_id, or_(grant.c.valid_to.is_(None), grant.c.valid_to > now)
    rows = connection.execute(select(grant.c.id, grant.c.valid_from, grant.c.valid_to).where(*held)).all()
    for row in rows:
        ends = max(now, row.valid_from)
        connection.execute(update(grant).where(grant.c.id == row.id).values(valid_to=ends))
    return [(row.id, row.valid_to) for row in rows]


def _turn_applications(connection: Connection, account_id: int, before: str, after: str) -> None:
    turned = update(application).where(application.c.account == account_id, application.c.state == before)
    connection.execute(turned.values(state=after))
