"""Where figures come from, and the only door to a point: fetched through the viewer, cut in time by the policy."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from copy import copy
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple

from msgspec import Struct
from sqlalchemy import Connection, Engine, Row, bindparam, select

from central.accounts.policy import FOREVER, Viewer, may_see, seen, seen_all
from central.figures.views import NotFound, Period, PointView
from central.metering.cost import Price
from central.metering.hourly import HourPrice
from central.metering.monthly import MonthlyPrice
from central.metering.terms import Reading, Segment
from central.metering.zones import Calendar, day_of
from central.registry.look import (
    Terms,
    act_readings,
    all_segments_of,
    calendar_of,
    calendar_through,
    hour_prices_of,
    hourly_schemes,
    in_force,
    manual_readings,
    monthly_of,
    monthly_through,
    prices_of,
    prices_through,
    segments_of,
    terms_of,
    valid,
)
from central.registry.natural import by_code
from central.registry.tables import contract_point, meter, mounting, node, point
from central.timeseries.base import RegisterRow, Series
from protocol.quantities import DIRECTIONS

FIELDS = {name: stem for name, _, stem, _ in DIRECTIONS}  # channel -> stem of the fields of the series
ACTIVE_IMPORT = DIRECTIONS[0][0]
Fields = Mapping[str, Reading]  # field of the series -> what it showed


@dataclass(frozen=True, slots=True)
class Source:
    """SQL and the time series."""

    engine: Engine
    series: Series


class KeptDay(Struct, frozen=True, gc=False):
    """A row of `point_day`, the last version of its day; without one, a day of which nothing came."""

    energies: Mapping[str, Mapping[str, Mapping[str, int]]] = {}  # channel -> zone -> state -> mWh
    got: int = 0
    suspect: int = 0
    off: int = 0
    estimated: int = 0
    max_power: int | None = None
    max_at: int | None = None
    registers: Mapping[str, int] = {}
    version: int | None = None
    made_at: int | None = None
    cause: str | None = None


class Entries:
    """What the registry says of one point; each thing is asked for once, when it is first needed."""

    def __init__(self, connection: Connection, row: Row[Any], terms: Sequence[Terms] | None = None) -> None:
        """`row` of the table `point`; `terms`: as if it were billed so."""
        self._connection, self.row, self._supposed = connection, row, terms
        self.days: dict[tuple[date, date], Mapping[date, KeptDay]] = {}  # by [first, until) that were read
        self.registers: dict[tuple[str, int, int, int], Sequence[RegisterRow]] = {}  # around a moment: registers.py

    @classmethod
    def all_of(cls, connection: Connection, rows: Sequence[Row[Any]]) -> "Mapping[int, Entries]":
        """Of many points at once, with what is nearly always needed."""
        keys = [row.id for row in rows]
        terms, segments = terms_of(connection, keys), all_segments_of(connection, keys)
        all_segments = [one for of_one in segments.values() for one in of_one]
        acts, manual = (_by_mounting(said(connection, all_segments)) for said in (act_readings, manual_readings))
        types = _types(connection, {one.meter for one in all_segments})
        schemes = {one.scheme for of_one in terms.values() for one in of_one}
        hourly = hourly_schemes(connection, schemes)
        calendars = {scheme: calendar_of(connection, scheme) for scheme in schemes}
        paths = _paths(connection, rows)
        found = {}
        for row in rows:
            one = found[row.id] = cls(connection, row)
            one.path, one.calendar = paths.get(row.node, ""), calendar_through(terms[row.id], calendars)
            one.hourly = {its.scheme: hourly[its.scheme] for its in terms[row.id] if its.scheme in hourly}
            one.terms, one._segments = terms[row.id], segments.get(row.id, ())
            one.acts, one.manual = (
                {key: fields for segment in one._segments for key, fields in said.get(segment.mounting, ())}
                for said in (acts, manual)
            )
            one.types = {segment.meter: types[segment.meter] for segment in one._segments}
        return found

    def under(self, terms: Sequence[Terms]) -> "Entries":
        """The same point as if it had been billed so: what was told of it already, and is not of its terms, is not
        asked for again."""
        other = copy(self)
        other._supposed = terms
        for name in ("terms", "calendar", "prices", "monthly", "hourly"):
            other.__dict__.pop(name, None)
        return other

    def segments(self, since: int, until: int) -> tuple[Segment, ...]:
        """Tenures that have a moment in [since, until), oldest first."""
        return tuple(one for one in self._segments if one.since < until and (one.until is None or since < one.until))

    @cached_property
    def terms(self) -> Sequence[Terms]:
        """By which it is billed, oldest first."""
        return self._supposed or terms_of(self._connection, [self.row.id])[self.row.id]

    @cached_property
    def calendar(self) -> Calendar:
        """The zones of all its terms, each on their days."""
        schemes = {one.scheme for one in self.terms}
        return calendar_through(self.terms, {scheme: calendar_of(self._connection, scheme) for scheme in schemes})

    @cached_property
    def prices(self) -> Sequence[Price]:
        """All versions of all zones of all its terms, each on their days."""
        schemes = {one.scheme for one in self.terms}
        return prices_through(self.terms, {scheme: prices_of(self._connection, scheme) for scheme in schemes})

    @cached_property
    def monthly(self) -> Sequence[MonthlyPrice]:
        """The same of what is paid each month whatever was used."""
        schemes = {one.scheme for one in self.terms}
        return monthly_through(self.terms, {scheme: monthly_of(self._connection, scheme) for scheme in schemes})

    @cached_property
    def hourly(self) -> Mapping[int, int]:
        """Schemes of its terms that are priced by the hour, each with the beginning of its first hour."""
        return hourly_schemes(self._connection, {one.scheme for one in self.terms})

    def hour_prices(self, scheme: int, since: int, until: int) -> Mapping[int, HourPrice]:
        """Of a scheme, of hours that begin in [since, until)."""
        return hour_prices_of(self._connection, scheme, since, until)

    @cached_property
    def contracts(self) -> Sequence[Period]:
        """When the point was supplied under any contract."""
        rows = self._connection.execute(_CONTRACTS, {"its_point": self.row.id})
        return [Period(row.valid_from, FOREVER if row.valid_to is None else row.valid_to) for row in rows]

    @cached_property
    def path(self) -> str:
        """Of the node that the point hangs on."""
        return _paths(self._connection, [self.row]).get(self.row.node, "")

    @cached_property
    def acts(self) -> Mapping[tuple[int, int], Mapping[str, Reading]]:
        """Readings of acts, by mounting and moment."""
        return act_readings(self._connection, self._segments)

    @cached_property
    def manual(self) -> Mapping[tuple[int, int], Mapping[str, Reading]]:
        """The same of readings that were entered by hand."""
        return manual_readings(self._connection, self._segments)

    @cached_property
    def types(self) -> Mapping[str, str]:
        """Meter -> its type, of all that ever stood here."""
        return _types(self._connection, {segment.meter for segment in self._segments})

    @cached_property
    def _segments(self) -> tuple[Segment, ...]:
        return segments_of(self._connection, self.row.id, 0, FOREVER)


@dataclass(frozen=True, slots=True)
class Opened:
    """A point that the viewer may see, and a connection to read it with."""

    connection: Connection
    series: Series
    id: int
    tz: str
    entries: Entries
    visible: Period  # of the time asked for
    reach: Period  # all the unbroken time around it that is the viewer's: a boundary's reading may lie there
    stored: bool = True  # whether its days are those of `point_day`: their zones are of the terms that are in force

    @property
    def calendar(self) -> Calendar:
        return self.entries.calendar

    def terms_on(self, day: date) -> Terms:
        return in_force(self.entries.terms, day)

    def view(self, now: int) -> PointView:
        """`serial`, `meter_type`: of the meter in force at the end of what may be seen."""
        last = max(self.visible.since, min(now, self.visible.until - 1))
        standing = self.entries.segments(last, last + 1)
        kind = (
            _Meter(standing[0].serial, self.entries.types[standing[0].meter], standing[0].period) if standing else None
        )
        terms = self.terms_on(day_of(last, self.tz))
        return _view(self.entries.row, terms, self.calendar.zones, self.visible, self.entries.path, kind)


_CONTRACTS = (
    select(contract_point).where(contract_point.c.point == bindparam("its_point")).order_by(contract_point.c.valid_from)
)
_TYPES = select(meter.c.id, meter.c.type).where(meter.c.id.in_(bindparam("meters", expanding=True)))


@contextmanager
def opened(source: Source, viewer: Viewer, point_id: int, since: int, until: int) -> Iterator[Opened]:
    """Raises NotFound when the viewer may see nothing of the point in [since, until)."""
    with _asking(source) as (connection, known):
        found = seen(connection, viewer, point_id, (since, until))
        if point_id not in known and (row := connection.execute(_POINT, {"its_point": point_id}).first()) is not None:
            known[point_id] = Entries(connection, row)
        if found is None or point_id not in known:
            raise NotFound(f"point {point_id}")
        (span, reach), entries = found, known[point_id]
        row = entries.row
        yield Opened(connection, source.series, row.id, row.tz, entries, Period(*span), Period(*reach))


@contextmanager
def together(source: Source) -> Iterator[None]:
    """All figures that are asked for inside are asked on one connection, and what the registry says of a point once:
    for a page that shows several. Nothing is kept beyond it; who may see what is asked each time.

    Inside nobody asks on a connection of his own: threads that hold one and wait for another may all wait.
    """
    with source.engine.connect() as connection:
        token = _TOGETHER.set((source, connection, {}))
        try:
            yield
        finally:
            _TOGETHER.reset(token)


_TOGETHER: ContextVar[tuple[Source, Connection, dict[int, Entries]] | None] = ContextVar("together", default=None)


@contextmanager
def _asking(source: Source) -> Iterator[tuple[Connection, dict[int, Entries]]]:
    """A connection, and what is known of points already."""
    asked = _TOGETHER.get()
    if asked is not None and asked[0] is source:
        yield asked[1], asked[2]
    else:
        with source.engine.connect() as connection:
            yield connection, {}


_POINT = select(point).where(point.c.id == bindparam("its_point"))


@contextmanager
def opened_all(source: Source, viewer: Viewer, periods: Mapping[int, Period]) -> Iterator[Mapping[int, Opened]]:
    """Many points (some hundreds), each in its period, with their terms, tenures, acts and readings by hand: by a fixed
    number of queries. What the viewer may not see is not in it."""
    with source.engine.connect() as connection:
        found = seen_all(connection, viewer, {key: (one.since, one.until) for key, one in periods.items()})
        rows = connection.execute(select(point).where(point.c.id.in_(list(found)))).all()
        entries = Entries.all_of(connection, rows)
        spans = {key: (Period(*visible), Period(*reach)) for key, (visible, reach) in found.items()}
        yield {
            row.id: Opened(connection, source.series, row.id, row.tz, entries[row.id], *spans[row.id]) for row in rows
        }


def point_view(source: Source, viewer: Viewer, point_id: int, now: int) -> PointView:
    """One point; of a former tenant's the time that was his. Raises NotFound."""
    with opened(source, viewer, point_id, 0, now + 1) as found:
        return found.view(now)


