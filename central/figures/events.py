"""Journals of a point's meters: lines, how many there are of what, the five cases of the decree, outages of a year.

Of each meter the lines of the time when it stood there, cut by what the viewer may see. Lines are read by the unique
key of `event`, which begins with meter and time: how many other meters there are does not matter.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, bindparam, func, not_, or_, select

from central.accounts.policy import FOREVER, Viewer
from central.figures.heard import NEVER, heard
from central.figures.material import REACH, outages_of
from central.figures.source import Opened, Source, opened
from central.figures.views import Heard, Period, PointView
from central.ingest.tables import edge_meter, event
from central.metering import journals
from central.metering.checks.evidence import Event
from central.metering.decree import LINES, OFF, ON, SWITCHING, Happened, happened
from central.metering.journals import EventKind, kind_of
from central.metering.slots import Outage
from central.metering.terms import Segment
from central.metering.zones import day_of, midnight
from central.registry.tables import mounting

MODBUS = "modbus"  # driver of meters that keep no journals
Key = tuple[int, int, int]  # of a line: time, journal, code


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines: of one journal, of one kind, or only those that a case began with. Nothing: all."""

    journal: int | None = None
    kind: EventKind | None = None
    important: bool = False


@dataclass(frozen=True, slots=True)
class EventLine:
    """`serial`: of the meter whose it is; `case`: what began with it."""

    time: int
    journal: int
    code: int
    serial: str
    received_at: int
    kind: EventKind
    case: Happened | None


@dataclass(frozen=True, slots=True)
class OutageYear:
    """Outages of [since, until), the newest first, cut to it; `seconds`: of those that are over."""

    since: int
    until: int
    outages: tuple[Outage, ...]
    seconds: int


@dataclass(frozen=True, slots=True)
class EventsView:
    """`count`: of the wanted lines, `lines` the asked page of them, the newest first. `total`: of all kinds; `journals`
    and `kinds`: how many of each. `cases`: of the period, the newest first. `keeps`: the meter has journals (False: one
    of Modbus has none); `read`: a line of it ever came."""

    point: PointView
    asked: Period
    lines: tuple[EventLine, ...]
    count: int
    total: int
    journals: Mapping[int, int]
    kinds: Mapping[EventKind, int]
    cases: tuple[Happened, ...]
    year: OutageYear
    heard: Heard
    keeps: bool
    read: bool


def events(
    source: Source,
    viewer: Viewer,
    point_id: int,
    since: int,
    until: int,
    wanted: Wanted,
    now: int,
    *,
    page: int = 1,
    rows: int | None = None,
) -> EventsView:
    """`rows` None: all of them. Raises NotFound."""
    with opened(source, viewer, point_id, since, until) as point:
        span = point.visible
        cases = _cases(point, span.since, span.until)
        counts = _counts(point, span)
        kinds: Counter[EventKind] = Counter()
        by_journal: Counter[int] = Counter()
        for journal, code, count in counts:
            kinds[kind_of(journal, code)] += count
            by_journal[journal] += count
        total = by_journal.total()
        if wanted.important:
            found, count = _of_cases(point, cases, page, rows), len(cases)
        else:
            found = _lines(point, span, wanted, page, rows) if total else ()
            count = sum(number for journal, code, number in counts if _is(wanted, journal, code))
        standing = point.entries.segments(now, now + 1)
        meter = standing[-1] if standing else None
        serials = {segment.meter: segment.serial for segment in point.entries.segments(span.since, span.until)}
        begun = {_key(one): one for one in cases}
        lines = tuple(
            EventLine(
                time=row.time,
                journal=row.journal,
                code=row.code,
                serial=serials.get(row.meter, ""),
                received_at=row.received_at,
                kind=kind_of(row.journal, row.code),
                case=begun.get((row.time, row.journal, row.code)),
            )
            for row in found
        )
        return EventsView(
            point=point.view(now),
            asked=span,
            lines=lines,
            count=count,
            total=total,
            journals=dict(sorted(by_journal.items())),
            kinds={kind: kinds[kind] for kind in EventKind if kinds[kind]},
            cases=cases[::-1],
            year=_year(point, last=min(span.until, now + 1)),
            heard=heard(point.connection, {meter.meter: meter.period}, now)[meter.meter] if meter else NEVER,
            keeps=meter is None or not _speaks_modbus(point.connection, meter.meter, now),
            read=total > 0 or (meter is not None and _ever(point.connection, meter.meter)),
        )


