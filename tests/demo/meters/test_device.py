"""The meter as a COSEM device: rights, profiles, both selections, journals, clock; a restart changes no byte."""

from datetime import date
from itertools import pairwise
from typing import Any

import pytest

from demo.meters.calendar import DAY
from demo.meters.device import SpodesDevice
from demo.meters.diary import JOURNALS as KEPT
from demo.meters.faults import ClockSet
from demo.meters.model import Enterprise, Household, SpodesSite
from demo.meters.outages import BLOCK
from protocol import cosem_time
from protocol.dlms import axdr
from protocol.dlms.axdr import Data
from protocol.dlms.server import Admission, Selection
from protocol.errors import AccessRefused
from protocol.obis import Obis
from protocol.spodes.events import JOURNALS
from protocol.spodes.objects import (
    ASSOCIATION,
    CLOCK,
    DEVICE_NAME,
    PROFILES,
    PUBLIC,
    READER,
    RELAY,
    SCALES,
    SERIAL,
    Profile,
)

NOW = 1_795_511_700.0  # 24 November 2026, 12:15 by the meter's clock
LOCAL = int(NOW) + 180 * 60
KINDS = [Household, Enterprise]
CLOCK_COLUMN = axdr.structure(axdr.u16(8), axdr.octets(bytes(CLOCK)), axdr.i8(2), axdr.u16(0))


def device(kind: type[SpodesSite] = Household, now: float = NOW, **settings: Any) -> SpodesDevice:
    return SpodesDevice(kind(serial="10200301", born=date(2026, 8, 1), clock=lambda: now, **settings))


def get(
    meter: SpodesDevice, class_id: int, obis: Obis | str, attribute: int, selection: Selection | None = None
) -> Any:
    code = Obis.parse(obis) if isinstance(obis, str) else obis
    return axdr.plain(axdr.decode(meter.get(READER, class_id, code, attribute, selection)))


def buffer(meter: SpodesDevice, profile: Profile, selection: Selection | None = None) -> Any:
    return get(meter, 7, PROFILES[profile], 2, selection)


def by_range(since: int, until: int, *columns: Data) -> Selection:
    bounds = [axdr.octets(cosem_time.encode(m, 0)) for m in (since, until)]
    return Selection(1, axdr.structure(CLOCK_COLUMN, *bounds, axdr.array(columns)))


def by_entry(first: int, last: int, left: int = 1, right: int = 0) -> Selection:
    return Selection(2, axdr.structure(axdr.u32(first), axdr.u32(last), axdr.u16(left), axdr.u16(right)))


def moment(raw: bytes) -> int:
    return cosem_time.decode(raw).to_utc(0)


@pytest.mark.parametrize(
    ("client", "mechanism", "secret", "answer"),
    [
        (PUBLIC, 0, None, Admission.ACCEPTED),
        (PUBLIC, 1, b"12345678", Admission.REFUSED),
        (READER, 1, b"12345678", Admission.ACCEPTED),
        (READER, 1, b"1234567", Admission.BAD_PASSWORD),
        (READER, 1, None, Admission.BAD_PASSWORD),
        (READER, 0, None, Admission.BAD_PASSWORD),
        (48, 1, b"12345678", Admission.REFUSED),
    ],
)
def test_who_may_come_in(client: int, mechanism: int, secret: bytes | None, answer: Admission) -> None:
    assert device().admit(client, mechanism, secret) is answer


def test_the_public_client_sees_the_clock_and_the_name_and_nothing_else() -> None:
    meter = device()
    listed = axdr.plain(axdr.decode(meter.get(PUBLIC, 15, ASSOCIATION, 2, None)))
    assert {Obis(item[2]) for item in listed} == {CLOCK, DEVICE_NAME, ASSOCIATION, Obis.parse("0.0.40.0.1")}
    assert axdr.plain(axdr.decode(meter.get(PUBLIC, 1, DEVICE_NAME, 2, None))) == b"UCH10200301"
    with pytest.raises(AccessRefused, match="object-undefined"):
        meter.get(PUBLIC, 7, PROFILES[Profile.LOAD], 2, None)


@pytest.mark.parametrize("kind", KINDS)
def test_everything_in_the_object_list_can_be_read(kind: type[SpodesSite]) -> None:
    meter = device(kind)
    listed = get(meter, 15, ASSOCIATION, 2)
    assert len(listed) > 60
    for class_id, _version, name, (attributes, _methods) in listed:
        for number, _access, _selectors in attributes:
            axdr.decode(meter.get(READER, class_id, Obis(name), number, None))


