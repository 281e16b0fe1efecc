"""Tokens: by one a consumer's own program reads what he himself may see, for a year at most, and changes nothing.

A token is 256 random bits, shown once; SQL holds its SHA-256. It opens what its account may see at the moment of the
request, and ends when its owner withdraws it, its day comes, his password or mail changes, or the account is closed.
"""

import secrets
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import Connection, Engine, delete, select, update

from central.accounts.audit import note
from central.accounts.policy import Viewer
from central.accounts.states import State
from central.accounts.tables import token
from central.db import alone, writing

DAY = 86_400
LIVES = (30, 90, 365)  # days, to choose from
MOST = 10  # of one account
BITS = 256
PREFIX = "uchet_"  # so that one that was left lying about is found by those who look for such
USED_EVERY = 60  # seconds: «last use» is not written at every request
LONGEST_NAME = 60


class Unfit(ValueError):
    """`why`: person (no consumer with access) | days | many | name (another has it)."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Wrong(Exception):
    """There is no such token, or its account may not log in."""


class Expired(Wrong):
    """`at`: when it ended, seconds UTC."""

    def __init__(self, at: int) -> None:
        super().__init__(f"expired at {at}")
        self.at = at


@dataclass(frozen=True, slots=True)
class TokenView:
    """As its owner sees it. Instants: seconds UTC; `used_at` None = never yet."""

    id: int
    name: str
    made_at: int
    expires_at: int
    used_at: int | None
    used_from: str


def make(connection: Connection, viewer: Viewer, name: str, days: int, now: int) -> str:
    """A new token, told here and never again. Raises Unfit."""
    if viewer.role != "consumer" or viewer.state != State.APPROVED:
        raise Unfit("person")
    if days not in LIVES:
        raise Unfit("days")
    alone(connection, f"tokens of {viewer.account}")
    names = connection.scalars(select(token.c.name).where(token.c.account == viewer.account)).all()
    if len(names) >= MOST:
        raise Unfit("many")
    if name in names:
        raise Unfit("name")
    secret = PREFIX + secrets.token_urlsafe(BITS // 8)
    values = {"account": viewer.account, "name": name, "made_at": now, "expires_at": now + days * DAY}
    row = token.insert().values(hashed=_hash(secret), **values).returning(token.c.id)
    key = connection.execute(row).scalar_one()
    note(connection, now, viewer.account, "token made", f"token {key}", f"{days} d")
    return secret


def tokens_of(connection: Connection, viewer: Viewer) -> tuple[TokenView, ...]:
    """The viewer's own, the newest first; those that have ended too, till he withdraws them."""
    columns = (token.c[name] for name in TokenView.__slots__)
    query = select(*columns).where(token.c.account == viewer.account).order_by(token.c.id.desc())
    return tuple(TokenView(*row) for row in connection.execute(query))


def withdraw(connection: Connection, viewer: Viewer, key: int, now: int) -> bool:
    """Ends one of the viewer's own; False when there is no such."""
    own = delete(token).where(token.c.id == key, token.c.account == viewer.account)
    ended = connection.execute(own.returning(token.c.id)).first() is not None
    if ended:
        note(connection, now, viewer.account, "token withdrawn", f"token {key}")
    return ended


def viewer_of(engine: Engine, secret: str, now: int, address: str) -> Viewer:
    """Who looks by this token, as the account stands at this moment. `address`: whence. Raises Wrong, Expired."""
    with engine.connect() as connection:
        found = connection.execute(select(token).where(token.c.hashed == _hash(secret))).first()
        viewer = Viewer.load(connection, found.account, now) if found is not None else None
    if found is None or viewer is None or viewer.role != "consumer":
        raise Wrong("no such token")
    if found.expires_at <= now:
        raise Expired(found.expires_at)
    if found.used_at is None or found.used_at <= now - USED_EVERY:
        with writing(engine).begin() as connection:
            used = {"used_at": now, "used_from": address}
            connection.execute(update(token).where(token.c.id == found.id).values(**used))
    return viewer


def end_all(connection: Connection, account_id: int) -> None:
    """Of the account."""
    connection.execute(delete(token).where(token.c.account == account_id))


def _hash(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
