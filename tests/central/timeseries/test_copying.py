"""One store into another: whole, again, broken off anywhere, while others write; and the comparison that says so."""

import random
from contextlib import suppress
from pathlib import Path

import pytest

from central.timeseries.base import BILLED, DAY, LIVE, AnyRow, LiveRow, LoadRow, RegisterRow, SeriesUnavailable, stamp
from central.timeseries.copying import BATCH, Compared, Copied, compare, copy
from central.timeseries.sqlite import SqliteSeries
from protocol.reading import Kind

T0 = 1_763_942_400
END = T0 + 10**8


def rows_of(meters: int, days: int) -> list[AnyRow]:
    names = [f"M-{number}" for number in range(meters)]
    found: list[AnyRow] = [
        LoadRow(name, T0 + 1800 * n, 1800, 0, {"ap": n, "am": 7}) for name in names for n in range(48 * days)
    ]
    found += [
        RegisterRow(name, T0 + DAY * n, kind, 0, {"ap0": n})
        for name in names
        for n in range(days)
        for kind in (Kind.DAILY, Kind.NOW)
    ]
    return [*found, *(LiveRow(names[0], T0 + n, {"u_a": 230.5}) for n in range(10))]


def held(series: SqliteSeries) -> list[AnyRow]:
    return [row for kind in (*BILLED, LIVE) for row in series.scan(kind, 0, END)]


def copy_all(source: SqliteSeries, target: SqliteSeries) -> list[Copied]:
    return [copy(source, target, kind, 0, END, None) for kind in (*BILLED, LIVE)]


@pytest.fixture
def source(tmp_path: Path) -> SqliteSeries:
    series = SqliteSeries(tmp_path / "source")
    series.write(rows_of(meters=5, days=30))
    return series


@pytest.fixture
def target(tmp_path: Path) -> SqliteSeries:
    return SqliteSeries(tmp_path / "target")


def test_all_of_it_is_copied_and_the_second_time_nothing(source: SqliteSeries, target: SqliteSeries) -> None:
    first = copy_all(source, target)
    assert sum(found.rows for found in first) == len(held(source)) > BATCH
    assert held(target) == held(source)
    again = copy_all(source, target)
    assert [found.rows for found in again] == [0] * 5
    assert [found.same for found in again] == [found.rows for found in first]
    assert [found.days for found in first] == [150, 150, 0, 150, 1]


def test_a_dry_run_writes_nothing(source: SqliteSeries, target: SqliteSeries) -> None:
    assert copy(source, target, Kind.LOAD, 0, END, None, dry_run=True).rows == 5 * 30 * 48
    assert held(target) == []


def test_only_the_days_that_differ_are_written(source: SqliteSeries, target: SqliteSeries) -> None:
    copy_all(source, target)
    source.write([LoadRow("M-3", T0 + 900, 900, 0, {"ap": 1}), LoadRow("Z", T0, 1800, 0, {"ap": 1})])
    assert copy(source, target, Kind.LOAD, 0, END, None) == Copied(same=7200, rows=2, days=2)
    assert held(target) == held(source)


class Around:
    """Notes what was said of each batch, and when."""

    def __init__(self, target: SqliteSeries) -> None:
        self.target, self.seen = target, list[tuple[str, int, bool]]()

    def before(self, rows: list[AnyRow]) -> None:
        self.seen.append(("before", len(rows), self._stands(rows[-1])))

    def after(self, rows: list[AnyRow]) -> None:
        self.seen.append(("after", len(rows), self._stands(rows[-1])))

    def _stands(self, row: AnyRow) -> bool:
        return row in self.target.load(row.meter, stamp(row) - 1, stamp(row))


def test_each_batch_is_told_of_before_and_after(source: SqliteSeries, target: SqliteSeries) -> None:
    around = Around(target)
    copy(source, target, Kind.LOAD, 0, END, around)  # type: ignore[arg-type]
    sizes = [size for what, size, _ in around.seen if what == "before"]
    assert sum(sizes) == 5 * 30 * 48
    assert max(sizes) < BATCH + 48
    assert around.seen == [found for size in sizes for found in (("before", size, False), ("after", size, True))]


