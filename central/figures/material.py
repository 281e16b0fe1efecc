"""The rows of a point's meters, as the places of its days: what both the pages and `point_day` are made from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from sqlalchemy import Connection, select

from central.figures.source import ACTIVE_IMPORT, FIELDS
from central.ingest.tables import event
from central.metering.consumption import RegisterTerm, from_registers
from central.metering.slots import Outage, Sample, Slot, close_outages, covered, fill
from central.metering.terms import Reading, Segment, State
from central.metering.zones import Calendar
from central.timeseries.base import LoadRow, RegisterRow, Series
from protocol.quantities import TARIFFS
from protocol.reading import Kind, Quality

DAY = 86_400
CATCH_UP = DAY  # a row that ends so long after a period may still tell of it
REACH = 45 * DAY  # so far a register is looked for on either side of an outage
FIXED = (Kind.DAILY, Kind.MONTHLY)
JOURNAL = 2  # of switching on and off (ГОСТ Р 58940-2020, app. Д)
SWITCHED_OFF = frozenset({1, 29})
SWITCHED_ON = 2


@dataclass(frozen=True, slots=True)
class Place:
    """What of a point is needed to compute its days."""

    point: int
    tz: str
    calendar: Calendar


class Material:
    """Rows and tenures of a point for the places that start in [since, until), read once for all channels."""

    def __init__(
        self,
        connection: Connection,
        series: Series,
        place: Place,
        segments: Sequence[Segment],
        since: int,
        until: int,
        now: int,
    ) -> None:
        """`segments`: the tenures of the period. Raises SeriesUnavailable."""
        self._connection, self._series, self._place, self._now = connection, series, place, now
        self.since, self.until = since, until
        self.segments = tuple(segments)
        self._rows = _load(series, self.segments, since, until)
        self._fixed: dict[tuple[str, int], list[RegisterRow]] = {}
        self._brackets: list[tuple[int, int]] = []

    def channels(self) -> tuple[str, ...]:
        """Those that any row has; active import always."""
        found = {field for row in self._rows for field in row.values}
        return tuple(name for name, field in FIELDS.items() if field in found or name == ACTIVE_IMPORT)

    def slots(self, channel: str) -> tuple[Slot, ...]:
        """Places with what is in them; missing ones in an outage that the registers confirm are power off."""
        return tuple(
            Slot(slot.start, slot.end, slot.zone, State.POWER_OFF, int(Quality.POWER_OFF), 0)
            if slot.state is State.MISSING and slot.start in self._switched_off
            else slot
            for slot in self._fill(channel, self._rows, self.since, self.until)
        )

    def decided(self) -> tuple[int, int]:
        """From when to when the registers that decided on power off reach: at least the period itself.

        A register that comes after an outage of days decides on all of them.
        """
        known = [(self.since, self.until), *self._brackets] if self._switched_off else [(self.since, self.until)]
        return min(start for start, _ in known), max(end for _, end in known)

    def difference(self, channel: str, start: int, end: int) -> RegisterTerm | None:
        """Of the total register between exactly these two moments, by the meter that stood there all the time."""
        segment = self._through(start, end)
        if segment is None:
            return None
        at = {moment: self._register(segment, channel, moment) for moment in (start, end)}
        first, last = at[start], at[end]
        return from_registers(segment, first, last) if first is not None and last is not None else None

    def _through(self, start: int, end: int) -> Segment | None:
        return next((segment for segment in self.segments if segment.spans(start, end)), None)

    def _register(self, segment: Segment, channel: str, moment: int) -> Reading | None:
        key = (segment.meter, moment)
        if key not in self._fixed:
            self._fixed[key] = self._series.registers(segment.meter, FIXED, moment - 1, moment)
        return next(iter(readings(self._fixed[key], FIELDS[channel], 0)), None)

    def _fill(self, channel: str, rows: Iterable[LoadRow], since: int, until: int) -> tuple[Slot, ...]:
        field = FIELDS[channel]
        samples = [
            Sample(row.meter, row.end, row.span, row.quality, row.values[field]) for row in rows if field in row.values
        ]
        place = self._place
        return fill(self.segments, samples, place.calendar, place.tz, since, until, self._now)

    @cached_property
    def _switched_off(self) -> frozenset[int]:
        """Starts of places without power: by the meter's journal, and by the registers of active import around them."""
        slots = self._fill(ACTIVE_IMPORT, self._rows, self.since, self.until)
        missing = [slot for slot in slots if slot.state is State.MISSING]
        found: set[int] = set()
        if missing:
            for segment in self.segments:
                outages = outages_of(self._connection, segment.meter, self.since - REACH, self.until + REACH)
                if any(covered(slot, outages) for slot in missing):
                    found |= self._closed(segment, missing, outages)
        return frozenset(found)

    def _closed(self, segment: Segment, missing: Sequence[Slot], outages: Sequence[Outage]) -> set[int]:
        found: set[int] = set()
        registers = self._series.registers(segment.meter, FIXED, self.since - REACH, self.until + REACH)
        for first, last in pairwise(readings(registers, FIELDS[ACTIVE_IMPORT], 0)):
            if not any(first.moment <= slot.start and slot.end <= last.moment for slot in missing):
                continue
            term = from_registers(segment, first, last)
            if term.energy is None or not segment.spans(first.moment, last.moment):
                continue
            rows = _load(self._series, (segment,), first.moment, last.moment)
            between = self._fill(ACTIVE_IMPORT, rows, first.moment, last.moment)
            closed = close_outages(between, outages, first.moment, last.moment, term.energy, segment)
            off = {slot.start for slot in closed if slot.state is State.POWER_OFF}
            if off:
                found |= off
                self._brackets.append((first.moment, last.moment))
        return found


def readings(rows: Iterable[RegisterRow], stem: str, tariff: int) -> list[Reading]:
    """One register (`tariff` 0 = the total) out of rows, one a moment, in their order; fixed before now."""
    field = f"{stem}{tariff}"
    found: dict[int, Reading] = {}
    for row in rows:
        if field in row.values and (row.time not in found or found[row.time].kind == Kind.NOW):
            found[row.time] = Reading(row.time, row.values[field], row.kind.value, row.quality)
    return list(found.values())


def tariffs_of(rows: Iterable[RegisterRow], stem: str) -> frozenset[int]:
    """Which registers of a direction the rows hold."""
    names = {name for row in rows for name in row.values}
    return frozenset(tariff for tariff in range(TARIFFS + 1) if f"{stem}{tariff}" in names)


def _load(series: Series, segments: Iterable[Segment], since: int, until: int) -> list[LoadRow]:
    meters = sorted({segment.meter for segment in segments})
    return [row for meter in meters for row in series.load(meter, since, until + CATCH_UP)]


def outages_of(connection: Connection, meter: str, since: int, until: int) -> list[Outage]:
    """Of a meter, by its journal of switching on and off, in this time; seconds UTC."""
    query = (
        select(event.c.time, event.c.code)
        .where(event.c.meter == meter, event.c.journal == JOURNAL, event.c.time.between(since, until))
        .order_by(event.c.time, event.c.uptime)
    )
    found: list[Outage] = []
    begun: int | None = None
    for time, code in connection.execute(query):
        if code in SWITCHED_OFF and begun is None:
            begun = time
        elif code == SWITCHED_ON and begun is not None:
            found.append(Outage(begun, time))
            begun = None
    return [*found, Outage(begun, None)] if begun is not None else found
