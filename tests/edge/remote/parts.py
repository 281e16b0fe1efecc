"""Central's side of a configuration, and an edge.toml in a folder of its own."""

import base64
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from edge.config import Config, Edge, Line, Spodes, Uplink
from edge.remote.remote import Remote
from protocol.messages import command, configuration, sealing
from protocol.messages.configuration import Settings

KEY = bytes(range(32))
EPHEMERAL = bytes(range(2, 34))
LINE = {"name": "Б", "url": "tcp://127.0.0.1:2"}
METER = {"id": "B-1", "line": "Б", "driver": "spodes", "link": "wrapper", "period": 900, "offset": 420}


def base(folder: Path, key: str | None = command.public_of(KEY)) -> Config:
    return Config(
        edge=Edge(name="edge-1", data=str(folder)),
        uplink=Uplink(host="h", central="c", command_key=key),
        line=[Line(name="А", url="tcp://127.0.0.1:1")],
        meter=[Spodes(id="A-1", line="А")],
    )


def settings(*meters: dict[str, Any], line: dict[str, Any] = LINE, **more: Any) -> Settings:
    return Settings(line=[line], meter=list(meters or (METER,)), **more)


def signed(
    said: Settings,
    version: int = 1,
    *,
    edge: str = "edge-1",
    key: bytes = KEY,
    passwords: dict[str, str] | None = None,
    to: Remote | None = None,
) -> bytes:
    """As central sends it; `passwords` sealed to the edge whose `to` is."""
    recipient = base64.b64decode((to and to.in_force.key) or "") if passwords else b""
    secrets = {
        meter: sealing.seal(text, sealing.Place(edge, version, meter), EPHEMERAL, recipient)
        for meter, text in (passwords or {}).items()
    }
    made = configuration.configuration(
        configuration.encode(said),
        edge=edge,
        version=version,
        made=datetime(2026, 11, 24, 12, tzinfo=UTC),
        key=base64.b64encode(sealing.public_of(EPHEMERAL)).decode(),
        secrets=secrets,
    )
    return configuration.sign(made, key)