def cases(source: Source, viewer: Viewer, point_id: int, since: int, until: int) -> tuple[Happened, ...]:
    """The cases of the decree that touch [since, until), in the order in which they began. Raises NotFound."""
    with opened(source, viewer, point_id, since, until) as point:
        return _cases(point, point.visible.since, point.visible.until)


def happened_at(
    connection: Connection, meter: str, since: int, until: int
) -> tuple[tuple[Happened, ...], Mapping[Key, int]]:
    """Of one meter, out of its lines in [since, until], whoever looks: for who tells people of it; power that came back
    then was away since whenever. And when each line was received."""
    columns = event.c.time, event.c.journal, event.c.code, event.c.received_at
    its = select(*columns).where(event.c.meter == meter, event.c.edge == "", event.c.time.between(since, until))
    rows = connection.execute(its.where(_IN_A_CASE).order_by(*_IN_ORDER)).all()
    lines = [Event(row.time, row.journal, row.code) for row in rows]
    switched = next((one for one in lines if one.journal == SWITCHING), None)
    if switched is not None and switched.code == ON:  # after longer than was looked back
        off = _off_at(connection, meter, 0, since)
        lines = [*([off] if off is not None else ()), *lines]
    return happened(lines), {(row.time, row.journal, row.code): row.received_at for row in rows}


def _cases(point: Opened, since: int, until: int) -> tuple[Happened, ...]:
    """What touches the period: it may have begun before it, in the time of the same viewer."""
    reach = max(since - REACH, point.reach.since)
    rows = point.connection.execute(_CASES, {"its_point": point.id, "since": reach, "until": until}).all()
    found: list[Happened] = []
    for meter in dict.fromkeys(row.meter for row in rows):
        own = (Event(row.time, row.journal, row.code) for row in rows if row.meter == meter)
        found += [_until_taken_down(one, meter, point) for one in happened(own)]
    return tuple(sorted((one for one in found if one.touches(since, until)), key=lambda one: one.since))


def _until_taken_down(one: Happened, meter: str, point: Opened) -> Happened:
    """What lasts ends at the latest with the tenure of its meter."""
    if one.until is not None:
        return one
    ends = [
        segment.until
        for segment in point.entries.segments(one.since, one.since + 1)
        if segment.meter == meter and segment.until is not None
    ]
    later = point.entries.segments(ends[0], ends[0] + 1) if ends else ()
    return one if not ends or any(segment.meter == meter for segment in later) else replace(one, until=ends[0])


def _of_cases(point: Opened, found: Sequence[Happened], page: int, rows: int | None) -> Sequence[Row[tuple[int, ...]]]:
    """The lines that these began with, also where that is before the period."""
    newest = found[::-1][(page - 1) * rows : page * rows] if rows is not None else found[::-1]
    if not newest:
        return ()
    keys = {_key(one) for one in newest}
    span = Period(min(one.since for one in newest), max(one.since for one in newest) + 1)
    query = _select_lines().where(_IN_A_CASE)
    lines = point.connection.execute(query, _named(point, span)).all()
    return [row for row in lines if (row.time, row.journal, row.code) in keys]


def _lines(point: Opened, span: Period, wanted: Wanted, page: int, rows: int | None) -> Sequence[Row[tuple[int, ...]]]:
    query = _select_lines()
    if wanted.journal is not None:
        query = query.where(event.c.journal == wanted.journal)
    if wanted.kind is not None:
        query = query.where(_of_kind(wanted.kind))
    if rows is not None:
        query = query.limit(rows).offset((page - 1) * rows)
    return point.connection.execute(query, _named(point, span)).all()


def _key(one: Happened) -> Key:
    return one.since, one.journal, one.code


def _counts(point: Opened, span: Period) -> Sequence[tuple[int, int, int]]:
    """Journal, code, how many."""
    return [(row.journal, row.code, row.count_of) for row in point.connection.execute(_COUNTS, _named(point, span))]


def _named(point: Opened, span: Period) -> dict[str, int]:
    return {"its_point": point.id, "since": span.since, "until": span.until}


def _is(wanted: Wanted, journal: int, code: int) -> bool:
    return wanted.journal in (None, journal) and wanted.kind in (None, kind_of(journal, code))


