"""The operator's desk: which contract is surely meant, whose applications and contracts one sees, who may be let in."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select

from central.accounts import applications as desk
from central.accounts.applications import NotNow
from central.accounts.states import Stage, State
from central.accounts.tables import account, application, grant
from central.db import writing
from central.registry.tables import contract
from tests.central import scene as s
from tests.central.scene import Scene
from tests.central.web.beside import STRANGER, second_company
from tests.central.web.parts import make_app, person, send, token

VERA = "Вера Новикова"


@pytest.fixture
def town(town: Scene) -> Scene:
    with writing(town.engine).begin() as connection:
        row(connection, contract, organisation=1, number="100-9", holder=VERA)
        row(connection, contract, organisation=1, number="100-8", holder="Пётр Кузнецов")
    return town


def row(connection: Connection, table: Any, **values: object) -> int:
    made = connection.execute(insert(table).values(**values)).inserted_primary_key
    assert made is not None
    return int(made[0])


def asks(scene: Scene, name: str, number: str, state: State = State.ACTIVATED) -> int:
    """The key of the application of a new person."""
    with writing(scene.engine).begin() as connection:
        values = {"mail": f"person-{number}-{len(name)}@example.org", "name": name, "password": "x", "role": "consumer"}
        who = row(connection, account, organisation=1, made_at=s.NOW, state=state, **values)
        asked = {"number": number, "state": Stage.WAITING, "made_at": s.NOW, "reason": ""}
        return row(connection, application, account=who, due_at=s.NOW + 86_400, **asked)


def surely(scene: Scene, key: int) -> bool:
    with scene.engine.connect() as connection:
        waiting, _ = desk.queue(connection, scene.viewer(s.OPERATOR), Stage.WAITING, 1, 100)
    (found,) = [one for one in waiting if one.id == key]
    return found.sure


@pytest.mark.parametrize(
    ("name", "number", "sure"), [(VERA, "100-9", True), (VERA, "100-1", False), ("Другая Вера", "100-9", False)]
)
def test_who_has_the_number_and_the_name_is_surely_meant(town: Scene, name: str, number: str, sure: bool) -> None:
    assert surely(town, asks(town, name, number)) is sure


@pytest.mark.parametrize(("guest", "sure"), [(True, True), (False, False)])
def test_another_owner_makes_it_doubtful_and_a_guest_of_the_owner_does_not(
    town: Scene, guest: bool, sure: bool
) -> None:
    key = asks(town, VERA, "100-9")
    with writing(town.engine).begin() as connection:
        bound = connection.scalar(select(contract.c.id).where(contract.c.number == "100-9"))
        people = {one.mail: one.id for one in connection.execute(select(account.c.mail, account.c.id))}
        given = {"given_by": people[s.CONSUMER], "ends_at": s.NOW + 86_400} if guest else {}
        row(connection, grant, account=people[s.NEIGHBOUR], contract=bound, role="owner", valid_from=0, **given)
    assert surely(town, key) is sure


def test_who_is_approved_in_a_row_are_those_surely_meant(town: Scene, tmp_path: Path) -> None:
    meant = asks(town, VERA, "100-9")
    others = [asks(town, VERA, "100-7"), asks(town, "Другая Вера", "100-8")]
    operator = person(make_app(tmp_path / "scene"), s.OPERATOR)
    chosen = {"csrf_token": token(operator), "id": [meant, *others]}
    answer = operator.post("/console/applications", data=chosen)
    assert answer.status_code == 303
    with town.engine.connect() as connection:
        stage = {one.id: one.state for one in connection.execute(select(application.c.id, application.c.state))}
    assert (stage[meant], *(stage[key] for key in others)) == ("approved", "waiting", "waiting")


def test_a_desk_is_of_one_company(town: Scene, tmp_path: Path) -> None:
    key = asks(town, "СЕКРЕТ", "СЕКРЕТ-1")
    second_company(town, tmp_path / "scene")
    ours, theirs = town.viewer(s.OPERATOR), town.viewer(STRANGER)
    with writing(town.engine).begin() as connection:
        found = desk.one(connection, ours, key)
        assert found is not None
        assert desk.candidates(connection, found, ours) == []
        assert desk.one(connection, theirs, key) is None
        bound = connection.scalar(select(contract.c.id).where(contract.c.number == "СЕКРЕТ-1"))
        with pytest.raises(NotNow):
            desk.approve(connection, ours, key, int(bound or 0), s.NOW)


def test_who_is_blocked_is_not_let_in_by_an_application(town: Scene, tmp_path: Path) -> None:
    key = asks(town, VERA, "100-9", State.BLOCKED)
    operator = person(make_app(tmp_path / "scene"), s.OPERATOR)
    answer = send(operator, f"/console/applications/{key}", decision="approve", number="100-9")
    assert answer.status_code == 422
    with town.engine.connect() as connection:
        assert connection.scalar(select(application.c.state).where(application.c.id == key)) == "waiting"
