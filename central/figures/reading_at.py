"""What the meter showed at a moment: as it was fixed then, or, where nothing was, the nearest reading moved along the
profile between, if that is whole (metering.md «Reports»). Never the reading of another moment."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from central.accounts.policy import Viewer
from central.figures.explain import by_hand, rows_of
from central.figures.material import DAY, FIXED, Material, Place, readings, tariffs_of
from central.figures.origins import noted, origins
from central.figures.registers import ALL_KINDS, WIDTHS, reach
from central.figures.source import FIELDS, Opened, Source, opened
from central.figures.views import ReadingAt, RegisterAt
from central.figures.workings import of_moved, of_standing
from central.metering.slots import Slot
from central.metering.terms import ACT, MANUAL, Reading, Segment, State
from central.metering.workings import Working
from central.metering.zones import day_of
from central.registry.look import Terms
from central.timeseries.base import RegisterRow
from protocol.quantities import TARIFFS
from protocol.reading import Kind

NEAR = 5  # seconds: a reading so near counts as fixed then
WHOLE = frozenset({State.MEASURED, State.ZERO, State.POWER_OFF, State.COMPUTED})  # places that a reading is moved along
COMPUTED = "computed"  # kind of a reading that nobody saw
TRUSTED = (ACT, *FIXED, MANUAL, Kind.NOW)  # of several at one moment the first


def reading_at(source: Source, viewer: Viewer, point_id: int, moment: int, now: int) -> ReadingAt:
    """Seconds UTC. The moment at which a point changes hands is both holders'. Raises NotFound, SeriesUnavailable."""
    with opened(source, viewer, point_id, moment - 1, moment + 1) as point:
        found = tuple(
            (segment, tuple(MeterAt(point, segment, moment, now).registers()))
            for segment in point.entries.segments(moment - 1, moment + 1)
            if segment.since <= moment and (segment.until is None or moment <= segment.until)
        )
        trees = [one.working for _, registers in found for one in registers]
        return ReadingAt(
            point=point.view(now),
            moment=moment,
            meters=found,
            origins=origins(point.connection, set(rows_of(*trees))),
            noted=noted(point.connection, set(by_hand(*trees))),
        )


