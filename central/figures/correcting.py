"""Corrections of closed months: what the bill would be now, less what was closed and corrected before, line by line.

A job on a schedule takes the marks of recheck.py. A mark stays, and says why, while days of the month are being
computed, or while the bill cannot be told (no price, no figure at all): nothing is taken back for want of data.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from central.figures import recheck
from central.figures.monthly import bill, bill_line, is_closed, shares, waits
from central.figures.recheck import Recheck
from central.figures.source import Source
from central.figures.tables import period_close, period_correction, period_recheck
from central.figures.views import Hindrance, Period
from central.jobs.context import Context
from central.metering.corrections import BillLine, LineDifference, applied, difference
from central.metering.zones import next_month
from central.registry.tables import point

CHUNK = 100


class Held(StrEnum):
    """Why a mark stays."""

    WAITING = "waiting"
    UNPRICED = "unpriced"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Found:
    """A closed month looked at again. `place`: of its next correction."""

    place: int
    differences: tuple[LineDifference, ...]
    needs: Period
    held: Held | None = None


def run(context: Context, _arguments: dict[str, Any]) -> dict[str, Any]:
    """The job: all that is marked, in order."""
    source, last, counts = Source(context.engine, context.series), 0, Counter[str]()
    while True:
        with context.engine.connect() as connection:
            marks = recheck.take(connection, last, CHUNK)
        for one in marks:
            context.check()
            what = "wider"
            while what == "wider":
                found = look(source, one, context.now)
                with context.writing() as connection:
                    what = settle(connection, one, found, context.now)
            counts[what] += 1
        if len(marks) < CHUNK:
            break
        last = marks[-1].close
    with context.final(dict(counts)):
        pass
    return dict(counts)


def look(source: Source, one: Recheck, now: int) -> Found:
    """What its bill would be now, and how that differs. Raises SeriesUnavailable."""
    with source.engine.connect() as connection:
        closed = connection.execute(select(period_close).where(period_close.c.id == one.close)).one()
        row = connection.execute(select(point).where(point.c.id == closed.point)).one()
        before, place = standing_bill(connection, closed)
        needs = Period(closed.needs_since, closed.needs_until)
        if waits(connection, closed.point, closed.month):
            return Found(place, (), needs, Held.WAITING)
        ours = shares(connection, [row], closed.month)[row.id]
        share = next((found for found in ours if found.contract == closed.contract), None)
        if share is None:  # the point was never in this contract, the registry says now
            return Found(place, difference(before, ()), needs)
        found = bill(connection, source.series, row, share, now)
    if found.total is None:
        return Found(place, (), found.needs, Held.UNPRICED)
    if found.hindered_by(Hindrance.NOTHING) and before:
        return Found(place, (), found.needs, Held.NOTHING)
    return Found(place, difference(before, map(bill_line, found.lines)), found.needs)


def settle(connection: Connection, one: Recheck, found: Found, now: int) -> str:
    """Writes what was found: corrected | same | held | late = somebody else was quicker, the mark stays | wider = it
    hangs on readings of a time of which nobody told it while it was looked at: to be looked at again, now that they do.
    """
    locked = select(period_close).where(period_close.c.id == one.close).with_for_update()
    closed = connection.execute(locked).one()
    ours = period_recheck.c.close == one.close, period_recheck.c.mark == one.mark
    if closed.undone_at is not None:
        recheck.clear(connection, one)
        return "same"
    if found.held is not None:
        connection.execute(update(period_recheck).where(*ours).values(held=found.held.value))
        return "held"
    if found.place != _places(connection, closed.id) + 1:
        return "late"
    needs = {"needs_since": found.needs.since, "needs_until": found.needs.until}
    connection.execute(update(period_close).where(period_close.c.id == closed.id).values(**needs))
    if found.needs.since < closed.needs_since or closed.needs_until < found.needs.until:
        return "wider"
    if found.differences:
        connection.execute(
            period_correction.insert().values(
                close=closed.id,
                place=found.place,
                charged_in=_open_month(connection, closed),
                made_at=now,
                cause=one.cause,
                energy=sum(line.energy for line in found.differences),
                amount=sum((line.amount for line in found.differences), Decimal("0.00")),
                lines=[_written(line) for line in found.differences],
            )
        )
    recheck.clear(connection, one)
    return "corrected" if found.differences else "same"


def standing_bill(connection: Connection, closed: Row[Any]) -> tuple[tuple[BillLine, ...], int]:
    """The bill as it was closed with the corrections made since, and the place of the next one."""
    query = select(period_correction.c.lines).where(period_correction.c.close == closed.id)
    made = list(connection.scalars(query.order_by(period_correction.c.place)))
    corrections = [[read(line) for line in lines] for lines in made]
    return applied(map(bill_line, closed.lines), corrections), len(made) + 1


def read(line: dict[str, Any]) -> LineDifference:
    """A line of a stored correction."""
    before, after = (bill_line(line[name]) if line[name] is not None else None for name in ("before", "after"))
    told = after or before
    assert told is not None
    return LineDifference(told.key, before, after)


def _written(line: LineDifference) -> dict[str, Any]:
    return {"before": _line(line.before), "after": _line(line.after)}


def _line(line: BillLine | None) -> dict[str, Any] | None:
    if line is None:
        return None
    return {**dict(line.key), **line.facts, "energy": line.energy, "amount": str(line.amount)}


def _places(connection: Connection, close: int) -> int:
    query = select(func.count()).select_from(period_correction).where(period_correction.c.close == close)
    return int(connection.execute(query).scalar_one())


def _open_month(connection: Connection, closed: Row[Any]) -> date:
    """The first month after the closed one that is open still: there the correction is charged."""
    month = next_month(closed.month)
    while is_closed(connection, closed.point, closed.contract, month):
        month = next_month(month)
    return month
