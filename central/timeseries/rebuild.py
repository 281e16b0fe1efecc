"""A series made anew: from a backup or another store, then the inbox, then the edges. Safe beside running programs.

    tips       are raised before rows are written: the worker never writes over a row that it did not compare
    rows       those that are not there, or are others; the same again changes nothing
    days       each that was touched is to be computed anew
    inbox      what went through is given to the worker once more, oldest first: the same order, the same conflicts
    edges      may be asked for all that their journals hold (45 days)
What breaks off is started again and goes on. Nothing here waits for the programs to stop.
"""

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, case, delete, func, select, update

from central.db import insert, writing
from central.figures import dirty
from central.ingest.replay import Which, replay_messages
from central.ingest.tables import State, ahead, edge_store, inbox, tip
from central.timeseries.base import BILLED, DAY, LIVE, AnyRow, LiveRow, RegisterRow, Series, stamp
from central.timeseries.copying import Copied, Say, Source, copy
from central.timeseries.months import bounds
from protocol.reading import Kind

TIPS = 1000  # a transaction: the worker goes on between two
LOOK = 0.5  # seconds between two looks at how far the worker is


class Idle(Exception):
    """Messages wait, and no worker takes them."""


@dataclass(frozen=True, slots=True)
class Sql:
    """What SQL keeps of rows that did not come by the worker. `now` in seconds UTC."""

    engine: Engine
    now: int

    def before(self, rows: Sequence[AnyRow]) -> None:
        """The tips stand at these rows or above."""
        tips: dict[tuple[str, str], int] = defaultdict(int)
        for row in rows:
            if not isinstance(row, LiveRow) and stamp(row) <= self.now + DAY:
                place = row.meter, row.kind.value if isinstance(row, RegisterRow) else Kind.LOAD.value
                tips[place] = max(tips[place], stamp(row))
        with writing(self.engine).begin() as connection:
            raise_tips(connection, tips)

    def after(self, rows: Sequence[AnyRow]) -> None:
        """The days of these rows are to be computed anew."""
        stamps: dict[str, set[int]] = defaultdict(set)
        for row in rows:
            if not isinstance(row, LiveRow):
                stamps[row.meter].add(stamp(row))
        with writing(self.engine).begin() as connection:
            for meter, touched in sorted(stamps.items()):
                dirty.mark(connection, {meter: touched})


def raise_tips(connection: Connection, tips: dict[tuple[str, str], int]) -> None:
    """By meter and kind; one that stands higher already stays."""
    for (meter, kind), last in sorted(tips.items()):
        upsert = insert(connection, tip).values(meter=meter, kind=kind, last=last)
        higher = case((tip.c.last > upsert.excluded.last, tip.c.last), else_=upsert.excluded.last)
        connection.execute(upsert.on_conflict_do_update(index_elements=["meter", "kind"], set_={"last": higher}))


def remake_tips(engine: Engine, series: Series, now: int) -> None:
    """After SQL was put back to an earlier day: the series may hold more than it remembers."""
    for kind in BILLED:
        newest = sorted(series.newest(kind, now + DAY).items())
        for start in range(0, len(newest), TIPS):
            with writing(engine).begin() as connection:
                raise_tips(connection, {(meter, kind.value): last for meter, last in newest[start : start + TIPS]})


def copy_months(
    source: Source, target: Series, sql: Sql, say: Say, *, dry_run: bool = False, live_since: int | None = None
) -> Copied:
    """All months of the source; live values from `live_since` on, when it is given."""
    all_of_it = Copied()
    pieces: list[tuple[str, str, int, int]] = [
        (month, kind, *bounds(month)) for month in source.months() for kind in BILLED
    ]
    if live_since is not None:
        pieces.append((LIVE, LIVE, live_since, sql.now))
    for number, (name, kind, since, until) in enumerate(pieces, 1):
        found = copy(source, target, kind, since, until, sql, dry_run)
        if found.rows or found.same:
            say(f"{number}/{len(pieces)} {name} {kind}: {told(found, dry_run)}")
        all_of_it.same += found.same
        all_of_it.days += found.days
        all_of_it.rows += found.rows
    return all_of_it


def told(found: Copied, dry_run: bool) -> str:
    what = "would be written" if dry_run else "written"
    return f"{found.rows} rows in {found.days} days of meters {what}, {found.same} stood already"


def give_inbox(engine: Engine, *, dry_run: bool = False) -> int:
    """What the worker has taken, to be taken once more; returns how many messages."""
    return sum(replay_messages(engine, Which(state), dry_run=dry_run).given for state in (State.DONE, State.PARTIAL))


def wait_for_worker(engine: Engine, say: Say, patience: float = 60.0) -> None:
    """Until the worker has taken all that waits now. Raises Idle after `patience` seconds without a step."""
    with engine.connect() as connection:
        last = connection.execute(select(func.max(inbox.c.id))).scalar() or 0
    waiting = select(func.count()).where(inbox.c.state == State.NEW, inbox.c.id <= last)
    before, moved, said = -1, time.monotonic(), 0.0
    while True:
        with engine.connect() as connection:
            left = connection.execute(waiting).scalar_one()
        if not left:
            return
        if left != before:
            before, moved = left, time.monotonic()
        if time.monotonic() - moved > patience:
            raise Idle(f"{left} messages wait and no worker takes them: start it, it goes on by itself")
        if time.monotonic() - said > 2:
            say(f"the worker has {left} messages to go")
            said = time.monotonic()
        time.sleep(LOOK)


def ask_edges(engine: Engine, *, dry_run: bool = False) -> int:
    """Counting starts again from what each edge holds: at its next `about` it is told so, and sends it all.

    Returns how many stores. An edge that has nothing to send says `about` when it next has: within a period.
    """
    with writing(engine).begin() as connection:
        stores = connection.execute(
            select(edge_store.c.edge, edge_store.c.store).order_by(edge_store.c.edge, edge_store.c.store)
        ).all()
        if not dry_run:
            connection.execute(update(edge_store).values(upto=edge_store.c.low - 1, sha=""))
            connection.execute(delete(ahead))
    return len(stores)
