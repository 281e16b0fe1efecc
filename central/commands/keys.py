"""The key pair that commands are signed with: the private half in a file that only its owner may read, never in SQL.

The public half stands in SQL and in each edge.toml. A lost private key is made anew by `migrate`; the edges refuse it
until their settings name the new one. So the file belongs into the backup.
"""

import base64
import logging
import os
import secrets
from pathlib import Path

from sqlalchemy import Connection, select

from central.config import CentralConfig, ConfigError
from central.db import insert
from central.ingest.tables import meta
from central.logs import about
from central.operation.alarms import Alarm
from protocol.errors import LocalError
from protocol.messages import command

log = logging.getLogger(__name__)

PUBLIC = "command_key"  # in `meta`


def file(config: CentralConfig) -> Path:
    return config.data / "command.key"


def private_key(config: CentralConfig) -> bytes:
    """Raises ConfigError."""
    path = file(config)
    try:
        return command.key(path.read_text().strip())
    except OSError as error:
        raise ConfigError(f"cannot read the key of commands in {path}: {error.strerror}") from None
    except (LocalError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not the key of commands: {error}") from None


def make(connection: Connection, config: CentralConfig) -> None:
    """The pair, unless it is there; SQL names the public half of the private one in the file."""
    path = file(config)
    try:
        out = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    else:
        with os.fdopen(out, "w") as writer:
            writer.write(base64.b64encode(secrets.token_bytes(command.KEY_BYTES)).decode() + "\n")
    found, before = command.public_of(private_key(config)), public_key(connection)
    if before not in (None, found):
        log.warning(
            "the key of commands is another one than before: edges refuse it until edge.toml names it",
            extra=about(Alarm.COMMAND_KEY_CHANGED),
        )
    values = {"value": found}
    known = insert(connection, meta).values(key=PUBLIC, **values)
    connection.execute(known.on_conflict_do_update(index_elements=["key"], set_=values))


def public_key(connection: Connection) -> str | None:
    """As it stands in edge.toml; None before `migrate`."""
    return connection.execute(select(meta.c.value).where(meta.c.key == PUBLIC)).scalar_one_or_none()