def test_what_is_not_there_is_refused_by_its_proper_name() -> None:
    meter = device()
    for class_id, obis, attribute, name in (
        (3, "1.0.77.7.0", 2, "object-undefined"),
        (1, "1.0.1.8.0", 2, "object-class-inconsistent"),
        (3, "1.0.1.8.0", 9, "object-undefined"),
    ):
        with pytest.raises(AccessRefused, match=name):
            get(meter, class_id, obis, attribute)
    for selection in (Selection(3, axdr.null), Selection(1, axdr.null), by_entry(0, 0)):
        with pytest.raises(AccessRefused, match="type-unmatched"):
            buffer(meter, Profile.LOAD, selection)
    with pytest.raises(AccessRefused, match="type-unmatched"):
        get(meter, 3, "1.0.1.8.0", 2, by_range(0, LOCAL))


@pytest.mark.parametrize("kind", KINDS)
def test_a_restart_gives_equal_bytes(kind: type[SpodesSite]) -> None:
    one, other = device(kind), device(kind)
    for profile in Profile:
        assert one.get(READER, 7, PROFILES[profile], 2, None) == other.get(READER, 7, PROFILES[profile], 2, None)


@pytest.mark.parametrize("kind", KINDS)
def test_the_load_profile_adds_up_to_the_daily_registers(kind: type[SpodesSite]) -> None:
    meter = device(kind)
    scaler, unit = buffer_scales(meter, Profile.LOAD)[0]
    assert (scaler, unit) == (kind.load_scaler, 30)
    daily = buffer(meter, Profile.DAILY)
    place = [str(Obis(item[1])) for item in get(meter, 7, PROFILES[Profile.DAILY], 3)].index("1.0.1.8.0.255")
    for before, after in pairwise(daily):
        rows = buffer(meter, Profile.LOAD, by_range(moment(before[0]) + 1, moment(after[0])))
        assert sum(row[1] for row in rows) == (after[place] - before[place]) * 10**-scaler


def buffer_scales(meter: SpodesDevice, profile: Profile) -> Any:
    return get(meter, 7, SCALES[profile], 2)[0]


def test_the_attributes_of_a_profile() -> None:
    meter = device()
    rows = buffer(meter, Profile.LOAD)
    read = {number: get(meter, 7, PROFILES[Profile.LOAD], number) for number in (1, 3, 4, 5, 6, 7, 8)}
    assert read[1] == bytes(PROFILES[Profile.LOAD])
    assert [str(Obis(item[1])) for item in read[3]][:5] == [
        "0.0.1.0.0.255",
        "1.0.1.29.0.255",
        "1.0.2.29.0.255",
        "1.0.3.29.0.255",
        "1.0.4.29.0.255",
    ]
    assert (read[4], read[5], read[7]) == (1800, 1, len(rows))
    assert read[8] >= len(rows)
    assert moment(rows[-1][0]) == LOCAL // 1800 * 1800


def test_selection_by_range_takes_both_ends() -> None:
    meter = device()
    rows = buffer(meter, Profile.LOAD)
    first, last = moment(rows[10][0]), moment(rows[20][0])
    assert buffer(meter, Profile.LOAD, by_range(first, last)) == rows[10:21]
    assert buffer(meter, Profile.LOAD, by_range(first + 1, last - 1)) == rows[11:20]
    assert buffer(meter, Profile.LOAD, by_range(last + 10**8, last + 10**9)) == []


def test_selection_by_range_takes_columns_by_name() -> None:
    meter = device()
    reactive = axdr.structure(axdr.u16(3), axdr.octets(bytes(Obis.parse("1.0.3.29.0"))), axdr.i8(2), axdr.u16(0))
    rows = buffer(meter, Profile.LOAD)
    picked = buffer(meter, Profile.LOAD, by_range(0, LOCAL, reactive, CLOCK_COLUMN))
    assert picked == [[row[0], row[3]] for row in rows]


def test_selection_by_entry_counts_from_one() -> None:
    meter = device()
    rows = buffer(meter, Profile.LOAD)
    assert buffer(meter, Profile.LOAD, by_entry(1, 1)) == rows[:1]
    assert buffer(meter, Profile.LOAD, by_entry(5, 0)) == rows[4:]
    assert buffer(meter, Profile.LOAD, by_entry(5, 7, 2, 3)) == [row[1:3] for row in rows[4:7]]
    assert buffer(meter, Profile.LOAD, by_entry(len(rows) + 1, 0)) == []


