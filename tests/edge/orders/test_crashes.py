"""The process dies before any statement of SQL, in whatever order things happen: a command is done once, and told."""

import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.journal import schema
from edge.journal.journal import Journal
from edge.journal.rows import Commit
from edge.orders.clerk import Clerk
from edge.orders.verdict import Dropped
from edge.orders.wanted import Answer, Wish
from protocol.messages.command import Read, Status
from tests.edge.orders.parts import backfill, config, replies, signed
from tests.edge.parts import NOW, PERIOD, commit

COMMANDS = 3
YEAR = 365 * 86400
FIRST = NOW - 10 * PERIOD
IDS = [f"c{number}" for number in range(COMMANDS)]
# each command asks for a stretch of its own with one row in it: how often that row stands is how often it was done
PAYLOADS = [
    signed(
        id,
        backfill(FIRST + number * PERIOD - 1, FIRST + number * PERIOD),
        counter=number + 1,
        end=NOW + YEAR,
    )
    for number, id in enumerate(IDS)
]


class Died(BaseException):
    """Nobody catches it."""


class Mortal(sqlite3.Connection):
    """Dies before its n-th statement."""

    left: int | None = None

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        self._live()
        return super().execute(*arguments)

    def executemany(self, *arguments: Any) -> sqlite3.Cursor:
        self._live()
        return super().executemany(*arguments)

    def _live(self) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise Died


class Life:
    """An edge that dies and is started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        first = Journal(schema.connect(folder / "journal.db"))
        for number in range(COMMANDS):
            first.append(commit((FIRST + number * PERIOD, number)), NOW - 60)
        first.close()
        self.moment = 0.0
        self.taken: set[int] = set()  # commands whose hearing came to its end
        self.forgotten = False
        self.start()

    def start(self) -> None:
        self.db = sqlite3.connect(self.folder / "journal.db", isolation_level=None, factory=Mortal)
        self.db.execute("PRAGMA synchronous=OFF")  # it is the process that dies here, not the machine
        self.journal = Journal(self.db)
        self.clerk = Clerk(config(self.folder), self.journal)

    def step(self, what: str, number: int, dies_before: int | None) -> None:
        self.live(lambda: self._do(what, number), dies_before)

    def live(self, work: Callable[[], object], dies_before: int | None) -> None:
        self.db.left = dies_before
        try:
            work()
        except Died:
            self.db.close()
            self.start()
        self.db.left = None

    def _do(self, what: str, number: int) -> None:
        self.moment += 60
        match what:
            case "hear":
                try:
                    self.clerk.heard(IDS[number], PAYLOADS[number], NOW, True, self.moment)
                except Dropped:
                    assert self.forgotten
                else:
                    self.taken.add(number)
            case "look":
                self.clerk.look(NOW, True)
            case "read":
                self.journal.append(Commit(covered=self.journal.gaps()), NOW)
            case "forget":
                self.forgotten = True
                self.clerk.forget(NOW + 3 * YEAR)

    def done(self) -> Counter[int]:
        """How often each command was done: its row stands once more for each time."""
        rows = Counter(entry.body for entry in self.journal.entries(0, 10**6) if entry.kind == "load")
        originals = [entry.body for entry in self.journal.entries(0, COMMANDS)]
        return Counter({number: rows[body] - 1 for number, body in enumerate(originals)})

    def told(self) -> dict[str, list[Status]]:
        found: dict[str, list[Status]] = {}
        for reply in replies(self.journal):
            found.setdefault(reply.id, []).append(reply.status)
        return found


STEPS = st.tuples(
    st.sampled_from(["hear", "hear", "look", "read", "forget"]),
    st.integers(0, COMMANDS - 1),
    st.none() | st.integers(0, 30),
)


@given(st.lists(STEPS, max_size=25))
@settings(max_examples=150, deadline=None)
def test_each_command_is_done_once_and_its_end_is_told(steps: list[tuple[str, int, int | None]]) -> None:
    with TemporaryDirectory() as folder:
        life = Life(Path(folder))
        for step in steps:
            life.step(*step)
            assert max(life.done().values()) <= 1
        for what in ("look", "read", "look"):
            life.step(what, 0, None)
        for number, times in life.done().items():
            told = life.told().get(IDS[number], [])
            assert times == 1 or number not in life.taken
            assert (Status.DONE in told) == (times == 1)
            assert told == sorted(told, key=lambda status: status != Status.WAITING), "the last word is the last"
        life.db.close()


@pytest.mark.parametrize("dies_before", range(30))
def test_a_death_before_any_statement_of_the_taking(tmp_path: Path, dies_before: int) -> None:
    life = Life(tmp_path)
    life.step("hear", 0, dies_before)
    for what in ("hear", "look", "read", "look"):
        life.step(what, 0, None)
    assert life.done()[0] == 1
    assert life.told()["c0"][-1] == Status.DONE
    life.db.close()


@pytest.mark.parametrize("dies_before", range(16))
@pytest.mark.parametrize("dies_at", ["hearing", "telling"])
def test_a_death_before_any_statement_of_a_reading(tmp_path: Path, dies_at: str, dies_before: int) -> None:
    """The meter is wished for until its answer was told, and told once."""
    life = Life(tmp_path)
    asked = signed("r", Read(meter="m-1"), counter=COMMANDS + 1, end=NOW + YEAR)

    def hear() -> None:
        life.moment += 60
        life.clerk.heard("r", asked, NOW, True, life.moment)

    def tell() -> None:
        for wish in life.clerk.wishes():
            life.clerk.answered(wish.id, Answer(Status.DONE), NOW)

    life.live(hear, dies_before if dies_at == "hearing" else None)
    life.live(hear, None)
    life.clerk.look(NOW, True)
    assert life.clerk.wishes() == [Wish("r", "m-1")]
    life.live(tell, dies_before if dies_at == "telling" else None)
    life.clerk.look(NOW, True)
    tell()
    tell()
    told = life.told()["r"]
    assert told[-1] == Status.DONE
    assert told.count(Status.DONE) == 1
    assert life.clerk.wishes() == []
    life.db.close()
