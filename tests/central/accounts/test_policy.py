"""policy(viewer, point, period) -> period: cut by the grant and by the contract's hold on the point."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from central.accounts.people import add_account, add_grant
from central.accounts.policy import Viewer, may_act, may_see, policy
from central.accounts.tables import account, grant
from central.db import writing
from central.registry import enter
from central.registry.changes import Change, entering
from central.registry.periods import Overlap
from central.registry.schemes import ONE_ZONE
from central.registry.tables import point
from tests.central.parts import database
from tests.central.registry.test_enter import BEGUN
from tests.central.scene import CHEAP
from tests.central.sql import Sql

NOW = 500


def visible_points(connection: Connection, viewer: Viewer, now: int) -> tuple[int, ...]:
    return tuple(connection.scalars(select(point.c.id).where(may_see(viewer, now)).order_by(point.c.code)))


@dataclass
class World:
    """A company with one point, and one beside it."""

    connection: Connection
    change: Change
    company: int
    point: int
    foreign: int  # a point of another company
    people: int = 0

    def viewer(self, role: str = "consumer", state: str = "approved") -> Viewer:
        self.people += 1
        mail = f"p{self.people}@example.org"
        values = {"mail": mail, "name": mail, "role": role, "password": "сложный пароль", "state": state}
        key = add_account(self.connection, CHEAP, organisation=self.company, now=0, **values)
        found = Viewer.load(self.connection, key, NOW)
        assert found is not None
        return found

    def contract(self, number: str, since: int, until: int | None = None) -> int:
        made = enter.add_contract(self.change, self.company, number, number)
        enter.attach(self.change, made, self.point, since, until)
        return made

    def sees(self, viewer: Viewer, since: int = 0, until: int = 1000) -> tuple[int, int] | None:
        return policy(self.connection, viewer, self.point, (since, until))


@pytest.fixture
def world(sql: Sql, tmp_path: Path) -> Iterator[World]:
    engine = database(tmp_path)
    with writing(engine).begin() as connection, entering(connection, at=2000, kind="test") as change:
        scheme = enter.add_scheme(change, "одна", ONE_ZONE, BEGUN)
        made = []
        for name in ("Энергосеть", "Чужая"):
            company = enter.add_organisation(change, name)
            point = enter.add_point(change, company, name, name=name, address=name, tz="Europe/Moscow", scheme=scheme)
            made.append((company, point))
        yield World(connection, change, made[0][0], made[0][1], made[1][1])


def test_without_a_grant_nothing_exists(world: World) -> None:
    world.contract("1", 0)
    anna = world.viewer()
    assert world.sees(anna) is None
    assert visible_points(world.connection, anna, 5) == ()


@pytest.mark.parametrize(
    ("granted", "contract", "seen"),
    [
        ((0, None), (0, None), (0, 1000)),
        ((100, None), (0, None), (100, 1000)),
        ((0, 900), (0, None), (0, 900)),
        ((0, None), (200, 300), (200, 300)),
        ((100, 250), (200, 300), (200, 250)),
        ((0, 200), (200, 300), None),
        ((1000, None), (0, None), None),
    ],
)
def test_the_period_is_cut_by_the_grant_and_by_the_contract(
    world: World, granted: tuple[int, int | None], contract: tuple[int, int | None], seen: tuple[int, int] | None
) -> None:
    anna = world.viewer()
    add_grant(world.connection, anna.account, world.contract("1", *contract), *granted)
    assert world.sees(anna) == seen


def test_a_hand_over_divides_time_between_two_tenants(world: World) -> None:
    old, new = world.viewer(), world.viewer()
    add_grant(world.connection, old.account, world.contract("1", 0, 500), 0)
    add_grant(world.connection, new.account, world.contract("2", 500), 0)
    assert (world.sees(old), world.sees(new)) == ((0, 500), (500, 1000))
    assert world.sees(old, 500, 1000) is None
    assert world.sees(new, 0, 500) is None
    for moment, seen in ((499, (True, False)), (500, (False, True))):
        found = [bool(visible_points(world.connection, viewer, moment)) for viewer in (old, new)]
        assert tuple(found) == seen


def test_pieces_that_touch_are_one_and_of_several_the_last_counts(world: World) -> None:
    anna = world.viewer()
    for number, since, until in (("1", 0, 100), ("2", 100, 200), ("3", 400, 500)):
        add_grant(world.connection, anna.account, world.contract(number, since, until), 0)
    assert world.sees(anna, 0, 300) == (0, 200)
    assert world.sees(anna) == (400, 500)


@pytest.mark.parametrize("role", ["operator", "administrator"])
def test_the_company_sees_all_of_its_own_and_nothing_else(world: World, role: str) -> None:
    olga = world.viewer(role)
    assert world.sees(olga) == (0, 1000)
    assert visible_points(world.connection, olga, 0) == (world.point,)
    assert policy(world.connection, olga, world.foreign, (0, 1000)) is None


def test_before_approval_one_sees_nothing(world: World) -> None:
    for role in ("consumer", "operator"):
        early = world.viewer(role, state="activated")
        if role == "consumer":
            add_grant(world.connection, early.account, world.contract("1", 0), 0)
        assert world.sees(early) is None
        assert visible_points(world.connection, early, 5) == ()


def test_a_point_that_does_not_exist_and_an_empty_period_are_nothing(world: World) -> None:
    olga = world.viewer("operator")
    assert policy(world.connection, olga, 999, (0, 1000)) is None
    assert world.sees(olga, 5, 5) is None


def test_two_grants_of_one_account_on_one_contract_do_not_overlap(world: World) -> None:
    anna, contract = world.viewer(), world.contract("1", 0)
    add_grant(world.connection, anna.account, contract, 0, 100)
    add_grant(world.connection, anna.account, contract, 100)
    with pytest.raises(Overlap, match=r"the grant of account 1 on contract 1 .* grant 1"):
        add_grant(world.connection, anna.account, contract, 50, 60)


def test_there_is_no_viewer_of_an_account_that_may_not_log_in(world: World) -> None:
    anna = world.viewer()
    world.connection.execute(account.update().values(state="rejected"))
    assert Viewer.load(world.connection, anna.account, NOW) is None
    assert Viewer.load(world.connection, 999, NOW) is None


def let(world: World, giver: Viewer, guest: Viewer, contract: int, ends_at: int | None = NOW + 100) -> None:
    values = {"account": guest.account, "contract": contract, "role": "reader", "valid_from": 0}
    world.connection.execute(grant.insert().values(**values, given_by=giver.account, ends_at=ends_at))


def test_a_guest_sees_while_the_owner_who_let_him_holds_that_very_contract(world: World) -> None:
    owner, guest, other = world.viewer(), world.viewer(), world.viewer()
    flat, dacha = world.contract("1", 0), enter.add_contract(world.change, world.company, "2", "2")
    own = add_grant(world.connection, owner.account, flat, 0)
    let(world, owner, guest, flat)
    assert world.sees(guest) == (0, 1000)
    world.connection.execute(grant.update().where(grant.c.id == own).values(valid_to=NOW))
    add_grant(world.connection, owner.account, dacha, 0)  # another contract of his
    add_grant(world.connection, other.account, flat, NOW)  # another owner of that one
    assert world.sees(guest) is None
    assert visible_points(world.connection, guest, NOW) == ()


def test_whom_a_guest_lets_look_sees_nothing(world: World) -> None:
    owner, guest, second = world.viewer(), world.viewer(), world.viewer()
    flat = world.contract("1", 0)
    add_grant(world.connection, owner.account, flat, 0)
    let(world, owner, guest, flat)
    let(world, guest, second, flat)
    assert (world.sees(guest), world.sees(second)) == ((0, 1000), None)


def test_only_who_has_the_contract_himself_hands_something_in(world: World) -> None:
    owner, guest, early, staff = world.viewer(), world.viewer(), world.viewer(), world.viewer("operator")
    flat = world.contract("1", 0)
    add_grant(world.connection, owner.account, flat, 0)
    add_grant(world.connection, early.account, flat, 0, NOW)
    let(world, owner, guest, flat)

    def may(viewer: Viewer) -> bool:
        return world.connection.scalar(select(point.c.id).where(may_act(viewer, NOW))) is not None

    through = replace(owner, by=staff.account)
    assert [may(one) for one in (owner, guest, early, staff, through)] == [True, False, False, False, False]


def test_a_guest_sees_until_the_day_that_was_set(world: World) -> None:
    owner, guest = world.viewer(), world.viewer()
    flat = world.contract("1", 0)
    add_grant(world.connection, owner.account, flat, 0)
    let(world, owner, guest, flat, ends_at=NOW)
    assert world.sees(guest) is None
