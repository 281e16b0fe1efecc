"""Which version an edge is to run: the one it has, if that says the same, or a new one.

The same is never sent twice under two numbers: what runs already, or is on its way, stays; and a number that the edge
has seen (central may have been restored from an older backup) is never used for something else.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select, update

from central.accounts.audit import note
from central.commands import keys
from central.concentrators.making import Blocked, wanted
from central.concentrators.tables import edge_config, edge_config_version
from central.db import alone, given, insert, keys_of
from central.ingest.tables import edge as edge_table
from central.ingest.tables import edge_meter
from central.jobs.asking import enqueue
from protocol.messages import configuration

JOB = "configure"


@dataclass(frozen=True, slots=True)
class Outcome:
    """`version` = the one that is to run, None = central does not configure this edge; `new` = it was made just now;
    `blocked` = why what the registry says now cannot be sent."""

    version: int | None = None
    new: bool = False
    blocked: Blocked | None = None


def refresh(connection: Connection, edge: str, now: int, author: str) -> Outcome:
    """Call it when the registry changed, in the same transaction; `author` is who did, for people.

    The edge's name must be in `edge`. Central begins to configure an edge when a first meter of it hangs on a line.
    """
    alone(connection, f"configuration of {edge}")
    row = _row(connection, edge)
    try:
        settings = wanted(connection, edge, now)
    except Blocked as blocked:
        return Outcome(row.wanted, blocked=blocked)
    if row.wanted is None and not settings.meter:
        return Outcome()
    text = configuration.encode(settings)
    sha = configuration.digest(text)
    values = {"edge": edge, "made_at": now, "author": author[:200], "sha256": sha, "settings": text.decode()}
    found = _usable(connection, row, sha, bool(settings.secret))
    if found is None and sha == row.running_sha and not _is_used(connection, edge, row.running):
        connection.execute(edge_config_version.insert().values(version=row.running, **values))  # made before a restore
        found = _usable(connection, row, sha, bool(settings.secret))
    if found is None:
        number = _next(connection, row)
        connection.execute(edge_config_version.insert().values(version=number, **values))
        note(connection, now, None, "configuration", edge, f"{author}: version {number}, {len(settings.meter)} meters")
        _want(connection, edge, wanted=number, next_at=None, held=None, held_for=None)
        enqueue(connection, JOB, {"edge": edge}, now)
        return Outcome(number, new=True)
    if found.version != row.wanted:
        runs = (found.version, found.sha256) == (row.running, row.running_sha)
        next_at = None if runs or found.payload is None else now
        _want(connection, edge, wanted=found.version, next_at=next_at, held=None, held_for=None)
    return Outcome(int(found.version))


def refresh_of(connection: Connection, subjects: Collection[tuple[str, str]], now: int, author: str) -> None:
    """The same for all edges that a change of the registry concerns: (kind, key) of what it touched.

    What cannot be sent stays as it was; the worker says so, and the edge's page.
    """
    edges = {key for kind, key in subjects if kind == "edge"}
    meters = [(key,) for kind, key in subjects if kind == "meter"]
    if meters:
        ours = given(connection.dialect.name, edge_meter.c.meter)
        query = select(edge_meter.c.edge).distinct().join_from(ours, edge_meter, edge_meter.c.meter == ours.c.meter)
        edges |= set(connection.scalars(query.where(edge_meter.c.line.is_not(None)), keys_of(meters)))
    if edges:
        known = select(edge_table.c.name).where(edge_table.c.name.in_(edges))
        for name in sorted(connection.scalars(known)):
            refresh(connection, name, now, author)


def _row(connection: Connection, edge: str) -> Row[Any]:
    made = insert(connection, edge_config).values(edge=edge, schedule={}, running=0, running_sha="")
    connection.execute(made.on_conflict_do_nothing())
    return connection.execute(select(edge_config).where(edge_config.c.edge == edge).with_for_update()).one()


def _usable(connection: Connection, row: Row[Any], sha: str, secretive: bool) -> Row[Any] | None:
    """The version that says this and that the edge runs, or will take."""
    versions = edge_config_version
    query = select(versions).where(versions.c.edge == row.edge, versions.c.sha256 == sha)
    key = keys.public_key(connection)
    newest = _newest(connection, row.edge)
    for found in connection.execute(query.order_by(versions.c.version.desc())):
        if (found.version, found.sha256) == (row.running, row.running_sha):
            return found
        sendable = found.payload is None or (found.signed_by == key and (found.sealed_to == row.key or not secretive))
        if found.version == newest and found.version > row.running and sendable:
            return found
    return None


def _newest(connection: Connection, edge: str) -> int:
    versions = edge_config_version
    query = select(versions.c.version).where(versions.c.edge == edge).order_by(versions.c.version.desc()).limit(1)
    return connection.execute(query).scalar() or 0


def _is_used(connection: Connection, edge: str, version: int) -> bool:
    versions = edge_config_version
    query = select(versions.c.version).where(versions.c.edge == edge, versions.c.version == version)
    return connection.execute(query).first() is not None


def _next(connection: Connection, row: Row[Any]) -> int:
    return 1 + int(max(_newest(connection, row.edge), row.running, row.refused or 0))


def _want(connection: Connection, edge: str, **values: Any) -> None:
    connection.execute(update(edge_config).where(edge_config.c.edge == edge).values(**values))
