"""The rules of both ends under random histories: the edge's real session and journal, central's real accounting.

A network that delays, reorders, repeats and drops; connections that come and go; the edge restarted, its file rolled
back, cloned, damaged, pruned; central restarted, restored from an older image, exchanged for another and back.
After the faults have stopped, nothing but the rules may mend what is left:
    lost   a row that the edge still holds and its central does not (a declared hole is no loss)
    stuck  central's `upto` short of the journal's end          storm  more than 3 new stores at rest
"""

import copy
import random
import sqlite3
from collections.abc import Iterator
from itertools import count

import pytest
from sqlite_utils import Database

from central.ingest.session import Session as Accounting
from edge.journal.journal import Journal
from edge.journal.rows import Batch, Commit
from edge.journal.schema import migrations
from edge.uplink.session import Action, SendAbout, Session
from protocol.messages.chain import link
from protocol.messages.control import Ack
from protocol.reading import Event

NAME = "edge-1"
STEPS = (
    ["append"] * 5 + ["send"] * 4 + ["arrive"] * 7 + ["ack"] * 4 + ["connect"] * 2 + ["prune", "drop", "broker dies"]
    + ["edge image", "edge restored", "edge restarts", "central image", "central restored", "central restarts"]
    + ["switch", "damage", "space", "give up", "wait"]
)  # fmt: skip


class Central:
    def __init__(self, name: str) -> None:
        self.name = name
        self.rules = Accounting(lambda edge, store: None)
        self.held: set[bytes] = set()
        self.about: tuple[str, int] | None = None  # retained by the broker

    def image(self) -> tuple[object, ...]:
        return copy.deepcopy((self.rules.accounts, self.rules.holes, self.held))

    def restore(self, image: tuple[object, ...]) -> None:
        self.rules.accounts, self.rules.holes, self.held = copy.deepcopy(image)  # type: ignore[assignment]

    def take(self, action: Action) -> Ack:
        if isinstance(action, SendAbout):
            position = self.rules.about(NAME, action.store, action.low)
        else:
            row, store = action.entry, action.store
            if row.channel == "void":
                position = self.rules.void(NAME, store, row.seq, row.prev, row.payload, row.meter)
            else:
                self.held.add(row.payload)
                position = self.rules.row(NAME, store, row.seq, row.prev, link(row.prev, row.payload))
        return Ack(central=self.name, store=action.store, upto=position.upto, sha=position.sha)


def blank() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrations.apply(Database(connection))
    return connection


def copied(source: sqlite3.Connection) -> sqlite3.Connection:
    target = sqlite3.connect(":memory:", isolation_level=None)
    source.backup(target)
    return target


