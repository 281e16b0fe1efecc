"""Profile buffers to rows: both ways give the same, energy is exact, every oddity of a buffer has its meaning."""

from datetime import UTC, datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import cosem_time
from protocol.dlms import axdr
from protocol.dlms.axdr import Compact, Data, Shape, Tag
from protocol.dlms.profile import CaptureObject, Column, Layout, capture_objects, scaler_unit
from protocol.errors import Garbled, RemoteError
from protocol.obis import Obis
from protocol.reading import Quality, Row
from tests.vectors import one

pytestmark = pytest.mark.quick

MIDNIGHT = int(datetime(2026, 11, 24, tzinfo=UTC).timestamp())
OFFSET = 180
PERIOD = 1800
CLOCK = Column(CaptureObject(8, Obis.parse("0.0.1.0.0"), 2, 0))


def energy(code: str, scaler: int = 0, unit: int = 30) -> Column:
    return Column(CaptureObject(3, Obis.parse(code), 2, 0), scaler, unit)


IMPORT, EXPORT = energy("1.0.1.29.0"), energy("1.0.2.29.0")
VOLTAGE = Column(CaptureObject(3, Obis.parse("1.0.32.7.0"), 2, 0), -1, 35)


def stamp(local: int, status: int = 0) -> Data:
    """A clock that shows MIDNIGHT + `local` seconds."""
    return axdr.octets(cosem_time.encode(MIDNIGHT + local, 0)[:11] + bytes([status]))


def buffer(*rows: tuple[Data, ...]) -> bytes:
    return axdr.encode(axdr.array(axdr.structure(*row) for row in rows))


def end(local: int) -> int:
    return MIDNIGHT + local - OFFSET * 60


def load(*columns: Column, period: int = PERIOD) -> Layout:
    return Layout([CLOCK, *columns], period=period)


# --- what rows say ---


def test_a_load_profile_is_rows_of_milliwatthours_at_utc_ends() -> None:
    raw = buffer((stamp(1800), axdr.u32(412), axdr.u32(0)), (stamp(3600), axdr.u32(7), axdr.u32(3)))
    layout = load(IMPORT, energy("1.0.2.29.0", -2))
    assert layout.names == ("active_import", "active_export")
    assert layout.decode(raw, offset=OFFSET) == [
        Row(end(1800), 1800, 0, (412_000, 0)),
        Row(end(3600), 1800, 0, (7_000, 30)),
    ]


def test_columns_are_found_by_their_codes_in_any_order_and_others_are_passed_over() -> None:
    layout = Layout([VOLTAGE, EXPORT, CLOCK, IMPORT], period=PERIOD)
    raw = buffer((axdr.u16(2301), axdr.u32(5), stamp(1800), axdr.u32(9)))
    assert layout.names == ("active_export", "active_import")
    assert layout.decode(raw, offset=OFFSET) == [Row(end(1800), 1800, 0, (5_000, 9_000))]


def test_registers_have_no_span_and_names_of_their_own() -> None:
    layout = Layout([CLOCK, energy("1.0.1.8.0"), energy("1.0.1.8.1"), energy("1.0.3.8.0", 0, 32)])
    raw = buffer((stamp(0), axdr.u32(100), axdr.u32(60), axdr.u64(5)))
    assert layout.names == ("active_import_total", "active_import_t1", "reactive_import_total")
    assert layout.decode(raw, offset=OFFSET) == [Row(end(0), 0, 0, (100_000, 60_000, 5_000))]


def test_an_empty_buffer_is_no_rows() -> None:
    assert load(IMPORT).decode(buffer(), offset=OFFSET) == []


@pytest.mark.parametrize("make", [axdr.u8, axdr.u16, axdr.u32, axdr.u64])
def test_all_ones_of_an_unsigned_type_are_not_measured(make) -> None:  # type: ignore[no-untyped-def]
    bits = axdr.NUMBERS[make(0).tag].size * 8
    most = min(2**bits - 2, 2**52)
    raw = buffer((stamp(1800), make(2**bits - 1)), (stamp(3600), make(most)))
    assert [row.values for row in load(IMPORT).decode(raw, offset=OFFSET)] == [(None,), (most * 1000,)]


