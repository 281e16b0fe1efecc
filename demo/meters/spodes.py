"""The objects of a simulated СПОДЭС meter (ГОСТ Р 58940-2020, app. Б, В, Г, Д), built over the site it stands in.

A profile captures those of the standard's columns that this meter measures, in the standard's order.
"""

from collections.abc import Callable, Iterator

from demo.meters.archive import DAILY_DEPTH, LOAD_DEPTH, MONTHLY_DEPTH, Record
from demo.meters.calendar import DAY
from demo.meters.cosem import (
    CLOCK_CLASS,
    DATA,
    REGISTER,
    RELAY_CLASS,
    Column,
    CosemObject,
    ProfileObject,
    Quantity,
    ReadAttribute,
    Stamped,
    constant,
    data,
    register,
    scale_profile,
    scaler_unit,
)
from demo.meters.diary import DEPTH as JOURNAL_DEPTH
from demo.meters.diary import JOURNALS as KEPT
from demo.meters.diary import Line
from demo.meters.measured import AMPERE, HERTZ, VOLT, measured
from demo.meters.model import SpodesSite
from protocol import cosem_time
from protocol.dlms import axdr
from protocol.dlms.axdr import Data
from protocol.obis import Obis
from protocol.spodes.events import JOURNALS, Journal
from protocol.spodes.objects import (
    CLOCK,
    DEVICE_NAME,
    LOAD_PERIOD,
    PASSPORT,
    PROFILES,
    RELAY,
    SCALES,
    SERIAL,
    UPTIME,
    Profile,
    columns,
)

_CRYSTAL = 1  # clock base
_CONNECTED = 1
_REMOTE_DIRECT = 4  # control mode: the company switches off and on, at once
_RS485 = 1  # channel by which corrections come in
# the load profile leaves out what the standard allows it to, but voltage and running time
_LOAD_MOMENTS = {Obis.parse(f"1.0.{group}.7.0") for group in (12, 32, 52, 72)} | {UPTIME}
_INTERVAL_GROUP = 29  # D: energy of an interval


def device_name(site: SpodesSite) -> bytes:
    """Logical device name: three letters of the maker, then the number; at most 16 bytes."""
    return f"UCH{site.serial}".encode()[:16]