def points(source: Source, viewer: Viewer, now: int) -> tuple[PointView, ...]:
    """What the viewer may see at this moment, in the order of the codes."""
    with source.engine.connect() as connection:
        rows = connection.execute(select(point).where(may_see(viewer, now))).all()
        return describe_all(connection, sorted(rows, key=by_code), now)


def describe_all(connection: Connection, rows: Sequence[Row[Any]], now: int) -> tuple[PointView, ...]:
    """Points that may be seen at this moment, by a fixed number of queries."""
    terms = terms_of(connection, [row.id for row in rows])
    paths, meters = _paths(connection, rows), _meters(connection, [row.id for row in rows], now)
    visible = Period(now, now + 1)
    views = []
    for row in rows:
        held = in_force(terms[row.id], day_of(now, row.tz))
        views.append(_view(row, held, tuple(held.tariffs), visible, paths.get(row.node, ""), meters.get(row.id)))
    return tuple(views)


class _Meter(NamedTuple):
    """What a point's consumer knows of the meter that stands there."""

    serial: str
    type: str
    period: int


def _view(
    row: Row[Any], terms: Terms, zones: tuple[str, ...], visible: Period, path: str, standing: _Meter | None
) -> PointView:
    return PointView(
        id=row.id,
        code=row.code,
        name=row.name,
        address=row.address,
        path=path,
        tz=row.tz,
        scheme=terms.name,
        zones=zones,
        zone_source=terms.zone_source,
        serial=standing.serial if standing else None,
        meter_type=standing.type if standing else None,
        period=standing.period if standing else None,
        visible=visible,
    )


