"""Profiles (class 7): captured columns, buffers to rows, readings to integer mWh and mvarh.

Energy becomes integer mWh or mvarh by the column's own scaler, exactly. Where the scaler is finer than that, an
interval is rounded half away from zero and the rest is carried on within the meter's local day (so a read should
begin at a day's start); a register is rounded alone. null-data repeats the row above, in the clock column it means
«one period later». All ones of an unsigned type mean «not measured».

Rows of one byte layout take the fast way (`uniform`), all others the general one; both give the same rows.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise, repeat
from math import isfinite
from typing import Any, Generic, NamedTuple, TypeVar

from protocol import cosem_time
from protocol.dlms import axdr, uniform
from protocol.dlms.axdr import Compact, Data, Tag
from protocol.dlms.uniform import Part
from protocol.errors import Garbled
from protocol.obis import Obis
from protocol.quantities import BY_OBIS, Nature, Quantity
from protocol.reading import Quality, Row


class CaptureObject(NamedTuple):
    class_id: int
    obis: Obis
    attribute: int
    element: int  # «data index»: 0 = the whole attribute


NO_UNIT = 255
WATT_HOUR, VAR_HOUR = 30, 32
_ENERGY_UNITS = {"mWh": WATT_HOUR, "mvarh": VAR_HOUR}
_MILLI = 3  # energy is kept in 10^-3 of its unit
_CLOCK_CLASS = 8
_VALUE = 2  # the attribute that holds the value, and the clock's time
_DAY = 86400


@dataclass(frozen=True, slots=True)
class Column:
    """A captured attribute and the scale of its numbers: value = raw · 10^scaler in `unit` (27 W, 30 Wh, 32 varh…)."""

    object: CaptureObject
    scaler: int = 0
    unit: int = NO_UNIT

    @property
    def clock(self) -> bool:
        return self.object.class_id == _CLOCK_CLASS and self.object.attribute == _VALUE

    @property
    def quantity(self) -> Quantity | None:
        """What the registry calls it; None for anything else, and for attributes other than the value."""
        return BY_OBIS.get(self.object.obis) if self.object.attribute == _VALUE else None

    def number(self, raw: float) -> float:
        """A raw number in the column's unit."""
        return float(raw * 10**self.scaler if self.scaler >= 0 else raw / 10**-self.scaler)


