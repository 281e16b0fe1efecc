"""Leases: exactly one worker projects the inbox, and each slice of the dirty days is computed by one.

Every process beats a few times a lease: it says that it lives, renews what it holds, and takes or gives back until it
has its fair share. One that dies loses all when its leases end, sooner when it died on the same machine. Each works
it out alone from the rows of one table: `share`.

The clocks of the machines decide only when a lease is over, and may differ by a part of it. Nothing that is written
depends on them: `Hold.fence`, in the transaction that writes, looks whether owner and term of the rows are still those
and keeps them so until the commit.
"""

import logging
import threading
import time
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from sqlalchemy import Connection, Engine, delete, select, text, update
from sqlalchemy.exc import DBAPIError

from central.db import insert, writing
from central.figures.dirty import SLICES
from central.jobs.owner import gone
from central.jobs.tables import lease
from central.logs import about, told
from central.operation.alarms import Alarm
from central.operation.metrics import worker as metrics
from central.operation.pulse import TURN, Pulse

log = logging.getLogger(__name__)

SECONDS = 20.0  # of a lease
BEATS = 4  # a lease
NOBODY = ""
PROJECTION = "projection"
SLICE = tuple(f"slice/{number:02}" for number in range(SLICES))
_MEMBER = "worker/"  # + owner: this process lives
_STUCK = 15_000  # ms: PostgreSQL ends the session of a process that stopped inside one of these transactions


class LeaseLost(Exception):
    """Another process has it now, or may have: write nothing, begin anew."""


class Fence(Protocol):
    """What a piece of work asks before it writes. `term`: differs whenever another may have worked in between."""

    @property
    def term(self) -> Hashable: ...

    def check(self) -> None:
        """Before a write that no transaction guards. Raises LeaseLost."""

    def fence(self, connection: Connection) -> None:
        """In the transaction that writes, before its end. Raises LeaseLost."""


class Alone:
    """For a program that runs while no worker does."""

    term: Hashable = None

    def check(self) -> None:
        """Nobody else is there."""

    def fence(self, _connection: Connection) -> None:
        """Nobody else is there."""


ALONE = Alone()


@dataclass(frozen=True, slots=True)
class Hold:
    """Leases held at one moment. `until` on the process's own monotonic clock."""

    owner: str
    terms: Mapping[str, int]  # by name
    until: float
    clock: Callable[[], float] = time.monotonic

    @property
    def term(self) -> Hashable:
        return frozenset(self.terms.items())

    def check(self) -> None:
        if self.clock() >= self.until:
            raise LeaseLost(f"the lease of {', '.join(sorted(self.terms))} was not renewed in time")

    def fence(self, connection: Connection) -> None:
        impatient(connection)
        query = select(lease.c.name, lease.c.owner, lease.c.term).where(lease.c.name.in_(self.terms))
        found = {row.name: (row.owner, row.term) for row in connection.execute(query.with_for_update())}
        lost = [name for name, term in self.terms.items() if found.get(name) != (self.owner, term)]
        if lost:
            raise LeaseLost(f"another worker has {', '.join(sorted(lost))}")