class MeterAt:
    """One meter around a moment: its readings, and its profile from each of them to the moment. What was not read yet
    is read when it is needed."""

    def __init__(
        self, point: Opened, segment: Segment, moment: int, now: int, frozen: Sequence[RegisterRow] | None = None
    ) -> None:
        """`frozen`: what the meter fixed exactly then, where that was read already."""
        self._point, self._segment, self._moment, self._now = point, segment, moment, now
        self._lowest, self._highest = reach(point, segment, moment, moment)
        if frozen is not None:
            self.frozen = frozen
        self._profiles: dict[tuple[str, int, int], tuple[Slot, ...]] = {}

    def registers(self) -> Iterator[RegisterAt]:
        """Of all channels that this meter has, the total of each first; a tariff by which nothing is billed is told of
        where it was fixed."""
        for channel, stem in FIELDS.items():
            said = {field for fields in self._said for field in fields}
            by_people = {tariff for tariff in range(TARIFFS + 1) if f"{stem}{tariff}" in said}
            for tariff in sorted(tariffs_of(self.rows, stem) | by_people):
                zone = self._zone(tariff)
                working = self.working(channel, tariff)
                if working is not None or zone is not None or not tariff:
                    yield RegisterAt(channel, zone, tariff, working)

    def fixed(self, channel: str, tariff: int) -> Reading | None:
        """What stood exactly then; of several what is trusted most."""
        stem, field = FIELDS[channel], f"{FIELDS[channel]}{tariff}"
        said = [fields[field] for fields in self._said if field in fields]
        act = next((one for one in said if one.moment == self._moment and one.kind == ACT), None)
        if act is not None:
            return act
        if frozen := readings(self.frozen, stem, tariff):
            return frozen[0]
        near = [one for one in [*readings(self._here, stem, tariff), *said] if abs(one.moment - self._moment) <= NEAR]
        return min(near, key=self._trust, default=None)

    def reading(self, channel: str, tariff: int) -> Reading | None:
        """The same, or, where nothing was fixed, what is reckoned: of the kind COMPUTED."""
        found = self.fixed(channel, tariff)
        if found is not None:
            return found
        working = self.working(channel, tariff)
        return Reading(self._moment, int(str(working.value)), COMPUTED) if working is not None else None

    def working(self, channel: str, tariff: int) -> Working | None:
        """How a register is known; None = it is not."""
        field, fixed = f"{FIELDS[channel]}{tariff}", self.fixed(channel, tariff)
        if fixed is not None:
            return of_standing(self._segment, fixed, field)
        for one in self._known(channel, field, tariff):
            counted = self._counted(channel, tariff, one)
            if counted is not None:
                return of_moved(self._segment, one, field, counted, self._moment)
        return None

    def _zone(self, tariff: int) -> str | None:
        """Which the terms count by this register; None: all, or none."""
        of_terms = self._terms(self._moment).tariffs.items()
        return next((zone for zone, one in of_terms if one == tariff and tariff), None)

    def _terms(self, moment: int) -> Terms:
        return self._point.terms_on(day_of(max(moment - 1, self._segment.since), self._point.tz))

    def _trust(self, one: Reading) -> tuple[int, int]:
        return abs(one.moment - self._moment), TRUSTED.index(one.kind)

    def _known(self, channel: str, field: str, tariff: int) -> Sequence[Reading]:
        """The readings of a register, the nearest first."""
        found = readings(self.rows, FIELDS[channel], tariff)
        found += [fields[field] for fields in self._said if field in fields]
        return sorted(found, key=self._trust)

    def _counted(self, channel: str, tariff: int, reading: Reading) -> Sequence[Slot] | None:
        """What the register counted of the places from a reading to the moment, or back; None where one of them is not
        known, the terms change, or by this register nothing is billed."""
        since, until = sorted((reading.moment, self._moment))
        terms = self._terms(since + 1)
        zones = {zone for zone, one in terms.tariffs.items() if one == tariff}
        if terms is not self._terms(until) or (tariff and not zones):
            return None
        nearest = (self._moment - DAY, self._moment) if since < self._moment else (self._moment, self._moment + DAY)
        if until - since > 2 * DAY and self._whole(channel, *nearest) is None:
            return None  # the usual case of a meter that is silent: all the days to its last word are not read
        slots = self._whole(channel, since, until)
        return [slot for slot in slots if not tariff or slot.zone in zones] if slots is not None else None

    def _whole(self, channel: str, since: int, until: int) -> tuple[Slot, ...] | None:
        """The places of this time; None where one of them is not known."""
        slots = self._profile(channel, since, until)
        fit = slots and slots[0].start == since and slots[-1].end == until
        known = all(slot.state in WHOLE and (slot.parts or slot.state is State.POWER_OFF) for slot in slots)
        return slots if fit and known else None

    def _profile(self, channel: str, since: int, until: int) -> tuple[Slot, ...]:
        key = channel, since, until
        if key not in self._profiles:
            point = self._point
            place = Place(point.id, point.tz, point.calendar, point.entries.terms)
            material = Material(point.connection, point.series, place, (self._segment,), since, until, self._now)
            self._profiles[key] = material.as_read(channel)  # an estimate moves no reading
        return self._profiles[key]

    @cached_property
    def frozen(self) -> Sequence[RegisterRow]:
        """What the meter fixed exactly then."""
        return self._point.series.registers(self._segment.meter, FIXED, self._moment - 1, self._moment)

    @cached_property
    def _here(self) -> Sequence[RegisterRow]:
        """What stands at the moment, or some seconds beside it."""
        first, last = max(self._moment - NEAR, self._lowest), min(self._moment + NEAR, self._highest)
        return self._point.series.registers(self._segment.meter, ALL_KINDS, first - 1, last)

    @cached_property
    def rows(self) -> Sequence[RegisterRow]:
        """What stands at the moment or some seconds beside it, the last that was fixed before it, the first after."""
        series, meter = self._point.series, self._segment.meter
        found = list(self._here)
        before = series.last_register(meter, FIXED, self._moment)
        if before is not None and before.time >= self._lowest:
            found += series.registers(meter, FIXED, before.time - 1, before.time)
        for width in WIDTHS:
            after = series.registers(meter, FIXED, self._moment, min(self._highest, self._moment + width))
            if after:
                return found + [row for row in after if row.time == after[0].time]
        return found

    @cached_property
    def _said(self) -> Sequence[Mapping[str, Reading]]:
        """What acts say of this meter and what people read, within reach."""
        entries = self._point.entries
        return [
            fields
            for (mounting, moment), fields in [*entries.acts.items(), *entries.manual.items()]
            if mounting == self._segment.mounting and self._lowest <= moment <= self._highest
        ]


def fields_of(*rows: Sequence[RegisterRow]) -> frozenset[str]:
    """Registers that are told of."""
    return frozenset(field for of_moment in rows for row in of_moment for field in row.values)