def test_a_signed_minus_one_is_a_number() -> None:
    raw = buffer((stamp(1800), axdr.i32(-1)))
    assert load(IMPORT).decode(raw, offset=OFFSET)[0].values == (-1000,)


def test_null_data_repeats_the_row_above_and_counts_the_clock_on() -> None:
    vector = one("axdr", "profile rows with null-data (value repeats the row above)")
    columns = [CLOCK, energy("1.0.1.8.0"), Column(CaptureObject(1, Obis.parse("0.0.96.5.1"), 2, 0))]
    layout = Layout(columns, period=3600)
    raw = bytes.fromhex(vector["hex"])
    start = int(datetime(2023, 9, 4, tzinfo=UTC).timestamp())
    assert [(row.end - start, row.values) for row in layout.decode(raw, offset=0)] == [
        (0, (10_000,)),
        (3600, (11_000,)),
        (7200, (11_000,)),
    ]
    assert layout.table(raw, offset=0) == [(start, 10, 0), (start + 3600, 11, 0), (start + 7200, 11, 8)]


@pytest.mark.parametrize("period", [0, PERIOD])
def test_a_first_row_without_a_stamp_is_garbled_and_so_is_any_without_a_period(period: int) -> None:
    rows = [(axdr.null, axdr.u32(1))] if period else [(stamp(0), axdr.u32(1)), (axdr.null, axdr.u32(1))]
    with pytest.raises(Garbled, match="without a stamp"):
        load(IMPORT, period=period).decode(buffer(*rows), offset=OFFSET)


def test_a_first_value_of_null_data_is_not_measured() -> None:
    assert load(IMPORT).decode(buffer((stamp(1800), axdr.null)), offset=OFFSET)[0].values == (None,)


def test_a_compact_array_is_rows_too() -> None:
    shape = Shape(Tag.STRUCTURE, 2, (Shape(Tag.OCTET_STRING), Shape(Tag.LONG_UNSIGNED)))
    rows = tuple(axdr.structure(stamp(1800 * n), axdr.u16(n)) for n in (1, 2))
    raw = axdr.encode(Data(Tag.COMPACT_ARRAY, Compact(shape, rows)))
    assert [row.values for row in load(IMPORT).decode(raw, offset=OFFSET)] == [(1000,), (2000,)]


def test_a_stamp_may_be_a_date_time_of_its_own_type() -> None:
    value = stamp(1800).value
    raw = buffer((Data(Tag.DATE_TIME, value), axdr.u32(1)))
    assert load(IMPORT).fast(raw) is not None
    assert load(IMPORT).decode(raw, offset=OFFSET)[0].end == end(1800)


# --- spans and qualities ---


def spans(*locals_: int, status: int = 0) -> list[tuple[int, int]]:
    raw = buffer(*((stamp(local, status), axdr.u32(1)) for local in locals_))
    return [(row.span, row.quality) for row in load(IMPORT).decode(raw, offset=OFFSET)]


def test_a_stamp_off_the_grid_is_a_partial_interval_and_so_is_the_rest_of_it() -> None:
    partial = Quality.PARTIAL
    assert spans(1800, 2400, 3600, 5400) == [(1800, 0), (600, partial), (1200, partial), (1800, 0)]


def test_after_a_gap_the_period_is_whole() -> None:
    assert spans(1800, 9000) == [(1800, 0), (1800, 0)]
    assert spans(1800, 9000, 9600) == [(1800, 0), (1800, 0), (600, Quality.PARTIAL)]


def test_a_stamp_that_comes_again_is_marked_and_a_clock_set_back_is_no_negative_span() -> None:
    assert spans(1800, 3600, 1800, 3600) == [(1800, 0), (1800, 0), (1800, Quality.REPEATED), (1800, Quality.REPEATED)]


def test_a_doubtful_stamp_is_marked_and_an_unknown_status_is_not() -> None:
    assert spans(1800, status=0x02) == [(1800, Quality.METER_CLOCK)]
    assert spans(1800, status=0xFF) == [(1800, 0)]


def test_the_grid_is_that_of_the_meters_own_clock() -> None:
    raw = buffer((stamp(3600), axdr.u32(1)))
    assert load(IMPORT, period=3600).decode(raw, offset=330)[0].quality == 0


