"""Fault 41: an edge sends another edge's meter. Mark: quarantine `foreign_meter`, an alarm; adopted, it is replayed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from central.db import writing
from central.ingest.bindings import bind
from central.ingest.tables import edge, inbox
from protocol.reading import Kind
from tests.central import sql as kit
from tests.central.parts import NOW, T0, Journal, load_body
from tests.central.programs import until
from tests.central.sql import Sql
from tests.faults.central_house import METER, CentralHouse, series_section
from tests.faults.clients import client_of, leave
from tests.parts import Mosquitto

SINCE, UNTIL = T0, T0 + 86_400  # the stranger's period, once it is given one
STAMPS = {  # stamp -> whether it lies within; an interval is stamped with its end, a register with its moment
    SINCE - 1800: False,
    SINCE - 1: False,
    SINCE: True,
    SINCE + 1: True,
    UNTIL - 1800: True,
    UNTIL: True,
    UNTIL + 1: False,
    UNTIL + 1800: False,
}


@pytest.fixture
def house(sql: Sql, tmp_path: Path, mosquitto: Mosquitto) -> Iterator[CentralHouse]:
    folder = tmp_path / "central"
    house = CentralHouse(folder, mosquitto, series_section(None), kit.section(folder))
    until(lambda: "connected to the broker" in house.programs[0].log)
    yield house
    house.close()


def states(house: CentralHouse) -> list[tuple[str, str | None]]:
    return [(row.state, row.reason) for row in rows(house, select(inbox).order_by(inbox.c.seq))]


def rows(house: CentralHouse, query: Any) -> Any:
    with house.engine.connect() as connection:
        return connection.execute(query).all()


def stored(house: CentralHouse) -> list[int]:
    return sorted(row.end if hasattr(row, "end") else row.time for row in house.held().rows)


@pytest.mark.parametrize("kind", [Kind.LOAD, Kind.DAILY])
def test_another_edges_meter_waits_until_it_is_adopted_for_a_period(
    house: CentralHouse, mosquitto: Mosquitto, kind: Kind
) -> None:
    journal, thief = Journal("edge-2"), client_of(mosquitto, "edge-2")
    for number, stamp in enumerate(STAMPS):
        journal.append(load_body((stamp, number), kind=kind), METER)
    journal.append(load_body(*((stamp, number) for number, stamp in enumerate(STAMPS)), kind=kind), METER)
    for topic, payload in journal.rows:
        thief.publish(str(topic), payload, qos=1)
    foreign = ("quarantined", "foreign_meter")
    until(lambda: states(house) == [foreign] * len(journal.rows))
    leave(thief)
    log = house.programs[0].log
    assert "alarm=quarantine reason=foreign_meter edge=edge-2 meter=A-1" in log
    assert log.count("alarm=quarantine") == 1, "said once"
    assert stored(house) == [], "nothing of it is the point's"
    assert rows(house, select(edge.c.name).where(edge.c.name == "edge-2")), "the edge itself is known"

    said = house.command("replay", "--reason", "foreign_meter")
    assert said.splitlines() == ["0 messages go to the worker again", f"{len(journal.rows)} stay: foreign_meter"]

    with writing(house.engine).begin() as connection:
        bind(connection, "edge-2", METER, SINCE, UNTIL, NOW)
    good = list(STAMPS.values()).count(True) + 1
    bad = list(STAMPS.values()).count(False)
    dry = house.command("replay", "--reason", "foreign_meter", "--edge", "edge-2", "--dry-run")
    assert dry.splitlines() == [f"{good} messages would go to the worker again", f"{bad} stay: foreign_meter"]
    assert states(house) == [foreign] * len(journal.rows), "nothing was changed"
    assert house.command("replay", "--edge", "edge-1") == "0 messages go to the worker again\n"
    done = house.command("replay", "--reason", "foreign_meter", "--edge", "edge-2")
    assert done.splitlines()[0] == f"{good} messages go to the worker again"
    house.settle()
    each = [("done", None) if within else foreign for within in STAMPS.values()]
    assert states(house) == [*each, ("partial", "foreign_meter")]
    assert stored(house) == [stamp for stamp, within in STAMPS.items() if within]

    with writing(house.engine).begin() as connection:
        bind(connection, "edge-2", METER, 0, None, NOW)
    house.command("replay")
    house.command("replay", "--state", "partial")
    house.settle()
    assert states(house) == [("done", None)] * len(journal.rows)
    assert stored(house) == sorted(STAMPS)
