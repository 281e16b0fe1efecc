"""What the checks found, as the company sees it: by cause, one by one, and what is decided about it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, case, exists, func, or_, select, update

from central.accounts.policy import Viewer, may_see
from central.accounts.tables import account
from central.commands.tables import State as CommandState
from central.commands.tables import command
from central.db import writing
from central.figures import decisions
from central.figures.checking import ASKED, DECIDED, OPEN
from central.figures.material import Material, Place
from central.figures.source import ACTIVE_IMPORT, Source, opened
from central.figures.source import Opened as Point
from central.figures.tables import conflict, decision, exception
from central.figures.views import NotFound
from central.ingest.tables import edge_meter
from central.jobs.asking import enqueue
from central.metering.checks.catalogue import CHECKS, Doubts, Severity
from central.metering.decisions import Decided, spread
from central.metering.slots import Slot
from central.metering.terms import State
from central.metering.zones import midnight
from central.registry.look import valid
from central.registry.tables import mounting, point
from protocol.reading import Kind

REREAD = "reread"  # the job that asks a meter again
GRAVITY = case({Severity.ALARM.value: 2, Severity.WARNING.value: 1}, value=exception.c.severity, else_=0)
ONE_DAY = timedelta(days=1)
STANDING = (OPEN, ASKED)  # what somebody still has to look at
TWICE = {"duplicate_stamp": False, "duplicate_register": True}  # checks of conflicts: of registers or not


@dataclass(frozen=True, slots=True)
class Cause:
    """Open exceptions of one check at one concentrator (None = read by none), the gravest first."""

    name: str
    edge: str | None
    severity: Severity
    count: int
    points: int
    since: int
    until: int


@dataclass(frozen=True, slots=True)
class Found:
    """An exception as a line of a list."""

    id: int
    name: str
    severity: Severity
    channel: str
    day: date
    since: int
    until: int
    trace: Mapping[str, Any]
    state: str
    found_at: int
    point: int
    code: str
    address: str
    tz: str


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody decided, and who has undone it."""

    id: int
    kind: Decided
    at: int
    who: str
    reason: str
    energy: int | None  # that was put there
    command: str | None
    undone_at: int | None
    undone_by: str | None
    undo_reason: str | None


@dataclass(frozen=True, slots=True)
class Opened:
    """One exception with its places: as they came, and as they count; and all that was decided about its time.

    `typical`: beginning of a place that nothing closes -> what a typical day says; `edge`: that reads the meter now.
    """

    found: Found
    serial: str | None
    places: Sequence[tuple[Slot, Slot]]
    typical: Mapping[int, int]
    edge: str | None
    deeds: Sequence[Deed]
    may: Sequence[Decided]


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of a list; `count` = of all pages."""

    found: Sequence[Found]
    count: int
    page: int


class NotNow(Exception):
    """Somebody else was there first, or it is not to be decided so."""


def causes(source: Source, viewer: Viewer, now: int) -> tuple[Cause, ...]:
    """Of all points of the viewer's company. Raises NotFound for whoever is not of it."""
    with source.engine.connect() as connection:
        found = _open(viewer, now).add_columns(_edge(now).label("edge")).subquery()
        query = (
            select(
                found.c.name,
                found.c.edge,
                func.max(found.c.gravity).label("gravity"),
                func.count().label("number"),
                func.count(found.c.point.distinct()).label("points"),
                func.min(found.c.since).label("since"),
                func.max(found.c.until).label("until"),
            )
            .group_by(found.c.name, found.c.edge)
            .order_by(func.max(found.c.gravity).desc(), func.count().desc(), found.c.name, found.c.edge)
        )
        return tuple(
            Cause(row.name, row.edge, tuple(Severity)[row.gravity], row.number, row.points, row.since, row.until)
            for row in connection.execute(query)
        )


