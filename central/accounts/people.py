"""Accounts and what they are granted. Functions take a connection in a transaction; instants are seconds UTC."""

import re

from sqlalchemy import Connection, select

from central.accounts.audit import note
from central.accounts.passwords import Passwords
from central.accounts.states import State
from central.accounts.tables import account, grant, session, token
from central.db import alone
from central.registry.periods import Held, refuse_overlap

ROLES = ("consumer", "operator", "auditor", "administrator")
GRANTS = ("owner", "reader")
_MAIL = re.compile(r"""[^\s@<>()\[\],;:"\\]{1,64}@[^\s@<>()\[\],;:"\\]{1,189}""")  # what a header of a letter holds
_PHONE = re.compile(r"\+[0-9]{8,15}")


class NoAccount(Exception):
    """There is no account with this mail."""


def normal(mail: str) -> str:
    """The form that is kept and compared."""
    return mail.strip().lower()


def is_mail(mail: str) -> bool:
    return mail.isascii() and mail.isprintable() and _MAIL.fullmatch(mail) is not None


def phone_of(typed: str) -> str | None:
    """«8 (912) 345-67-89» as «+79123456789», in whatever form it was typed; None: it is none."""
    digits = re.sub(r"[\s()\u00a0.-]", "", typed)
    if re.fullmatch(r"[78][0-9]{10}", digits):
        digits = f"+7{digits[1:]}"
    elif re.fullmatch(r"[3489][0-9]{9}", digits):
        digits = f"+7{digits}"
    return digits if _PHONE.fullmatch(digits) else None


def add_account(
    connection: Connection,
    passwords: Passwords,
    *,
    organisation: int,
    mail: str,
    name: str,
    password: str,
    role: str,
    now: int,
    phone: str | None = None,
    state: str = State.APPROVED,
) -> int:
    """Returns its id. Raises ValueError for a bad mail, role or password, and for a mail that has an account."""
    mail = normal(mail)
    if not is_mail(mail):
        raise ValueError(f"{mail!r} is no mail address")
    if role not in ROLES:
        raise ValueError(f"role = {role!r}: {', '.join(ROLES)} are allowed")
    if connection.execute(select(account.c.id).where(account.c.mail == mail)).first():
        raise ValueError(f"{mail} has an account already")
    values = {"organisation": organisation, "mail": mail, "name": name, "phone": phone, "role": role, "state": state}
    made = account.insert().values(**values, password=passwords.hash(password, (mail, name)), made_at=now, state_at=now)
    key = connection.execute(made).inserted_primary_key
    assert key is not None
    note(connection, now, None, "account made", f"account {key[0]}", role)
    return int(key[0])


def set_password(connection: Connection, passwords: Passwords, mail: str, password: str, now: int) -> None:
    """Ends all sessions and tokens of the account. Raises NoAccount, WeakPassword."""
    found = connection.execute(select(account).where(account.c.mail == normal(mail))).first()
    if found is None:
        raise NoAccount(f"no account has the mail {mail}")
    hashed = passwords.hash(password, (found.mail, found.name))
    connection.execute(account.update().where(account.c.id == found.id).values(password=hashed))
    connection.execute(session.delete().where(session.c.account == found.id))
    connection.execute(token.delete().where(token.c.account == found.id))
    note(connection, now, None, "password set", f"account {found.id}")


def phone_kept(connection: Connection, account_id: int) -> str | None:
    """None: it is not named."""
    return connection.scalar(select(account.c.phone).where(account.c.id == account_id))


def set_phone(connection: Connection, account_id: int, phone: str | None, now: int) -> None:
    """By its owner; None: it is not to be kept any more."""
    connection.execute(account.update().where(account.c.id == account_id).values(phone=phone))
    note(connection, now, account_id, "phone changed", f"account {account_id}")


def add_grant(
    connection: Connection,
    account_id: int,
    contract: int,
    valid_from: int,
    valid_to: int | None = None,
    role: str = "owner",
) -> int:
    """The account may see what is supplied under the contract in this time. Raises Overlap."""
    if role not in GRANTS:
        raise ValueError(f"role = {role!r}: {', '.join(GRANTS)} are allowed")
    alone(connection, f"grants of {account_id}")
    same = select(grant).where(grant.c.account == account_id, grant.c.contract == contract)
    others = [Held(f"grant {row.id}", row.valid_from, row.valid_to) for row in connection.execute(same)]
    refuse_overlap(f"the grant of account {account_id} on contract {contract}", valid_from, valid_to, others)
    values = {"account": account_id, "contract": contract, "role": role}
    made = connection.execute(grant.insert().values(**values, valid_from=valid_from, valid_to=valid_to))
    assert made.inserted_primary_key is not None
    return int(made.inserted_primary_key[0])