# --- exact energy ---


@given(st.lists(st.integers(0, 2**31), min_size=1, max_size=60), st.integers(-7, 3))
def test_an_intervals_rest_is_carried_within_the_day(raws: list[int], scaler: int) -> None:
    raw = buffer(*((stamp(1800 * (number + 1)), axdr.u32(value)) for number, value in enumerate(raws)))
    rows = load(energy("1.0.1.29.0", scaler)).decode(raw, offset=OFFSET)
    told: dict[int, int] = {}
    exact: dict[int, Fraction] = {}
    for number, (row, value) in enumerate(zip(rows, raws, strict=True)):
        day = number // 48
        milli = row.values[0]
        assert milli is not None
        told[day] = told.get(day, 0) + milli
        exact[day] = exact.get(day, Fraction(0)) + Fraction(value) * Fraction(10) ** (scaler + 3)
        assert abs(told[day] - exact[day]) <= Fraction(1, 2)


def test_the_interval_that_ends_at_midnight_is_the_last_of_its_day() -> None:
    raw = buffer(*((stamp(86400 + local), axdr.u32(4)) for local in (-1800, 0, 1800, 3600)))
    rows = load(energy("1.0.1.29.0", -4)).decode(raw, offset=OFFSET)
    assert [row.values for row in rows] == [(0,), (1,), (0,), (1,)]


@pytest.mark.parametrize(("value", "milli"), [(4, 0), (5, 1), (15, 2), (-5, -1), (-4, 0)])
def test_rounding_is_half_away_from_zero(value: int, milli: int) -> None:
    raw = buffer((stamp(1800), axdr.i32(value)))
    assert load(energy("1.0.1.29.0", -4)).decode(raw, offset=OFFSET)[0].values == (milli,)


def test_a_register_is_rounded_alone() -> None:
    raw = buffer(*((stamp(86400 * day), axdr.u32(5)) for day in (1, 2)))
    rows = Layout([CLOCK, energy("1.0.1.8.0", -4)]).decode(raw, offset=OFFSET)
    assert [row.values for row in rows] == [(1,), (1,)]


def test_a_value_sent_as_float_is_taken_exactly_and_nan_is_not_measured() -> None:
    raw = buffer(
        *((stamp(1800 * (n + 1)), Data(Tag.FLOAT32, value)) for n, value in enumerate((1.5, 0.25, float("nan"))))
    )
    assert [row.values for row in load(IMPORT).decode(raw, offset=OFFSET)] == [(1500,), (250,), (None,)]


def test_a_value_beyond_64_bits_is_garbled() -> None:
    raw = buffer((stamp(1800), axdr.u64(2**63)))
    with pytest.raises(Garbled, match="64 bits"):
        load(IMPORT).decode(raw, offset=OFFSET)


@pytest.mark.parametrize(
    ("scaler", "raw", "number"), [(-2, 23025, 230.25), (-1, 3, 0.3), (0, 7, 7.0), (2, 7, 700.0), (-3, 49987, 49.987)]
)
def test_an_instantaneous_number_is_scaled_to_the_nearest_float(scaler: int, raw: int, number: float) -> None:
    assert Column(VOLTAGE.object, scaler, 35).number(raw) == number


# --- what is refused ---


@pytest.mark.parametrize(
    "raw",
    [
        buffer((stamp(1800), axdr.u32(1), axdr.u32(1))),
        buffer((stamp(1800),)),
        buffer((stamp(1800), axdr.visible("1"))),
        buffer((axdr.u32(1), axdr.u32(1))),
        buffer((axdr.octets(bytes(11)), axdr.u32(1))),
        buffer((axdr.octets(bytes.fromhex("FFFFFFFFFFFFFFFFFF8000FF")), axdr.u32(1))),
        buffer((axdr.octets(bytes(12)), axdr.u32(1))),
        axdr.encode(axdr.array([axdr.u32(1)])),
        axdr.encode(axdr.u32(1)),
        buffer((stamp(1800), axdr.u32(1)))[:-1],
        buffer((stamp(1800), axdr.u32(1))) + b"\0",
    ],
)
def test_a_buffer_that_does_not_fit_its_columns_is_garbled(raw: bytes) -> None:
    with pytest.raises(Garbled):
        load(IMPORT).decode(raw, offset=OFFSET)


