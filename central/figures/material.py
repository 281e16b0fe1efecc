"""The rows of a point's meters, as the places of its days: what both the pages and `point_day` are made from."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from itertools import pairwise
from operator import attrgetter

from sqlalchemy import Connection, bindparam, select

from central.figures.decisions import decisions_of
from central.figures.limits import longest
from central.figures.source import ACTIVE_IMPORT, FIELDS
from central.ingest.tables import event
from central.metering.consumption import RegisterTerm, from_registers
from central.metering.decisions import Decision, decided
from central.metering.estimation import SIMILAR, Closer, close_gaps, shape_of
from central.metering.slots import MEASURED, Outage, Sample, Slot, close_outages, covered, fill
from central.metering.terms import ACT, Reading, Segment, State
from central.metering.typical import estimate_open
from central.metering.zones import Calendar, day_of, midnight
from central.registry.look import Terms, act_readings, in_force, manual_readings
from central.timeseries.base import LoadRow, RegisterRow, Series
from protocol.quantities import TARIFFS
from protocol.reading import Kind, Quality

DAY = 86_400
CATCH_UP = DAY  # a row that ends so long after a period may still tell of it
REACH = 45 * DAY  # so far a register is looked for on either side of a gap
LOOK_BACK = 36  # days before a gap among which similar ones are looked for
SPOKE = DAY  # so near to what the meter said itself no reading of a person counts
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
    terms: Sequence[Terms] = ()


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
        spans: Sequence[tuple[int, int]] = (),
    ) -> None:
        """`segments`: the tenures of the period; `spans`: of which parts of it alone the places are wanted, in order.
        Raises SeriesUnavailable."""
        self._connection, self._series, self._place, self._now = connection, series, place, now
        self.since, self.until = since, until
        self.segments = tuple(segments)
        self._rows = [(span, _load(series, self.segments, *span)) for span in spans or [(since, until)]]
        self._fixed: dict[tuple[str, int], list[RegisterRow]] = {}
        self._brackets: list[tuple[int, int]] = []
        self._around: dict[tuple[int, str, int], list[Reading]] = {}
        self._nearby: dict[int, list[RegisterRow]] = {}
        self._clean: dict[tuple[str, int], bool] = {}
        self._said: dict[int, dict[int, dict[str, Reading]]] = {}
        self._loads: dict[tuple[int, int, int], list[LoadRow]] = {}
        self._came: dict[str, tuple[Slot, ...]] = {}
        self._whole: dict[str, tuple[Slot, ...]] = {}
        self._similar: dict[tuple[str, int, date], list[tuple[Slot, ...]]] = {}
        self._days: dict[tuple[str, int, date], tuple[Slot, ...]] = {}
        self._shapes: dict[tuple[str, int, date], Callable[[Slot], int]] = {}

    def channels(self) -> tuple[str, ...]:
        """Those that any row has; active import always."""
        found = {field for row in self.rows for field in row.values}
        return tuple(name for name, field in FIELDS.items() if field in found or name == ACTIVE_IMPORT)

    @property
    def rows(self) -> Sequence[LoadRow]:
        """As they came, later ones too that may tell of the period."""
        return [row for _, rows in self._rows for row in rows]

    def as_came(self, channel: str) -> tuple[Slot, ...]:
        """Places with what is in them, whatever was decided about it; missing ones in an outage that the registers
        confirm are power off."""
        if channel not in self._came:
            self._came[channel] = self._off(self._filled(channel))
        return self._came[channel]

    def as_read(self, channel: str) -> tuple[Slot, ...]:
        """`as_came`, and as it was decided on."""
        return decided(self.as_came(channel), channel, self._decisions)

    def slots(self, channel: str) -> tuple[Slot, ...]:
        """`as_read`, and what is missing is estimated where registers close it."""
        slots = self.as_read(channel)
        if any(slot.state is State.MISSING for slot in slots):
            for segment in self.segments:
                slots = self._estimated(channel, segment, slots)
        return slots

    def typical(self, channel: str) -> tuple[Slot, ...]:
        """`slots`, and what no register closes is estimated by a typical day: beside every sum, until somebody accepts
        it. What has no complete day like it before it stays missing."""

        def similar(slot: Slot) -> Sequence[tuple[Slot, ...]]:
            begun = [segment for segment in self.segments if segment.since <= slot.start]
            return self.similar(channel, begun[-1], day_of(slot.start, self._place.tz)) if begun else ()

        return estimate_open(self.slots(channel), similar, self._of_day)

    def decided(self) -> tuple[int, int]:
        """From when to when the registers reach that decided on power off and estimates: at least the period itself.

        A register that comes after a gap of days decides on all of them.
        """
        known = [(self.since, self.until), *self._brackets]
        return min(start for start, _ in known), max(end for _, end in known)

    def around(self) -> tuple[int, int]:
        """As far as the registers reach that would close a gap anywhere in the period."""
        found = [(self.since, self.until)]
        for segment in self.segments:
            fixed = self._fixed_near(segment, ACTIVE_IMPORT, 0)
            earlier = (one for one in reversed(fixed) if one.moment <= self.since and self._between_rows(segment, one))
            later = (one for one in fixed if one.moment >= self.until and self._between_rows(segment, one))
            before = next((one.moment for one in earlier), self.since)
            after = next((one.moment for one in later), self.until)
            if after - before <= self._longest:
                found.append((before, after))
        return min(start for start, _ in found), max(end for _, end in found)

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

    def fixed(self, segment: Segment, moment: int) -> Sequence[RegisterRow]:
        """What a meter fixed at this moment."""
        key = (segment.meter, moment)
        if key not in self._fixed:
            self._fixed[key] = self._series.registers(segment.meter, FIXED, moment - 1, moment)
        return self._fixed[key]

    def _register(self, segment: Segment, channel: str, moment: int) -> Reading | None:
        return next(iter(readings(self.fixed(segment, moment), FIELDS[channel], 0)), None)

    def _off(self, slots: tuple[Slot, ...]) -> tuple[Slot, ...]:
        if not any(slot.state is State.MISSING for slot in slots):
            return slots
        return tuple(
            Slot(slot.start, slot.end, slot.zone, State.POWER_OFF, int(Quality.POWER_OFF), 0)
            if slot.state is State.MISSING and slot.start in self._switched_off
            else slot
            for slot in slots
        )

    def _near(self, segment: Segment) -> list[RegisterRow]:
        """Fixed registers of a tenure around the period."""
        if segment.mounting not in self._nearby:
            since = max(self.since - REACH, segment.since - 1)
            until = min(self.until + REACH, segment.until if segment.until is not None else self.until + REACH)
            self._nearby[segment.mounting] = self._series.registers(segment.meter, FIXED, since, until)
        return self._nearby[segment.mounting]

    def _estimated(self, channel: str, segment: Segment, slots: Sequence[Slot]) -> tuple[Slot, ...]:
        """With the gaps of one tenure closed, pair of readings by pair of readings."""
        found: dict[int, Slot] = {}
        for (first, last), wanted in self._gaps(channel, segment, slots).items():
            rows = self._read(segment, first.moment, last.moment)
            came = self._off(self._fill(channel, rows, first.moment, last.moment))
            between = decided(came, channel, self._decisions)
            total = Closer(0, frozenset(), from_registers(segment, first, last))
            tariffs = self._tariffs(channel, segment, first.moment, last.moment)
            closed = close_gaps(between, tariffs, total, lambda missing: self._shape(channel, segment, missing))
            estimates = {slot.start: slot for slot in closed if slot.closing is not None}
            if estimates:
                self._brackets.append((first.moment, last.moment))
                found |= {slot.start: estimates[slot.start] for slot in wanted if slot.start in estimates}
        return tuple(found.get(slot.start, slot) for slot in slots)

    def _gaps(
        self, channel: str, segment: Segment, slots: Sequence[Slot]
    ) -> Mapping[tuple[Reading, Reading], Sequence[Slot]]:
        """The nearest readings around missing places -> those places. A reading inside a row that is longer than its
        place is passed over: what of the row lies on which side of it is a guess, and the gap would bear its error."""
        fixed = self._fixed_near(segment, channel, 0)
        found: dict[tuple[Reading, Reading], list[Slot]] = defaultdict(list)
        for slot in slots:
            if slot.state is not State.MISSING:
                continue
            upto = bisect_right(fixed, slot.start, key=attrgetter("moment"))
            before = next((one for one in reversed(fixed[:upto]) if self._between_rows(segment, one)), None)
            after = next(
                (one for one in fixed[upto:] if slot.end <= one.moment and self._between_rows(segment, one)),
                None,
            )
            if before is not None and after is not None and after.moment - before.moment <= self._longest:
                found[before, after].append(slot)
        return found

    def _read(self, segment: Segment, start: int, end: int) -> list[LoadRow]:
        """Of one tenure, once for all channels."""
        key = (segment.mounting, start, end)
        if key not in self._loads:
            self._loads[key] = _load(self._series, (segment,), start, end)
        return self._loads[key]

    def _between_rows(self, segment: Segment, reading: Reading) -> bool:
        """Whether no row begins before this reading and ends after it; one that an act cuts is in no place."""
        key = (segment.meter, reading.moment)
        if key not in self._clean:
            rows = self._series.load(*key, reading.moment + CATCH_UP)
            self._clean[key] = reading.kind == ACT or not any(row.end - row.span < reading.moment for row in rows)
        return self._clean[key]

    def _fixed_near(self, segment: Segment, channel: str, tariff: int) -> list[Reading]:
        """One register of a tenure around the period, oldest first: fixed by the meter, said by an act, or, where it
        said nothing, read by a person."""
        key = (segment.mounting, channel, tariff)
        if key not in self._around:
            self._around[key] = self._told(segment, channel, tariff)
        return self._around[key]

    def _told(self, segment: Segment, channel: str, tariff: int) -> list[Reading]:
        found = {one.moment: one for one in readings(self._near(segment), FIELDS[channel], tariff)}
        if segment.mounting not in self._said:
            said = manual_readings(self._connection, [segment]) | act_readings(self._connection, [segment])
            self._said[segment.mounting] = {moment: fields for (_, moment), fields in said.items()}
        own = sorted(found)
        for moment, fields in self._said[segment.mounting].items():
            one = fields.get(f"{FIELDS[channel]}{tariff}")
            if one is not None and (one.kind == ACT or not _spoke(own, moment)):
                found[moment] = one
        return [found[moment] for moment in sorted(found)]

    def _tariffs(self, channel: str, segment: Segment, start: int, end: int) -> list[Closer]:
        """The meter's tariff registers, each with the zones that it counts, while one scheme held."""
        first, last = (in_force(self._place.terms, day_of(moment, self._place.tz)) for moment in (start, end - 1))
        if first is not last:
            return []
        zones: dict[int, set[str]] = defaultdict(set)
        for zone, tariff in first.tariffs.items():
            zones[tariff].add(zone)
        found = []
        for tariff, names in zones.items():
            at = {one.moment: one for one in self._fixed_near(segment, channel, tariff)} if tariff else {}
            if start in at and end in at:
                found.append(Closer(tariff, frozenset(names), from_registers(segment, at[start], at[end])))
        return found

    def _shape(self, channel: str, segment: Segment, missing: Sequence[Slot]) -> list[int]:
        """By the last complete days of the same kind before each missing day."""
        weights: list[int] = []
        for slot in missing:
            key = (channel, segment.mounting, day_of(slot.start, self._place.tz))
            if key not in self._shapes:
                self._shapes[key] = shape_of(self.similar(channel, segment, key[2]), self._of_day)
            weights.append(self._shapes[key](slot))
        return weights

    def similar(self, channel: str, segment: Segment, day: date) -> list[tuple[Slot, ...]]:
        """The last complete days of the same kind before this one, the newest first, at most SIMILAR."""
        key = (channel, segment.mounting, day)
        if key not in self._similar:
            self._similar[key] = self._like(channel, segment, day)
        return self._similar[key]

    def _like(self, channel: str, segment: Segment, day: date) -> list[tuple[Slot, ...]]:
        weekend = day.weekday() >= 5
        found = []
        for back in range(1, LOOK_BACK):
            other = day - timedelta(days=back)
            if (other.weekday() >= 5) is not weekend:
                continue
            if midnight(other, self._place.tz) < segment.since:
                break
            slots = self._complete(channel, segment, other)
            if slots:
                found.append(slots)
            if len(found) == SIMILAR:
                break
        return found

    def _complete(self, channel: str, segment: Segment, day: date) -> tuple[Slot, ...]:
        """The places of a day that is all measured, else none; many days are like the same ones."""
        key = (channel, segment.mounting, day)
        if key not in self._days:
            start, end = midnight(day, self._place.tz), midnight(day + timedelta(days=1), self._place.tz)
            rows = [row for row in self._week(segment, day) if start < row.end <= end + CATCH_UP]
            slots = self._fill(channel, rows, start, end) if rows else ()
            self._days[key] = slots if all(slot.state in MEASURED for slot in slots) else ()
        return self._days[key]

    def _week(self, segment: Segment, day: date) -> list[LoadRow]:
        """Of the week of this day: one question for all its days."""
        monday = day - timedelta(days=day.weekday())
        return self._read(segment, *(midnight(monday + timedelta(days=n), self._place.tz) for n in (0, 7)))

    def _of_day(self, slot: Slot) -> int:
        """Seconds since the local midnight."""
        return slot.start - midnight(day_of(slot.start, self._place.tz), self._place.tz)

    def _fill(self, channel: str, rows: Iterable[LoadRow], since: int, until: int) -> tuple[Slot, ...]:
        field = FIELDS[channel]
        samples = [
            Sample(row.meter, row.end, row.span, row.quality, row.values[field]) for row in rows if field in row.values
        ]
        place = self._place
        return fill(self.segments, samples, place.calendar, place.tz, since, until, self._now)

    def _filled(self, channel: str) -> tuple[Slot, ...]:
        """The places of the period with what is in them, and nothing else."""
        if channel not in self._whole:
            self._whole[channel] = tuple(slot for span, rows in self._rows for slot in self._fill(channel, rows, *span))
        return self._whole[channel]

    @cached_property
    def _longest(self) -> int:
        """Seconds: a gap that is longer is not estimated."""
        return longest(self._connection, self._place.point)

    @cached_property
    def _decisions(self) -> Sequence[Decision]:
        """About values as far as a gap of the period may reach."""
        return decisions_of(self._connection, self._place.point, self.since - REACH, self.until + REACH)

    @cached_property
    def _switched_off(self) -> frozenset[int]:
        """Starts of places without power: by the meter's journal, and by the registers of active import around them."""
        slots = self._filled(ACTIVE_IMPORT)
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
        for first, last in pairwise(self._fixed_near(segment, ACTIVE_IMPORT, 0)):
            if not any(first.moment <= slot.start and slot.end <= last.moment for slot in missing):
                continue
            term = from_registers(segment, first, last)
            if term.energy is None or not segment.spans(first.moment, last.moment):
                continue
            rows = self._read(segment, first.moment, last.moment)
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


