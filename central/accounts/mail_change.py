"""Another mail for an account: it changes when both are confirmed, the one that it has and the one that it is to have,
by the keys of two letters, in either order.

Whoever asks learns nothing of others: a mail that has an account gets the same answer after the same work, and its
owner a letter that says so, without a key. A second request ends the first.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from central.accounts import keys, sessions
from central.accounts.audit import note
from central.accounts.erasing import erase
from central.accounts.keys import BadKey, Purpose
from central.accounts.policy import Viewer
from central.accounts.states import MAY_LOG_IN, State
from central.accounts.tables import account, mail_change
from central.db import alone

SIDES = {Purpose.MAIL_BEFORE: "before_at", Purpose.MAIL_AFTER: "after_at"}  # what the key of each confirms
LIFETIME = keys.LIFETIMES[Purpose.MAIL_BEFORE]


class Taken(Exception):
    """The mail has become another account's meanwhile."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the two letters hold. `known`: whose the new mail is already; then there is no key for it."""

    before: str
    after: str | None
    known: str | None


@dataclass(frozen=True, slots=True)
class Pending:
    """What is waited for; the moments: when it was confirmed there."""

    mail: str
    expires_at: int
    before_at: int | None
    after_at: int | None


@dataclass(frozen=True, slots=True)
class Changed:
    """Whom to tell."""

    account: int
    name: str
    before: str
    after: str


def ask(connection: Connection, viewer: Viewer, mail: str, now: int) -> Asked:
    """In a transaction; the letters are the caller's to send. `mail` in its normal form, not the viewer's own."""
    _lock(connection, viewer.account)
    connection.execute(delete(mail_change).where(mail_change.c.account == viewer.account))
    values = {"account": viewer.account, "mail": mail, "made_at": now, "expires_at": now + LIFETIME}
    connection.execute(mail_change.insert().values(**values))
    before, after = (keys.make(connection, viewer.account, side, now) for side in SIDES)
    note(connection, now, viewer.account, "mail change asked", f"account {viewer.account}")
    holder = _holder(connection, mail)
    known = None if holder is None or holder.state == State.CREATED else holder.name
    return Asked(before, after if known is None else None, known)


def pending(connection: Connection, account_id: int, now: int) -> Pending | None:
    query = select(mail_change).where(mail_change.c.account == account_id, mail_change.c.expires_at > now)
    row = connection.execute(query).first()
    return None if row is None else Pending(row.mail, row.expires_at, row.before_at, row.after_at)


def confirm(connection: Connection, key: str, now: int, token: str = "") -> Changed | None:
    """One side, by the key of its letter; None: the other one is waited for. At the second the mail changes, and all
    sessions end but the one with this token. Raises BadKey, Taken."""
    return _confirm(connection, *_use(connection, key, now), now, token)


def vouch(connection: Connection, viewer: Viewer, account_id: int, reason: str, now: int) -> Changed | None:
    """In place of the old mail, which its owner cannot reach any more: by somebody of the company, who has seen that it
    is he. Raises BadKey: nothing waits for it; Taken."""
    ours = (account.c.id == account_id, account.c.organisation == viewer.company)
    waits = select(mail_change.c.account).join(account, account.c.id == mail_change.c.account)
    if connection.execute(waits.where(*ours, mail_change.c.before_at.is_(None))).first() is None:
        raise BadKey
    note(connection, now, viewer.account, "mail vouched for", f"account {account_id}", reason)
    keys.drop(connection, account_id, Purpose.MAIL_BEFORE)
    return _confirm(connection, Purpose.MAIL_BEFORE, account_id, now)


def _confirm(connection: Connection, side: Purpose, account_id: int, now: int, token: str = "") -> Changed | None:
    _lock(connection, account_id)
    confirmed = update(mail_change).where(mail_change.c.account == account_id, mail_change.c.expires_at > now)
    row = connection.execute(confirmed.values({SIDES[side]: now}).returning(mail_change)).first()
    if row is None:
        raise BadKey
    return None if row.before_at is None or row.after_at is None else _change(connection, row, now, token)


def stop(connection: Connection, key: str, now: int) -> None:
    """By the key of either letter. Raises BadKey."""
    _, account_id = _use(connection, key, now)
    _end(connection, account_id)
    note(connection, now, None, "mail change stopped", f"account {account_id}")


def give_up(connection: Connection, viewer: Viewer, now: int) -> None:
    """By its owner; what is not there is nothing."""
    if _end(connection, viewer.account):
        note(connection, now, viewer.account, "mail change stopped", f"account {viewer.account}")


def forget(connection: Connection, now: int) -> None:
    """Those that nobody confirmed in time."""
    connection.execute(delete(mail_change).where(mail_change.c.expires_at <= now))


def _change(connection: Connection, row: Row[Any], now: int, token: str) -> Changed:
    alone(connection, f"account {row.mail}")
    holder = _holder(connection, row.mail)
    if holder is not None and holder.state != State.CREATED:
        raise Taken
    if holder is not None:  # somebody applied with it, and never showed that it is his
        erase(connection, holder.id, now)
    may = (account.c.id == row.account, account.c.state.in_(MAY_LOG_IN))
    found = connection.execute(select(account.c.name, account.c.mail).where(*may)).first()
    if found is None:
        raise BadKey
    connection.execute(update(account).where(account.c.id == row.account).values(mail=row.mail))
    _end(connection, row.account)
    keys.drop(connection, row.account, Purpose.RESET)  # those lie in the old mailbox
    sessions.end_all(connection, row.account, token)
    note(connection, now, row.account, "mail changed", f"account {row.account}")
    return Changed(row.account, found.name, found.mail, row.mail)


def _use(connection: Connection, key: str, now: int) -> tuple[Purpose, int]:
    """Raises BadKey."""
    for side in SIDES:
        try:
            return side, keys.use(connection, key, side, now)
        except BadKey:
            continue
    raise BadKey


def _end(connection: Connection, account_id: int) -> bool:
    """Whether there was one."""
    keys.drop(connection, account_id, *SIDES)
    gone = delete(mail_change).where(mail_change.c.account == account_id).returning(mail_change.c.account)
    return connection.execute(gone).first() is not None


def _holder(connection: Connection, mail: str) -> Row[Any] | None:
    return connection.execute(select(account).where(account.c.mail == mail)).first()


def _lock(connection: Connection, account_id: int) -> None:
    alone(connection, f"mail change of {account_id}")
