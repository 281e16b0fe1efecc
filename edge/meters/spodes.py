"""Driver of DLMS/COSEM meters of the Russian profile (СПОДЭС, ГОСТ Р 58940-2020).

The serial number is read at the begin of every conversation. Profiles are read by range of time, in pieces. An object
that the meter does not have gives nothing; one that it does not let us read is a fault.
"""

import time
from collections.abc import AsyncIterator, Callable, Collection, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from typing import Any, TypeVar

from edge.lines.base import Line
from edge.meters.base import ClockReading, Driver, MeterFault, SpodesMeter
from edge.meters.faults import Faults
from edge.meters.layouts import ABSENT, PROFILE_CLASS, Cache, Known, Layouts, understood
from edge.meters.marks import POWER_JOURNAL, Outage, has_holes, outages, with_fillings, with_outages
from edge.meters.session import Session
from edge.meters.windows import step, walk
from protocol import cosem_time
from protocol.dlms import axdr
from protocol.dlms.client import Denied, by_range
from protocol.dlms.profile import Column
from protocol.errors import Garbled
from protocol.obis import Obis
from protocol.quantities import BY_NAME, BY_OBIS, DIRECTIONS, Nature, Quantity, register
from protocol.reading import Event, Kind, Readings, Row
from protocol.spodes.events import JOURNALS
from protocol.spodes.objects import CLOCK, DEVICE_NAME, PROFILES, RELAY, SCALES, SERIAL, UPTIME, Profile

T = TypeVar("T")
_DAY = 86400
_LOOK_BACK = 40 * _DAY  # for the begin of an outage
_FRESH = 120.0  # seconds that a record of instantaneous values is of this moment
_JOURNAL_STEP = 30 * _DAY
_DATA, _REGISTER, _CLOCK_CLASS, _RELAY_CLASS = 1, 3, 8, 70
_VALUE = 2
_MILLI = 3  # Wh -> mWh
_SECONDS = {7: 1, 6: 60, 5: 3600}  # DLMS unit -> seconds
_PASSPORT = {
    "type": Obis.parse("0.0.96.1.1"),
    "version": Obis.parse("0.0.96.1.2"),
    "maker": Obis.parse("0.0.96.1.3"),
    "made": Obis.parse("0.0.96.1.4"),
    "spodes": Obis.parse("0.0.96.1.6"),
    "model": Obis.parse("0.0.96.1.9"),
    "ki": Obis.parse("1.0.0.4.2"),
    "ku": Obis.parse("1.0.0.4.3"),
    "device_name": DEVICE_NAME,
}
_shared = Cache()


@dataclass(frozen=True, slots=True)
class _Archive:
    """How a kind is kept: its profile, and seconds of one piece; 0 = by its period."""

    profile: Profile
    piece: int


_ARCHIVES = {
    Kind.LOAD: _Archive(Profile.LOAD, 0),
    Kind.DAILY: _Archive(Profile.DAILY, 31 * _DAY),
    Kind.MONTHLY: _Archive(Profile.MONTHLY, 800 * _DAY),
}


@asynccontextmanager
async def open_spodes(
    meter: SpodesMeter, line: Line, wall: Callable[[], float] = time.time, cache: Cache = _shared
) -> AsyncIterator[Driver]:
    """Associate and verify the serial number. Raises MeterFault or LineDown."""
    logical, physical = meter.server
    server = f"{logical}/{physical}" if physical is not None else str(logical)
    faults = Faults(meter.id, line, f"link {meter.link}, client {meter.client}, server {server}")
    line.trace.hide((meter.password or "").encode())
    async with line.granted(meter.id) as channel:
        session = Session(channel, meter, faults)
        await session.open()
        try:
            serial = await _serial(session, meter, faults)
            layouts = Layouts(session, faults, (meter.id, serial or ""), cache)
            yield _SpodesDriver(meter, session, faults, layouts, serial, wall)
        except MeterFault:
            if session.alive:
                await session.close()
            raise
        await session.close()