def _paths(connection: Connection, rows: Sequence[Row[Any]]) -> Mapping[int, str]:
    nodes = {row.node for row in rows if row.node is not None}
    query = select(node.c.id, node.c.path).where(node.c.id.in_(nodes))
    return {row.id: row.path for row in connection.execute(query)}


def _by_mounting(said: Mapping[tuple[int, int], Fields]) -> Mapping[int, list[tuple[tuple[int, int], Fields]]]:
    found: dict[int, list[tuple[tuple[int, int], Fields]]] = defaultdict(list)
    for key, fields in said.items():
        found[key[0]].append((key, fields))
    return found


def _types(connection: Connection, meters: Collection[str]) -> Mapping[str, str]:
    """Meter -> its type."""
    query = select(meter.c.id, meter.c.type).where(meter.c.id.in_(meters))
    return {row.id: row.type for row in connection.execute(query)}


def _meters(connection: Connection, points: Sequence[int], moment: int) -> Mapping[int, _Meter]:
    """By point."""
    query = (
        select(mounting.c.point, meter.c.serial, meter.c.type, mounting.c.period)
        .join(meter, meter.c.id == mounting.c.meter)
        .where(mounting.c.point.in_(points), valid(mounting, moment))
        .order_by(mounting.c.valid_from.desc())
    )
    return {row.point: _Meter(row.serial, row.type, row.period) for row in connection.execute(query)}
