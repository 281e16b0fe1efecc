"""The second factor: a code of an app on the phone (TOTP, RFC 6238), or one of ten that were written down.

The secret lies in SQL sealed by a key that is derived from the secret of the web, which is a file beside it: a copy of
the database alone opens nothing. A code is taken once.
"""

import base64
import secrets
from collections.abc import Sequence
from hashlib import sha256

import pyotp
from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import Connection, delete, select, update

from central.accounts import attempts
from central.accounts.audit import note
from central.accounts.tables import second_factor
from central.db import insert

STEP = 30  # seconds of a code
SLACK = 1  # steps that a phone's clock may be off
CODES = 10
TRIES = 10  # an hour


class Sealed:
    """`secret`: of the web."""

    def __init__(self, secret: str) -> None:
        self._key = Fernet(base64.urlsafe_b64encode(sha256(f"second factor {secret}".encode()).digest()))

    def close(self, text: str) -> str:
        return self._key.encrypt(text.encode()).decode()

    def open(self, text: str) -> str | None:
        """None: it was sealed by another key."""
        try:
            return self._key.decrypt(text.encode()).decode()
        except InvalidToken:
            return None


def stands(connection: Connection, account: int) -> bool:
    """Whether it is asked for at login."""
    row = select(second_factor.c.account).where(
        second_factor.c.account == account, second_factor.c.confirmed_at.is_not(None)
    )
    return connection.execute(row).first() is not None


def begin(connection: Connection, sealed: Sealed, account: int, now: int) -> str:
    """A secret for the app, in force once a code of it has come; the one begun before is good no more."""
    secret = pyotp.random_base32()
    values = {"closed": sealed.close(secret), "made_at": now, "confirmed_at": None, "last_step": 0, "recovery": []}
    known = insert(connection, second_factor).values(account=account, **values)
    unconfirmed = second_factor.c.confirmed_at.is_(None)
    connection.execute(known.on_conflict_do_update(index_elements=["account"], set_=values, where=unconfirmed))
    return secret


def address(secret: str, mail: str, issuer: str) -> str:
    """What an app reads as a QR code, and shows by the names of the account and of whose it is."""
    return pyotp.TOTP(secret).provisioning_uri(name=mail, issuer_name=issuer)


def begun(connection: Connection, sealed: Sealed, account: int) -> str | None:
    """The secret that waits for its first code."""
    ours = (second_factor.c.account == account, second_factor.c.confirmed_at.is_(None))
    closed = connection.scalar(select(second_factor.c.closed).where(*ours))
    return sealed.open(closed) if closed is not None else None


def confirm(connection: Connection, sealed: Sealed, account: int, code: str, now: int) -> Sequence[str] | None:
    """In force from now on; the codes to write down, shown this once. None: this is not its code."""
    secret = begun(connection, sealed, account)
    step = _step(secret, code, now) if secret is not None and _may(connection, account, now) else None
    if step is None:
        return None
    codes = [f"{secrets.token_hex(3)}-{secrets.token_hex(3)}" for _ in range(CODES)]
    values = {"confirmed_at": now, "last_step": step, "recovery": [_hash(one) for one in codes]}
    connection.execute(update(second_factor).where(second_factor.c.account == account).values(**values))
    note(connection, now, account, "second factor", "", "set")
    return codes


def passes(connection: Connection, sealed: Sealed, account: int, code: str, now: int) -> bool:
    """Whether this code is good, of the app or of the list; then it is good no more."""
    if not _may(connection, account, now):
        return False
    ours = (second_factor.c.account == account, second_factor.c.confirmed_at.is_not(None))
    row = connection.execute(select(second_factor).where(*ours).with_for_update()).first()
    secret = sealed.open(row.closed) if row is not None else None
    if row is None:
        return False
    step = _step(secret, code, now) if secret is not None else None
    if step is not None and step > row.last_step:
        values: dict[str, object] = {"last_step": step}
    elif (hashed := _hash(code)) in row.recovery:
        values = {"recovery": [one for one in row.recovery if one != hashed]}
        note(connection, now, account, "second factor", "", "recovery code used")
    else:
        return False
    connection.execute(update(second_factor).where(second_factor.c.account == account).values(**values))
    attempts.forget(connection, f"second {account}")
    return True


def drop(connection: Connection, account: int, now: int, author: int | None) -> None:
    connection.execute(delete(second_factor).where(second_factor.c.account == account))
    note(connection, now, author, "second factor", f"account {account}", "dropped")


def _may(connection: Connection, account: int, now: int) -> bool:
    return attempts.take(connection, f"second {account}", now, TRIES)


def _step(secret: str, code: str, now: int) -> int | None:
    """Which step's code this is, of those that a phone may stand at."""
    totp, plain = pyotp.TOTP(secret), "".join(code.split()).encode(errors="replace")
    found = (step for step in range(now // STEP - SLACK, now // STEP + SLACK + 1))
    return next((step for step in found if secrets.compare_digest(totp.at(step * STEP).encode(), plain)), None)


def _hash(code: str) -> str:
    return sha256("".join(code.split()).lower().encode()).hexdigest()