class History:
    def __init__(self, seed: int) -> None:
        self.rnd = random.Random(seed)
        self.numbers = count(1)
        self.now = 0.0
        self.centrals = [Central("c1"), Central("c2")]
        self.mine = self.centrals[0]
        self.up: list[tuple[Central, Action]] = []
        self.down: list[Ack] = []
        self.linked = False
        self.renewed = 0
        self.start(blank())
        self.edge_images = [copied(self.file)]
        self.central_images = [[central.image() for central in self.centrals]]

    def start(self, file: sqlite3.Connection) -> None:
        """The edge's process begins with this file."""
        self.file = file
        self.journal = Journal(file, ids=lambda: f"store-{next(self.numbers)}")
        self.session = Session(self.journal, self.mine.name, self.rnd.random)
        self.drop()

    def put(self, actions: list[Action]) -> None:
        for action in actions:
            if isinstance(action, SendAbout):
                self.mine.about = (action.store, action.low)
            self.up.append((self.mine, action))

    def drop(self) -> None:
        self.session.gone()
        self.linked = False
        self.down.clear()

    def connect(self) -> None:
        self.drop()
        self.linked = True
        self.put(self.session.connected(self.now))

    def send(self) -> None:
        self.put([*self.session.due(self.now), *self.session.rows(self.now)])

    def arrive(self, number: int) -> None:
        central, action = self.up.pop(number)
        self.answer(central.take(action))
        if self.rnd.random() < 0.2:
            self.up.append((central, action))

    def answer(self, ack: Ack) -> None:
        if self.linked:
            self.down.append(ack)

    def hear(self, number: int) -> None:
        store = self.journal.store
        self.put(self.session.acknowledged(self.down.pop(number), self.now))
        self.renewed += store != self.journal.store

    def append(self) -> None:
        event = Event(next(self.numbers), 0, 1)
        self.journal.append(Commit(batches=[Batch("m-1", 0, (event,))]), now=1_800_000_000)

    def read_retained(self, central: Central) -> None:
        if central.about is not None:
            self.answer(central.take(SendAbout(*central.about, next=0)))

    def damage(self) -> None:
        seqs = [seq for (seq,) in self.file.execute("SELECT seq FROM journal")]
        if seqs:
            column, junk = self.rnd.choice([("body", b"junk"), ("body", b""), ("sha", "f" * 16), ("prev", "f" * 16)])
            self.file.execute(f"UPDATE journal SET {column} = ? WHERE seq = ?", (junk, self.rnd.choice(seqs)))

    def delete_front(self) -> None:
        if self.journal.low < self.journal.next - 1:
            self.file.execute("DELETE FROM journal WHERE seq = ?", (self.journal.low,))

    def give_up(self) -> None:
        seqs = [seq for (seq,) in self.file.execute("SELECT seq FROM journal WHERE body IS NOT NULL")]
        if seqs:
            self.file.execute("UPDATE journal SET body = NULL WHERE seq = ?", (self.rnd.choice(seqs),))

    def step(self) -> None:
        rnd = self.rnd
        self.now += rnd.random() * 4
        match rnd.choice(STEPS):
            case "append":
                self.append()
            case "send" if self.linked:
                self.send()
            case "arrive" if self.up:
                self.arrive(rnd.randrange(min(len(self.up), 6)))
            case "ack" if self.down:
                self.hear(rnd.randrange(min(len(self.down), 4)))
            case "connect":
                self.connect()
            case "drop":
                self.drop()
            case "broker dies":
                self.up.clear()
            case "wait":
                self.now += 60
            case "edge image":
                self.edge_images = [*self.edge_images, copied(self.file)][-3:]
            case "edge restored" if rnd.random() < 0.25:
                self.start(copied(rnd.choice(self.edge_images)))
            case "edge restarts":
                if rnd.random() < 0.5:
                    self.journal.flush()
                self.start(self.file)
            case "central image":
                self.central_images = [*self.central_images, [central.image() for central in self.centrals]][-3:]
            case "central restored" if rnd.random() < 0.25:
                for central, image in zip(self.centrals, rnd.choice(self.central_images), strict=True):
                    central.restore(image)
                    self.read_retained(central)
            case "central restarts":
                if rnd.random() < 0.5:
                    self.up.clear()
                self.read_retained(self.mine)
            case "switch" if rnd.random() < 0.1:
                self.mine = next(central for central in self.centrals if central is not self.mine)
                self.journal.flush()
                self.start(self.file)
            case "damage" if rnd.random() < 0.2:
                self.damage()
            case "space" if rnd.random() < 0.1:
                self.delete_front()
            case "give up" if rnd.random() < 0.1:
                self.give_up()
            case "prune" if self.journal.low < self.journal.cursor(self.mine.name) and rnd.random() < 0.5:
                self.delete_front()

    def rest(self) -> None:
        """Faults stop; time goes on."""
        if not self.linked:
            self.connect()
        for _ in range(60):
            self.now += 700
            self.send()
            self.rnd.shuffle(self.up)
            while (self.up or self.down) and self.renewed < 1000:
                while self.up:
                    self.arrive(len(self.up) - 1)
                while self.down:
                    self.hear(0)
                self.put(self.session.rows(self.now))

    def wrong(self) -> Iterator[str]:
        renewed = self.renewed
        self.rest()
        account = self.mine.rules.accounts.get((NAME, self.journal.store))
        holes = {(hole.store, seq) for hole in self.mine.rules.holes for seq in range(hole.first, hole.last + 1)}
        for row in self.journal.entries(0, 1_000_000):
            if row.body is not None and row.body not in self.mine.held and (self.journal.store, row.seq) not in holes:
                yield f"lost {row.seq}"
        if account is None or account.upto != self.journal.next - 1:
            yield f"stuck at {account and account.upto} of {self.journal.next - 1}"
        if self.renewed - renewed > 3:
            yield f"storm: {self.renewed - renewed} new stores at rest"


def history(seed: int, steps: int = 400) -> list[str]:
    found = History(seed)
    for _ in range(steps):
        found.step()
    return list(found.wrong())


@pytest.mark.quick
@pytest.mark.parametrize("start", range(0, 60, 20))
def test_nothing_is_lost_stuck_or_renewed_for_ever(start: int) -> None:
    assert {seed: wrong for seed in range(start, start + 20) if (wrong := history(seed))} == {}


@pytest.mark.parametrize("start", range(1000, 1300, 100))
def test_the_same_over_hundreds_of_histories(start: int) -> None:
    assert {seed: wrong for seed in range(start, start + 100) if (wrong := history(seed))} == {}


@pytest.mark.long
@pytest.mark.parametrize("start", range(10_000, 20_000, 1000))
def test_the_same_over_thousands_of_histories(start: int) -> None:
    assert {seed: wrong for seed in range(start, start + 1000) if (wrong := history(seed))} == {}
