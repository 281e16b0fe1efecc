"""A browser is told to take messages, by the page in it, and told to stop. It belongs to the session that it was added
by: when that ends, so does it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import Connection, delete, func, select, update

from central.accounts.audit import note
from central.accounts.policy import Viewer
from central.accounts.sessions import session_of
from central.accounts.tables import session
from central.db import insert
from central.push import message
from central.push.message import POINT, SECRET
from central.push.services import service
from central.push.tables import push_device

MOST = 10  # of one account
GIVEN_UP = 20  # refusals after one another: the service does not know it any more


class Unfit(Exception):
    """What came is no device, or the account has too many."""


@dataclass(frozen=True, slots=True)
class Device:
    id: int
    endpoint: str
    p256dh: str
    auth: str


def add(connection: Connection, viewer: Viewer, token: str, told: object, allowed: Sequence[str], now: int) -> None:
    """`told`: what a browser says of its subscription ({endpoint, keys: {p256dh, auth}}); `token`: of its session. One
    that was another's is his no more. Raises Unfit, Forbidden."""
    endpoint, p256dh, auth = _read(told)
    service(endpoint, allowed)
    key = session_of(connection, token)
    own = select(session.c.id).where(session.c.id == key, session.c.account == viewer.account)
    if connection.scalar(own) is None:
        raise Unfit("no session")
    hashed = _hash(endpoint)
    others = push_device.c.account == viewer.account, push_device.c.hash != hashed
    if (connection.scalar(select(func.count()).where(*others)) or 0) >= MOST:
        raise Unfit("too many devices")
    there = connection.scalar(select(push_device.c.session).where(push_device.c.hash == hashed))
    connection.execute(delete(push_device).where(push_device.c.hash == hashed, push_device.c.account != viewer.account))
    values = {"account": viewer.account, "session": key, "endpoint": endpoint, "p256dh": p256dh, "auth": auth}
    new = insert(connection, push_device).values(**values, hash=hashed, made_at=now, failures=0)
    connection.execute(new.on_conflict_do_update(index_elements=["hash"], set_=values | {"failures": 0}))
    if there != key:
        note(connection, now, viewer.account, "phone notices on", f"session {key}")


def remove(connection: Connection, viewer: Viewer, endpoint: str, now: int) -> None:
    """One of the viewer's own; another's is not there."""
    its = push_device.c.hash == _hash(endpoint), push_device.c.account == viewer.account
    gone = connection.execute(delete(push_device).where(*its).returning(push_device.c.session)).first()
    if gone is not None:
        note(connection, now, viewer.account, "phone notices off", f"session {gone.session}")


def here(connection: Connection, viewer: Viewer, token: str) -> str | None:
    """The endpoint of the device of this session; None: it takes no messages."""
    its = push_device.c.session == session_of(connection, token), push_device.c.account == viewer.account
    newest = select(push_device.c.endpoint).where(*its).order_by(push_device.c.id.desc()).limit(1)
    return connection.scalar(newest)


def alive(connection: Connection, account: int, now: int) -> Sequence[int]:
    """Of the account, those whose session stands. One that was not used for a week is logged out, and is told still:
    a message says nothing that is personal, and leads to the login."""
    query = select(push_device.c.id).join(session, session.c.id == push_device.c.session)
    query = query.where(push_device.c.account == account, session.c.account == account, session.c.expires_at > now)
    return connection.scalars(query.order_by(push_device.c.id)).all()


def end(connection: Connection, key: int) -> None:
    """The service knows it no more."""
    connection.execute(delete(push_device).where(push_device.c.id == key))


def refused(connection: Connection, key: int) -> None:
    """Counted; after GIVEN_UP of them it goes."""
    more = update(push_device).where(push_device.c.id == key).values(failures=push_device.c.failures + 1)
    if (connection.scalar(more.returning(push_device.c.failures)) or 0) >= GIVEN_UP:
        end(connection, key)


def _read(told: object) -> tuple[str, str, str]:
    """Raises Unfit."""
    match told:
        case {"endpoint": str(endpoint), "keys": {"p256dh": str(p256dh), "auth": str(auth)}}:
            try:
                point = message.read_key(p256dh, POINT)
                message.read_key(auth, SECRET)
            except ValueError:
                raise Unfit("keys") from None
            if not message.is_point(point):
                raise Unfit("keys")
            return endpoint, p256dh.rstrip("="), auth.rstrip("=")
    raise Unfit("no subscription")


def _hash(endpoint: str) -> str:
    return sha256(endpoint.encode(errors="replace")).hexdigest()
