"""Keys that a letter brings: 43 characters, good once and for a time; SQL holds their hash. A new one of the same
purpose ends those before it."""

import secrets
from enum import StrEnum
from hashlib import sha256

from sqlalchemy import ColumnElement, Connection, delete, select, update

from central.accounts.tables import once_key

BYTES = 32


class Purpose(StrEnum):
    ACTIVATION = "activation"
    RESET = "reset"
    MAIL_BEFORE = "mail_before"  # another mail for the account: to the one it has
    MAIL_AFTER = "mail_after"  # and to the one it is to have


LIFETIMES = {  # seconds
    Purpose.ACTIVATION: 3 * 86_400,
    Purpose.RESET: 3600,
    Purpose.MAIL_BEFORE: 3 * 86_400,
    Purpose.MAIL_AFTER: 3 * 86_400,
}


class BadKey(Exception):
    """There is no such key, it was used, or its time is over."""


def make(connection: Connection, account: int, purpose: Purpose, now: int, lifetime: int | None = None) -> str:
    """The key itself, which stands nowhere but in the letter. `lifetime`: another than is usual, seconds."""
    drop(connection, account, purpose)
    key = secrets.token_urlsafe(BYTES)
    values = {
        "account": account,
        "purpose": purpose,
        "made_at": now,
        "expires_at": now + (lifetime or LIFETIMES[purpose]),
    }
    connection.execute(once_key.insert().values(hash=_hash(key), **values))
    return key


def holder(connection: Connection, key: str, purpose: Purpose, now: int) -> int:
    """The account that it is of; it is not used up. Raises BadKey."""
    found = connection.scalar(select(once_key.c.account).where(*_good(key, purpose, now)))
    if found is None:
        raise BadKey
    return int(found)


def use(connection: Connection, key: str, purpose: Purpose, now: int) -> int:
    """The account that it is of; it is good no more. Raises BadKey."""
    used = update(once_key).where(*_good(key, purpose, now)).values(used_at=now)
    found = connection.execute(used.returning(once_key.c.account)).scalar()
    if found is None:
        raise BadKey
    return int(found)


def drop(connection: Connection, account: int, *purposes: Purpose) -> None:
    """Those that were not used are good no more."""
    ours = (once_key.c.account == account, once_key.c.purpose.in_(purposes))
    connection.execute(delete(once_key).where(*ours, once_key.c.used_at.is_(None)))


def forget(connection: Connection, now: int) -> None:
    """Those whose time is over."""
    connection.execute(delete(once_key).where(once_key.c.expires_at <= now))


def _good(key: str, purpose: Purpose, now: int) -> tuple[ColumnElement[bool], ...]:
    return (
        once_key.c.hash == _hash(key),
        once_key.c.purpose == purpose,
        once_key.c.used_at.is_(None),
        once_key.c.expires_at > now,
    )


def _hash(key: str) -> str:
    return sha256(key.encode()).hexdigest()
