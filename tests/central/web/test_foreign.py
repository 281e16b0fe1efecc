"""A meter that nobody has entered waits in quarantine; an operator adopts it, and what waited goes to the worker."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from central.db import writing
from central.ingest.parcel import Message
from central.ingest.receive import Receiver
from central.ingest.tables import State, edge_meter, inbox
from central.registry import enter
from central.registry.changes import entering
from central.registry.tables import change, meter, mounting
from tests.central import scene as s
from tests.central.conftest import Copy
from tests.central.parts import CENTRAL, Journal, load_body
from tests.central.scene import Scene
from tests.central.web.forms import filled, said, save, send
from tests.central.web.parts import make_app

METER = "MIL-77001122"
PATH = f"/console/foreign/edge-1/{METER}"
OLDEST = s.NOW - 3 * 86_400
ADOPT = {"type": "Милур 107S", "maker": "Милур", "point": "Т-99", "act": "акт 5", "reg_start.ap0": "12,5"}


@pytest.fixture
def office(copy_of: Copy, tmp_path: Path) -> Iterator[Scene]:
    """Five messages of an unknown meter have come from edge-1, one of another; the point Т-99 has no meter."""
    built = copy_of(2, tmp_path / "scene")
    with writing(built.engine).begin() as connection, entering(connection, at=s.NOW, kind="test") as act:
        three = built.schemes["three"]
        built.points["Т-99"] = enter.add_point(act, 1, "Т-99", name="Гараж", address="а", tz=s.TZ, scheme=three)
    journal = Journal()
    sent = [journal.append(load_body((OLDEST + 1800 * number, 1000 + number)), METER) for number in range(5)]
    sent.append(journal.append(load_body((s.NOW - 1800, 7)), "MIL-88"))
    Receiver(built.engine, CENTRAL).take([Message(str(topic), body) for topic, body in sent], s.NOW)
    yield built
    built.close()


@pytest.fixture
def app(office: Scene, tmp_path: Path) -> Flask:
    return make_app(tmp_path / "scene")


def states(scene: Scene, name: str = METER) -> list[str]:
    with scene.engine.connect() as connection:
        return list(connection.scalars(select(inbox.c.state).where(inbox.c.name == name)))


def test_what_waits_is_listed_and_the_form_knows_the_serial_and_the_oldest_reading(
    office: Scene, operator: FlaskClient
) -> None:
    page = operator.get("/console/foreign").text
    for word in (METER, "MIL-88", "edge-1", "24.11.2026"):
        assert word in page
    form = filled(operator, PATH, {})
    assert form["serial"] == "77001122"
    local = datetime.fromtimestamp(OLDEST + 3 * 3600, UTC)
    assert (form["since-day"], form["since-time"]) == (f"{local:%Y-%m-%d}", f"{local:%H:%M}")
    assert operator.get("/console/foreign/edge-1/MIL-nothing").status_code == 404


def test_adopting_enters_mounts_entitles_and_replays_in_one_change(office: Scene, operator: FlaskClient) -> None:
    form = filled(operator, PATH, ADOPT)
    answers = [operator.post(PATH, data=form) for _ in range(2)]  # two clicks
    assert [one.status_code for one in answers] == [303, 303]
    page = operator.get(answers[0].headers["Location"]).text
    assert "Передано в обработку: 5" in page
    assert "MIL-88" in page
    assert states(office) == [State.NEW] * 5
    assert states(office, "MIL-88") == [State.QUARANTINED]
    with office.engine.connect() as connection:
        stands = connection.execute(select(mounting).where(mounting.c.meter == METER)).one()
        bound = connection.execute(select(edge_meter).where(edge_meter.c.meter == METER)).one()
        changes = connection.scalar(select(func.count()).select_from(change).where(change.c.kind == "adoption"))
        assert connection.execute(select(meter.c.serial).where(meter.c.id == METER)).scalar_one() == "77001122"
    assert (stands.point, stands.valid_from, stands.reg_start) == (office.points["Т-99"], OLDEST, {"ap0": 12_500_000})
    assert (bound.edge, bound.valid_from, bound.valid_to) == ("edge-1", OLDEST, None)
    assert changes == 1
    assert "Приём счётчика из карантина" in operator.get(f"/console/meters/{METER}").text


def test_what_is_older_than_since_stays_and_is_told(office: Scene, operator: FlaskClient) -> None:
    later = datetime.fromtimestamp(OLDEST + 3 * 3600 + 3 * 1800, UTC)
    answer = save(operator, PATH, ADOPT | {"since-day": f"{later:%Y-%m-%d}", "since-time": f"{later:%H:%M}"})
    page = operator.get(answer.headers["Location"]).text
    assert "Передано в обработку: 2" in page
    assert "Осталось в карантине: 3" in page
    assert sorted(states(office)) == sorted([State.NEW] * 2 + [State.QUARANTINED] * 3)


def test_what_is_wrong_adopts_nothing(office: Scene, operator: FlaskClient) -> None:
    for wrong, field, sentence in (
        ({"point": "нет такой"}, "point", "нет"),
        ({"point": "Т-45"}, "since", "пересекается"),
        ({"type": ""}, "type", "Заполните"),
        ({"since-day": "2027-01-01"}, "since", "ещё не наступило"),
        ({"reg_start.ap0": "-1"}, "reg_start.ap0", "меньше нуля"),
    ):
        assert sentence in said(send(operator, PATH, ADOPT | wrong))[field], wrong
    assert states(office) == [State.QUARANTINED] * 5
    with office.engine.connect() as connection:
        assert connection.execute(select(meter).where(meter.c.id == METER)).first() is None


def test_a_meter_that_stands_is_taken_over_from_another_concentrator(office: Scene, operator: FlaskClient) -> None:
    known = f"MIL-{s.FLAT}"
    with writing(office.engine).begin() as connection, entering(connection, at=s.NOW, kind="test") as act:
        enter.add_concentrator(act, 1, "edge-2", title="Второй", address="а")
    topic, body = Journal("edge-2", "s2").append(load_body((s.NOW - 600, 5)), known)
    Receiver(office.engine, CENTRAL).take([Message(str(topic), body)], s.NOW)
    path = f"/console/foreign/edge-2/{known}"
    form = filled(operator, path, {})
    assert "point" not in form
    assert "serial" not in form
    assert "пересекается" in said(operator.post(path, data=form | {"take": ""}))["since"]
    save(operator, path, {})
    with office.engine.connect() as connection:
        bound = connection.execute(
            select(edge_meter.c.edge, edge_meter.c.valid_to)
            .where(edge_meter.c.meter == known)
            .order_by(edge_meter.c.valid_from)
        ).all()
    assert [tuple(row) for row in bound] == [("edge-1", (s.NOW - 600) // 60 * 60), ("edge-2", None)]
