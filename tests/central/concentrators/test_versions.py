"""Which version a concentrator is to run: a new one when the registry says something else, none when it does not."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from central.concentrators import refresh
from central.concentrators.look import standing
from central.concentrators.tables import edge_config, edge_config_version
from central.db import writing
from central.ingest.tables import edge, edge_line, edge_meter
from central.registry import enter
from central.registry.changes import entering
from central.registry.schemes import ONE_ZONE
from protocol.messages.control import About, encode
from tests.central.parts import NOW, database
from tests.central.sql import Sql

DAY = 86_400


@pytest.fixture
def connection(sql: Sql, tmp_path: Path) -> Iterator[Connection]:
    """A-1 stands and hangs on a line of edge-1; B-2 stands and nobody reads it."""
    engine = database(tmp_path)
    with writing(engine).begin() as connection:
        with entering(connection, at=NOW, kind="test") as change:
            company = enter.add_organisation(change, "Энергосеть")
            scheme = enter.add_scheme(change, "одна зона", ONE_ZONE, date(2013, 1, 1))
            enter.add_concentrator(change, company, "edge-1", title="Щит", address="ул.")
            line = enter.add_line(change, "edge-1", "Шина", "tcp://127.0.0.1:4059")
            for number, meter in enumerate(("A-1", "B-2")):
                enter.add_meter(change, meter, serial=meter[-1], type="т", maker="м")
                point = enter.add_point(
                    change, company, f"Т-{number}", name="Дом", address="ул.", tz="Europe/Moscow", scheme=scheme
                )
                enter.mount(change, point, meter, NOW - 100 * DAY, clock_offset=420, period=900)
            settings = {"server": "1/24", "password": "никогда", "link": "hdlc"}
            enter.entitle(change, "edge-1", "A-1", 0, line=line, driver="spodes", settings=settings)
        yield connection
    engine.dispose()


def wanted(connection: Connection) -> tuple[int, dict[str, Any]]:
    """Number and text of the version that is to run."""
    number = connection.execute(select(edge_config.c.wanted)).scalar_one()
    this = select(edge_config_version.c.settings).where(edge_config_version.c.version == number)
    return number, json.loads(connection.execute(this).scalar_one())


def test_a_change_of_the_registry_makes_a_version_and_what_it_says_is_what_stands(connection: Connection) -> None:
    number, text = wanted(connection)
    assert number == 1
    assert text["line"] == [{"name": "Шина", "url": "tcp://127.0.0.1:4059"}]
    assert text["meter"] == [
        {
            "id": "A-1",
            "line": "Шина",
            "driver": "spodes",
            "serial": "1",
            "period": 900,
            "offset": 420,
            "link": "hdlc",
            "server": "1/24",
        }
    ], "period and clock from the mounting; a password is nobody's setting"


def test_the_same_is_no_version_and_something_else_is_the_next(connection: Connection) -> None:
    assert not refresh(connection, "edge-1", NOW + 60, "test").new
    with entering(connection, at=NOW, kind="test") as change:
        enter.correct(change, edge_line, 1, url="tcp://127.0.0.1:4060")
    assert wanted(connection)[0] == 2
    with entering(connection, at=NOW, kind="test") as change:
        enter.correct(change, edge_line, 1, url="tcp://127.0.0.1:4059")
    number, text = wanted(connection)
    assert (number, text["line"][0]["url"]) == (3, "tcp://127.0.0.1:4059"), "a number is never used for something else"


def test_a_new_ratio_of_the_meter_is_nothing_to_the_concentrator(connection: Connection) -> None:
    with entering(connection, at=NOW, kind="test") as change:
        enter.correct_mounting(change, 1, act="акт 2")
    assert wanted(connection)[0] == 1
    with entering(connection, at=NOW, kind="test") as change:
        enter.correct_mounting(change, 1, clock_offset=180)
    number, text = wanted(connection)
    assert (number, text["meter"][0]["offset"]) == (2, 180)


def test_an_entitlement_that_ends_takes_the_meter_away_when_its_time_comes(connection: Connection) -> None:
    with entering(connection, at=NOW, kind="test") as change:
        key = connection.execute(select(edge_meter.c.id)).scalar_one()
        enter.release(change, key, NOW + DAY)
    assert wanted(connection)[0] == 1
    assert refresh(connection, "edge-1", NOW + DAY, "worker").new
    assert wanted(connection)[1]["meter"] == []


def test_a_meter_that_it_would_stop_reading_blocks_and_says_so(connection: Connection) -> None:
    """B-2 is entitled without a line: the edge's own file reads it, and a configuration would end that."""
    with entering(connection, at=NOW, kind="test") as change:
        enter.entitle(change, "edge-1", "B-2", 0)
    assert standing(connection, "edge-1", NOW).state != "blocked", "nobody says that it is read"
    said = About(store="s", low=1, next=1, central="c", software="t", config="", meters={"B-2": 900})
    connection.execute(edge.update().values(about=encode(said)))
    found = standing(connection, "edge-1", NOW)
    assert found.state == "blocked"
    assert "B-2" in str(found.blocked)
    with entering(connection, at=NOW, kind="test") as change:
        enter.correct(change, edge_line, 1, url="tcp://127.0.0.1:4060")
    assert wanted(connection)[0] == 1, "what it has stays"
