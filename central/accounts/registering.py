"""A consumer comes in: an application, a letter with a key, the mail confirmed by it; and a forgotten password.

Whoever asks learns nothing of others: a mail that has an account gets the same answer after the same work, and its
owner a letter that says so. Until a mail is confirmed its latest application is the one that counts: nobody can reserve
another person's mail with a password of his own. Where two have applied with a mail neither password counts: whoever
holds the letter sets one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, delete, exists, select, update

from central.accounts import attempts, keys, texts
from central.accounts.audit import note
from central.accounts.keys import Purpose
from central.accounts.people import normal
from central.accounts.states import MAY_LOG_IN, Stage, State
from central.accounts.tables import account, application, audit, consent, mail_change, once_key, session, token
from central.accounts.texts import LegalText
from central.accounts.working_days import next_working_day
from central.db import alone
from central.metering.zones import day_of, midnight

END_OF_WORK = 18 * 3600  # on the clock of the company
FIRST_LIFETIME = 3 * 86_400  # seconds of the key by which a first password is set
NO_PASSWORD = ""  # the hash of none: a letter brings the key to set one
UNCONFIRMED = 7 * 86_400  # seconds: an application whose mail nobody confirms is kept so long


class Told(StrEnum):
    """Which letter is to be sent."""

    WELCOME = "welcome"
    KNOWN = "known"  # this mail has an account
    CLOSED = "closed"  # it has one whose owner has withdrawn the consent
    RESET = "reset"
    INVITED = "invited"  # to look at a contract of another
    FIRST = "first"  # a member of staff sets a password


@dataclass(frozen=True, slots=True)
class Applicant:
    """What the form says. `password` is a hash; `agreed`: the texts that were shown."""

    organisation: int
    name: str
    mail: str
    password: str
    agreed: Sequence[LegalText]
    number: str = ""
    phone: str | None = None
    language: str = "ru"


@dataclass(frozen=True, slots=True)
class Letter:
    """To whom, and the key that its link holds."""

    told: Told
    mail: str
    name: str
    key: str | None = None


def closed(connection: Connection, organisation: int) -> bool:
    """Nobody can register: the administrator has not written what is to be agreed to."""
    return set(texts.current(connection, organisation)) != set(texts.Kind)


def apply(connection: Connection, one: Applicant, now: int, address: str) -> Letter:
    """In a transaction; the letter is the caller's to send."""
    mail = normal(one.mail)
    alone(connection, f"account {mail}")
    there = connection.execute(select(account).where(account.c.mail == mail)).first()
    if there is not None and there.state not in (State.CREATED, State.REJECTED):
        return Letter(Told.CLOSED if there.state == State.WITHDRAWN else Told.KNOWN, mail, there.name)
    key = _entered(connection, one, mail, now) if there is None else _once_more(connection, one, there, now)
    applied = {"account": key, "number": one.number, "state": Stage.WAITING, "made_at": now, "reason": ""}
    connection.execute(application.insert().values(**applied))
    texts.agreed(connection, key, one.agreed, now, address)
    note(connection, now, None, "applied", f"account {key}")  # it may be gone in a week
    return Letter(Told.WELCOME, mail, one.name, keys.make(connection, key, Purpose.ACTIVATION, now))


def _entered(connection: Connection, one: Applicant, mail: str, now: int) -> int:
    made = account.insert().values(mail=mail, role="consumer", made_at=now, **_said(one, now))
    row = connection.execute(made).inserted_primary_key
    assert row is not None
    return int(row[0])


def _once_more(connection: Connection, one: Applicant, there: Row[Any], now: int) -> int:
    """Of who was declined what was decided stays in the journal; of who has not confirmed the mail nothing does."""
    mine = application.c.account == there.id
    values = _said(one, now) | {"made_at": now}
    if there.organisation != one.organisation:  # what was said to one company is not told to another
        connection.execute(update(application).where(mine).values(number="", reason=""))
    if there.state == State.CREATED:
        values["password"] = NO_PASSWORD
        connection.execute(delete(application).where(mine))
        connection.execute(delete(consent).where(consent.c.account == there.id))
    connection.execute(update(account).where(account.c.id == there.id).values(**values))
    return int(there.id)


