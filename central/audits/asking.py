"""Backfill commands for the gaps: oldest deadline first, within a budget of the bus.

An edge is asked only while it is on line and entitled to the meter; so many commands are open at once, and so many days
of readings are asked for in a night, so that the present is never behind the past. Times: seconds UTC.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, func, or_, select, update

from central.audits.tables import GapState, gap
from central.commands.sending import send
from central.commands.tables import State as CommandState
from central.commands.tables import command
from central.config import Audits
from central.ingest.tables import edge, edge_meter
from central.timeseries.base import DAY
from protocol.messages.command import NAMES, Backfill
from protocol.reading import Kind

AUTHOR = "audit"
LIFETIME = 3 * DAY  # of a command
NIGHT = 20 * 3600  # what was asked for within it counts as this night's
SILENT = 900  # an edge speaks each minute
ONLINE = "online"


@dataclass(frozen=True, slots=True)
class Asked:
    """A command that went out for a gap."""

    gap: int
    edge: str
    command: str


def ask(connection: Connection, key: bytes, budget: Audits, now: int) -> list[Asked]:
    """In this transaction; `key` = the private one that commands are signed with."""
    found = []
    edges = select(edge.c.name).where(edge.c.state == ONLINE, edge.c.last_at >= now - SILENT).order_by(edge.c.name)
    for name in connection.scalars(edges).all():
        for row in _within(connection, name, budget, now):
            span = Backfill(meter=row.meter, kind=row.kind, since=_moment(row.since), until=_moment(row.until))
            id = send(connection, key, name, span, AUTHOR, now, LIFETIME)
            values = {"state": GapState.ASKED, "asked": row.asked + 1, "edge": name, "command": id, "asked_at": now}
            connection.execute(update(gap).where(gap.c.id == row.id).values(values))
            found.append(Asked(row.id, name, id))
    return found


def _within(connection: Connection, name: str, budget: Audits, now: int) -> Sequence[Row[Any]]:
    """Gaps to ask this edge for now."""
    open_ = select(func.count()).where(
        command.c.edge == name,
        command.c.command == NAMES[Backfill],
        command.c.state.in_((CommandState.OPEN, CommandState.WAITING)),
    )
    slots = budget.backfills - connection.execute(open_).scalar_one()
    if slots <= 0:
        return ()
    tonight = select(gap).where(gap.c.edge == name, gap.c.asked_at > now - NIGHT)
    days = budget.days - sum(cost(row) for row in connection.execute(tonight))
    query = (
        select(gap)
        .join(edge_meter, edge_meter.c.meter == gap.c.meter)
        .where(
            edge_meter.c.edge == name,
            edge_meter.c.valid_from < gap.c.until,
            edge_meter.c.valid_from <= now,
            or_(edge_meter.c.valid_to.is_(None), edge_meter.c.valid_to > now),
            gap.c.state == GapState.OPEN,
            gap.c.deadline_at > now,
        )
        .order_by(gap.c.deadline_at, gap.c.id)
        .limit(slots)
    )
    chosen = []
    for row in connection.execute(query):
        days -= cost(row)
        if days < 0:
            break
        chosen.append(row)
    return chosen


def cost(row: Row[Any]) -> int:
    """Days of the load profile that a gap makes the bus read; registers are few: a day."""
    return -(-(row.until - row.since) // DAY) if row.kind == Kind.LOAD else 1


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