def spodes_objects(site: SpodesSite) -> dict[Obis, CosemObject]:
    """All objects but the associations, by OBIS."""
    quantities = measured(site)
    found = [clock(site), *_passport(site), data(LOAD_PERIOD, axdr.u16(site.period // 60))]
    found += [register(quantity, _newest(site, quantity)) for quantity in quantities.values()]
    found += _profiles(site, quantities)
    found += [_journal(site, JOURNALS[number], quantities[UPTIME]) for number in KEPT]
    if site.relay:
        found.append(_relay())
    objects = {item.obis: item for item in found}
    passport = _passport_profile(objects)
    return objects | {passport.obis: passport}


def clock(site: SpodesSite) -> CosemObject:
    """Class 8. The sign of the zone differs between the two makers that are played, as it does in life."""
    east = site.offset if site.with_deviation else -site.offset
    undefined = axdr.octets(bytes.fromhex("FFFFFFFFFFFFFFFFFF8000FF"))
    attributes: dict[int, ReadAttribute] = {
        2: lambda m: axdr.encode(axdr.octets(stamp_bytes(site, site.clock_shows(m)))),
        3: constant(axdr.i16(east)),
        4: constant(axdr.u8(0)),
        5: constant(undefined),
        6: constant(undefined),
        7: constant(axdr.i8(0)),
        8: constant(axdr.boolean(False)),
        9: constant(axdr.enum(_CRYSTAL)),
    }
    return CosemObject(CLOCK_CLASS, CLOCK, attributes)


def stamp_bytes(site: SpodesSite, shown: float) -> bytes:
    """A date-time as this maker writes it: deviation «east», or not specified."""
    raw = cosem_time.encode(int(shown), 0)
    if not site.with_deviation:
        return raw
    return raw[:9] + site.offset.to_bytes(2, "big", signed=True) + raw[11:]


def _newest(site: SpodesSite, quantity: Quantity) -> Callable[[float], Record]:
    """What a register shows: energy of an interval, of the last one that has ended; all else, of this moment."""
    if quantity.obis.raw[3] != _INTERVAL_GROUP:
        return lambda m: Record(int(m), int(m))

    def last(m: float) -> Record:
        records = site.archive.load(m)
        return records[-1] if records else Record(int(m), int(m))

    return last


# --- passport, relay ------------------------------------------------------------------------------------------


def _passport(site: SpodesSite) -> Iterator[CosemObject]:
    rated, highest = site.rating
    values: dict[str, Data] = {
        "0.0.96.1.1": axdr.octets(site.type_name.encode()),
        "0.0.96.1.2": axdr.octets(b"1.04"),
        "0.0.96.1.3": axdr.octets(site.maker.encode()),
        "0.0.96.1.4": axdr.octets(cosem_time.encode(site.born_day * DAY, 0)),
        "0.0.96.1.6": axdr.octets(b"03.00"),
        "1.0.0.4.2": axdr.u16(site.ki),
        "1.0.0.4.3": axdr.u16(1),
        "1.0.0.3.3": axdr.u16(1600),
        "1.0.0.3.4": axdr.u16(1600),
    }
    yield data(SERIAL, axdr.octets(site.serial.encode()))
    yield data(DEVICE_NAME, axdr.octets(device_name(site)))
    for code, value in values.items():
        yield data(Obis.parse(code), value)
    for code, rating, unit in (
        ("1.0.0.6.0", 230, VOLT),
        ("1.0.0.6.1", rated, AMPERE),
        ("1.0.0.6.2", 50, HERTZ),
        ("1.0.0.6.3", highest, AMPERE),
        ("1.0.0.6.4", 230, VOLT),
    ):
        attributes = {2: constant(axdr.u16(rating)), 3: constant(scaler_unit(0, unit))}
        yield CosemObject(REGISTER, Obis.parse(code), attributes)


def _relay() -> CosemObject:
    """Class 70: connected."""
    attributes = {
        2: constant(axdr.boolean(True)),
        3: constant(axdr.enum(_CONNECTED)),
        4: constant(axdr.enum(_REMOTE_DIRECT)),
    }
    return CosemObject(RELAY_CLASS, RELAY, attributes)


# --- profiles -------------------------------------------------------------------------------------------------


def _profiles(site: SpodesSite, quantities: dict[Obis, Quantity]) -> Iterator[CosemObject]:
    archive = site.archive

    def moment(m: float) -> list[Record]:
        return [Record(int(m), int(m))]

    table = {
        Profile.LOAD: (archive.load, site.period, LOAD_DEPTH),
        Profile.DAILY: (archive.daily, DAY, DAILY_DEPTH),
        Profile.MONTHLY: (archive.monthly, 0, MONTHLY_DEPTH),
        Profile.INSTANT: (moment, 0, 1),
    }
    for profile, (records, period, depth) in table.items():
        scales = _scales(site, profile, quantities)
        cells: list[Column[Record]] = [_clock_column(site)]
        cells += [Column(REGISTER, quantity.obis, 2, _cell(quantity, scaler)) for quantity, scaler in scales]
        yield ProfileObject(PROFILES[profile], cells, records, period=period, depth=depth, stamp=site.stamp)
        yield scale_profile(SCALES[profile], scales)


def _scales(site: SpodesSite, profile: Profile, quantities: dict[Obis, Quantity]) -> list[tuple[Quantity, int]]:
    """The quantities that a profile captures, each with the scaler that it has there."""
    found = []
    for column in columns(site.kind, profile):
        quantity = quantities.get(column.obis)
        if quantity is None or (profile is Profile.LOAD and not _in_load(quantity)):
            continue
        finer = profile is Profile.LOAD and quantity.obis.raw[3] == _INTERVAL_GROUP
        found.append((quantity, site.load_scaler if finer else quantity.scaler))
    return found


def _in_load(quantity: Quantity) -> bool:
    return quantity.obis.raw[3] == _INTERVAL_GROUP or quantity.obis in _LOAD_MOMENTS


def _cell(quantity: Quantity, scaler: int) -> Callable[[Record], bytes]:
    return lambda record: quantity.encoded(record, scaler)


def _clock_column(site: SpodesSite) -> Column[Stamped]:
    def cell(record: Stamped) -> bytes:
        return axdr.encode(axdr.octets(stamp_bytes(site, site.stamp(record.end))))

    return Column(CLOCK_CLASS, CLOCK, 2, cell)


def _passport_profile(objects: dict[Obis, CosemObject]) -> CosemObject:
    """One record of attribute 2 of each object of the passport that the meter has."""
    kept = [objects[line.obis] for line in PASSPORT if line.obis in objects]
    cells = [Column(item.class_id, item.obis, 2, _fixed_cell(item)) for item in kept]
    return ProfileObject(PROFILES[Profile.PASSPORT], cells, lambda m: [Record(0, 0)], period=0, depth=1)


def _fixed_cell(item: CosemObject) -> Callable[[Record], bytes]:
    return lambda record: item.read(2, record.end)


def _journal(site: SpodesSite, journal: Journal, uptime: Quantity) -> CosemObject:
    """A journal: clock, event, extra columns (the channel), running time."""

    def lines(m: float) -> list[Line]:
        return site.diary.journal(journal.number, m)

    def event(line: Line) -> bytes:
        return axdr.encode(axdr.u8(line.code))

    def channel(line: Line) -> bytes:
        return axdr.encode(axdr.u8(_RS485))

    def running(line: Line) -> bytes:
        return uptime.encoded(Record(line.end, line.end), uptime.scaler)

    cells: list[Column[Line]] = [Column(DATA, obis, 2, event) for obis in journal.events]
    cells += [Column(DATA, obis, 2, channel) for obis in journal.extra]
    cells.append(Column(REGISTER, UPTIME, 2, running))
    cells.insert(0, _clock_column(site))
    return ProfileObject(journal.obis, cells, lines, period=0, depth=JOURNAL_DEPTH, stamp=site.stamp)
