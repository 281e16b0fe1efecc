"""«Опросить сейчас»: who has the contract asks his meter and sees each step; nobody asks it twice in five minutes."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, select, update

from central.accounts.tables import account, grant
from central.commands.replies import replied
from central.commands.tables import command
from central.db import writing
from central.ingest.tables import edge
from central.registry.tables import contract_point
from protocol.messages.command import Reply, Shown, Status
from tests.central import scene as s
from tests.central.scene import Scene
from tests.central.web.parts import Clock, make_app, person, send

BUTTON = "Опросить сейчас</button>"


@pytest.fixture
def app(town: Scene, tmp_path: Path, clock: Clock) -> Flask:
    return make_app(tmp_path / "scene", clock=clock)


def shown(client: FlaskClient, point: int) -> str:
    page = client.get(f"/network?point={point}").text
    found = re.search(r'<div id="read-now".*?</div>\s*(?=</div>|<)', page, re.DOTALL)
    assert found is not None
    return page[found.start() : found.start() + 2_500].partition("</section>")[0]


def ask(client: FlaskClient, point: int) -> int:
    return send(client, "/network/now", at=f"/network?point={point}", point=str(point)).status_code


def reply(town: Scene, status: Status, now: int, values: Shown | None = None) -> None:
    """As the concentrator's row brings it."""
    with writing(town.engine).begin() as connection:
        id = connection.scalar(select(command.c.id).order_by(command.c.counter.desc()))
        assert id is not None
        at = datetime.fromtimestamp(now, UTC)
        replied(connection, "edge-1", Reply(v=1, id=id, status=status, at=at, shown=values), now)


def test_each_step_stands_on_the_page_and_the_last_word_ends_it(app: Flask, town: Scene, clock: Clock) -> None:
    consumer, point = person(app, s.CONSUMER), town.points[s.FLAT]
    assert BUTTON in shown(consumer, point)
    assert ask(consumer, point) == 303
    going = shown(consumer, point)
    assert "data-going" in going
    assert "Запрос принят" in going
    assert BUTTON not in going
    clock.now += 2
    reply(town, Status.WAITING, int(clock.now))
    assert "Концентратор опрашивает счётчик" in shown(consumer, point)
    clock.now += 1
    at = datetime.fromtimestamp(clock.now, UTC)
    reply(town, Status.DONE, int(clock.now), Shown(time=at, values={"voltage_a": 231.25}, relay=False))
    over = shown(consumer, point)
    assert "data-going" not in over
    assert "Счётчик ответил" in over
    assert "отключено" in over
    assert "Снова опросить можно с 09:17:00" in over
    relay = consumer.get(f"/complexes?point={point}").text
    assert "по ответу счётчика, 24.11.2026" in relay


def test_a_meter_is_asked_again_after_five_minutes_and_not_before(app: Flask, town: Scene, clock: Clock) -> None:
    consumer, point = person(app, s.CONSUMER), town.points[s.FLAT]
    for _ in range(2):
        assert ask(consumer, point) == 303
    with town.engine.connect() as connection:
        assert len(connection.scalars(select(command.c.id)).all()) == 1
    clock.now += 299
    assert "Ответа не дождались" in shown(consumer, point)
    assert BUTTON not in shown(consumer, point)
    clock.now += 1
    with writing(town.engine).begin() as connection:
        connection.execute(update(edge).values(last_at=int(clock.now)))
    assert BUTTON in shown(consumer, point)
    assert ask(consumer, point) == 303
    with town.engine.connect() as connection:
        assert len(connection.scalars(select(command.c.id)).all()) == 2


@pytest.mark.parametrize(("status", "word"), [(Status.NO_ANSWER, "Счётчик не ответил"), (Status.BAD_LINK, "Линия до")])
def test_what_did_not_come_of_it_is_told(app: Flask, town: Scene, clock: Clock, status: Status, word: str) -> None:
    consumer, point = person(app, s.CONSUMER), town.points[s.FLAT]
    ask(consumer, point)
    reply(town, status, int(clock.now) + 3)
    assert word in shown(consumer, point)


def test_who_only_looks_asks_nothing(app: Flask, town: Scene) -> None:
    """A guest of the owner, the neighbour, staff; nor anybody a point that is not his."""
    point = town.points[s.FLAT]
    with writing(town.engine).begin() as connection:
        keys = dict(connection.execute(select(account.c.mail, account.c.id)).all())
        values = {"account": keys[s.NEIGHBOUR], "contract": town.accounts["100-1"], "role": "reader", "valid_from": 0}
        connection.execute(insert(grant).values(**values, given_by=keys[s.CONSUMER], ends_at=s.NOW + 86_400))
    guest, operator = person(app, s.NEIGHBOUR), person(app, s.OPERATOR)
    assert BUTTON not in shown(guest, point)
    assert BUTTON not in shown(operator, point)
    assert ask(guest, point) == 404
    assert ask(operator, point) == 403
    assert ask(person(app, s.FORMER), town.points[s.NEXT_DOOR]) == 404
    with town.engine.connect() as connection:
        assert connection.scalars(select(command.c.id)).all() == []


def test_what_was_asked_before_one_came_is_anothers(app: Flask, town: Scene, clock: Clock) -> None:
    """Next door changes hands a minute after it was asked: its new tenant is told nothing of that."""
    point = town.points[s.NEXT_DOOR]
    assert ask(person(app, s.NEIGHBOUR), point) == 303
    assert "Запрос принят" in shown(person(app, s.NEIGHBOUR), point)
    with writing(town.engine).begin() as connection:
        its = update(contract_point).where(contract_point.c.point == point, contract_point.c.valid_to.is_(None))
        connection.execute(its.values(valid_from=int(clock.now) + 60))
    clock.now += 61
    assert "Запрос принят" not in shown(person(app, s.NEIGHBOUR), point)


def test_a_concentrator_that_is_away_is_told_at_once(app: Flask, town: Scene) -> None:
    consumer, point = person(app, s.CONSUMER), town.points[s.FLAT]
    with writing(town.engine).begin() as connection:
        connection.execute(update(edge).values(state="lost"))
    assert "концентратор не на связи с 24.11.2026" in shown(consumer, point)
    assert ask(consumer, point) == 303
    with town.engine.connect() as connection:
        assert connection.scalars(select(command.c.id)).all() == []