def listed(
    source: Source,
    viewer: Viewer,
    now: int,
    *,
    name: str | None = None,
    edge: str | None = None,
    point_id: int | None = None,
    state: str = OPEN,
    page: int = 1,
    rows: int = 50,
) -> Listed:
    """The newest first. `edge` "" = read by none. Raises NotFound for whoever is not of the company."""
    query = _of(viewer, now, exception.c.state == state)
    if name is not None:
        query = query.where(exception.c.name == name)
    if point_id is not None:
        query = query.where(exception.c.point == point_id)
    if edge is not None:
        query = query.where(_edge(now).is_(None) if edge == "" else _edge(now) == edge)
    with source.engine.connect() as connection:
        count = connection.scalar(select(func.count()).select_from(query.subquery())) or 0
        page = min(max(page, 1), max(1, -(-count // rows)))
        newest = query.order_by(exception.c.day.desc(), exception.c.id.desc()).limit(rows).offset((page - 1) * rows)
        return Listed([_found(row) for row in connection.execute(newest)], count, page)


def one(source: Source, viewer: Viewer, key: int, now: int) -> Opened:
    """Raises NotFound, SeriesUnavailable."""
    with source.engine.connect() as connection:
        mine = _of(viewer, now, exception.c.id == key).add_columns(_edge(now).label("edge"))
        row = connection.execute(mine).first()
        if row is None:
            raise NotFound(f"exception {key}")
        found = _found(row)
        deeds = _deeds(connection, found)
    start, end = midnight(found.day, found.tz), midnight(found.day + ONE_DAY, found.tz)
    with opened(source, viewer, found.point, start, end) as point:
        serial = point.view(now).serial
        places, typical = _places(point, found, now)
    may = _may(found, places, typical, row.edge)
    return Opened(found, serial, places, typical, row.edge, deeds, may)


def theirs(source: Source, viewer: Viewer, keys: Collection[int], now: int) -> None:
    """Raises NotFound: one of these is not the viewer's."""
    mine = _of(viewer, now, exception.c.id.in_(keys)).subquery()
    with source.engine.connect() as connection:
        if connection.scalar(select(func.count()).select_from(mine)) != len(set(keys)):
            raise NotFound("exceptions")


def decide(
    source: Source,
    viewer: Viewer,
    key: int,
    kind: Decided,
    *,
    reason: str,
    now: int,
    energy: int | None = None,
) -> int:
    """One act about one exception; returns the number of the decision. `energy` (mWh) is put there, spread evenly.

    Raises NotFound, NotNow, SeriesUnavailable.
    """
    seen = one(source, viewer, key, now)
    if kind not in seen.may:
        raise NotNow(f"exception {key} is not to be decided by {kind}")
    found, energies = seen.found, _energies(seen, kind, energy)
    with writing(source.engine).begin() as connection:
        made = decisions.decide(
            connection,
            point_id=found.point,
            kind=kind,
            channel=found.channel if energies is None else found.channel or ACTIVE_IMPORT,
            since=min((came.start for came, _ in seen.places), default=found.since),
            until=max((came.end for came, _ in seen.places), default=found.until),
            reason=reason,
            account=viewer.account,
            at=now,
            energies=energies,
        )
        state = ASKED if kind is Decided.ASK else DECIDED
        open_ = update(exception).where(exception.c.id == key, exception.c.state == found.state)
        if not connection.execute(open_.values(state=state, decision=made, changed_at=now)).rowcount:
            raise NotNow(f"exception {key} is decided on already")
        if kind is Decided.ASK:
            enqueue(connection, REREAD, {"decision": made}, now)
        else:
            _settle_conflicts(connection, found, "closed")
    return made


def _energies(seen: Opened, kind: Decided, energy: int | None) -> Mapping[int, int] | None:
    """What is put into which places; None = nothing is."""
    if kind is Decided.TYPICAL:
        return seen.typical
    if kind in (Decided.SUBSTITUTE, Decided.FILL):
        return spread(energy or 0, [(came.start, came.end) for came, _ in seen.places])
    return None


def _settle_conflicts(connection: Connection, found: Found, state: str) -> None:
    """The rows that contradict each other wait for nobody any more, or do again."""
    if found.name not in TWICE:
        return
    ended = or_(mounting.c.valid_to.is_(None), mounting.c.valid_to >= conflict.c.stamp)
    stood = exists().where(
        mounting.c.point == found.point,
        mounting.c.meter == conflict.c.meter,
        mounting.c.valid_from <= conflict.c.stamp,
        ended,
    )
    of_load = conflict.c.kind != Kind.LOAD if TWICE[found.name] else conflict.c.kind == Kind.LOAD
    in_time = conflict.c.stamp.between(min(found.since + 1, found.until), found.until)
    connection.execute(update(conflict).where(of_load, in_time, stood).values(state=state))


def undo(source: Source, viewer: Viewer, key: int, decision_id: int, *, reason: str, now: int) -> None:
    """What was decided about this exception is taken back; it is open again. Raises NotFound, NotNow."""
    with writing(source.engine).begin() as connection:
        row = connection.execute(_of(viewer, now, exception.c.id == key)).first()
        if row is None or decision_id not in {deed.id for deed in _deeds(connection, _found(row))}:
            raise NotFound(f"exception {key}")
        if not decisions.undo(connection, decision_id, reason=reason, account=viewer.account, at=now):
            raise NotNow(f"decision {decision_id} is undone already")
        mine = (exception.c.decision == decision_id, exception.c.state.in_((DECIDED, ASKED)))
        for about in connection.execute(_of(viewer, now, and_(*mine))).all():
            _settle_conflicts(connection, _found(about), "open")
        connection.execute(update(exception).where(*mine).values(state=OPEN, decision=None, changed_at=now))


def reopen(connection: Connection, now: int) -> int:
    """What is found still though the command that asked the meter is over waits for somebody again; how many."""
    over = select(decision.c.id).join(command, command.c.id == decision.c.command)
    over = over.where(command.c.state.in_((CommandState.DONE, CommandState.EXPIRED)))
    asked = update(exception).where(exception.c.state == ASKED, exception.c.decision.in_(over))
    return connection.execute(asked.values(state=OPEN, decision=None, changed_at=now)).rowcount


def unasked(connection: Connection, decision_id: int, now: int) -> None:
    """The meter could not be asked: what was found waits for somebody again."""
    asked = update(exception).where(exception.c.state == ASKED, exception.c.decision == decision_id)
    connection.execute(asked.values(state=OPEN, decision=None, changed_at=now))


def _open(viewer: Viewer, now: int) -> Select[Any]:
    return _of(viewer, now, exception.c.state == OPEN)


def _of(viewer: Viewer, now: int, which: ColumnElement[bool]) -> Select[Any]:
    """Exceptions at points of the viewer's company."""
    if not viewer.staff:
        raise NotFound("exceptions")
    return (
        select(exception, point.c.code, point.c.address, point.c.tz, GRAVITY.label("gravity"))
        .join(point, point.c.id == exception.c.point)
        .where(may_see(viewer, now), which)
    )


def _edge(now: int) -> Any:
    """The concentrator that reads the meter that stands at the point now."""
    return (
        select(func.min(edge_meter.c.edge))
        .join(mounting, mounting.c.meter == edge_meter.c.meter)
        .where(mounting.c.point == exception.c.point, valid(mounting, now), valid(edge_meter, now))
        .correlate(exception)
        .scalar_subquery()
    )


def _found(row: Row[Any]) -> Found:
    names = ("id", "name", "channel", "day", "since", "until", "trace", "state", "found_at", "point", "code", "address")
    return Found(severity=Severity(row.severity), tz=row.tz, **{name: getattr(row, name) for name in names})


def _places(point: Point, found: Found, now: int) -> tuple[Sequence[tuple[Slot, Slot]], Mapping[int, int]]:
    """Of its day and channel, or of active import: those that it touches, as they came and as they count, and what a
    typical day says of those that nothing closes. Of a gap only what is empty."""
    channel = found.channel or ACTIVE_IMPORT
    start, end = midnight(found.day, point.tz), midnight(found.day + ONE_DAY, point.tz)
    place = Place(point.id, point.tz, point.calendar, point.entries.terms)
    segments = point.entries.segments(start, end)
    material = Material(point.connection, point.series, place, segments, start, end, now)
    gaps = CHECKS[found.name].doubts is Doubts.GAPS
    places = [
        (came, counts)
        for came, counts in zip(material.as_came(channel), material.slots(channel), strict=True)
        if came.start < max(found.until, found.since + 1)
        and found.since < came.end
        and not (gaps and came.energy is not None)
    ]
    if not gaps:
        return places, {}
    guessed = {slot.start: slot.energy for slot in material.typical(channel) if slot.state is State.ESTIMATED_OPEN}
    here = {came.start for came, _ in places}
    return places, {start: energy for start, energy in guessed.items() if start in here and energy is not None}


def _may(
    found: Found, places: Sequence[tuple[Slot, Slot]], typical: Mapping[int, int], edge: str | None
) -> tuple[Decided, ...]:
    """What may be decided about it."""
    if found.state not in STANDING:
        return ()
    check = CHECKS[found.name]
    may = [Decided.ACCEPT]
    if places and check.doubts is Doubts.VALUES:
        may += [Decided.ESTIMATE, Decided.SUBSTITUTE]
    if check.doubts is Doubts.GAPS and any(counts.energy is None for _, counts in places):
        may += [Decided.FILL, *([Decided.TYPICAL] if typical else [])]
    if check.again and edge is not None and found.state == OPEN:
        may.append(Decided.ASK)
    return tuple(may)


def _deeds(connection: Connection, found: Found) -> Sequence[Deed]:
    """Decided about this channel of the point in that time, the newest first."""
    undoer = account.alias()
    query = (
        select(decision, account.c.name.label("who"), undoer.c.name.label("undone_who"))
        .join(account, account.c.id == decision.c.account)
        .outerjoin(undoer, undoer.c.id == decision.c.undone_by)
        .where(decision.c.point == found.point, decision.c.channel.in_(("", found.channel or ACTIVE_IMPORT)))
        .where(decision.c.since <= found.until, decision.c.until >= found.since)
        .order_by(decision.c.id.desc())
    )
    return [
        Deed(
            id=row.id,
            kind=Decided(row.kind),
            at=row.at,
            who=row.who,
            reason=row.reason,
            energy=sum(row.energies.values()) if row.energies else None,
            command=row.command,
            undone_at=row.undone_at,
            undone_by=row.undone_who,
            undo_reason=row.undo_reason,
        )
        for row in connection.execute(query)
    ]
