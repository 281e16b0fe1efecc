"""Fault 8: the time series answers after seconds, or never; SQL takes half a second a commit. Mark: memory of ingest
bounded, acknowledgements go on, 0 lost.
"""

import itertools
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from central.ingest.tables import inbox
from protocol.messages.topics import EdgeTopic
from tests.central import sql as kit
from tests.central.parts import T0, load_body
from tests.central.publisher import Disk, Publisher
from tests.central.sql import Sql
from tests.central.timeseries.influx_admin import ADMIN, make_admin
from tests.faults.central_house import METER, CentralHouse
from tests.faults.clients import client_of, leave
from tests.faults.proxy import Proxy
from tests.parts import InfluxDB, Mosquitto

TIMEOUT = 8.0  # seconds that the programs wait for the series
LONGEST_SILENCE = 5.0  # between two acknowledgements: less than one wait for the series
GROWTH = 16 * 2**20  # bytes that ingest may grow by while many times as many go through it


@pytest.fixture
def series(influxdb: InfluxDB) -> Iterator[Proxy]:
    make_admin(influxdb.port)
    with Proxy(influxdb.port) as proxy:
        yield proxy


@pytest.fixture
def house(sql: Sql, tmp_path: Path, mosquitto: Mosquitto, series: Proxy) -> Iterator[CentralHouse]:
    folder = tmp_path / "central"
    where = f'[series]\nkind = "influxdb"\nurl = "http://127.0.0.1:{series.port}"\ntimeout = {TIMEOUT}\n'
    access = f'username = "{ADMIN}"\npassword = "{ADMIN}"\n'
    house = CentralHouse(folder, mosquitto, where + access, kit.section(folder))
    yield house
    series.heal()
    house.close()


def padded(number: int, size: int) -> bytes:
    """A reading whose message is as large as that: programs skip what they do not know."""
    return load_body((T0 + 1800 * number, number)).replace(b'"v":1', b'"v":1,"note":"%s"' % (b"x" * size))


def resident(house: CentralHouse) -> int:
    """Bytes of ingest in memory."""
    ingest = house.programs[0]._process
    assert ingest is not None
    pages = int(Path(f"/proc/{ingest.pid}/statm").read_text().split()[1])
    return pages * 4096


def stored(house: CentralHouse) -> dict[int, int]:
    return {row.end: row.values["ap"] for row in house.held().rows}  # type: ignore[union-attr]


SIZES = [(800, 60_000), pytest.param(20_000, 8_000, marks=pytest.mark.long)]


@pytest.mark.parametrize(("rows", "size"), SIZES)
@pytest.mark.parametrize("fault", ["slow", "dead"])
def test_readings_are_acknowledged_at_their_pace_whatever_the_series_does(
    house: CentralHouse, series: Proxy, mosquitto: Mosquitto, fault: str, rows: int, size: int
) -> None:
    """Live values come too: they go to the series from within ingest."""
    series.delay, series.dead = (3.0, False) if fault == "slow" else (0.0, True)
    disk, live = Disk(), client_of(mosquitto, "edge-1")
    publisher = Publisher(mosquitto.port, disk, house.central)
    seen: list[int] = []
    try:
        for number in range(rows):
            disk.append(padded(number, size))
            voltage = b'{"time":"2025-11-24T16:00:00Z","values":{"voltage_a":231.5},"note":"%s"}' % (b"x" * size)
            live.publish(str(EdgeTopic("edge-1", "live", METER)), voltage)
            while publisher.pending > 50:
                publisher.turn()
                time.sleep(0.001)
            if number % (rows // 20) == 0:
                seen.append(resident(house))
        publisher.run_until_acknowledged()
    finally:
        publisher.close()
        leave(live)
    moments = [at for at, _ in publisher.acks]
    assert max(later - sooner for sooner, later in itertools.pairwise(moments)) < LONGEST_SILENCE
    assert max(seen) - max(seen[:5]) < GROWTH < rows * size / 2, f"{[size // 2**20 for size in seen]} MiB"
    with house.engine.connect() as connection:
        waiting = connection.execute(select(func.count()).where(inbox.c.state == "new")).scalar_one()
    assert waiting > rows / 2, "the series was in the way of nobody, but of the worker"
    series.heal()
    house.settle()
    assert stored(house) == {T0 + 1800 * number: number for number in range(rows)}
