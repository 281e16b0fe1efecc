"""What the checks found, as the company sees it: by cause, one by one, and what is decided about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, case, func, select, update

from central.accounts.policy import Viewer, may_see
from central.accounts.tables import account
from central.db import writing
from central.figures import decisions
from central.figures.checking import DECIDED, OPEN
from central.figures.intervals import view
from central.figures.material import Material, Place
from central.figures.source import ACTIVE_IMPORT, Source, opened
from central.figures.source import Opened as Point
from central.figures.tables import decision, exception
from central.figures.views import NotFound, Period
from central.ingest.tables import edge_meter
from central.jobs.asking import enqueue
from central.metering.checks.catalogue import Severity
from central.metering.decisions import Decided, spread
from central.metering.slots import Slot
from central.metering.zones import midnight
from central.registry.look import valid
from central.registry.tables import mounting, point

REREAD = "reread"  # the job that asks a meter again
GRAVITY = case({Severity.ALARM.value: 2, Severity.WARNING.value: 1}, value=exception.c.severity, else_=0)
ONE_DAY = timedelta(days=1)
VALUES = frozenset(  # checks that doubt the values of places: what these are may be decided
    {
        "over_power",
        "over_median",
        "over_third",
        "frozen",
        "duplicate_stamp",
        "clock_set",
        "use_while_off",
        "reverse_flow",
        "zero_then_return",
        "intervals_to_register",
        "use_without_contract",
        "clock_doubtful",
    }
)
EMPTY = frozenset({"missing_interval", "channel_missing"})  # checks that found nothing where something should be
AGAIN = EMPTY | {"duplicate_stamp", "register_fell", "intervals_to_register", "zones_to_total", "over_power"}


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
    energy: int | None  # of a substitute
    command: str | None
    undone_at: int | None
    undone_by: str | None
    undo_reason: str | None


@dataclass(frozen=True, slots=True)
class Opened:
    """One exception with its places: as they came, and as they count; and all that was decided about its time."""

    found: Found
    serial: str | None
    places: Sequence[tuple[Slot, Slot]]
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
        row = connection.execute(_of(viewer, now, exception.c.id == key)).first()
        if row is None:
            raise NotFound(f"exception {key}")
        found = _found(row)
        deeds = _deeds(connection, found)
    start, end = midnight(found.day, found.tz), midnight(found.day + ONE_DAY, found.tz)
    with opened(source, viewer, found.point, start, end) as point:
        serial = point.view(now).serial
        places = _places(point, found, now)
    return Opened(found, serial, places, deeds, _may(found, places))


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
    """One act about one exception; returns the number of the decision. `energy` (mWh): of a substitute, spread evenly.

    Raises NotFound, NotNow, SeriesUnavailable.
    """
    seen = one(source, viewer, key, now)
    if kind not in seen.may:
        raise NotNow(f"exception {key} is not to be decided by {kind}")
    found = seen.found
    energies = None
    if kind is Decided.SUBSTITUTE:
        energies = spread(energy or 0, [(came.start, came.end) for came, _ in seen.places])
    with writing(source.engine).begin() as connection:
        decided = update(exception).where(exception.c.id == key, exception.c.state == OPEN)
        made = decisions.decide(
            connection,
            point_id=found.point,
            kind=kind,
            channel=found.channel,
            since=min((came.start for came, _ in seen.places), default=found.since),
            until=max((came.end for came, _ in seen.places), default=found.until),
            reason=reason,
            account=viewer.account,
            at=now,
            energies=energies,
        )
        changed = connection.execute(decided.values(state=DECIDED, decision=made, changed_at=now)).rowcount
        if not changed:
            raise NotNow(f"exception {key} is decided on already")
        if kind is Decided.ASK:
            enqueue(connection, REREAD, {"decision": made}, now)
    return made


def undo(source: Source, viewer: Viewer, key: int, decision_id: int, *, reason: str, now: int) -> None:
    """What was decided about this exception is taken back; it is open again. Raises NotFound, NotNow."""
    with writing(source.engine).begin() as connection:
        row = connection.execute(_of(viewer, now, exception.c.id == key)).first()
        if row is None or decision_id not in {deed.id for deed in _deeds(connection, _found(row))}:
            raise NotFound(f"exception {key}")
        if not decisions.undo(connection, decision_id, reason=reason, account=viewer.account, at=now):
            raise NotNow(f"decision {decision_id} is undone already")
        mine = (exception.c.decision == decision_id, exception.c.state == DECIDED)
        connection.execute(update(exception).where(*mine).values(state=OPEN, decision=None, changed_at=now))


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


def _places(point: Point, found: Found, now: int) -> Sequence[tuple[Slot, Slot]]:
    """Of its day and channel, or of active import: those that it touches, as they came and as they count."""
    channel = found.channel or ACTIVE_IMPORT
    start, end = midnight(found.day, point.tz), midnight(found.day + ONE_DAY, point.tz)
    place = Place(point.id, point.tz, point.calendar, point.entries.terms)
    segments = point.entries.segments(start, end)
    came = Material(point.connection, point.series, place, segments, start, end, now).as_came(channel)
    counts = view(point, Period(start, end), channel, now).slots
    return [
        (before, after)
        for before, after in zip(came, counts, strict=True)
        if before.start < max(found.until, found.since + 1) and found.since < before.end
    ]


def _may(found: Found, places: Sequence[object]) -> tuple[Decided, ...]:
    """What may be decided about it."""
    if found.state != OPEN:
        return ()
    may = [Decided.ACCEPT]
    if places and found.name in VALUES:
        may.append(Decided.ESTIMATE)
    if places and found.name in VALUES | EMPTY:
        may.append(Decided.SUBSTITUTE)
    if found.name in AGAIN:
        may.append(Decided.ASK)
    return tuple(may)


def _deeds(connection: Connection, found: Found) -> Sequence[Deed]:
    """Decided about this channel of the point in that time, the newest first."""
    undoer = account.alias()
    query = (
        select(decision, account.c.name.label("who"), undoer.c.name.label("undone_who"))
        .join(account, account.c.id == decision.c.account)
        .outerjoin(undoer, undoer.c.id == decision.c.undone_by)
        .where(decision.c.point == found.point, decision.c.channel.in_(("", found.channel)))
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
