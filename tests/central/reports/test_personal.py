"""A personal report says «the month before», belongs to its author, and is seen by whom he shares it with."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import update
from werkzeug.datastructures import MultiDict

from central.accounts import family
from central.accounts.people import add_account
from central.accounts.tables import grant
from central.db import writing
from central.figures import NotFound
from central.registry.refusals import Refused
from central.reports import personal
from central.reports.asked import Asked, asked
from central.reports.catalogue import reports
from tests.central import scene as s
from tests.central.scene import Scene

TODAY, LATER = date(2026, 11, 24), date(2026, 12, 24)
PROFILE = reports()["profile"]


def wanted(**words: str) -> Asked:
    return asked(PROFILE, MultiDict(words), TODAY)


@pytest.mark.parametrize(
    ("words", "first", "until"),
    [
        ({"length": "month", "day": "2026-10-05"}, date(2026, 11, 1), date(2026, 12, 1)),
        ({"length": "month", "day": "2026-11-05"}, date(2026, 12, 1), date(2027, 1, 1)),
        ({"length": "quarter", "day": "2026-07-05"}, date(2026, 7, 1), date(2026, 10, 1)),
        ({"length": "own", "day": "2026-10-05", "last": "2026-10-06"}, date(2026, 10, 5), date(2026, 10, 7)),
    ],
)
def test_a_period_of_the_calendar_moves_with_time_and_ones_own_stays(
    words: dict[str, str], first: date, until: date
) -> None:
    found = personal.again(PROFILE, personal.kept(wanted(**words)), LATER).period
    assert (found.first, found.until) == (first, until)


def test_all_that_was_asked_is_asked_again() -> None:
    before = asked(
        PROFILE,
        MultiDict(
            [("point", "2"), ("point", "1"), ("digits", "4"), ("column", "end"), ("only", "marked"), ("find", "а")]
        ),
        TODAY,
    )
    assert personal.again(PROFILE, personal.kept(before), TODAY) == before


def test_only_its_author_changes_it_and_who_shares_the_contract_sees_it(own: Scene) -> None:
    author, neighbour = own.viewer(s.CONSUMER), own.viewer(s.NEIGHBOUR)
    with writing(own.engine).begin() as connection:
        key = personal.keep(connection, author, "  Дача  за зиму ", wanted(), None, s.NOW)
        assert [one.name for one in personal.mine(connection, author)] == ["Дача за зиму"]
        assert personal.mine(connection, neighbour) == []
        for refused in (personal.one, personal.remove):
            with pytest.raises(NotFound):
                refused(connection, neighbour, key)
        with pytest.raises(NotFound):
            personal.change(connection, neighbour, key, "моё", wanted(), None, s.NOW)
        with pytest.raises(Refused, match="своём договоре"):
            personal.keep(connection, neighbour, "чужой", wanted(), own.accounts["100-1"], s.NOW)
        personal.change(connection, author, key, "Общий", wanted(digits="0"), own.accounts["100-1"], s.NOW)
        assert personal.one(connection, author, key).kept["digits"] == 0
        personal.remove(connection, author, key)
        assert personal.mine(connection, author) == []


@pytest.mark.parametrize("name", ["", "  ", "а" * 101])
def test_a_name_that_will_not_do_is_refused_in_words(own: Scene, name: str) -> None:
    with writing(own.engine).begin() as connection, pytest.raises(Refused, match=r"Назов|длиннее"):
        personal.keep(connection, own.viewer(s.CONSUMER), name, wanted(), None, s.NOW)


def test_what_is_shared_is_seen_by_whom_the_owner_lets_look_for_as_long_and_shared_on_by_none(own: Scene) -> None:
    owner, contract = own.viewer(s.CONSUMER), own.accounts["100-1"]
    with writing(own.engine).begin() as connection:
        about: dict[str, Any] = {"password": s.PASSWORD, "now": s.NOW, "name": "Гость", "role": "consumer"}
        guest = add_account(connection, s.CHEAP, organisation=1, mail="guest@example.org", **about)
        letter = family.invite(connection, owner, contract, "guest@example.org", s.NOW + 86_400, s.NOW)
        assert letter.key is not None
        family.join(connection, letter.key, guest, s.NOW)
        shared = personal.keep(connection, owner, "Общий", wanted(), contract, s.NOW)
        personal.keep(connection, owner, "Свой", wanted(), None, s.NOW)
    looks = own.viewer("guest@example.org")
    with writing(own.engine).begin() as connection:
        (found,) = personal.mine(connection, looks)
        assert (found.id, found.own, found.author) == (shared, False, owner.name)
        with pytest.raises(NotFound):
            personal.remove(connection, looks, shared)
        with pytest.raises(Refused, match="своём договоре"):
            personal.keep(connection, looks, "дальше", wanted(), contract, s.NOW)
        connection.execute(update(grant).where(grant.c.account == guest).values(valid_to=s.NOW))
        assert personal.mine(connection, looks) == []
