"""Fault 35: what is larger than the broker's limit. Mark: it never leaves the journal unsplit; no reconnect loop."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from central.db import writing
from central.ingest.bindings import bind
from edge.journal.journal import Journal
from edge.journal.rows import Batch, Commit
from edge.journal.schema import connect
from protocol.messages import bodies
from protocol.messages.bodies import MAX_BYTES, MAX_ROWS
from protocol.messages.topics import RowTopic
from protocol.quantities import QUANTITIES, Nature
from protocol.reading import Event, Kind, Readings, Row
from tests.central.parts import NOW, T0
from tests.central.programs import until
from tests.central.sql import Sql
from tests.edge.programs import House
from tests.parts import Mosquitto

LIMIT = 70_000  # max_packet_size of our mosquitto.conf
METER = "m" * 40  # the longest name there is
LARGEST = -(2**63)  # 20 characters
COLUMNS = {
    Kind.LOAD: tuple(quantity.name for quantity in QUANTITIES if quantity.nature is Nature.INTERVAL),
    Kind.DAILY: tuple(quantity.name for quantity in QUANTITIES if quantity.nature is Nature.REGISTER),
}
EVENTS = tuple(Event(T0 + number, 2**31, 2**31, 2**62) for number in range(5000))


def large(kind: Kind, rows: int) -> Readings:
    """Every column that this kind may have, each as wide as an integer gets."""
    columns = COLUMNS[kind]
    cells = (LARGEST,) * len(columns)
    return Readings(kind, columns, tuple(Row(T0 + 1800 * number, 1800, 255, cells) for number in range(rows)))


@pytest.fixture
def house(sql: Sql, tmp_path: Path, mosquitto: Mosquitto) -> Iterator[House]:
    house = House(tmp_path, mosquitto)
    with writing(house.engine).begin() as connection:
        bind(connection, "edge-1", METER, 0, None, NOW)
    yield house
    house.close()


def test_what_is_too_large_goes_in_parts_over_one_connection(house: House, mosquitto: Mosquitto) -> None:
    edge = house.edge()
    edge.file.parent.mkdir(parents=True)
    contents = [large(Kind.LOAD, 5000), large(Kind.DAILY, 1000), EVENTS]
    with closing(Journal(connect(edge.file))) as journal:
        for content in contents:
            assert journal.append(Commit(batches=[Batch(METER, 180, content)]), NOW) > 0
        written = journal.next - 1
    edge.start()
    until(lambda: edge.waiting() == 0)
    assert edge.stop() == 0

    held = house.bodies()
    rows = edge.rows()[:written]
    assert len(rows) > sum(1 for _ in contents) * 5, "they were split"
    assert [seq for seq, _, body, _ in rows if body not in held] == []
    came = [bodies.decode(body) for _, _, body, _ in rows]
    assert sum(len(body.rows) for body in came) == 5000 + 1000 + len(EVENTS), "nothing was left out"
    longest = len(str(RowTopic("e" * 40, "archive", METER, "s" * 40, 10**17, "0" * 16)))
    for (_, _, body, _), decoded in zip(rows, came, strict=True):
        assert len(body) <= MAX_BYTES
        assert len(decoded.rows) <= MAX_ROWS
        assert len(body) + longest + 9 < LIMIT, "with the longest topic and MQTT's own bytes too"
    log = (mosquitto.folder / "log").read_text()
    assert log.count(" as edge-1 ") == 1, "one connection carried all of it"
    assert "oversize" not in log.lower()
    assert "connection lost" not in edge.log
