"""What the meter showed at a moment: as it was fixed then, or, where nothing was, the nearest reading moved along the
profile between, if that is whole (metering.md «Reports»). Never the reading of another moment."""

from collections.abc import Iterator, Mapping, Sequence

from central.accounts.policy import Viewer
from central.figures.explain import by_hand, rows_of
from central.figures.material import FIXED, Material, Place, readings, tariffs_of
from central.figures.origins import noted, origins
from central.figures.registers import ALL_KINDS, WIDTHS, reach
from central.figures.source import FIELDS, Opened, Source, opened
from central.figures.views import ReadingAt, RegisterAt
from central.figures.workings import of_moved, of_standing
from central.metering.slots import Slot
from central.metering.terms import ACT, MANUAL, Reading, Segment, State
from central.metering.workings import Working
from central.metering.zones import day_of
from central.registry.look import Terms, act_readings, manual_readings
from central.timeseries.base import RegisterRow
from protocol.quantities import TARIFFS
from protocol.reading import Kind

NEAR = 5  # seconds: a reading so near counts as fixed then
WHOLE = frozenset({State.MEASURED, State.ZERO, State.POWER_OFF, State.COMPUTED})  # places that a reading is moved along
TRUSTED = (ACT, *FIXED, MANUAL, Kind.NOW)  # of several at one moment the first


def reading_at(source: Source, viewer: Viewer, point_id: int, moment: int, now: int) -> ReadingAt:
    """Seconds UTC. The moment at which a point changes hands is both holders'. Raises NotFound, SeriesUnavailable."""
    with opened(source, viewer, point_id, moment - 1, moment + 1) as point:
        found = tuple(
            (segment, tuple(_Meter(point, segment, moment, now).registers()))
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


class _Meter:
    """One meter around a moment: its readings, and its profile from each of them to the moment."""

    def __init__(self, point: Opened, segment: Segment, moment: int, now: int) -> None:
        self._point, self._segment, self._moment, self._now = point, segment, moment, now
        self._lowest, self._highest = reach(point, segment, moment, moment)
        self._rows = self._around()
        self._said = self._by_people()
        self._profiles: dict[tuple[str, int, int], tuple[Slot, ...]] = {}

    def registers(self) -> Iterator[RegisterAt]:
        """Of all channels that this meter has, the total of each first; a tariff by which nothing is billed is told of
        where it was fixed."""
        for channel, stem in FIELDS.items():
            said = {field for fields in self._said for field in fields}
            by_people = {tariff for tariff in range(TARIFFS + 1) if f"{stem}{tariff}" in said}
            for tariff in sorted(tariffs_of(self._rows, stem) | by_people):
                zone = self._zone(tariff)
                working = self._working(channel, zone, tariff)
                if working is not None or zone is not None or not tariff:
                    yield RegisterAt(channel, zone, tariff, working)

    def _zone(self, tariff: int) -> str | None:
        """Which the terms count by this register; None: all, or none."""
        of_terms = self._terms(self._moment).tariffs.items()
        return next((zone for zone, one in of_terms if one == tariff and tariff), None)

    def _terms(self, moment: int) -> Terms:
        return self._point.terms_on(day_of(max(moment - 1, self._segment.since), self._point.tz))

    def _working(self, channel: str, zone: str | None, tariff: int) -> Working | None:
        field = f"{FIELDS[channel]}{tariff}"
        for one in self._known(channel, field, tariff):
            if abs(one.moment - self._moment) <= NEAR:
                return of_standing(self._segment, one, field)
            slots = self._between(channel, one) if zone is not None or not tariff else None
            if slots is not None:
                counted = [slot for slot in slots if zone is None or slot.zone == zone]
                return of_moved(self._segment, one, field, counted, self._moment)
        return None

    def _known(self, channel: str, field: str, tariff: int) -> Sequence[Reading]:
        """The readings of a register, the nearest first."""
        found = readings(self._rows, FIELDS[channel], tariff)
        found += [fields[field] for fields in self._said if field in fields]
        return sorted(found, key=lambda one: (abs(one.moment - self._moment), TRUSTED.index(one.kind)))

    def _between(self, channel: str, reading: Reading) -> Sequence[Slot] | None:
        """The places from a reading to the moment, or back; None where one is not known, or the terms change."""
        since, until = sorted((reading.moment, self._moment))
        if self._terms(since + 1) is not self._terms(until):
            return None
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
            self._profiles[key] = material.slots(channel)
        return self._profiles[key]

    def _around(self) -> list[RegisterRow]:
        """What stands at the moment, and the last that was fixed before it, the first after."""
        series, meter = self._point.series, self._segment.meter
        first, last = max(self._moment - NEAR, self._lowest), min(self._moment + NEAR, self._highest)
        found = list(series.registers(meter, ALL_KINDS, first - 1, last))
        before = series.last_register(meter, FIXED, self._moment)
        if before is not None and before.time >= self._lowest:
            found += series.registers(meter, FIXED, before.time - 1, before.time)
        for width in WIDTHS:
            after = series.registers(meter, FIXED, self._moment, min(self._highest, self._moment + width))
            if after:
                return found + [row for row in after if row.time == after[0].time]
        return found

    def _by_people(self) -> Sequence[Mapping[str, Reading]]:
        """What acts say of this meter and what people read, within reach."""
        asked = self._point.connection, [self._segment]
        said = [*act_readings(*asked).items(), *manual_readings(*asked).items()]
        return [
            fields
            for (mounting, moment), fields in said
            if mounting == self._segment.mounting and self._lowest <= moment <= self._highest
        ]