@pytest.mark.parametrize("columns", [[IMPORT], [CLOCK, CLOCK], [CLOCK, energy("1.0.1.29.0", 0, 32)]])
def test_columns_without_one_clock_or_in_a_foreign_unit_are_garbled(columns: list[Column]) -> None:
    with pytest.raises(Garbled):
        Layout(columns)


# --- both ways ---

NUMBERS = st.sampled_from([axdr.u8, axdr.u16, axdr.u32, axdr.u64, axdr.i8, axdr.i16, axdr.i32, axdr.i64])


@st.composite
def cells(draw: st.DrawFn) -> Data:
    make = draw(NUMBERS)
    size = axdr.NUMBERS[make(0).tag].size
    raw = draw(st.binary(min_size=size, max_size=size) | st.just(b"\xff" * size))
    return axdr.decode(bytes([make(0).tag]) + raw)


@st.composite
def buffers(draw: st.DrawFn) -> bytes:
    """Buffers of one layout, of nearly one layout, and of none; their bytes damaged now and then."""
    others = st.binary(max_size=3).map(axdr.octets) | st.booleans().map(axdr.boolean) | st.just(axdr.null) | cells()
    kinds = draw(st.tuples(cells(), others))
    rows = []
    for number in range(draw(st.integers(0, 5))):
        status = draw(st.sampled_from([0, 0, 0xFF, 2]))
        local = draw(st.sampled_from([1800 * (number + 1), 1800, 700 + 60 * number]))
        row = [stamp(local, status), *kinds]
        for place in (1, 2):
            if isinstance(row[place].value, int) and draw(st.booleans()):
                row[place] = Data(row[place].tag, draw(st.integers(0, 1)))
        if draw(st.integers(0, 9)) == 0:
            row[draw(st.integers(0, 2))] = draw(others)
        rows.append(tuple(row))
    raw = bytearray(buffer(*rows))
    if draw(st.integers(0, 3)) == 0:
        raw[draw(st.integers(0, len(raw) - 1))] = draw(st.integers(0, 255))
    return bytes(raw)


def attempt(read, *arguments):  # type: ignore[no-untyped-def]
    try:
        return read(*arguments)
    except RemoteError:
        return "refused"


@given(buffers(), st.permutations([CLOCK, IMPORT, VOLTAGE]))
def test_the_fast_way_gives_what_the_general_way_gives(raw: bytes, columns: list[Column]) -> None:
    layout = Layout(columns, period=PERIOD)
    fast = attempt(layout.fast, raw)
    if fast is None:
        return
    general = attempt(layout.general, raw)
    if "refused" in (fast, general):
        assert fast == general
        return
    assert attempt(layout.finish, fast, OFFSET) == attempt(layout.finish, general, OFFSET)


def test_rows_of_one_layout_do_take_the_fast_way_and_one_other_tag_ends_it() -> None:
    layout = load(IMPORT)
    rows = [(stamp(1800 * n), axdr.u32(n)) for n in range(1, 200)]
    assert layout.fast(buffer(*rows)) is not None
    assert layout.fast(buffer(*rows, (stamp(0), axdr.i32(1)))) is None


# --- what describes a profile ---


def test_capture_objects_and_a_scaler_are_read() -> None:
    data = axdr.array(
        [axdr.structure(axdr.u16(3), axdr.octets(bytes(Obis.parse("1.0.1.29.0"))), axdr.i8(2), axdr.u16(0))]
    )
    assert capture_objects(axdr.encode(data)) == [IMPORT.object]
    assert scaler_unit(axdr.encode(axdr.structure(axdr.i8(-2), axdr.enum(30)))) == (-2, 30)


@pytest.mark.parametrize("data", [axdr.null, axdr.array([axdr.null]), axdr.structure(axdr.u8(1), axdr.enum(30))])
def test_other_values_are_neither(data: Data) -> None:
    for read in (capture_objects, scaler_unit):
        with pytest.raises(Garbled):
            read(axdr.encode(data))
