"""The series' file alone: what it costs, what it forgets, what it does when the disk is full."""

import threading
from pathlib import Path

import pytest

from central.timeseries.base import LiveRow, LoadRow, SeriesUnavailable
from central.timeseries.sqlite import DAY, LIVE_DAYS, SqliteSeries

T0 = 1_763_942_400


def load(end: int, meter: str = "A-1") -> LoadRow:
    return LoadRow(meter, end, 1800, 0, {"ap": 412_350 + end % 7919, "am": 0, "rp": 11_000 + end % 997, "rm": 0})


def test_a_year_of_half_hours_is_small(tmp_path: Path) -> None:
    series = SqliteSeries(tmp_path / "s")
    series.write([load(T0 + 1800 * n) for n in range(365 * 48)])
    series.close()
    size = sum(file.stat().st_size for file in tmp_path.iterdir())
    assert size < 365 * 48 * 20, "20 bytes an interval"


def test_live_values_are_forgotten_and_nothing_else(tmp_path: Path) -> None:
    series = SqliteSeries(tmp_path / "s")
    days = [T0 + DAY * n for n in range(LIVE_DAYS + 5)]
    for day in days:
        series.write([load(day), LiveRow("A-1", day, {"u_a": 230.0})])
    assert len(series.load("A-1", 0, days[-1])) == len(days)
    assert [row.time for row in series.live("A-1", 0, days[-1])] == days[-LIVE_DAYS - 1 :]


def test_a_full_disk_is_said_and_nothing_is_half_written(tmp_path: Path) -> None:
    series = SqliteSeries(tmp_path / "s")
    series.write([load(T0)])
    series._connection.execute("PRAGMA max_page_count = 10")
    with pytest.raises(SeriesUnavailable, match="full"):
        series.write([load(T0 + DAY * n) for n in range(1000)])
    assert series.load("A-1", 0, T0 + DAY * 1000) == [load(T0)]
    series._connection.execute("PRAGMA max_page_count = 100000")
    series.write([load(T0 + DAY * n) for n in range(1000)])
    assert len(series.load("A-1", 0, T0 + DAY * 1000)) == 1000


def test_threads_and_a_second_program_write_beside_each_other(tmp_path: Path) -> None:
    series, other = SqliteSeries(tmp_path / "s"), SqliteSeries(tmp_path / "s")

    def write(store: SqliteSeries, start: int) -> None:
        for n in range(start, 200, 4):
            store.write([load(T0 + 60 * n)])

    threads = [threading.Thread(target=write, args=((series, other)[n % 2], n)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(series.load("A-1", 0, T0 + 10**6)) == 200
    series.close()
    other.close()


def test_a_damaged_page_is_said(tmp_path: Path) -> None:
    series = SqliteSeries(tmp_path / "s")
    series.write([load(T0)])
    series._connection.execute("UPDATE day SET body = x'00ff'")
    with pytest.raises(SeriesUnavailable):
        series.load("A-1", 0, T0)