def impatient(connection: Connection) -> None:
    """Locks of this transaction are not held by a process that stands still: its session is ended."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SET LOCAL idle_in_transaction_session_timeout = {_STUCK}"))


class Row(NamedTuple):
    """A row of `lease`."""

    name: str
    owner: str
    term: int
    until_at: int


def share(rows: Iterable[Row], owner: str, now: float, seconds: float) -> frozenset[str]:
    """PURE: the names that this process is to hold, given what all hold.

    An end too far ahead was written by a clock that was wrong: it is as good as over.
    """
    living = [row for row in rows if row.owner != NOBODY and now < row.until_at <= now + 2 * seconds + 1]
    workers = {row.owner for row in living if row.name.startswith(_MEMBER)} | {owner}
    fair = -(-SLICES // len(workers))
    others = {row.name for row in living if row.owner != owner}
    mine = [name for name in SLICE if any(row.name == name and row.owner == owner for row in living)]
    free = [name for name in SLICE if name not in others and name not in mine]
    projection = () if PROJECTION in others else (PROJECTION,)
    return frozenset((*projection, *[*mine, *free][:fair]))


Also = Callable[[Connection, int], None]  # in the beat's transaction, at this time


@dataclass(eq=False)
class Keeper:
    """The heart of one process: `beat`, or `run` in a thread of its own. `wall` in seconds UTC."""

    engine: Engine
    owner: str
    seconds: float = SECONDS
    wall: Callable[[], float] = time.time
    clock: Callable[[], float] = time.monotonic
    also: list[Also] = field(default_factory=list)
    pulse: Pulse = field(default_factory=Pulse)

    def __post_init__(self) -> None:
        self._terms: dict[str, int] = {}
        self._until = 0.0

    def hold(self, names: Collection[str]) -> Hold | None:
        """Those of these leases that are held now, or None."""
        terms = {name: term for name, term in self._terms.items() if name in names}
        return Hold(self.owner, terms, self._until, self.clock) if terms and self.clock() < self._until else None

    def run(self, stop: threading.Event) -> None:
        """Beats until `stop`, then gives everything back."""
        away = False
        while not stop.wait(self.seconds / BEATS):
            self.pulse.beat("leases", TURN + self.seconds)
            try:
                self.beat()
            except DBAPIError as error:
                level = logging.DEBUG if away else logging.WARNING
                log.log(level, "leases are not renewed: %s", told(error), extra=about(Alarm.LEASES_NOT_RENEWED))
                away = True
            else:
                away = False
        with suppress(DBAPIError):  # then they end by themselves
            self.leave()

    def beat(self) -> None:
        """Raises DBAPIError: then what is held ends by itself."""
        began, now = self.clock(), int(self.wall())
        with writing(self.engine).begin() as connection:
            terms = self._settle(connection, now)
            for also in self.also:
                also(connection, now)
        if terms.keys() != self._terms.keys():
            log.info("this worker has %s", _told(terms))
        self._terms, self._until = terms, began + self.seconds
        metrics.LEASES.set(len(terms))

    def leave(self) -> None:
        """Others need not wait for the end of our leases."""
        self._terms = {}
        with writing(self.engine).begin() as connection:
            connection.execute(delete(lease).where(lease.c.name == _MEMBER + self.owner))
            ours = update(lease).where(lease.c.owner == self.owner)
            connection.execute(ours.values(owner=NOBODY, until_at=0))

    def _settle(self, connection: Connection, now: int) -> dict[str, int]:
        """Name -> term of what is held afterwards."""
        impatient(connection)
        until = now + int(self.seconds)
        self._say_that_we_live(connection, until)
        rows = _rows(connection)
        dead = {owner for owner in {row.owner for row in rows.values()} if gone(owner)}
        living = [row._replace(owner=NOBODY) if row.owner in dead else row for row in rows.values()]
        goal = share(living, self.owner, now, self.seconds)
        held: dict[str, int] = {}
        names = {name for name, row in rows.items() if name in goal or row.owner == self.owner}
        free = select(lease).where(lease.c.name.in_(names)).order_by(lease.c.name)
        for row in connection.execute(free.with_for_update(skip_locked=True)).all():
            if tuple(row) != rows[row.name]:
                continue  # somebody was quicker: the next beat sees it
            here = update(lease).where(lease.c.name == row.name)
            if row.name in goal:
                term = row.term + (row.owner != self.owner)
                connection.execute(here.values(owner=self.owner, term=term, until_at=until))
                held[row.name] = term
            elif not row.name.startswith(_MEMBER):
                connection.execute(here.values(owner=NOBODY, until_at=0))
        writing_now = {name: term for name, term in self._terms.items() if name in goal - held.keys()}
        ours = {name: term for name, term in writing_now.items() if rows[name][1:3] == (self.owner, term)}
        _bury(connection, dead, now - int(self.seconds))
        return held | ours

    def _say_that_we_live(self, connection: Connection, until: int) -> None:
        names = [PROJECTION, *SLICE]
        here = set(connection.scalars(select(lease.c.name).where(lease.c.name.in_(names))))
        if missing := [name for name in names if name not in here]:
            made = [{"name": name, "owner": NOBODY, "term": 0, "until_at": 0} for name in missing]
            connection.execute(insert(connection, lease).on_conflict_do_nothing(), made)
        mine = insert(connection, lease).values(name=_MEMBER + self.owner, owner=self.owner, term=0, until_at=until)
        connection.execute(mine.on_conflict_do_update(index_elements=["name"], set_={"until_at": until}))


def _rows(connection: Connection) -> dict[str, Row]:
    return {row.name: Row(*row) for row in connection.execute(select(lease))}


def _bury(connection: Connection, dead: Collection[str], before: int) -> None:
    """Workers that do not live any more, and those not heard for a lease after the end of theirs."""
    member = lease.c.name.startswith(_MEMBER)
    connection.execute(delete(lease).where(member, (lease.c.until_at < before) | lease.c.owner.in_(dead)))


def _told(terms: Mapping[str, int]) -> str:
    slices = sum(name in SLICE for name in terms)
    return f"{'the projection and ' if PROJECTION in terms else ''}{slices} of {SLICES} slices"
