"""Login, sessions, logout. A session is a row: the cookie holds a random token, SQL its hash, so each can be revoked.

An unknown mail, a wrong password, a blocked account and an account with too many attempts get the same answer after
the same work. At most 10 failed attempts an hour are answered for one mail, whether it has an account or not; from a
device that its owner has logged in from before so many more.
"""

import secrets
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import Connection, Engine, select

from central.accounts import attempts, keys, tokens
from central.accounts.audit import note
from central.accounts.keys import Purpose
from central.accounts.passwords import Passwords
from central.accounts.people import normal
from central.accounts.policy import Viewer
from central.accounts.states import MAY_LOG_IN
from central.accounts.tables import account, session
from central.db import writing

LIFETIME = 30 * 86_400
IDLE = 7 * 86_400
SEEN_EVERY = 60  # seconds: «last seen» is not written at every request


@dataclass(frozen=True, slots=True)
class SessionView:
    """One login of an account, as its owner sees it. Instants: seconds UTC."""

    id: int
    created_at: int
    seen_at: int
    expires_at: int
    device: str
    address: str


def proven(
    engine: Engine,
    passwords: Passwords,
    mail: str,
    password: str,
    now: int,
    *,
    address: str = "",
    known: int | None = None,
) -> int | None:
    """The account whose mail and password these are, or None, whatever was wrong.

    `known`: the account that has logged in from this device before, as its cookie says: its tries are counted apart, so
    that strangers who guess cannot lock the owner out.
    """
    what, whence = f"login {normal(mail)}", f"login from {attempts.network(address)}"
    with writing(engine).begin() as connection:
        found = connection.execute(select(account).where(account.c.mail == normal(mail))).first()
        if found is not None and found.id == known:
            what += " from a known device"
        allowed = attempts.take(connection, what, now, attempts.LOGINS)
        if address:
            allowed = attempts.take(connection, whence, now, attempts.FROM_ONE) and allowed
    hashed = found.password if found is not None and found.state in MAY_LOG_IN and allowed else None
    right = passwords.verify(hashed, password)  # outside of any transaction: it takes 0.1 s
    with writing(engine).begin() as connection:
        if found is None or not right:
            if allowed:  # beyond that many it tells nothing new, and a row is for ever
                note(connection, now, found.id if found is not None else None, "login refused", "", address)
            return None
        attempts.forget(connection, what)
        attempts.give_back(connection, whence)
        return int(found.id)


def opened(engine: Engine, account_id: int, device: str, now: int, address: str = "") -> str:
    """A new session's token for the cookie. `device`: what the browser calls itself."""
    token = secrets.token_urlsafe(32)
    values = {"account": account_id, "created_at": now, "seen_at": now, "expires_at": now + LIFETIME}
    with writing(engine).begin() as connection:
        connection.execute(session.insert().values(token=_hash(token), device=device[:200], address=address, **values))
        connection.execute(session.delete().where(session.c.expires_at <= now))
        note(connection, now, account_id, "login", "", device[:200])
    return token


def viewer_of(engine: Engine, token: str, now: int) -> Viewer | None:
    """Whose session this is; None when it has expired, was revoked, or its account may no longer log in."""
    alive = select(session).where(
        session.c.token == _hash(token), session.c.expires_at > now, session.c.seen_at > now - IDLE
    )
    with engine.connect() as connection:
        found = connection.execute(alive).first()
        viewer = Viewer.load(connection, found.account, now) if found is not None else None
    if found is not None and viewer is not None and found.seen_at <= now - SEEN_EVERY:
        with writing(engine).begin() as connection:
            connection.execute(session.update().where(session.c.id == found.id).values(seen_at=now))
    return viewer


def session_of(connection: Connection, token: str) -> int | None:
    """The id of the session that the cookie is of."""
    return connection.scalar(select(session.c.id).where(session.c.token == _hash(token)))


def is_mine(engine: Engine, passwords: Passwords, viewer: Viewer, password: str, now: int) -> bool:
    """Whether this is the viewer's password; tried too often it is not, whatever it is."""
    what = f"password {viewer.account}"
    with writing(engine).begin() as connection:
        allowed = attempts.take(connection, what, now, attempts.LOGINS)
        hashed = connection.scalar(select(account.c.password).where(account.c.id == viewer.account))
    right = passwords.verify(hashed if allowed else None, password)
    if right:
        with writing(engine).begin() as connection:
            attempts.forget(connection, what)
    return right


def change_password(connection: Connection, viewer: Viewer, hashed: str, now: int, but: str) -> None:
    """All sessions of the account end but the one with this token, and so do the tokens of its programs."""
    connection.execute(account.update().where(account.c.id == viewer.account).values(password=hashed))
    end_all(connection, viewer.account, but)
    keys.drop(connection, viewer.account, Purpose.RESET)
    note(connection, now, viewer.account, "password changed", "")


def mark_of_password(connection: Connection, account_id: int) -> str:
    """Another after each change of the password; it tells nothing of it."""
    hashed = connection.scalar(select(account.c.password).where(account.c.id == account_id))
    return _hash(f"mark {hashed}")[:16]


def end_all(connection: Connection, account_id: int, but: str = "") -> None:
    """Of the account, and what its programs read by; the one with this token stays."""
    tokens.end_all(connection, account_id)
    connection.execute(session.delete().where(session.c.account == account_id, session.c.token != _hash(but)))


def logout(engine: Engine, token: str, now: int) -> None:
    """Ends this session; a token of no session is nothing."""
    with writing(engine).begin() as connection:
        query = session.delete().where(session.c.token == _hash(token)).returning(session.c.account)
        for (owner,) in connection.execute(query).all():
            note(connection, now, owner, "logout", "")


def sessions_of(connection: Connection, viewer: Viewer, now: int) -> tuple[SessionView, ...]:
    """The viewer's own, the newest first."""
    columns = (session.c[name] for name in SessionView.__slots__)
    query = select(*columns).where(session.c.account == viewer.account, session.c.expires_at > now)
    return tuple(SessionView(*row) for row in connection.execute(query.order_by(session.c.created_at.desc())))


def revoke(engine: Engine, viewer: Viewer, session_id: int, now: int) -> bool:
    """Ends one of the viewer's own sessions; False when there is no such."""
    with writing(engine).begin() as connection:
        own = session.delete().where(session.c.id == session_id, session.c.account == viewer.account)
        ended = connection.execute(own.returning(session.c.id)).first() is not None
        if ended:
            note(connection, now, viewer.account, "session revoked", str(session_id))
        return ended


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()