class Breaking(SqliteSeries):
    """Every so many writes it is away."""

    left = broken = 0

    def write(self, rows: list[AnyRow]) -> None:  # type: ignore[override]
        self.left -= 1
        if self.left == 0:
            self.broken += 1
            raise SeriesUnavailable("away")
        super().write(rows)


def test_what_broke_off_goes_on(source: SqliteSeries, tmp_path: Path) -> None:
    target, broken = Breaking(tmp_path / "target"), 0
    while not broken or broken == target.broken - 1:
        broken, target.left = target.broken, 2
        with suppress(SeriesUnavailable):
            copy_all(source, target)
    assert broken > 1
    assert held(target) == held(source)


def test_a_comparison_tells_what_is_there(source: SqliteSeries, target: SqliteSeries) -> None:
    copy_all(source, target)
    total = sum(sum(row.values.values()) for row in source.scan(Kind.LOAD, 0, END))  # type: ignore[arg-type]
    assert compare(source, target, Kind.LOAD, 0, END) == Compared(7200, total, 7200, total, 0)
    target.write([LoadRow("A", T0, 1800, 0, {"ap": 1}), LoadRow("zz", T0, 1800, 0, {"ap": 1})])
    more = compare(source, target, Kind.LOAD, 0, END)
    assert (more.there, more.total_there, more.lacking) == (7202, total + 2, 0)
    target.write([LoadRow("M-2", T0, 1800, 0, {"ap": 99})])
    assert compare(source, target, Kind.LOAD, 0, END).lacking == 1
    source.write([LoadRow("M-9", T0 + n * DAY, 1800, 0, {"ap": 1}) for n in range(3)])
    assert compare(source, target, Kind.LOAD, 0, END).lacking == 4


def test_the_same_number_of_empty_rows_is_not_the_same(source: SqliteSeries, target: SqliteSeries) -> None:
    """A house that stands empty: half of its day here, the other half there."""
    day = [LoadRow("Z", T0 + 1800 * n, 1800, 0, {"ap": 0}) for n in range(48)]
    source.write(day[:24])
    target.write(day[24:])
    copy(source, target, Kind.LOAD, 0, END, None)
    assert target.load("Z", 0, END) == day


def test_what_the_target_knows_beyond_stays(target: SqliteSeries, source: SqliteSeries) -> None:
    source.erase()
    source.write([LoadRow("Z", T0, 1800, 0, {"ap": 1}), LoadRow("Z", T0 + 1800, 1800, 0, {"ap": 2})])
    target.write([LoadRow("Z", T0, 1800, 0, {"ap": 1, "am": 5}), LoadRow("Z", T0 + 1800, 1800, 0, {"ap": 9, "am": 6})])
    assert copy(source, target, Kind.LOAD, 0, END, None).rows == 1
    assert [row.values for row in target.load("Z", 0, END)] == [{"ap": 1, "am": 5}, {"ap": 2, "am": 6}]
    target.write([LoadRow("Z", T0, 1800, 4, {})])
    assert copy(source, target, Kind.LOAD, 0, END, None).rows == 1, "another quality is another row"


def key(row: AnyRow) -> tuple[object, ...]:
    return type(row), row.meter, stamp(row), getattr(row, "kind", "")


def test_any_two_stores_become_one(tmp_path: Path) -> None:
    """Whatever stands where: afterwards the target has all of the source, and what it had beyond."""
    everything = rows_of(meters=3, days=2)
    for seed in range(20):
        chance = random.Random(seed)
        source, target = SqliteSeries(tmp_path / f"s{seed}"), SqliteSeries(tmp_path / f"t{seed}")
        for store in (source, target):
            part = chance.choice((0.02, 0.5, 0.98))
            store.write([row for row in everything if chance.random() < part])
        both = {key(row) for store in (source, target) for row in held(store)}
        copy_all(source, target)
        assert {key(row) for row in held(target)} == both
        assert all(compare(source, target, kind, 0, END).lacking == 0 for kind in BILLED)
