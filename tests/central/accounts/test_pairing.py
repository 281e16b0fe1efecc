"""Many at once: of all phones that bring a code one alone is asked about, and it comes in once, on whichever SQL."""

import threading
from collections.abc import Callable
from typing import TypeVar

import pytest
from sqlalchemy import Connection, select

from central.accounts import pairing, sessions
from central.accounts.pairing import Claim, Gone, Offer, TooMany
from central.accounts.policy import Viewer
from central.accounts.tables import audit
from central.accounts.tables import pairing as codes
from central.db import writing
from tests.central import scene as s
from tests.central.scene import Scene

DAYS = 11
TOGETHER = 8
Found = TypeVar("Found")


@pytest.fixture
def computer(town: Scene) -> tuple[Viewer, str]:
    """Who has logged in there, and the token of his session."""
    viewer = town.viewer(s.CONSUMER)
    return viewer, sessions.opened(town.engine, viewer.account, "computer", s.NOW)


def show(town: Scene, computer: tuple[Viewer, str]) -> Offer:
    with writing(town.engine).begin() as connection:
        return pairing.offer(connection, *computer, s.NOW)


def at_once(town: Scene, work: Callable[[Connection, int], Found]) -> list[Found]:
    """What it came to, each in a transaction of its own; what was refused is not among it."""
    found: list[Found] = []
    gate = threading.Barrier(TOGETHER)

    def one(number: int) -> None:
        gate.wait()
        try:
            with writing(town.engine).begin() as connection:
                made = work(connection, number)
        except (Gone, TooMany):
            return
        found.append(made)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(TOGETHER)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def asked(town: Scene, brought: Callable[[int], str]) -> list[Claim]:
    return at_once(town, lambda connection, number: pairing.ask(connection, brought(number), f"{number}", "", s.NOW))


@pytest.mark.parametrize("by", ["token", "digits", "both"])
def test_of_phones_that_bring_one_code_at_once_one_is_asked_about(
    town: Scene, computer: tuple[Viewer, str], by: str
) -> None:
    code = show(town, computer)
    given = {"token": (code.token,), "digits": (code.digits,), "both": (code.token, code.digits)}[by]
    (claim,) = asked(town, lambda number: given[number % len(given)])
    with town.engine.connect() as connection:
        told = pairing.told(connection, computer[1], s.NOW)
        waits = pairing.waiting(connection, claim.secret, s.NOW)
    assert told is not None
    assert (told.state, told.number, waits.number) == ("asked", claim.number, claim.number)


def test_a_phone_that_comes_in_many_times_at_once_comes_in_once(town: Scene, computer: tuple[Viewer, str]) -> None:
    code = show(town, computer)
    (claim,) = asked(town, lambda _number: code.token)
    with writing(town.engine).begin() as connection:
        pairing.answer(connection, *computer, code.id, s.NOW, yes=True)
    found = at_once(town, lambda connection, _number: pairing.enter(connection, claim.secret, s.NOW))
    assert found == [computer[0].account]


def test_yes_and_no_at_once_are_one_of_them(town: Scene, computer: tuple[Viewer, str]) -> None:
    code = show(town, computer)
    asked(town, lambda _number: code.token)

    def answer(connection: Connection, number: int) -> str:
        pairing.answer(connection, *computer, code.id, s.NOW, yes=number % 2 == 0)
        return "phone agreed" if number % 2 == 0 else "phone refused"

    (said,) = at_once(town, answer)
    with town.engine.connect() as connection:
        kinds = connection.scalars(select(audit.c.action).where(audit.c.action.like("phone %"))).all()
    assert kinds == [said]


def test_of_codes_that_are_shown_at_once_the_last_alone_is_good(town: Scene, computer: tuple[Viewer, str]) -> None:
    made = at_once(town, lambda connection, _number: pairing.offer(connection, *computer, s.NOW))
    assert len(made) == TOGETHER
    with town.engine.connect() as connection:
        (left,) = connection.scalars(select(codes.c.id)).all()
    assert left == max(one.id for one in made)


def test_the_password_changed_elsewhere_ends_what_a_thief_s_session_agreed_to(
    town: Scene, computer: tuple[Viewer, str]
) -> None:
    viewer, token = computer
    code = show(town, computer)
    (claim,) = asked(town, lambda _number: code.token)
    with writing(town.engine).begin() as connection:
        pairing.answer(connection, viewer, token, code.id, s.NOW, yes=True)
    own = sessions.opened(town.engine, viewer.account, "owner", s.NOW)
    with writing(town.engine).begin() as connection:
        sessions.change_password(connection, viewer, "another", s.NOW, but=own)
    with writing(town.engine).begin() as connection, pytest.raises(Gone):
        pairing.enter(connection, claim.secret, s.NOW)
