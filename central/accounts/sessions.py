"""Login, sessions, logout. A session is a row: the cookie holds a random token, SQL its hash, so each can be revoked.

An unknown mail, a wrong password, a blocked account and an account with too many attempts get the same answer after
the same work. At most 10 failed attempts an hour are answered for one mail, whether it has an account or not.
"""

import secrets
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import Connection, Engine, func, select

from central.accounts.audit import note
from central.accounts.passwords import Passwords
from central.accounts.people import normal
from central.accounts.policy import MAY_LOG_IN, Viewer
from central.accounts.tables import account, attempt, session
from central.db import alone, writing

LIFETIME = 30 * 86_400
IDLE = 7 * 86_400
SEEN_EVERY = 60  # seconds: «last seen» is not written at every request
ATTEMPTS = 10
ATTEMPTS_WITHIN = 3600


@dataclass(frozen=True, slots=True)
class SessionView:
    """One login of an account, as its owner sees it. Instants: seconds UTC."""

    id: int
    created_at: int
    seen_at: int
    expires_at: int
    device: str


def login(engine: Engine, passwords: Passwords, mail: str, password: str, device: str, now: int) -> str | None:
    """A new session's token for the cookie, or None, whatever was wrong. `device`: what the browser calls itself."""
    key = sha256(normal(mail).encode()).hexdigest()
    with writing(engine).begin() as connection:
        found = connection.execute(select(account).where(account.c.mail == normal(mail))).first()
        allowed = _take_attempt(connection, key, now)
    known = found.password if found is not None and found.state in MAY_LOG_IN and allowed else None
    right = passwords.verify(known, password)  # outside of any transaction: it takes 0.1 s
    with writing(engine).begin() as connection:
        if found is None or not right:
            note(connection, now, found.id if found is not None else None, "login refused", "")
            return None
        token = secrets.token_urlsafe(32)
        values = {"account": found.id, "created_at": now, "seen_at": now, "expires_at": now + LIFETIME}
        connection.execute(session.insert().values(token=_hash(token), device=device[:200], **values))
        connection.execute(session.delete().where(session.c.expires_at <= now))
        connection.execute(attempt.delete().where(attempt.c.mail == key))
        note(connection, now, found.id, "login", "", device[:200])
        return token


def _take_attempt(connection: Connection, key: str, now: int) -> bool:
    """Counts before the password is looked at, so that many at once are no more than one after another."""
    alone(connection, f"attempts of {key}")
    connection.execute(attempt.delete().where(attempt.c.at <= now - ATTEMPTS_WITHIN))
    made = connection.execute(select(func.count()).where(attempt.c.mail == key)).scalar_one()
    if made < ATTEMPTS:
        connection.execute(attempt.insert().values(mail=key, at=now))
    return bool(made < ATTEMPTS)


def viewer_of(engine: Engine, token: str, now: int) -> Viewer | None:
    """Whose session this is; None when it has expired, was revoked, or its account may no longer log in."""
    alive = select(session).where(
        session.c.token == _hash(token), session.c.expires_at > now, session.c.seen_at > now - IDLE
    )
    with engine.connect() as connection:
        found = connection.execute(alive).first()
        viewer = Viewer.load(connection, found.account) if found is not None else None
    if found is not None and viewer is not None and found.seen_at <= now - SEEN_EVERY:
        with writing(engine).begin() as connection:
            connection.execute(session.update().where(session.c.id == found.id).values(seen_at=now))
    return viewer


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
