"""One suite on both stores: what a `Series` promises, seen on the file and on the real server."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from central.timeseries.base import (
    BILLED,
    DAY,
    LIVE,
    DaySum,
    LiveRow,
    LoadRow,
    RegisterRow,
    Series,
    SeriesRefused,
    SeriesUnavailable,
    stamp,
)
from central.timeseries.influx import InfluxSeries
from central.timeseries.sqlite import SqliteSeries
from protocol.reading import Kind
from tests.central.timeseries.influx_admin import ADMIN, make_admin

T0 = 1_763_942_400  # a midnight


@pytest.fixture(params=["sqlite", "influxdb"])
def series(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Series]:
    store: Series
    if request.param == "sqlite":
        store = SqliteSeries(tmp_path / "series.sqlite")
    else:
        server = request.getfixturevalue("influxdb")
        make_admin(server.port)
        url = f"http://127.0.0.1:{server.port}"
        store = InfluxSeries(url, "uchet", username=ADMIN, password=ADMIN, live_days=0)  # the rows here are old
    yield store
    store.close()


def load(end: int, meter: str = "A-1", repeat: int = 0, quality: int = 0, **values: int) -> LoadRow:
    return LoadRow(meter, end, 1800, quality, values or {"ap": end % 1000, "am": 0}, repeat)


def register(
    time: int, kind: Literal["daily", "monthly", "now"] = "daily", meter: str = "A-1", ap0: int = 5
) -> RegisterRow:
    return RegisterRow(meter, time, Kind(kind), 0, {"ap0": ap0, "rm8": 2**62})


def test_rows_come_back_as_they_went_in(series: Series) -> None:
    rows = [load(T0 + 1800 * n, quality=n % 3) for n in range(100)]
    series.write(random.Random(1).sample(rows, 100))
    assert series.load("A-1", T0 - 1, T0 + 1_000_000) == rows


def test_a_range_excludes_its_start_and_includes_its_end(series: Series) -> None:
    series.write([load(T0 + n) for n in (-1800, 0, 1800, 3600)])
    assert [row.end for row in series.load("A-1", T0, T0 + 1800)] == [T0 + 1800]
    assert [row.end for row in series.load("A-1", T0 - 1800, T0)] == [T0]


def test_meters_and_kinds_stay_apart(series: Series) -> None:
    series.write([load(T0), load(T0, meter="B-2", ap=7), register(T0), register(T0, "monthly", ap0=9)])
    assert [row.values["ap"] for row in series.load("B-2", T0 - 1, T0)] == [7]
    assert [row.values["ap0"] for row in series.registers("A-1", [Kind.MONTHLY], T0 - 1, T0)] == [9]
    assert len(series.registers("A-1", [Kind.MONTHLY, Kind.DAILY], T0 - 1, T0)) == 2
    assert series.load("C-3", T0 - 1, T0) == []
    assert series.registers("A-1", [], T0 - 1, T0) == []


def test_writing_again_changes_nothing(series: Series) -> None:
    rows = [load(T0), register(T0), LiveRow("A-1", T0, {"u_a": 230.5})]
    series.write(rows)
    series.write(rows + rows)
    assert series.load("A-1", 0, T0) == [rows[0]]
    assert series.registers("A-1", [Kind.DAILY], 0, T0) == [rows[1]]
    assert series.live("A-1", 0, T0) == [rows[2]]


def test_other_fields_of_the_same_stamp_are_merged(series: Series) -> None:
    series.write([load(T0, ap=1)])
    series.write([load(T0, rp=2)])
    assert series.load("A-1", 0, T0) == [load(T0, ap=1, rp=2)]


def test_a_repeated_stamp_stands_beside_the_first(series: Series) -> None:
    rows = [load(T0, ap=1), load(T0, repeat=1, ap=2), load(T0, repeat=2, ap=3), load(T0 + 1, ap=4)]
    series.write(rows)
    assert series.load("A-1", T0 - 1, T0) == rows[:3]
    assert series.load("A-1", T0, T0 + 1) == rows[3:]


def test_a_row_without_values_still_says_that_the_interval_was(series: Series) -> None:
    row = LoadRow("A-1", T0, 1800, 1, {})
    series.write([row])
    assert series.load("A-1", 0, T0) == [row]


def test_the_newest_register_of_some_kinds(series: Series) -> None:
    series.write([register(T0 - 86_400 * n) for n in range(5)] + [register(T0 + 10, "now", ap0=6)])
    assert series.last_register("A-1", [Kind.DAILY, Kind.NOW], T0 + 9) == register(T0)
    assert series.last_register("A-1", [Kind.DAILY, Kind.NOW], T0 + 10) == register(T0 + 10, "now", ap0=6)
    assert series.last_register("A-1", [Kind.DAILY], T0 - 1) == register(T0 - 86_400)
    assert series.last_register("A-1", [Kind.MONTHLY], T0) is None


def test_registers_of_many_meters_at_one_moment(series: Series) -> None:
    rows = [register(T0, meter=f"M-{n}", ap0=n) for n in range(450)]
    series.write([*rows, register(T0, "monthly", "M-7", 8), register(T0 + 1, meter="M-8"), register(T0, "now", "M-9")])
    wanted = [f"M-{n}" for n in range(5, 450)]
    found = series.registers_at([*wanted, "M-500", "O'Neil"], [Kind.DAILY, Kind.MONTHLY], T0)
    assert found.keys() == set(wanted)
    assert found["M-7"] == [rows[7], register(T0, "monthly", "M-7", 8)]
    for meter in ("M-5", "M-7", "M-8", "M-9"):
        assert found[meter] == series.registers(meter, [Kind.DAILY, Kind.MONTHLY], T0 - 1, T0)
    assert series.registers_at(wanted, [Kind.DAILY], T0 + 2) == series.registers_at([], [Kind.DAILY], T0) == {}


def test_the_newest_register_on_a_day_that_has_later_ones_only(series: Series) -> None:
    series.write([register(T0 - 86_400 * 40, "now"), register(T0 + 100, "now")])
    assert series.last_register("A-1", [Kind.NOW], T0 + 99) == register(T0 - 86_400 * 40, "now")


def test_large_integers_are_exact(series: Series) -> None:
    series.write([load(T0, ap=2**63 - 1, am=-(2**63))])
    assert series.load("A-1", 0, T0)[0].values == {"ap": 2**63 - 1, "am": -(2**63)}


def test_a_field_of_load_rows_over_days(series: Series) -> None:
    rows = [LoadRow("A-1", T0 + 1800 * n, 1800, n % 2, {"ap": n} if n % 5 else {"am": 1, "ap": n}) for n in range(100)]
    series.write([*rows, LoadRow("A-1", T0 + 900, 900, 4, {"am": 7})])
    found = series.column("A-1", "ap", T0, T0 + 1800 * 90)
    assert [list(column) for column in found] == [
        [T0 + 1800 * n for n in range(1, 91)], [1800] * 90, [n % 2 for n in range(1, 91)], list(range(1, 91)),
    ]  # fmt: skip
    assert [list(column) for column in series.column("A-1", "rp", T0, T0 + 1800 * 90)] == [[], [], [], []]


def test_live_values_are_floats(series: Series) -> None:
    row = LiveRow("A-1", T0, {"u_a": 230.0, "pf": 1e-05, "f": 49.98})
    series.write([row])
    assert series.live("A-1", T0 - 1, T0) == [row]


def test_the_newest_live_rows(series: Series) -> None:
    rows = [LiveRow("A-1", T0 + 300 * n, {"u_a": 230.0 + n}) for n in range(-20, 5)]
    series.write([*rows, LiveRow("B-2", T0, {"u_a": 1.5})])
    assert series.last_live("A-1", T0 + 10**6) == rows[-12:]
    assert series.last_live("A-1", T0 + 299) == rows[9:21]
    assert series.last_live("B-2", T0) == [LiveRow("B-2", T0, {"u_a": 1.5})]
    assert series.last_live("B-2", T0 - 1) == series.last_live("C-3", T0) == []


def test_a_field_of_live_values_over_days(series: Series) -> None:
    rows = [LiveRow("A-1", T0 + 300 * n, {"u_a": 230.0 + n / 8, "f": 50.0}) for n in range(600)]
    series.write(rows)
    found = series.tracks("A-1", ("u_a", "u_b"), T0 + 300, T0 + 300 * 590)
    assert found == {"u_a": ([T0 + 300 * n for n in range(2, 591)], [230.0 + n / 8 for n in range(2, 591)])}
    assert series.tracks("A-1", (), T0, T0 + 900) == series.tracks("C-3", ("u_a",), T0, T0 + 900) == {}


def test_live_rows_of_one_day_with_other_fields_stay_in_order(series: Series) -> None:
    rows = [LiveRow("A-1", T0 + n, {"u_a": float(n)} if n % 3 else {"f": 50.5, "u_a": float(n)}) for n in range(9)]
    series.write([*rows, LiveRow("A-1", T0 + 9, {"i_a": 1.5})])
    found = series.tracks("A-1", ("u_a", "f", "i_a"), T0 - 1, T0 + 9)
    assert found["u_a"] == ([T0 + n for n in range(9)], [float(n) for n in range(9)])
    assert found["f"] == ([T0, T0 + 3, T0 + 6], [50.5] * 3)
    assert found["i_a"] == ([T0 + 9], [1.5])


@pytest.mark.parametrize(
    "row",
    [
        LoadRow("A 1", T0, 1800, 0, {"ap": 1}),
        LoadRow("A-1", T0, 1800, 0, {"ap0": 1}),
        LoadRow("A-1", T0, 1800, 0, {"ap": 1.5}),  # type: ignore[dict-item]
        LoadRow("A-1", T0, 1800, 0, {"ap": 2**63}),
        LoadRow("A-1", T0, 1800, 0, {"ap": 1}, 1000),
        RegisterRow("A-1", T0, Kind.LOAD, 0, {"ap0": 1}),
        LiveRow("A-1", T0, {"u_a": float("nan")}),
        LiveRow("A-1", T0, {"u_a": 1}),
        LiveRow("A-1", T0, {}),
    ],
    ids=str,
)
def test_what_no_store_may_take_is_refused_before_anything_is_written(series: Series, row: LoadRow) -> None:
    with pytest.raises(SeriesRefused):
        series.write([load(T0), row])
    assert series.load("A-1", 0, T0) == []


def test_erase_leaves_nothing(series: Series) -> None:
    series.write([load(T0), register(T0), LiveRow("A-1", T0, {"u_a": 1.0})])
    series.erase()
    assert series.load("A-1", 0, T0) == []
    assert series.last_register("A-1", [Kind.DAILY], T0) is None
    series.write([load(T0)])
    assert series.load("A-1", 0, T0) == [load(T0)]


def test_more_rows_than_one_request_takes(series: Series) -> None:
    rows = [load(T0 + 1800 * n) for n in range(12_000)]
    series.write(rows)
    assert series.load("A-1", 0, T0 + 10**9) == rows


def some(series: Series) -> list[LoadRow | RegisterRow | LiveRow]:
    """Rows of three meters, three kinds and three months, written; in the order of a scan of each kind."""
    rows: list[LoadRow | RegisterRow | LiveRow] = [
        load(T0 + 40 * DAY * n + second, meter, repeat, ap=n + second, rm=2**62)
        for meter in ("10", "A-1", "a")
        for n in range(3)
        for second, repeat in ((0, 0), (1800, 0), (1800, 1))
    ]
    rows += [register(T0 + 40 * DAY * n, meter=meter) for meter in ("A-1", "b") for n in range(3)]
    rows += [LiveRow("c", T0 + n, {"u_a": 230.5}) for n in range(3)]
    series.write(random.Random(2).sample(rows, len(rows)))
    return rows


def test_a_scan_goes_through_all_meters_of_a_kind(series: Series) -> None:
    rows = some(series)
    assert list(series.scan(Kind.LOAD, 0, T0 + 10**8)) == [row for row in rows if isinstance(row, LoadRow)]
    assert list(series.scan(Kind.DAILY, 0, T0 + 10**8)) == [row for row in rows if isinstance(row, RegisterRow)]
    assert list(series.scan(LIVE, 0, T0 + 10**8)) == [row for row in rows if isinstance(row, LiveRow)]
    assert list(series.scan(Kind.MONTHLY, 0, T0 + 10**8)) == []
    some_of_it = list(series.scan(Kind.LOAD, T0, T0 + 1800))
    assert [(row.meter, stamp(row)) for row in some_of_it] == [
        (meter, T0 + 1800) for meter in ("10", "A-1", "a") for _ in range(2)
    ]


def test_sums_by_meter_and_day_are_those_of_the_rows(series: Series) -> None:
    rows = some(series)
    for kind in (*BILLED, LIVE):
        wanted: dict[tuple[str, int], list[int]] = {}
        for row in rows:
            if (LIVE if isinstance(row, LiveRow) else Kind.LOAD if isinstance(row, LoadRow) else row.kind) == kind:
                found = wanted.setdefault((row.meter, stamp(row) // DAY), [0, 0])
                found[0] += 1
                found[1] += 0 if isinstance(row, LiveRow) else sum(row.values.values())
        sums = [DaySum(*key, count, (total + 2**63) % 2**64 - 2**63) for key, (count, total) in sorted(wanted.items())]
        assert list(series.sums(kind, 0, T0 + 10**8)) == sums
        assert list(series.sums(kind, 0, T0 + 10**8, "A-1")) == [found for found in sums if found.meter == "A-1"]
    assert list(series.sums(Kind.LOAD, T0, T0 + 1800, "a")) == [DaySum("a", T0 // DAY, 2, -(2**63) + 3600)]


def test_the_newest_stamp_of_each_meter(series: Series) -> None:
    some(series)
    last = T0 + 80 * DAY
    assert series.newest(Kind.LOAD, last + DAY) == dict.fromkeys(("10", "A-1", "a"), last + 1800)
    assert series.newest(Kind.LOAD, last + 1799) == dict.fromkeys(("10", "A-1", "a"), last)
    assert series.newest(Kind.DAILY, last - 1) == dict.fromkeys(("A-1", "b"), T0 + 40 * DAY)
    assert series.newest(LIVE, last) == {"c": T0 + 2}
    assert series.newest(Kind.LOAD, T0 - 1) == {}


def test_months_are_marked_when_their_rows_change(series: Series) -> None:
    assert series.months() == {}
    some(series)
    before = series.months()
    assert sorted(before) == ["2025-11", "2025-12", "2026-01", "2026-02"] or sorted(before) == [
        "2025-11",
        "2026-01",
        "2026-02",
    ]
    series.write([load(T0 + 80 * DAY + 7200)])
    after = series.months()
    assert after["2025-11"] == before["2025-11"]
    assert after["2026-02"] == "" or after["2026-02"] != before["2026-02"]


def test_a_store_that_is_away_says_so_when_it_is_needed(tmp_path: Path) -> None:
    stores: list[Series] = [
        SqliteSeries(tmp_path / "nowhere" / "series.sqlite"),
        InfluxSeries("http://127.0.0.1:1", "uchet", timeout=1),
    ]
    for away in stores:
        with pytest.raises(SeriesUnavailable):
            away.write([load(T0)])
        with pytest.raises(SeriesUnavailable):
            away.load("A-1", 0, T0)
