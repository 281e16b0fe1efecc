"""The queue of jobs as rows of SQL, made by asking.py: taken, done, tried again, dead, forgotten.

A job is taken by one process at a time, for the length of a lease that its beats renew. `tries` grows with each taking,
so (owner, tries) names one attempt: who comes late finds another pair, and writes nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, and_, delete, select, update

from central.db import writing
from central.jobs.leases import LeaseLost, impatient
from central.jobs.owner import gone
from central.jobs.tables import State, job

DAY = 86_400
KEEP = 90 * DAY  # of what is over
CHUNK = 1000  # rows a transaction
FIRST_PAUSE, LONGEST_PAUSE = 30, 3600  # seconds between two attempts
OVER = (State.DONE, State.DROPPED)


@dataclass(frozen=True, slots=True)
class Taken:
    """One attempt at one job."""

    id: int
    kind: str
    arguments: dict[str, Any]
    owner: str
    tries: int
    made_at: int


def take(engine: Engine, kinds: Mapping[str, int], owner: str, now: int, seconds: float) -> Taken | None:
    """The oldest that is due, of these kinds (kind -> most tries), for so many seconds; None when there is none.

    One whose process died or stood still goes before those that wait; after its last try it is dead.
    """
    with engine.connect() as connection:
        if _next(connection, kinds, now) is None:
            return None
    while True:
        with writing(engine).begin() as connection:
            row = _next(connection, kinds, now, lock=True)
            if row is None:
                return None
            this = update(job).where(job.c.id == row.id)
            if row.state == State.RUNNING and row.tries >= kinds[row.kind]:
                died = f"its worker died or stood still, {row.tries} times"
                connection.execute(this.values(state=State.DEAD, error=died, finished_at=now))
                continue
            taken = Taken(row.id, row.kind, row.arguments, owner, row.tries + 1, row.made_at)
            until = now + int(seconds)
            attempt = {"owner": owner, "tries": taken.tries, "started_at": now, "lease_until_at": until}
            connection.execute(this.values(state=State.RUNNING, **attempt))
            return taken


def _next(connection: Connection, kinds: Iterable[str], now: int, lock: bool = False) -> Row[Any] | None:
    for due in (
        and_(job.c.state == State.RUNNING, job.c.lease_until_at <= now),
        and_(job.c.state == State.WAITING, job.c.due_at <= now),
    ):
        query = select(job).where(due, job.c.kind.in_(list(kinds))).order_by(job.c.due_at, job.c.id).limit(1)
        row = connection.execute(query.with_for_update(skip_locked=True) if lock else query).first()
        if row is not None:
            return row
    return None


def _is(taken: Taken) -> ColumnElement[bool]:
    """This attempt is the one that counts."""
    now = job.c.id == taken.id, job.c.owner == taken.owner, job.c.tries == taken.tries
    return and_(*now, job.c.state == State.RUNNING)


def fence(connection: Connection, taken: Taken) -> None:
    """Keeps the job ours until this transaction ends. Raises LeaseLost when it is not."""
    impatient(connection)
    if connection.execute(select(job.c.id).where(_is(taken)).with_for_update()).first() is None:
        raise LeaseLost(f"job {taken.id} is another worker's")


def renew(connection: Connection, taken: Taken, until: int) -> bool:
    """False when the attempt does not count any more. Does not wait for the transaction that ends it."""
    if connection.execute(select(job.c.id).where(_is(taken))).first() is None:
        return False
    free = select(job.c.id).where(_is(taken)).with_for_update(skip_locked=True)
    if connection.execute(free).first() is not None:
        connection.execute(update(job).where(job.c.id == taken.id).values(lease_until_at=until))
    return True


def bereave(connection: Connection, now: int) -> None:
    """Ends the leases of jobs whose process surely is gone."""
    running = (job.c.state == State.RUNNING, job.c.lease_until_at > now)
    for owner in connection.scalars(select(job.c.owner).where(*running).distinct()).all():
        if owner is not None and gone(owner):
            connection.execute(update(job).where(*running, job.c.owner == owner).values(lease_until_at=now))


def finish(
    connection: Connection, taken: Taken, result: Mapping[str, Any], now: int, *, forget_arguments: bool = False
) -> None:
    """The job is done, when this transaction commits. `fence` came before."""
    done = {"state": State.DONE, "finished_at": now, "result": dict(result), "error": None}
    connection.execute(update(job).where(_is(taken)).values(done | ({"arguments": {}} if forget_arguments else {})))


def fail(connection: Connection, taken: Taken, error: str, now: int, again_at: int | None) -> None:
    """It waits for its next attempt, or (None) is dead. Nothing changes when the attempt does not count any more."""
    dead = {"state": State.DEAD, "finished_at": now}
    outcome = dead if again_at is None else {"state": State.WAITING, "due_at": again_at}
    connection.execute(update(job).where(_is(taken)).values(error=error, **outcome))


def give_back(connection: Connection, taken: Taken) -> None:
    """As if it had not been taken: the process ends."""
    connection.execute(update(job).where(_is(taken)).values(state=State.WAITING, tries=taken.tries - 1))


def pause(tries: int, chance: float) -> int:
    """PURE: seconds until the next attempt: doubled each time up to an hour, spread by `chance` in [0, 1)."""
    longest = min(FIRST_PAUSE * 2 ** min(tries - 1, 20), LONGEST_PAUSE)
    return int(longest * (0.5 + chance / 2))


def retry(connection: Connection, number: int, now: int) -> bool:
    """A dead job is tried again from now on, as often as a new one. False: there is no dead job of this id."""
    again = {"state": State.WAITING, "due_at": now, "tries": 0, "finished_at": None}
    dead = update(job).where(job.c.id == number, job.c.state == State.DEAD).values(again)
    return connection.execute(dead.returning(job.c.id)).first() is not None


def drop(connection: Connection, number: int, now: int) -> bool:
    """A dead or waiting job will not be done; its key stays used. False: there is no such job."""
    which = job.c.id == number, job.c.state.in_((State.DEAD, State.WAITING))
    dropped = update(job).where(*which).values(state=State.DROPPED, finished_at=now, arguments={})
    return connection.execute(dropped.returning(job.c.id)).first() is not None


def forget(engine: Engine, now: int) -> int:
    """Deletes what was over 90 days ago; returns how many. Dead jobs stay until somebody decides."""
    old = select(job.c.id).where(job.c.state.in_(OVER), job.c.finished_at < now - KEEP).limit(CHUNK)
    gone_ = 0
    while True:
        with writing(engine).begin() as connection:
            ids = connection.scalars(old).all()
            connection.execute(delete(job).where(job.c.id.in_(ids)))
        gone_ += len(ids)
        if len(ids) < CHUNK:
            return gone_
