"""Secrets of meters: in SQL they are closed (AES-256-GCM) by a key that lies in a file only its owner may read.

What is put in comes out in one way only, into a seal for an edge. The file belongs into the backup: without it the
secrets must be entered anew.
"""

import base64
import logging
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, delete, func, select

from central.accounts.audit import note
from central.concentrators.tables import meter_secret
from central.config import CentralConfig, ConfigError
from central.db import insert
from central.logs import about
from central.operation.alarms import Alarm
from protocol.errors import LocalError
from protocol.messages import command

log = logging.getLogger(__name__)

KEY_BYTES, NONCE_BYTES = 32, 12
LONGEST = 64  # characters of a secret


class Closed(Exception):
    """The secret of this meter does not open with the key in the file."""

    def __init__(self, meter: str) -> None:
        super().__init__(f"the secret of {meter} does not open with the key in meters.key: enter it anew")
        self.meter = meter


def file(config: CentralConfig) -> Path:
    return config.data / "meters.key"


def make(connection: Connection, config: CentralConfig) -> None:
    """The key, unless it is there."""
    try:
        out = os.open(file(config), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(out, "w") as writer:
        writer.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode() + "\n")
    if connection.execute(select(func.count()).select_from(meter_secret)).scalar_one():
        log.warning(
            "the key of meters' secrets is another one than before: none of them opens",
            extra=about(Alarm.METER_SECRETS_CLOSED),
        )


def put(connection: Connection, config: CentralConfig, meter: str, text: str, author: str, now: int) -> None:
    """This is the meter's secret from now on. Raises ValueError for one that cannot be, ConfigError without the key."""
    if not 1 <= len(text) <= LONGEST or not text.isprintable():
        raise ValueError(f"a secret is 1 to {LONGEST} printable characters")
    last = select(meter_secret.c.number).where(meter_secret.c.meter == meter).with_for_update()
    number = max(now, (connection.execute(last).scalar() or 0) + 1)
    nonce = secrets.token_bytes(NONCE_BYTES)
    closed = nonce + AESGCM(_key(config)).encrypt(nonce, text.encode(), _place(meter, number))
    values = {"number": number, "closed": closed, "set_at": now, "author": author[:200]}
    known = insert(connection, meter_secret).values(meter=meter, **values)
    connection.execute(known.on_conflict_do_update(index_elements=["meter"], set_=values))
    note(connection, now, None, "meter secret", meter, f"{author}: set")


def drop(connection: Connection, meter: str, author: str, now: int) -> None:
    """The meter asks for none."""
    connection.execute(delete(meter_secret).where(meter_secret.c.meter == meter))
    note(connection, now, None, "meter secret", meter, f"{author}: dropped")


def opened(connection: Connection, config: CentralConfig, meters: list[str]) -> dict[str, str]:
    """To be sealed, and for nothing else. Raises Closed, ConfigError."""
    if not meters:
        return {}
    key, found = AESGCM(_key(config)), {}
    rows = connection.execute(select(meter_secret).where(meter_secret.c.meter.in_(meters)))
    for row in rows:
        nonce, closed = row.closed[:NONCE_BYTES], row.closed[NONCE_BYTES:]
        try:
            found[row.meter] = key.decrypt(nonce, closed, _place(row.meter, row.number)).decode()
        except InvalidTag:
            raise Closed(row.meter) from None
    return found


def _key(config: CentralConfig) -> bytes:
    path = file(config)
    try:
        return command.key(path.read_text().strip())
    except OSError as error:
        raise ConfigError(f"cannot read the key of meters' secrets in {path}: {error.strerror}") from None
    except (LocalError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not the key of meters' secrets: {error}") from None


def _place(meter: str, number: int) -> bytes:
    return f"uchet/meter secret\n{meter}\n{number}".encode()