class Layout:
    """The columns of a buffer, in its order. `period` = capture period in seconds, 0 for registers.

    `names`: the quantities of `Row.values`, in order: the interval and register energies of `protocol.quantities`.
    Raises Garbled for columns without one clock, or for energy in a unit that is none.
    """

    def __init__(self, columns: Sequence[Column], *, period: int = 0) -> None:
        self.columns = tuple(columns)
        self.period = period
        clocks = [place for place, column in enumerate(columns) if column.clock]
        if len(clocks) != 1:
            raise Garbled(f"{len(clocks)} clocks among the columns of a profile")
        self._clock = clocks[0]
        self._energies = tuple(
            _Energy(place, column, column.quantity)
            for place, column in enumerate(columns)
            if column.quantity is not None and column.quantity.integer
        )
        self.names = tuple(energy.quantity.name for energy in self._energies)
        parts = {self._clock: Part.CLOCK} | {energy.place: Part.NUMBER for energy in self._energies}
        self._parts = tuple(parts.get(place, Part.NOTHING) for place in range(len(columns)))

    def decode(self, buffer: bytes, *, offset: int) -> list[Row]:
        """Rows of an encoded buffer; `offset` = minutes east of UTC of the meter's clock.

        `end` seconds UTC; `span` = the period, or less when the stamp is not on the period's grid or the row before
        ends inside this row's period (quality PARTIAL); METER_CLOCK by the status of the stamp; REPEATED when an
        earlier row has the same stamp. Raises Garbled.
        """
        return self.finish(self.fast(buffer) or self.general(buffer), offset)

    def table(self, buffer: bytes, *, offset: int) -> list[tuple[Any, ...]]:
        """Every column of every row: the clock as seconds UTC, the rest as sent (`axdr.plain`), null-data filled.

        For journals and for a profile of instantaneous values (`Column.number`). Raises Garbled.
        """
        found: list[tuple[Any, ...]] = []
        stamps = _Stamps(self.period)
        before = [axdr.null] * len(self.columns)
        for row in self._rows(buffer):
            before = [old if cell.tag is Tag.NULL else cell for cell, old in zip(row, before, strict=True)]
            cells = [axdr.plain(cell) for cell in before]
            cells[self._clock] = stamps.of_cell(row[self._clock]) - offset * 60
            found.append(tuple(cells))
        return found

    # --- the two ways, and what is common to both ---

    def fast(self, buffer: bytes) -> "Raw | None":
        """The rows as they stand in the buffer; None when they are not of one layout. Raises Garbled."""
        unpacked = uniform.unpack(buffer, self._parts)
        if unpacked is None:
            return None
        stamps = _Stamps(self.period)
        dates, times, tails = unpacked.clock
        ends = [stamps.dates[date] + stamps.times[time] for date, time in zip(dates, times, strict=True)]
        return Raw(ends, [stamps.doubts[tail] for tail in tails], unpacked.numbers)

    def general(self, buffer: bytes) -> "Raw":
        """The same for any encoding. Raises Garbled."""
        stamps = _Stamps(self.period)
        ends: list[int] = []
        doubtful: list[bool] = []
        numbers: tuple[list[int | float | None], ...] = tuple([] for _ in self._energies)
        for row in self._rows(buffer):
            ends.append(stamps.of_cell(row[self._clock]))
            doubtful.append(stamps.doubtful)
            for energy, column in zip(self._energies, numbers, strict=True):
                cell = row[energy.place]
                above = column[-1] if column else None
                column.append(above if cell.tag is Tag.NULL else _number(cell))
        return Raw(ends, doubtful, numbers)

    def finish(self, raw: "Raw", offset: int) -> list[Row]:
        """Rows of the house."""
        spans, qualities = _spans(raw.ends, raw.doubtful, self.period)
        columns = [energy.milli(numbers, raw.ends) for energy, numbers in zip(self._energies, raw.numbers, strict=True)]
        cells: Iterable[tuple[int | None, ...]] = zip(*columns, strict=True) if columns else repeat(())
        ends = [end - offset * 60 for end in raw.ends]
        return list(map(Row, ends, spans, qualities, cells))

    def _rows(self, buffer: bytes) -> list[tuple[Data, ...]]:
        data = axdr.decode(buffer)
        found = data.value.values if isinstance(data.value, Compact) else data.value
        if data.tag not in (Tag.ARRAY, Tag.COMPACT_ARRAY) or not isinstance(found, tuple):
            raise Garbled(f"a profile buffer is an array, not {data.tag.name}")
        rows: list[tuple[Data, ...]] = []
        for row in found:
            if row.tag is not Tag.STRUCTURE or not isinstance(row.value, tuple) or len(row.value) != len(self.columns):
                raise Garbled(f"row {len(rows)} is no structure of {len(self.columns)} columns")
            rows.append(row.value)
        return rows


@dataclass(frozen=True, slots=True)
class Raw:
    """Rows as the meter sent them: `ends` in seconds of its own clock, numbers a column, not yet scaled."""

    ends: list[int]
    doubtful: list[bool]
    numbers: Sequence[Sequence[int | float | None]]


# --- stamps ---------------------------------------------------------------------------------------------------

_Part = TypeVar("_Part")
_NO_DATE = bytes.fromhex("07B20101FF")  # 1970-01-01
_NO_TIME = bytes(4)
_NO_TAIL = bytes.fromhex("800000")


class _Cache(dict[bytes, _Part], Generic[_Part]):
    """Remembers what it has made: a profile has few dates, times of day and statuses."""

    def __init__(self, make: Callable[[bytes], _Part]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key: bytes) -> _Part:
        self[key] = self._make(key)
        return self[key]


@dataclass(slots=True)
class _Stamps:
    """Clock cells to seconds of the meter's clock, one row after another; the parts may be read apart."""

    period: int
    last: int | None = None
    doubtful: bool = False  # the last one
    dates: _Cache[int] = field(
        default_factory=lambda: _Cache(lambda raw: cosem_time.decode(raw + _NO_TIME + _NO_TAIL).to_utc(0))
    )
    times: _Cache[int] = field(
        default_factory=lambda: _Cache(lambda raw: cosem_time.decode(_NO_DATE + raw + _NO_TAIL).to_utc(0))
    )
    doubts: _Cache[bool] = field(
        default_factory=lambda: _Cache(lambda raw: cosem_time.decode(_NO_DATE + _NO_TIME + raw).doubtful)
    )

    def of_cell(self, cell: Data) -> int:
        """Raises Garbled."""
        raw = cell.value
        if cell.tag is Tag.NULL:
            if self.last is None or not self.period:
                raise Garbled("a row without a stamp, and nothing to count it from")
            self.last, self.doubtful = self.last + self.period, False
            return self.last
        if cell.tag not in (Tag.OCTET_STRING, Tag.DATE_TIME) or not isinstance(raw, bytes):
            raise Garbled(f"the clock of a row is {cell.tag.name}")
        if len(raw) != cosem_time.SIZE:
            raise Garbled(f"length: the clock of a row has {len(raw)} bytes")
        self.last, self.doubtful = self.dates[raw[:5]] + self.times[raw[5:9]], self.doubts[raw[9:]]
        return self.last


