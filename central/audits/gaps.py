"""Gaps: what is missing, from its finding to its filling or its loss.

    open     to be asked for            -> asked when a backfill command goes out (asking.py)
    asked    the edge is at it          -> filled by data, else open again when the command is over
    filled   nothing of it is missing; whatever brought it
    lost     asked three times in vain, or its deadline passed: the meter has overwritten it
A lost gap that is filled all the same is filled. What is missing decides, never a reply.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select, update

from central.audits.expected import Missing
from central.audits.tables import GapState, gap
from central.commands.tables import State as CommandState
from central.commands.tables import command
from central.ingest.tables import State, inbox, meter_seen, tip
from central.timeseries.base import DAY
from protocol.reading import Kind

KEPT = 90 * DAY  # by a meter of which nothing is known
IN_VAIN = 3  # times asked, then lost
JOIN = DAY  # missing readings closer than this are one gap
LONGEST = {Kind.LOAD: 10 * DAY, Kind.DAILY: 366 * DAY, Kind.MONTHLY: 10 * 366 * DAY}
STANDING = (GapState.OPEN, GapState.ASKED, GapState.LOST)


@dataclass(slots=True)
class Changed:
    """What an audit did to the gaps."""

    found: int = 0
    filled: int = 0
    lost: int = 0
    missing: int = 0  # readings, of all that stand


def reconcile(connection: Connection, found: Missing, since: int, now: int) -> Changed:
    """The gaps of one meter and kind as they are now; what lies before `since` was not looked at."""
    changed = Changed(missing=len(found.stamps))
    here = (gap.c.meter == found.meter, gap.c.kind == found.kind.value, gap.c.state.in_(STANDING))
    covered: set[int] = set()
    for row in connection.execute(select(gap).where(*here, gap.c.until > since).order_by(gap.c.since)).all():
        mine = [at for at in found.stamps if row.since < at <= row.until]
        covered.update(mine)
        if not mine:
            changed.filled += 1
            _change(connection, row.id, state=GapState.FILLED, missing=0, closed_at=now)
        elif len(mine) != row.missing:
            ends = {"since": mine[0] - found.step, "until": mine[-1]} if row.state == GapState.OPEN else {}
            _change(connection, row.id, missing=len(mine), **ends)
    keep = kept_by(connection, found.meter)
    for part in spans([at for at in found.stamps if at not in covered], found.kind):
        changed.found += 1
        connection.execute(
            gap.insert().values(
                meter=found.meter,
                kind=found.kind.value,
                since=part[0] - found.step,
                until=part[-1],
                missing=len(part),
                deadline_at=part[0] + keep,
                state=GapState.OPEN,
                asked=0,
                found_at=now,
            )
        )
    return changed


def settle(connection: Connection, now: int, meters: Iterable[str] | None = None) -> int:
    """Asked ones whose command is over are open again; what cannot come any more is lost. Returns how many of these.

    Of an answered gap first look again (`reconcile`): it may be filled. `meters`: only theirs.
    """
    over = command.c.state.in_((CommandState.DONE, CommandState.EXPIRED))
    answered = select(gap.c.id, gap.c.asked).join(command, command.c.id == gap.c.command)
    answered = answered.where(gap.c.state == GapState.ASKED, over)
    late = select(gap.c.id).where(gap.c.state == GapState.OPEN, gap.c.deadline_at <= now)
    if meters is not None:
        names = sorted(meters)
        answered, late = answered.where(gap.c.meter.in_(names)), late.where(gap.c.meter.in_(names))
    gone = []
    for row in connection.execute(answered).all():
        if row.asked >= IN_VAIN:
            gone.append(row.id)
        else:
            _change(connection, row.id, state=GapState.OPEN)
    gone += connection.scalars(late).all()
    for id in gone:
        _change(connection, id, state=GapState.LOST, closed_at=now)
    return len(gone)


def answered(connection: Connection) -> list[str]:
    """Meters with a gap whose command is over, and of which nothing waits for the worker any more."""
    query = (
        select(gap.c.meter)
        .join(command, command.c.id == gap.c.command)
        .where(gap.c.state == GapState.ASKED, command.c.state.in_((CommandState.DONE, CommandState.EXPIRED)))
        .distinct()
    )
    return [meter for meter in sorted(connection.scalars(query)) if not _waits(connection, meter)]


def kept_by(connection: Connection, meter: str) -> int:
    """Seconds that a meter keeps a reading: by what its edge says of the one it read last, else 90 days."""
    overwritten = connection.scalar(select(meter_seen.c.overwritten_from_at).where(meter_seen.c.meter == meter))
    last = connection.scalar(select(tip.c.last).where(tip.c.meter == meter, tip.c.kind == Kind.LOAD.value))
    if overwritten is None or last is None or overwritten - last < DAY:
        return KEPT
    return int(overwritten - last)


def spans(stamps: Sequence[int], kind: Kind) -> Iterator[list[int]]:
    """Stamps, oldest first, as runs without a large hole between them, none too long."""
    run: list[int] = []
    join = JOIN if kind is Kind.LOAD else LONGEST[kind]
    for at in stamps:
        if run and (at - run[-1] > join or at - run[0] > LONGEST[kind]):
            yield run
            run = []
        run.append(at)
    if run:
        yield run


def _waits(connection: Connection, meter: str) -> bool:
    query = select(inbox.c.id).where(inbox.c.name == meter, inbox.c.state == State.NEW).limit(1)
    return connection.execute(query).first() is not None


def _change(connection: Connection, id: int, **values: Any) -> None:
    connection.execute(update(gap).where(gap.c.id == id).values(values))