def _said(one: Applicant, now: int) -> dict[str, Any]:
    who = {"name": one.name, "phone": one.phone, "password": one.password, "organisation": one.organisation}
    who["language"] = one.language
    return who | {"state": State.CREATED, "state_at": now}


def again(connection: Connection, mail: str, now: int) -> Letter | None:
    """The letter with a new key, to whoever has not confirmed the mail yet; None: there is nobody."""
    there = connection.execute(
        select(account).where(account.c.mail == normal(mail), account.c.state == State.CREATED)
    ).first()
    if there is None:
        return None
    return Letter(Told.WELCOME, there.mail, there.name, keys.make(connection, there.id, Purpose.ACTIVATION, now))


def activate(connection: Connection, key: str, tz: str, now: int) -> str | None:
    """The mail is confirmed; an operator checks the application by the end of the next working day there. Returns the
    key by which a password is to be set, where there is none yet. Raises BadKey."""
    found = keys.use(connection, key, Purpose.ACTIVATION, now)
    confirmed = update(account).where(account.c.id == found, account.c.state == State.CREATED)
    if connection.execute(confirmed.values(state=State.ACTIVATED, state_at=now)).rowcount:
        due = update(application).where(application.c.account == found, application.c.state == Stage.WAITING)
        connection.execute(due.values(due_at=due_at(now, tz)))
        note(connection, now, found, "activated", "")
    if connection.scalar(select(account.c.password).where(account.c.id == found)) == NO_PASSWORD:
        return keys.make(connection, found, Purpose.RESET, now)
    return None


def due_at(now: int, tz: str) -> int:
    """The end of the working day after this moment's."""
    return midnight(next_working_day(day_of(now, tz)), tz) + END_OF_WORK


def forgotten(connection: Connection, mail: str, now: int) -> Letter | None:
    """The letter for a new password; None: nobody with this mail may log in."""
    there = connection.execute(select(account).where(account.c.mail == normal(mail))).first()
    if there is None or there.state not in MAY_LOG_IN:
        return None
    note(connection, now, there.id, "password forgotten", "")
    lifetime = FIRST_LIFETIME if not there.password else None  # a member of staff who has set none yet
    return Letter(Told.RESET, there.mail, there.name, keys.make(connection, there.id, Purpose.RESET, now, lifetime))


def whose(connection: Connection, key: str, now: int) -> tuple[str, str]:
    """Mail and name of who may set a new password by this key; it is good still. Raises BadKey."""
    holder = keys.holder(connection, key, Purpose.RESET, now)
    row = connection.execute(select(account.c.mail, account.c.name).where(account.c.id == holder)).one()
    return row.mail, row.name


def reset(connection: Connection, key: str, hashed: str, now: int) -> int:
    """A new password by the key of a letter; all sessions and tokens end. Returns the account. Raises BadKey."""
    holder = keys.use(connection, key, Purpose.RESET, now)
    connection.execute(update(account).where(account.c.id == holder).values(password=hashed))
    for table in (session, token):
        connection.execute(delete(table).where(table.c.account == holder))
    _undo_others(connection, holder)
    mail = connection.scalar(select(account.c.mail).where(account.c.id == holder))
    attempts.forget(connection, f"login {mail}")  # whoever guessed has not locked the owner out
    note(connection, now, holder, "password reset", "")
    return holder


def _undo_others(connection: Connection, account_id: int) -> None:
    """What somebody who knew the password before may have begun."""
    keys.drop(connection, account_id, *Purpose)
    connection.execute(delete(mail_change).where(mail_change.c.account == account_id))


def forget(connection: Connection, now: int) -> int:
    """Applications whose mail nobody confirmed; how many. Who had been declined before is so again."""
    keys.forget(connection, now)
    old = (account.c.state == State.CREATED, account.c.made_at <= now - UNCONFIRMED)
    known = exists().where(audit.c.account == account.c.id)
    connection.execute(update(account).where(*old, known).values(state=State.REJECTED, state_at=now))
    gone = list(connection.scalars(select(account.c.id).where(*old)))
    for table in (application, consent, once_key, session, token):
        connection.execute(delete(table).where(table.c.account.in_(gone)))
    connection.execute(delete(account).where(account.c.id.in_(gone)))
    return len(gone)