def _spans(ends: list[int], doubtful: list[bool], period: int) -> tuple[list[int], list[int]]:
    """Seconds covered and quality bits of each row; `ends` in the meter's own time, which its grid follows."""
    steady = all(later - earlier >= max(1, period) for earlier, later in pairwise(ends))
    if steady and not any(doubtful) and not (period and any(end % period for end in ends)):
        return [period] * len(ends), [0] * len(ends)
    spans, qualities, seen = [], [], set()
    before: int | None = None
    for end, doubt in zip(ends, doubtful, strict=True):
        quality = Quality.METER_CLOCK if doubt else Quality(0)
        span = 0
        if period:
            begin = end - (end % period or period)
            span = end - (before if before is not None and begin < before < end else begin)
            if span < period:
                quality |= Quality.PARTIAL
        if end in seen:
            quality |= Quality.REPEATED
        seen.add(end)
        spans.append(span)
        qualities.append(int(quality))
        before = end
    return spans, qualities


# --- energies -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Energy:
    """A column that becomes a value of the rows."""

    place: int
    column: Column
    quantity: Quantity

    def __post_init__(self) -> None:
        if self.column.unit not in (_ENERGY_UNITS[self.quantity.unit], NO_UNIT):
            raise Garbled(f"{self.quantity.name} is sent in unit {self.column.unit}")

    def milli(self, numbers: Sequence[int | float | None], ends: list[int]) -> Sequence[int | None]:
        """Integers of 10^-3 of the unit. Raises Garbled beyond 64 bits."""
        exponent = self.column.scaler + _MILLI
        values: Sequence[int | None]
        if exponent < 0 or float in set(map(type, numbers)):
            values = self._rounded(numbers, ends, Fraction(10) ** exponent)
        else:
            factor = 10**exponent
            values = [None if number is None else number * factor for number in numbers]
        measured = [value for value in values if value is not None]
        if measured and not -(2**63) <= min(measured) <= max(measured) < 2**63:
            raise Garbled(f"{self.quantity.name}: a value beyond 64 bits")
        return values

    def _rounded(self, numbers: Sequence[int | float | None], ends: list[int], factor: Fraction) -> list[int | None]:
        carried = self.quantity.nature is Nature.INTERVAL
        found: list[int | None] = []
        day, exact, told = None, Fraction(0), 0  # of this day so far: the exact sum, and what was told of it
        for number, end in zip(numbers, ends, strict=True):
            if number is None:
                found.append(None)
                continue
            if not carried or (end - 1) // _DAY != day:
                day, exact, told = (end - 1) // _DAY, Fraction(0), 0
            exact += Fraction(number) * factor
            found.append(_half_away(exact) - told)
            told = _half_away(exact)
        return found


def _half_away(value: Fraction) -> int:
    whole = int(abs(value) + Fraction(1, 2))
    return whole if value >= 0 else -whole


def _number(cell: Data) -> int | float | None:
    """The raw number of a cell; None = not measured. Raises Garbled for what is no number."""
    value = cell.value
    if cell.tag in uniform.INTEGERS and isinstance(value, int):
        return None if value == uniform.INTEGERS[cell.tag][1] else value
    if cell.tag in (Tag.FLOAT32, Tag.FLOAT64) and isinstance(value, float):
        return value if isfinite(value) else None
    raise Garbled(f"{cell.tag.name} cannot be an energy")


# --- what describes a profile ---------------------------------------------------------------------------------


def capture_objects(data: bytes) -> list[CaptureObject]:
    """Attribute 3 of a profile, encoded. Raises Garbled."""
    rows = axdr.plain(axdr.decode(data))
    if not isinstance(rows, list):
        raise Garbled("capture objects are an array")
    return [_capture_object(row) for row in rows]


def _capture_object(row: Any) -> CaptureObject:
    match row:
        case [int(class_id), bytes(obis), int(attribute), int(element), *_]:
            return CaptureObject(class_id, Obis(obis), attribute, element)
    raise Garbled(f"not a capture object: {row!r}")


def scaler_unit(data: bytes) -> tuple[int, int]:
    """Attribute 3 of a register (4 of a demand register), encoded: (scaler, unit). Raises Garbled."""
    match axdr.decode(data):
        case Data(Tag.STRUCTURE, (Data(Tag.INTEGER, int(scaler)), Data(Tag.ENUM, int(unit)))):
            return scaler, unit
    raise Garbled(f"not a scaler and unit: {data.hex()}")