def _of_kind(kind: EventKind) -> ColumnElement[bool]:
    """Lines of this kind, as `kind_of` has it."""
    power = and_(event.c.journal == journals.SWITCHING, event.c.code.in_(sorted(journals.POWER_CODES)))
    if kind is EventKind.POWER:
        return power
    if kind is EventKind.NETWORK:
        return event.c.journal.not_in([key for key, its in journals.JOURNALS.items() if its is not kind])
    own = event.c.journal.in_([key for key, its in journals.JOURNALS.items() if its is kind])
    return and_(own, not_(power)) if kind is EventKind.CONTROL else own


def _year(point: Opened, last: int) -> OutageYear:
    """The year that the moment before `last` lies in, as far as it is the viewer's."""
    year = day_of(max(last - 1, 0), point.tz).year
    since = max(midnight(date(year, 1, 1), point.tz), point.reach.since)
    until = min(midnight(date(year + 1, 1, 1), point.tz), point.reach.until)
    found = sorted(
        (
            cut
            for segment in point.entries.segments(since, until)
            for cut in _cut(point.connection, segment, since, until)
        ),
        key=lambda one: one.start,
        reverse=True,
    )
    return OutageYear(since, until, tuple(found), sum(one.end - one.start for one in found if one.end is not None))


def _cut(connection: Connection, segment: Segment, since: int, until: int) -> Iterator[Outage]:
    """Outages of one tenure, within it and the period: one that began in the year before counts from midnight, one that
    goes on into the next up to midnight, and what is without power as it is taken down has ended then."""
    taken_down = FOREVER if segment.until is None else segment.until
    first, last = max(since, segment.since), min(until, taken_down)
    off = _off_at(connection, segment.meter, segment.since, first)
    for one in outages_of(connection, segment.meter, first if off is None else off.time, taken_down):
        end = segment.until if one.end is None else one.end
        if one.start < last and (end is None or end > first):
            yield Outage(max(one.start, first), None if end is None else min(end, last))


def _off_at(connection: Connection, meter: str, since: int, moment: int) -> Event | None:
    """The line by which its power went at or after `since`, and was still away at this moment."""
    query = select(event.c.time, event.c.code).where(event.c.meter == meter, event.c.edge == "")
    query = query.where(event.c.time >= since, event.c.time < moment)
    query = query.where(event.c.journal == SWITCHING, event.c.code.in_(OFF | {ON}))
    row = connection.execute(query.order_by(event.c.time.desc(), event.c.uptime.desc()).limit(1)).first()
    return Event(row.time, SWITCHING, row.code) if row is not None and row.code in OFF else None


def _speaks_modbus(connection: Connection, meter: str, now: int) -> bool:
    query = select(edge_meter.c.driver).where(edge_meter.c.meter == meter, edge_meter.c.valid_from <= now)
    return connection.scalar(query.order_by(edge_meter.c.valid_from.desc()).limit(1)) == MODBUS


def _ever(connection: Connection, meter: str) -> bool:
    return connection.scalar(select(event.c.id).where(event.c.meter == meter, event.c.edge == "").limit(1)) is not None


_IN_A_CASE = or_(
    *(and_(event.c.journal == journal, event.c.code.in_(sorted(codes))) for journal, codes in LINES.items())
)
_IN_ORDER = event.c.time, event.c.uptime, event.c.id
# of the meters that stood at a point, in [since, until)
_THERE = (
    event.c.edge == "",
    event.c.time >= bindparam("since"),
    event.c.time < bindparam("until"),
    event.c.time >= mounting.c.valid_from,
    or_(mounting.c.valid_to.is_(None), event.c.time < mounting.c.valid_to),
    mounting.c.point == bindparam("its_point"),
)
_HERE = event.join(mounting, mounting.c.meter == event.c.meter)
_CASES = (
    select(event.c.meter, event.c.time, event.c.journal, event.c.code)
    .select_from(_HERE)
    .where(*_THERE, _IN_A_CASE)
    .order_by(*_IN_ORDER)
)
_COUNTS = (
    select(event.c.journal, event.c.code, func.count().label("count_of"))
    .select_from(_HERE)
    .where(*_THERE)
    .group_by(event.c.journal, event.c.code)
)


def _select_lines() -> Select[tuple[int, ...]]:
    """The newest first."""
    columns = event.c.meter, event.c.time, event.c.journal, event.c.code, event.c.received_at
    return select(*columns).select_from(_HERE).where(*_THERE).order_by(*(one.desc() for one in _IN_ORDER))