async def _serial(session: Session, meter: SpodesMeter, faults: Faults) -> str | None:
    """The meter's number, verified when one is expected; None for a client that may not read it."""
    told = await session.get(_DATA, SERIAL, _VALUE)
    found = None if isinstance(told, Denied) else understood(faults, lambda: _text(axdr.decode(told)))
    if meter.serial is None:
        return found
    if found is None:
        assert isinstance(told, Denied)
        raise faults.refused(f"the serial number: {told.name} ({told.code})")
    if found.lstrip("0") != meter.serial.lstrip("0"):
        raise faults.other_meter(meter.serial, found)
    return found


class _SpodesDriver:
    def __init__(
        self,
        meter: SpodesMeter,
        session: Session,
        faults: Faults,
        layouts: Layouts,
        serial: str | None,
        wall: Callable[[], float],
    ) -> None:
        self._meter = meter
        self._session = session
        self._faults = faults
        self._layouts = layouts
        self._serial = serial
        self._wall = wall

    # ---- who and when

    async def passport(self) -> dict[str, str]:
        found = {} if self._serial is None else {"serial": self._serial}
        for name, obis in _PASSPORT.items():
            value = await self._value(_DATA, obis)
            if value is not None:
                found[name] = self._understood(partial(_text, value))
        return found

    async def clock(self) -> ClockReading | None:
        begun = self._wall()
        value = await self._value(_CLOCK_CLASS, CLOCK)
        middle = (begun + self._wall()) / 2
        if value is None:
            return None
        return self._understood(lambda: self._clock_reading(value, middle))

    def _clock_reading(self, value: axdr.Data, edge: float) -> ClockReading:
        if not isinstance(value.value, bytes):
            raise Garbled("the clock is no octet-string")
        shown = cosem_time.decode(value.value)
        return ClockReading(shown.to_utc(self._meter.offset) + (shown.hundredths or 0) / 100, edge, shown.doubtful)

    # ---- archives

    async def archive(self, kind: Kind, since: int, until: int) -> Readings:
        if kind is Kind.NOW:
            return await self.now()
        archive = _ARCHIVES[kind]
        known = await self._profile(archive.profile)
        if known is None:
            return Readings(kind, (), ())
        begin = self._begin(known, since) if kind is Kind.LOAD else since
        rows: list[Row] = []
        piece = archive.piece or self._load_piece(known)
        async for part in walk(partial(self._rows, archive.profile, known), begin, until, piece):
            rows += part
        marked = await (
            self._marked_load(rows, known.period, begin) if kind is Kind.LOAD else self._marked_registers(rows)
        )
        return Readings(kind, known.layout.names, tuple(row for row in marked if since < row.end <= until))

    def _begin(self, known: Known, since: int) -> int:
        """Where the interval of `since` begins, with fine scalers its day: rows depend on those before."""
        unit, shift = _DAY if _carries(known.columns) else known.period, self._meter.offset * 60
        return (since + shift) // unit * unit - shift

    def _load_piece(self, known: Known) -> int:
        return max(step(known.period), _DAY) if _carries(known.columns) else step(known.period)

    async def _rows(self, profile: Profile, known: Known, since: int, until: int) -> list[Row]:
        """Rows of the buffer with since < end <= until."""
        buffer = await self._buffer(PROFILES[profile], since, until)
        try:
            rows = known.layout.decode(buffer, offset=self._meter.offset)
        except Garbled as error:
            self._layouts.forget(PROFILES[profile])  # perhaps the meter was set up anew
            raise self._faults.garbled(f"{profile} profile: {error}") from None
        return [row for row in rows if since < row.end <= until]

    async def _marked_load(self, rows: list[Row], period: int, begin: int) -> Iterable[Row]:
        late = bool(rows) and rows[0].end - begin > period
        if late or has_holes(rows, period):
            return with_outages(rows, period, await self._outages(rows[0].end, rows[-1].end))
        return rows

    async def _marked_registers(self, rows: list[Row]) -> Iterable[Row]:
        if rows:
            return with_fillings(rows, await self._outages(rows[0].end, rows[-1].end))
        return rows

    async def _outages(self, first: int, last: int) -> list[Outage]:
        return outages(await self.events([POWER_JOURNAL], first - _LOOK_BACK, last + _DAY))

    # ---- journals

    async def events(self, journals: Collection[int], since: int, until: int) -> tuple[Event, ...]:
        found: list[Event] = []
        for number in journals:
            known = await self._layouts.profile(JOURNALS[number].obis)
            if known is not None:
                read = partial(self._lines, number, known)
                async for part in walk(read, since, until, _JOURNAL_STEP):
                    found += part
        return tuple(sorted(found, key=lambda event: event.time))

    async def _lines(self, number: int, known: Known, since: int, until: int) -> list[Event]:
        """Lines of one journal with since < time <= until."""
        buffer = await self._buffer(JOURNALS[number].obis, since, until)
        clock = known.place(CLOCK)
        if clock is None:
            raise self._faults.garbled(f"journal {number} has no clock column")
        table = self._understood(lambda: known.layout.table(buffer, offset=self._meter.offset))
        code, uptime = _code_place(number, known, clock), known.place(UPTIME)
        found = []
        for line in table:
            moment = line[clock]
            if isinstance(moment, int) and since < moment <= until:
                value = line[code] if code is not None else 0
                run = None if uptime is None else _uptime(line[uptime], known.columns[uptime])
                found.append(Event(moment, number, value if isinstance(value, int) else 0, run))
        return found

    # ---- this moment

    async def now(self) -> Readings:
        daily = await self._profile(Profile.DAILY)
        kept = set(daily.layout.names) if daily is not None else _TOTALS
        begun = self._wall()
        found: dict[str, int | None] = {}
        for quantity in _NOW:
            if quantity.name in kept:
                read = await self._register(quantity)
                if read is not None:
                    found[quantity.name] = read[0]
        middle = round((begun + self._wall()) / 2)
        return Readings(Kind.NOW, tuple(found), (Row(middle, 0, 0, tuple(found.values())),))

    async def live(self) -> dict[str, float]:
        known = await self._profile(Profile.INSTANT)
        if known is None:
            return {}
        wanted = {
            number: BY_OBIS[column.object.obis].name
            for number, column in enumerate(known.columns)
            if column.object.obis in BY_OBIS and BY_OBIS[column.object.obis].nature is Nature.INSTANT
        }
        record = await self._fresh_record(known)
        if record is None:
            record = await self._single_values(known, wanted)
        return {
            name: known.columns[number].number(record[number])
            for number, name in wanted.items()
            if isinstance(record[number], int | float)
        }

    async def relay(self) -> bool | None:
        told = await self._session.get(_RELAY_CLASS, RELAY, _VALUE)
        if isinstance(told, Denied):
            return None
        state = self._understood(lambda: axdr.decode(told)).value
        return state if isinstance(state, bool) else None

    async def _fresh_record(self, known: Known) -> tuple[Any, ...] | None:
        """The profile's record, unless it was captured long ago: the meter captures it only when told to."""
        buffer = await self._session.get(PROFILE_CLASS, PROFILES[Profile.INSTANT], _VALUE)
        clock = known.place(CLOCK)
        if isinstance(buffer, Denied) or clock is None:
            return None
        table = self._understood(lambda: known.layout.table(buffer, offset=self._meter.offset))
        if not table or not isinstance(table[-1][clock], int):
            return None
        return table[-1] if abs(table[-1][clock] - self._wall()) <= _FRESH else None

    async def _single_values(self, known: Known, wanted: Iterable[int]) -> tuple[Any, ...]:
        record: list[Any] = [None] * len(known.columns)
        for number in wanted:
            item = known.columns[number].object
            value = await self._value(item.class_id, item.obis, item.attribute)
            record[number] = None if value is None else axdr.plain(value)
        return tuple(record)

    async def _register(self, quantity: Quantity) -> tuple[int | None] | None:
        """Energy in mWh, mvarh; None when the meter has no such register, (None,) when it says «not measured»."""
        (obis,) = quantity.obis
        value = await self._value(_REGISTER, obis)
        scale = None if value is None else await self._layouts.scale(_REGISTER, obis)
        if value is None or scale is None:
            return None
        raw = value.value
        if raw is None:
            return (None,)
        if isinstance(raw, bool) or not isinstance(raw, int | float):
            raise self._faults.garbled(f"{obis} is no number")
        return (int(Decimal(raw).scaleb(scale[0] + _MILLI).to_integral_value(ROUND_HALF_UP)),)

    # ---- the ways of asking

    async def _profile(self, profile: Profile) -> Known | None:
        period = self._meter.period if profile is Profile.LOAD else 0
        return await self._layouts.profile(PROFILES[profile], SCALES.get(profile), default_period=period)

    async def _buffer(self, obis: Obis, since: int, until: int) -> bytes:
        """Rows with since < stamp <= until, and perhaps others: not every meter minds the seconds."""
        first, last = (cosem_time.encode(moment, self._meter.offset) for moment in (since + 1, until))
        buffer = await self._session.get(PROFILE_CLASS, obis, _VALUE, by_range(first, last))
        if isinstance(buffer, Denied):
            raise self._faults.not_given(f"{obis}: {buffer.name} ({buffer.code})")
        return buffer

    async def _value(self, class_id: int, obis: Obis, attribute: int = _VALUE) -> axdr.Data | None:
        """None when the meter does not have it."""
        told = await self._session.get(class_id, obis, attribute)
        if isinstance(told, Denied):
            if told.code in ABSENT:
                return None
            raise self._faults.not_given(f"{obis}: {told.name} ({told.code})")
        return self._understood(lambda: axdr.decode(told))

    def _understood(self, read: Callable[[], T]) -> T:
        return understood(self._faults, read)


