"""A phone joins by a code that a computer shows: a token for its camera, or eight digits where the camera is of no use.

    shown ─▶ asked ─▶ agreed ─▶ done        asked ─▶ refused        shown, asked ─▶ (two minutes) nothing

A code is good once, for two minutes, for the account of the session that shows it. The first phone that brings it is
the only one: it waits until the computer, which is told its device, its place and a number that both show, agrees.
So a picture of the screen lets nobody in. SQL holds hashes: of the token, of the digits with it, of what the phone
proves itself by.
"""

import secrets
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from hmac import compare_digest

from sqlalchemy import ColumnElement, Connection, delete, select, update

from central.accounts import attempts
from central.accounts.audit import note
from central.accounts.policy import Viewer
from central.accounts.sessions import session_of
from central.accounts.tables import pairing, session

SECONDS = 120  # for the phone to bring it, and then for the computer to agree
BYTES = 32
DIGITS = 8
MOST = 20  # codes of one account an hour
KEPT = 86_400  # seconds


class State(StrEnum):
    SHOWN = "shown"
    ASKED = "asked"
    AGREED = "agreed"
    REFUSED = "refused"
    DONE = "done"


class TooMany(Exception):
    """So many codes were shown within the hour."""


class Gone(Exception):
    """There is no such code, another phone brought it, or its time is over."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What the computer shows, and nothing keeps."""

    id: int
    token: str
    digits: str
    expires_at: int


@dataclass(frozen=True, slots=True)
class Told:
    """What the computer knows of a code that it showed. `number`: of the phone that asks, with its device and place."""

    id: int
    state: State
    expires_at: int
    device: str
    address: str
    number: str


@dataclass(frozen=True, slots=True)
class Claim:
    """What the phone keeps: by `secret` it is known again."""

    secret: str
    number: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """Where a phone stands, and the number that it shows."""

    state: State
    number: str


def offer(connection: Connection, viewer: Viewer, token: str, now: int) -> Offer:
    """A new code of the viewer's own session with this token; the one before is good no more. Raises TooMany, Gone:
    it is no session of his."""
    own = select(session.c.id).where(session.c.id == session_of(connection, token), session.c.account == viewer.account)
    key = connection.scalar(own)
    if key is None:
        raise Gone
    if not attempts.take(connection, f"codes of {viewer.account}", now, MOST):
        raise TooMany
    connection.execute(delete(pairing).where((pairing.c.session == key) | (pairing.c.made_at <= now - KEPT)))
    secret, digits = secrets.token_urlsafe(BYTES), f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    hashed = _hash(secret)
    values = {"account": viewer.account, "session": key, "hash": hashed, "digits": _hash(hashed + digits)}
    values |= {"made_at": now, "expires_at": now + SECONDS, "state": State.SHOWN}
    made = connection.execute(pairing.insert().values(**values, device="", address="", number="")).inserted_primary_key
    assert made is not None
    return Offer(int(made[0]), secret, digits, now + SECONDS)


def told(connection: Connection, token: str, now: int) -> Told | None:
    """Of the last code that the session with this token showed; None: there is none that still means something."""
    its = pairing.c.session == session_of(connection, token)
    newest = select(pairing).where(its).order_by(pairing.c.id.desc()).limit(1)
    row = connection.execute(newest).first()
    if row is None or (row.state in (State.SHOWN, State.ASKED) and row.expires_at <= now):
        return None
    return Told(row.id, State(row.state), row.expires_at, row.device, row.address, row.number)


def ask(connection: Connection, brought: str, device: str, address: str, now: int) -> Claim:
    """A phone brings the token, or the digits. Raises Gone."""
    key = _shown(connection, brought.strip(), now)
    secret, number = secrets.token_urlsafe(BYTES), f"{secrets.randbelow(90) + 10}"
    values = {"state": State.ASKED, "claim": _hash(secret), "device": device[:200], "address": address}
    asked = update(pairing).where(pairing.c.id == key, *_alive(State.SHOWN, now))
    asked = asked.values(**values, number=number, expires_at=now + SECONDS)
    if key is None or connection.execute(asked.returning(pairing.c.id)).first() is None:
        raise Gone
    return Claim(secret, number)


def answer(connection: Connection, viewer: Viewer, token: str, key: int, now: int, *, yes: bool) -> None:
    """The session that showed the code says whether the phone is its owner's. Raises Gone."""
    its = pairing.c.id == key, pairing.c.session == session_of(connection, token), *_alive(State.ASKED, now)
    state = State.AGREED if yes else State.REFUSED
    said = update(pairing).where(*its).values(state=state).returning(pairing.c.device)
    device = connection.execute(said).scalar()
    if device is None:
        raise Gone
    note(connection, now, viewer.account, "phone agreed" if yes else "phone refused", f"code {key}", device)


def waiting(connection: Connection, secret: str, now: int) -> Waiting:
    """Where the phone with this secret stands. Raises Gone: its time is over, or it was let in already."""
    row = connection.execute(select(pairing).where(pairing.c.claim == _hash(secret))).first()
    if row is None or row.state == State.DONE or row.expires_at <= now:
        raise Gone
    return Waiting(State(row.state), row.number)


def enter(connection: Connection, secret: str, now: int) -> int:
    """The account that the phone is let into; once. Raises Gone."""
    its = pairing.c.claim == _hash(secret), *_alive(State.AGREED, now)
    done = update(pairing).where(*its).values(state=State.DONE).returning(pairing.c.account)
    found = connection.execute(done).scalar()
    if found is None:
        raise Gone
    return int(found)


def _shown(connection: Connection, brought: str, now: int) -> int | None:
    """Which code it is of: of those that are shown just now each is compared."""
    digits = "".join(brought.split()).replace("-", "")
    by_digits = len(digits) == DIGITS and digits.isdecimal()
    rows = connection.execute(select(pairing.c.id, pairing.c.hash, pairing.c.digits).where(*_alive(State.SHOWN, now)))
    found = None
    for row in rows:
        same = compare_digest(row.digits, _hash(row.hash + digits)) if by_digits else row.hash == _hash(brought)
        found = row.id if same else found
    return found


def _alive(state: State, now: int) -> tuple[ColumnElement[bool], ...]:
    return pairing.c.state == state, pairing.c.expires_at > now


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()