def test_stamps_carry_a_deviation_or_none() -> None:
    for kind, deviation in ((Household, None), (Enterprise, 180)):
        stamps = [cosem_time.decode(row[0]) for row in buffer(device(kind), Profile.DAILY)]
        assert {stamp.deviation for stamp in stamps} == {deviation}
        assert {(stamp.hour, stamp.minute) for stamp in stamps} == {(0, 0)}


def test_the_clock_drifts_by_seconds_and_shows_all_its_attributes() -> None:
    meter = device()
    assert abs(moment(get(meter, 8, CLOCK, 2)) - LOCAL) <= 9
    assert [get(meter, 8, CLOCK, number) for number in (3, 4, 7, 8, 9)] == [-180, 0, 0, False, 1]
    assert get(device(Enterprise), 8, CLOCK, 3) == 180


def test_a_clock_that_was_set_stamps_what_comes_after() -> None:
    meter = device()
    rows = buffer(meter, Profile.LOAD)
    shift = 73 * 365 * 86400
    meter.site.faults.clock = (ClockSet(LOCAL - 7200, shift), ClockSet(LOCAL - 3600, 0))
    jumped = buffer(meter, Profile.LOAD)
    assert [row[1:] for row in jumped] == [row[1:] for row in rows]
    moved = [moment(new[0]) - moment(old[0]) for new, old in zip(jumped, rows, strict=True)]
    assert sorted(set(moved)) == [0, shift]
    assert moved.count(shift) == 2
    meter.site.faults.clock = ()
    assert buffer(meter, Profile.LOAD) == rows


def test_journals_tell_of_the_outages() -> None:
    meter = device()
    site = meter.site
    blocks = range(site.born_day * DAY // BLOCK, LOCAL // BLOCK + 1)
    outages = [outage for block in blocks if (outage := site.outages.block(block)) and outage.on < LOCAL]
    lines = get(meter, 7, JOURNALS[2].obis, 2)
    assert outages
    assert [(moment(line[0]), line[1]) for line in lines] == [
        pair for outage in outages for pair in ((outage.off, 1), (outage.on, 2))
    ]
    assert [line[2] for line in lines] == [site.uptime(moment(line[0])) for line in lines]


def test_journals_have_the_columns_of_the_standard() -> None:
    meter = device()
    for number in KEPT:
        journal = JOURNALS[number]
        columns = [(item[0], Obis(item[1])) for item in get(meter, 7, journal.obis, 3)]
        wanted = [(8, CLOCK), *((1, obis) for obis in (*journal.events, *journal.extra))]
        assert columns == [*wanted, (3, Obis.parse("0.0.96.8.0"))]
    assert get(meter, 7, JOURNALS[7].obis, 2)[0][1] == 1  # it was switched on once


def test_the_relay_belongs_to_the_household() -> None:
    assert [get(device(), 70, RELAY, number) for number in (2, 3, 4)] == [True, 1, 4]
    with pytest.raises(AccessRefused):
        get(device(Enterprise), 70, RELAY, 2)


def test_the_passport_says_who_it_is() -> None:
    meter = device(Enterprise)
    columns = [str(Obis(item[1])) for item in get(meter, 7, PROFILES[Profile.PASSPORT], 3)]
    passport = dict(zip(columns, buffer(meter, Profile.PASSPORT)[0], strict=True))
    assert passport["0.0.96.1.0.255"] == b"10200301"
    assert (passport["1.0.0.4.2.255"], passport["1.0.0.4.3.255"]) == (40, 1)
    meter.site.faults.serial = "666"
    assert get(meter, 1, SERIAL, 2) == b"666"


def test_the_moments_values_agree() -> None:
    meter = device(Enterprise)
    scaled = {}
    for group in (1, 3, 9, 13, 21, 41, 61, 31, 51, 71, 32, 52, 72):
        scaler, _unit = get(meter, 3, f"1.0.{group}.7.0", 3)
        scaled[group] = get(meter, 3, f"1.0.{group}.7.0", 2) * 10.0**scaler
    assert scaled[1] == pytest.approx(scaled[21] + scaled[41] + scaled[61], abs=0.4)
    assert scaled[9] == pytest.approx((scaled[1] ** 2 + scaled[3] ** 2) ** 0.5, rel=0.01)
    volt_amperes = sum(scaled[u] * scaled[i] for u, i in ((32, 31), (52, 51), (72, 71)))
    assert scaled[9] == pytest.approx(volt_amperes, rel=0.01)
