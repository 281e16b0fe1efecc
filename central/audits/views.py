"""What the console shows of the audits. Nothing here walks all points: sums of days are kept, lists are read by key."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Engine, Row, func, select, tuple_

from central.audits import ledger
from central.audits.ledger import Line, Sums, Verdict
from central.audits.tables import FindingState, GapState, finding, gap, traffic, traffic_day
from central.ingest.tables import State, inbox
from central.timeseries.base import DAY

DAYS = 14  # shown
ROWS = 50  # of a list
MOST = 10_000  # counted in quarantine; beyond it «and more»


class Held(NamedTuple):
    """Messages of the inbox that somebody must look at."""

    reason: str
    state: str
    messages: int


@dataclass(frozen=True, slots=True)
class Overview:
    """`counted_at`: when the sums were made; None = they are of this moment, or there are none yet."""

    days: Sequence[Sums]
    counted_at: int | None
    gaps: Sequence[Row[Any]]
    gap_counts: dict[str, int]
    findings: Sequence[Row[Any]]
    held: Sequence[Held]


@dataclass(frozen=True, slots=True)
class DayView:
    """Lines that differ, then a page of all; `following` = where the next page begins."""

    differing: Sequence[Line]
    lines: Sequence[Line]
    following: tuple[str, str, str] | None  # edge, store, meter


@dataclass(frozen=True, slots=True)
class MeterView:
    """A meter's day: its lines by edge, and the messages of the inbox. `following` = id of the last one shown."""

    lines: Sequence[Line]
    messages: Sequence[Any]  # columns of the inbox, without the body
    following: int | None


def overview(engine: Engine, now: int, *, edge: str | None = None, meter: str | None = None) -> Overview:
    """The last days, those that differ first; what is missing, found, held back."""
    today = now // DAY
    if edge is not None or meter is not None:
        days: Sequence[Any] = ledger.sums(ledger.lines(engine, today - DAYS + 1, today, meter=meter, edge=edge))
        counted_at = None
    else:
        with engine.connect() as connection:
            query = select(traffic_day).where(traffic_day.c.day > today - DAYS).order_by(traffic_day.c.day.desc())
            days = connection.execute(query).all()
        counted_at = max((row.counted_at for row in days), default=None)
    with engine.connect() as connection:
        counts = select(gap.c.state, func.count()).group_by(gap.c.state)
        shown = counts.where(gap.c.state != GapState.FILLED)
        by_state = {row.state: int(row[1]) for row in connection.execute(_of(shown, gap, edge, meter))}
        gaps = _of(select(gap), gap, edge, meter).where(gap.c.state.in_((GapState.OPEN, GapState.ASKED)))
        lost = _of(select(gap), gap, edge, meter).where(gap.c.state == GapState.LOST)
        found = _of(select(finding).where(finding.c.state == FindingState.OPEN), finding, None, meter)
        return Overview(
            days=sorted(days, key=lambda one: (one.differing == 0, -one.day)),
            counted_at=counted_at,
            gaps=[
                *connection.execute(gaps.order_by(gap.c.deadline_at, gap.c.id).limit(ROWS)),
                *connection.execute(lost.order_by(gap.c.deadline_at.desc()).limit(ROWS // 5)),
            ],
            gap_counts=by_state,
            findings=connection.execute(found.order_by(finding.c.day.desc(), finding.c.meter).limit(ROWS)).all(),
            held=_held(connection, edge, meter),
        )


def day_view(
    engine: Engine, day: int, *, edge: str | None = None, after: tuple[str, str, str] = ("", "", "")
) -> DayView:
    """Meters of a UTC day (since 1970)."""
    key = (traffic.c.edge, traffic.c.store, traffic.c.meter)
    query = select(*key).where(traffic.c.day == day)
    if edge is not None:
        query = query.where(traffic.c.edge == edge)
    with engine.connect() as connection:
        differ = query.where(traffic.c.verdict == int(Verdict.DIFFERS)).limit(ROWS)
        first = connection.execute(differ).all() if after == ("", "", "") else []
        rows = connection.execute(query.where(tuple_(*key) > after).order_by(*key).limit(ROWS)).all()
        shown = {(row.edge, row.meter) for row in (*first, *rows)}
        held = ledger.held_of(connection, day, day, meters=sorted({meter for _, meter in shown}))
        lines = {(one.edge, one.meter): one for one in ledger.lines_of(connection, held, day, meters=sorted(shown))}
    differing = {(row.edge, row.meter): lines[row.edge, row.meter] for row in first}
    common = [lines[key] for key in dict.fromkeys((row.edge, row.meter) for row in rows) if key not in differing]
    following = (rows[-1].edge, rows[-1].store, rows[-1].meter) if len(rows) == ROWS else None
    return DayView(list(differing.values()), common, following)


def meter_view(engine: Engine, day: int, meter: str, *, edge: str | None = None, after: int = 0) -> MeterView:
    """Messages of one meter made on this UTC day, in the order they came."""
    query = select(
        inbox.c.id,
        inbox.c.edge,
        inbox.c.store,
        inbox.c.seq,
        inbox.c.channel,
        inbox.c.entries,
        inbox.c.projected,
        inbox.c.received_at,
        inbox.c.state,
        inbox.c.reason,
        inbox.c.detail,
    ).where(inbox.c.name == meter, inbox.c.day == day, inbox.c.id > after)
    if edge is not None:
        query = query.where(inbox.c.edge == edge)
    with engine.connect() as connection:
        held = ledger.held_of(connection, day, day, meters=[meter])
        lines = ledger.lines_of(connection, held, day, meter=meter, edge=edge)
        messages = connection.execute(query.order_by(inbox.c.id).limit(ROWS)).all()
    return MeterView(lines, messages, messages[-1].id if len(messages) == ROWS else None)


def _of(query: Any, table: Any, edge: str | None, meter: str | None) -> Any:
    """Only this meter's, only what this edge was asked for."""
    if meter is not None:
        query = query.where(table.c.meter == meter)
    return query.where(table.c.edge == edge) if edge is not None else query


def _held(connection: Any, edge: str | None, meter: str | None) -> list[Held]:
    some = select(inbox.c.reason, inbox.c.state).where(inbox.c.state.in_((State.QUARANTINED, State.PARTIAL)))
    for column, value in ((inbox.c.name, meter), (inbox.c.edge, edge)):
        some = some if value is None else some.where(column == value)
    here = some.limit(MOST).subquery()
    query = select(here.c.reason, here.c.state, func.count()).group_by(here.c.reason, here.c.state)
    return sorted((Held(reason or "", state, count) for reason, state, count in connection.execute(query)), key=_grave)


def _grave(held: Held) -> tuple[int, str]:
    return (-held.messages, held.reason)
