"""Registers of a point at the boundaries of a period: the fixed snapshot there, or the nearest one, and says which.

A segment begins and ends with the readings of its act where there are any. What is chosen never lies outside the time
that the viewer may see.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from central.figures.material import FIXED, SPOKE, readings, tariffs_of
from central.figures.source import FIELDS, Opened
from central.figures.views import Period
from central.metering.consumption import RegisterTerm, from_registers
from central.metering.terms import Reading, Segment
from central.timeseries.base import RegisterRow, Series
from protocol.quantities import TARIFFS
from protocol.reading import Kind

REACH = 40 * 86_400  # a snapshot farther from its boundary is not taken
WIDTHS = (3600, 86_400, REACH)  # of the looks into the series after a boundary
ALL_KINDS = (*FIXED, Kind.NOW)


@dataclass(frozen=True, slots=True)
class Tenure:
    """A segment within a period, its registers near both ends, what its acts say and what people read."""

    segment: Segment
    start: int  # boundaries within the period
    end: int
    rows: tuple[RegisterRow, ...]
    acts: Mapping[int, Mapping[str, Reading]]  # moment -> field -> reading
    manual: Mapping[int, Mapping[str, Reading]]  # what people read of it, near as the rows are

    def term(self, channel: str, tariff: int, whole: bool) -> RegisterTerm | None:
        """Consumption by one register; None when a reading is lacking at either end, or both are one."""
        first = self._nearest(channel, tariff, self.start)
        last = self._nearest(channel, tariff, self.end)
        if first is None or last is None or first.moment >= last.moment:
            return None
        return from_registers(self.segment, first, last, whole=whole)

    def _nearest(self, channel: str, tariff: int, boundary: int) -> Reading | None:
        """Where the meter spoke within a day of the boundary, it is its own; else whoever said it nearest."""
        act = self.acts.get(boundary, {}).get(f"{FIELDS[channel]}{tariff}")
        if act is not None:
            return act
        field = f"{FIELDS[channel]}{tariff}"
        own = readings(self.rows, FIELDS[channel], tariff)
        if not any(abs(reading.moment - boundary) <= SPOKE for reading in own):
            own += [fields[field] for fields in self.manual.values() if field in fields]
        return min(own, key=lambda reading: (abs(reading.moment - boundary), reading.moment), default=None)


def tenures(point: Opened, period: Period) -> tuple[Tenure, ...]:
    """The segments of the period with their readings, oldest first. Raises SeriesUnavailable."""
    segments = point.entries.segments(period.since, period.until)
    found = []
    for segment in segments:
        start = max(period.since, segment.since)
        end = min(period.until, segment.until if segment.until is not None else period.until)
        said, told = (
            {moment: values for (mounting, moment), values in one.items() if mounting == segment.mounting}
            for one in (point.entries.acts, point.entries.manual)
        )
        lowest, highest = reach(point, segment, start, end)
        near = {moment: values for moment, values in told.items() if lowest <= moment <= highest}
        found.append(Tenure(segment, start, end, _rows(point, segment, start, end), said, near))
    return tuple(found)


def _rows(point: Opened, segment: Segment, start: int, end: int) -> tuple[RegisterRow, ...]:
    """Snapshots at both ends, else the last before and the first after, within the viewer's own time."""
    lowest, highest = reach(point, segment, start, end)
    found = {
        (row.time, row.kind, row.repeat): row
        for boundary in (start, end)
        for row in _around(point, segment.meter, boundary, lowest, highest)
    }
    return tuple(found[key] for key in sorted(found))


def reach(point: Opened, segment: Segment, start: int, end: int) -> tuple[int, int]:
    """From when to when a reading may be taken."""
    last = segment.until if segment.until is not None else point.reach.until
    return max(point.reach.since, segment.since, start - REACH), min(point.reach.until, last, end + REACH)


def _around(point: Opened, meter: str, boundary: int, lowest: int, highest: int) -> Sequence[RegisterRow]:
    """Once: where a month ends the next one begins."""
    known, key = point.entries.registers, (meter, boundary, lowest, highest)
    if key not in known:
        known[key] = _read(point.series, *key)
    return known[key]


def _read(series: Series, meter: str, boundary: int, lowest: int, highest: int) -> Sequence[RegisterRow]:
    exact = series.registers(meter, FIXED, boundary - 1, boundary)
    if exact:
        return exact
    near: list[RegisterRow] = []
    before = series.last_register(meter, ALL_KINDS, boundary)
    if before is not None and before.time >= lowest:
        near += series.registers(meter, ALL_KINDS, before.time - 1, before.time)
    for width in WIDTHS:  # `now` rows may come each minute: not all of them are wanted
        after = series.registers(meter, ALL_KINDS, boundary, min(highest, boundary + width))
        if after:
            return [*near, *(row for row in after if row.time == after[0].time)]
    return near


def registers_of(found: Sequence[Tenure], channel: str) -> frozenset[int]:
    """Tariff numbers that the meters of these tenures have for a channel."""
    read = {field for tenure in found for fields in tenure.manual.values() for field in fields}
    by_people = {tariff for tariff in range(TARIFFS + 1) if f"{FIELDS[channel]}{tariff}" in read}
    by_meters = {tariff for tenure in found for tariff in tariffs_of(tenure.rows, FIELDS[channel])}
    return frozenset(by_meters | by_people)
