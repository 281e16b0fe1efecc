"""PURE: what a meter's records mean: seconds really run, partial, power off, repeated, filled, clock in doubt.

A record of the load profile is stamped with the END of its interval (ГОСТ Р 58940-2020, А.4). A stamp inside an
interval is the moment of switching off; whole intervals without power are not stored. A daily record that was missed is
filled with the registers at switching off. Outages come from the journal of switching (codes 1 off, 2 on).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf

from protocol.reading import Event, Quality, Row

POWER_JOURNAL = 2
_OFF, _ON = 1, 2

Outage = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a profile: `end` seconds UTC, `doubtful` by the meter's own word, `values` mWh, mvarh."""

    end: int
    doubtful: bool
    values: tuple[int | None, ...]


def outages(events: Iterable[Event]) -> list[Outage]:
    """[off, on) of the switching journal, oldest first. An end that is not known is infinity.

    «On» without «off» tells nothing about when the power went, so it is no outage.
    """
    found: list[Outage] = []
    off: int | None = None
    power = (event for event in events if event.journal == POWER_JOURNAL and event.code in (_OFF, _ON))
    for event in sorted(power, key=lambda event: event.time):
        if event.code == _OFF:
            off = event.time if off is None else off
        elif off is not None:
            found.append((off, event.time))
            off = None
    return found if off is None else [*found, (off, inf)]


def needs_outages(records: Sequence[Record], period: int, offset: int) -> bool:
    """Something in these load records can only be understood by the journal of switching: a hole or a cut interval."""
    ends = [record.end for record in records]
    aligned = all(_start(end, period, offset) + period == end for end in ends)
    return not aligned or any(after - before > period for before, after in pairwise(ends))


def load_rows(records: Iterable[Record], period: int, offset: int, off: Sequence[Outage]) -> Iterator[Row]:
    """Rows in order of their stamps; `period` seconds, `offset` minutes: where the meter's intervals begin."""
    before: int | None = None
    for record in sorted(records, key=lambda record: record.end):
        begin = _start(record.end, period, offset)
        aligned = begin + period == record.end
        if before is not None and begin < before < record.end:
            begin = before  # the interval was cut, and this is its next piece
        lost = sum(max(0.0, min(on, record.end) - max(start, begin)) for start, on in off)
        span = max(0, round(record.end - begin - lost))
        quality = _clock(record)
        if span < period:
            quality |= Quality.PARTIAL
        if lost or (not aligned and any(start <= record.end + 1 and on > record.end for start, on in off)):
            quality |= Quality.POWER_OFF
        if record.end == before:
            quality |= Quality.REPEATED
        yield Row(record.end, span, int(quality), record.values)
        before = record.end


def register_rows(records: Iterable[Record], off: Sequence[Outage] = ()) -> Iterator[Row]:
    """Rows of registers, in order of stamps. FILLED: equal to the row before, and made while the power was off."""
    before: Record | None = None
    for record in sorted(records, key=lambda record: record.end):
        quality = _clock(record)
        if before is not None and record.end == before.end:
            quality |= Quality.REPEATED
        elif before is not None and record.values == before.values and any(a <= record.end < b for a, b in off):
            quality |= Quality.FILLED
        yield Row(record.end, 0, int(quality), record.values)
        before = record


def repeats(records: Sequence[Record]) -> bool:
    """A record shows the registers of the one before: worth asking whether the power was off."""
    return any(a.values == b.values for a, b in pairwise(records))


def _start(end: int, period: int, offset: int) -> int:
    """Begin of the interval that a stamp closes or cuts."""
    shift = offset * 60
    return (end + shift - 1) // period * period - shift


def _clock(record: Record) -> Quality:
    return Quality.METER_CLOCK if record.doubtful else Quality(0)