_TOTALS = {register(name, 0) for name, *_ in DIRECTIONS}
# registers that are read «now»: the totals, and consumption by tariffs
_NOW = tuple(
    quantity
    for quantity in BY_NAME.values()
    if quantity.cumulative and (quantity.name in _TOTALS or quantity.name.startswith("active_import_t"))
)


def _code_place(number: int, known: Known, clock: int) -> int | None:
    """The column of the code; None in a journal without codes, as that of clock corrections."""
    places = (known.place(obis) for obis in JOURNALS[number].events)
    return next((place for place in places if place not in (None, clock)), None)


def _uptime(raw: object, column: Column) -> int | None:
    """Seconds, where the meter tells the unit."""
    if column.unit not in _SECONDS or not isinstance(raw, int):
        return None
    return int(Decimal(raw).scaleb(column.scaler) * _SECONDS[column.unit])


def _carries(columns: Iterable[Column]) -> bool:
    """A scaler finer than a milliwatt hour: roundings are carried through the day."""
    return any(column.scaler < -_MILLI for column in columns if column.object.obis in BY_OBIS)


def _text(value: axdr.Data) -> str:
    """A number, a date or characters as text. Raises Garbled."""
    raw = value.value
    if isinstance(raw, bytes):
        return _octets_text(raw)
    if isinstance(raw, str):
        return raw.strip("\0 ")
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        return str(raw)
    raise Garbled(f"{value.tag.name} where text is expected")


def _octets_text(raw: bytes) -> str:
    """Characters, or a date, or else hex."""
    if raw.isascii():
        return raw.decode().strip("\0 ")
    if len(raw) == cosem_time.SIZE:
        with suppress(Garbled):
            day = cosem_time.decode(raw)
            return f"{day.year or 0:04}-{day.month or 0:02}-{day.day or 0:02}"
    try:
        return raw.decode().strip("\0 ")
    except UnicodeDecodeError:
        return raw.hex()
