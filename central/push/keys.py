"""The key by which the services of browsers know this server (VAPID, RFC 8292): P-256, made once for all its devices.

It lies in SQL sealed by a key that is derived from the secret of the web: web and worker open it alike, and a copy of
the database alone sends nothing.
"""

import base64
from dataclasses import dataclass
from hashlib import sha256

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import Connection, delete, select

from central.db import insert
from central.push.tables import push_device, push_key

ONLY = 1  # its row


class OtherSecret(Exception):
    """The key was sealed by another secret of the web than this one."""


@dataclass(frozen=True, slots=True)
class Key:
    """`public`: base64url of the uncompressed point, as browsers ask for it."""

    private: ec.EllipticCurvePrivateKey
    public: str


def public(connection: Connection) -> str | None:
    """None: there is no key yet."""
    return connection.scalar(select(push_key.c.public).where(push_key.c.id == ONLY))


def key(connection: Connection, secret: str, now: int) -> Key:
    """Made, if there is none. `secret`: of the web. Raises OtherSecret."""
    row = connection.execute(select(push_key).where(push_key.c.id == ONLY)).first()
    if row is None:
        made = ec.generate_private_key(ec.SECP256R1())
        values = {"id": ONLY, "closed": _seal(secret).encrypt(_bytes(made)).decode(), "public": public_of(made)}
        connection.execute(insert(connection, push_key).values(**values, made_at=now).on_conflict_do_nothing())
        row = connection.execute(select(push_key).where(push_key.c.id == ONLY)).one()
    return opened(secret, row.closed)


def opened(secret: str, closed: str) -> Key:
    """Raises OtherSecret."""
    try:
        found = _seal(secret).decrypt(closed.encode())
    except InvalidToken:
        raise OtherSecret from None
    private = ec.derive_private_key(int.from_bytes(found), ec.SECP256R1())
    return Key(private, public_of(private))


def renew(connection: Connection, secret: str, now: int) -> int:
    """Another key: no browser takes messages by it, so all devices go; how many."""
    gone = connection.execute(delete(push_device).returning(push_device.c.id)).all()
    connection.execute(delete(push_key))
    key(connection, secret, now)
    return len(gone)


def public_of(private: ec.EllipticCurvePrivateKey) -> str:
    return base64url(point_of(private))


def point_of(private: ec.EllipticCurvePrivateKey) -> bytes:
    """Of its public key, uncompressed."""
    form = serialization.PublicFormat.UncompressedPoint
    return private.public_key().public_bytes(serialization.Encoding.X962, form)


def base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def _bytes(private: ec.EllipticCurvePrivateKey) -> bytes:
    return private.private_numbers().private_value.to_bytes(32)


def _seal(secret: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(sha256(f"push key {secret}".encode()).digest()))