def _spoke(own: Sequence[int], moment: int) -> bool:
    """Whether the meter itself said its registers at this moment, or within a day on both sides of it: what a person
    read then, perhaps without the last digits, says nothing that its own would not say better."""
    place = bisect_right(own, moment)
    before, after = own[:place][-1:], own[place:][:1]
    if before == [moment]:
        return True
    return bool(before and after) and moment - before[0] <= SPOKE and after[0] - moment <= SPOKE


def tariffs_of(rows: Iterable[RegisterRow], stem: str) -> frozenset[int]:
    """Which registers of a direction the rows hold."""
    names = {name for row in rows for name in row.values}
    return frozenset(tariff for tariff in range(TARIFFS + 1) if f"{stem}{tariff}" in names)


def _load(series: Series, segments: Iterable[Segment], since: int, until: int) -> list[LoadRow]:
    meters = sorted({segment.meter for segment in segments})
    return [row for meter in meters for row in series.load(meter, since, until + CATCH_UP)]


def outages_of(connection: Connection, meter: str, since: int, until: int) -> list[Outage]:
    """Of a meter, by its journal of switching on and off, in this time; seconds UTC."""
    found: list[Outage] = []
    begun: int | None = None
    for time, code in connection.execute(_SWITCHED, {"its_meter": meter, "since": since, "until": until}):
        if code in SWITCHED_OFF and begun is None:
            begun = time
        elif code == SWITCHED_ON and begun is not None:
            found.append(Outage(begun, time))
            begun = None
    return [*found, Outage(begun, None)] if begun is not None else found


_SWITCHED = (
    select(event.c.time, event.c.code)
    .where(event.c.meter == bindparam("its_meter"), event.c.edge == "")
    .where(event.c.time.between(bindparam("since"), bindparam("until")))
    .where(event.c.journal == JOURNAL, event.c.code.in_(SWITCHED_OFF | {SWITCHED_ON}))
    .order_by(event.c.time, event.c.uptime)
)
