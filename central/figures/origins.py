"""Which message brought a row: looked for in the inbox, which keeps messages for two weeks; and who entered a reading
by hand."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import Connection, Row, String, cast, select

from central.figures.views import Noted, Origin, RowKey
from central.ingest.tables import State, edge_meter, inbox
from central.registry.tables import change, change_line, manual_reading
from protocol.errors import Garbled
from protocol.messages import bodies

DAY = 86_400
TAKEN = (State.DONE, State.PARTIAL)
ARCHIVE = "archive"


def origins(connection: Connection, wanted: Collection[RowKey]) -> dict[RowKey, Origin]:
    """Of each of these rows the first message that told of it; else the concentrator that was entitled to."""
    by_meter: dict[str, set[RowKey]] = defaultdict(set)
    for key in wanted:
        by_meter[key[0]].add(key)
    found: dict[RowKey, Origin] = {}
    for meter, keys in by_meter.items():
        left = set(keys)
        for message in _messages(connection, meter, min(stamp for _, _, stamp in keys)):
            for key in _rows_of(message) & left:
                found[key] = _origin(message)
                left.discard(key)
            if not left:
                break
        found |= _entitled(connection, meter, left)
    return found


def noted(connection: Connection, wanted: Collection[tuple[int, int]]) -> dict[tuple[int, int], Noted]:
    """Of readings by hand, (mounting, moment): the change that entered each."""
    if not wanted:
        return {}
    key = cast(manual_reading.c.id, String)
    query = (
        select(manual_reading.c.mounting, manual_reading.c.read_at, change.c.id, change.c.at, change.c.reason)
        .join(change_line, (change_line.c.object == manual_reading.name) & (change_line.c.key == key))
        .join(change, change.c.id == change_line.c.change)
        .where(manual_reading.c.mounting.in_({mounting for mounting, _ in wanted}))
        .order_by(change_line.c.id)
    )
    rows = connection.execute(query).all()
    return {
        (row.mounting, row.read_at): Noted(row.id, row.at, row.reason)
        for row in rows
        if (row.mounting, row.read_at) in wanted
    }


def _messages(connection: Connection, meter: str, since: int) -> Iterator[Row[Any]]:
    """With rows of this meter, read at the earliest a day before this stamp; in the order in which they came."""
    query = (
        select(inbox)
        .where(inbox.c.name == meter, inbox.c.day >= since // DAY - 1)
        .where(inbox.c.channel == ARCHIVE, inbox.c.state.in_(TAKEN))
        .order_by(inbox.c.id)
    )
    yield from connection.execute(query.execution_options(yield_per=100))  # of the statement: a connection keeps it


def _rows_of(message: Row[Any]) -> set[RowKey]:
    try:
        readings = bodies.decode(message.body).readings
    except Garbled:
        return set()
    return {(message.name, readings.kind.value, row.end) for row in readings.rows}


def _origin(message: Row[Any]) -> Origin:
    body = bodies.decode(message.body)
    made = int(body.made.timestamp())
    return Origin(message.edge, message.store, message.seq, message.received_at, made, body.offset)


def _entitled(connection: Connection, meter: str, keys: Collection[RowKey]) -> dict[RowKey, Origin]:
    if not keys:
        return {}
    bound = connection.execute(select(edge_meter).where(edge_meter.c.meter == meter)).all()
    found = {}
    for key in keys:
        stamp = key[2]
        edges = [
            one.edge for one in bound if one.valid_from <= stamp and (one.valid_to is None or stamp <= one.valid_to)
        ]
        if edges:
            found[key] = Origin(edges[0])
    return found
