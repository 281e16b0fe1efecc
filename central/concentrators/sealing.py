"""The wanted version as the message that goes out: secrets sealed to the edge, the whole signed with the key of
commands. Only programs that have both key files do this: the worker and the command line.
"""

import base64
import logging
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from central.commands import keys
from central.concentrators import safe
from central.concentrators.tables import Held, edge_config, edge_config_version
from central.config import CentralConfig
from central.logs import about
from central.operation.alarms import Alarm
from protocol.errors import LocalError
from protocol.messages import command, configuration, sealing
from protocol.messages.sealing import Place

log = logging.getLogger(__name__)


class _Cannot(Exception):
    def __init__(self, held: Held, held_for: str | None = None) -> None:
        super().__init__(held)
        self.held = held
        self.held_for = held_for


def seal(connection: Connection, config: CentralConfig, edge: str, now: int) -> Held | None:
    """The edge's wanted version, unless it is sealed already: from `now` on it is sent. Otherwise why it is held.

    In a writing transaction. Raises ConfigError when a key file cannot be read.
    """
    row = connection.execute(select(edge_config).where(edge_config.c.edge == edge).with_for_update()).first()
    if row is None or row.wanted is None:
        return None
    versions = edge_config_version
    this = (versions.c.edge == edge) & (versions.c.version == row.wanted)
    version = connection.execute(select(versions).where(this)).one()
    if version.payload is not None or (version.version, version.sha256) == (row.running, row.running_sha):
        return None
    try:
        payload = _message(connection, config, row, version)
    except _Cannot as cannot:
        if (cannot.held, cannot.held_for) != (row.held, row.held_for):
            ids = {"edge": edge, "version": version.version, "reason": str(cannot.held), "meter": cannot.held_for}
            log.warning("a configuration cannot be sent", extra=about(Alarm.CONFIGURATION_HELD, **ids))
            _set(connection, edge, held=cannot.held, held_for=cannot.held_for)
        return cannot.held
    public = command.public_of(keys.private_key(config))
    values = {"payload": payload, "sealed_to": row.key, "signed_by": public}
    connection.execute(update(versions).where(this).values(**values))
    _set(connection, edge, next_at=now, held=None, held_for=None)
    return None


def _message(connection: Connection, config: CentralConfig, row: Row[Any], version: Row[Any]) -> bytes:
    """Raises _Cannot, ConfigError."""
    if row.key is None:
        raise _Cannot(Held.NO_KEY)
    text = version.settings.encode()
    numbers = configuration.decode(text).secret
    if numbers and row.offered is not None:
        raise _Cannot(Held.OTHER_KEY)
    ephemeral = secrets.token_bytes(sealing.KEY_BYTES)
    opened = _opened(connection, config, numbers)
    try:
        made = configuration.configuration(
            text,
            edge=row.edge,
            version=version.version,
            made=datetime.fromtimestamp(version.made_at, UTC),
            key=base64.b64encode(sealing.public_of(ephemeral)).decode(),
            secrets={
                meter: sealing.seal(secret, Place(row.edge, version.version, meter), ephemeral, command.key(row.key))
                for meter, secret in opened.items()
            },
        )
        return configuration.sign(made, keys.private_key(config))
    except LocalError:
        raise _Cannot(Held.TOO_LARGE) from None


def _opened(connection: Connection, config: CentralConfig, numbers: Iterable[str]) -> dict[str, str]:
    """Raises _Cannot, ConfigError."""
    meters = sorted(numbers)
    try:
        opened = safe.opened(connection, config, meters)
    except safe.Closed as closed:
        raise _Cannot(Held.SECRET, closed.meter) from None
    lacking = [meter for meter in meters if meter not in opened]
    if lacking:  # dropped since: the next version does not name it
        raise _Cannot(Held.SECRET, lacking[0])
    return opened


def _set(connection: Connection, edge: str, **values: Any) -> None:
    connection.execute(update(edge_config).where(edge_config.c.edge == edge).values(**values))
