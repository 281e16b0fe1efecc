"""What edges say of their configuration in `about`, taken in the transaction of that message: keys, what runs, what
was refused and why. From here on the wanted version goes out, or no more.
"""

import base64
import binascii
import logging
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, select, update

from central.concentrators.tables import edge_config, edge_config_version
from central.concentrators.versions import JOB
from central.db import insert
from central.ingest.judge import printable
from central.jobs.asking import enqueue
from central.logs import about as alarm_of
from central.operation.alarms import Alarm
from protocol.errors import LocalError
from protocol.messages import sealing
from protocol.messages.configuration import LAST_VERSION
from protocol.messages.control import About, Rejected, Running
from protocol.messages.sealing import Place

log = logging.getLogger(__name__)

_SHA = 64


def said(connection: Connection, abouts: Mapping[str, About], now: int) -> None:
    """The edges' names must be in `edge`. One that says no key takes no configuration: nothing is sent to it."""
    if not abouts:
        return
    rows = _rows(connection, list(abouts))
    known = {row.edge for row in rows}
    new = [name for name, about in sorted(abouts.items()) if name not in known and _key(about) is not None]
    if new:
        made = insert(connection, edge_config).on_conflict_do_nothing()
        connection.execute(made, [{"edge": name, "schedule": {}, "running": 0, "running_sha": ""} for name in new])
        rows += _rows(connection, new)
    for row in rows:
        _take(connection, row, abouts[row.edge], now)


def _rows(connection: Connection, names: list[str]) -> list[Row[Any]]:
    """With hash and presence of the wanted version; locked, in the order of names."""
    versions = edge_config_version
    wanted = (versions.c.edge == edge_config.c.edge) & (versions.c.version == edge_config.c.wanted)
    query = (
        select(edge_config, versions.c.sha256, versions.c.payload.is_not(None).label("sealed"))
        .outerjoin(versions, wanted)
        .where(edge_config.c.edge.in_(names))
        .order_by(edge_config.c.edge)
        .with_for_update(of=edge_config)
    )
    return list(connection.execute(query))


def _take(connection: Connection, row: Row[Any], about: About, now: int) -> None:
    key, running = _key(about), _running(about)
    refused = running.refused
    values: dict[str, Any] = _of_key(row, key)
    values |= {"running": running.version, "running_sha": running.sha256}
    values |= {"refused": None, "refused_sha": None, "why": None}
    if refused is not None:
        values |= {"refused": refused.version, "refused_sha": refused.sha256, "why": refused.why}
    wanted = (row.wanted, row.sha256)
    runs = wanted == (running.version, running.sha256)
    rejected = refused is not None and wanted == (refused.version, refused.sha256)
    other = values.get("offered") is not None
    settled = runs or rejected or other or key is None or not row.sealed
    values["next_at"] = None if settled else now
    changed = {name: value for name, value in values.items() if value != getattr(row, name)}
    if not changed:
        return
    connection.execute(update(edge_config).where(edge_config.c.edge == row.edge).values(said_at=now, **changed))
    if "running" in changed or "running_sha" in changed:
        _mark(connection, row.edge, running.version, running.sha256, runs_at=now)
    if refused is not None and {"refused", "refused_sha", "why"} & changed.keys():
        _mark(connection, row.edge, refused.version, refused.sha256, refused_at=now, why=refused.why)
        ids = {"edge": row.edge, "version": refused.version}
        said = "a configuration was refused: %s"
        log.warning(said, refused.why, extra=alarm_of(Alarm.CONFIGURATION_REFUSED, **ids))
    if other and "offered" in changed and not runs:
        _unseal(connection, row)
    asked = row.wanted is not None and {"key", "offered"} & changed.keys()
    if asked or ("running" in changed and not runs):
        enqueue(connection, JOB, {"edge": row.edge}, now)


def _unseal(connection: Connection, row: Row[Any]) -> None:
    """What was sealed to the key that it had opens for nobody now."""
    versions = edge_config_version
    this = (versions.c.edge == row.edge) & (versions.c.version == row.wanted)
    connection.execute(update(versions).where(this).values(payload=None, sealed_to=None, signed_by=None))


def _of_key(row: Row[Any], key: str | None) -> dict[str, Any]:
    """The first key is believed; another one is only remembered, until somebody accepts it."""
    if key is None or key == row.key:
        return {"offered": None}
    if row.key is None:
        return {"key": key}
    if key != row.offered:
        log.warning("an edge says another key than before", extra=alarm_of(Alarm.EDGE_KEY_CHANGED, edge=row.edge))
    return {"offered": key}


def _mark(connection: Connection, edge: str, version: int, sha: str, **values: Any) -> None:
    """The first time counts."""
    versions = edge_config_version
    first = versions.c.runs_at if "runs_at" in values else versions.c.refused_at
    this = (versions.c.edge == edge, versions.c.version == version, versions.c.sha256 == sha, first.is_(None))
    connection.execute(update(versions).where(*this).values(**values))


def _key(about: About) -> str | None:
    """One that secrets can be sealed to."""
    try:
        raw = base64.b64decode(about.sealing_key or "", validate=True)
        sealing.seal("", Place("", 0, ""), bytes([1]) * sealing.KEY_BYTES, raw)
    except (binascii.Error, ValueError, LocalError):
        return None
    return about.sealing_key


def _running(about: About) -> Running:
    """As SQL takes it, whatever an edge says."""
    said = about.configuration or Running()
    refused = said.refused
    if not 0 <= said.version <= LAST_VERSION or (refused is not None and not 0 <= refused.version <= LAST_VERSION):
        return Running()
    if refused is not None:
        refused = Rejected(version=refused.version, sha256=_sha(refused.sha256), why=printable(refused.why))
    return Running(version=said.version, sha256=_sha(said.sha256), refused=refused)


def _sha(text: str) -> str:
    return printable(text)[:_SHA]
