"""The series' file alone: what it costs, what it forgets, what it does when the disk is full."""

import sqlite3
import threading
import zlib
from pathlib import Path

import msgspec
import pytest

from central.timeseries.base import DAY, LIVE_DAYS, LiveRow, LoadRow, SeriesUnavailable
from central.timeseries.sqlite import SqliteSeries
from protocol.reading import Kind

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


def test_a_file_of_the_first_form_goes_on(tmp_path: Path) -> None:
    """Pages as they lie on disks since the first version; the next write of a day makes it a page of today."""
    rows = [load(T0 + 1800 * n) for n in range(100)]
    with sqlite3.connect(tmp_path / "s") as old:
        old.execute(
            "CREATE TABLE day (meter TEXT, kind TEXT, day INTEGER, body BLOB NOT NULL, PRIMARY KEY (meter, kind, day))"
        )
        for day in sorted({row.end // DAY for row in rows}):
            page = [(row.end % DAY, 0, 1800, 0, dict(row.values)) for row in rows if row.end // DAY == day]
            body = zlib.compress(msgspec.msgpack.encode(page), 1)
            old.execute("INSERT INTO day VALUES ('A-1', 'load', ?, ?)", (day, body))
    old.close()
    series = SqliteSeries(tmp_path / "s")
    assert series.load("A-1", 0, T0 + 10**6) == rows
    assert list(series.months()) == ["2025-11"]
    series.write([load(T0 + 180_000)])
    assert series.load("A-1", 0, T0 + 10**6) == [*rows, load(T0 + 180_000)]
    assert [row.rows for row in series.sums(Kind.LOAD, 0, T0 + 10**6)] == [48, 48, 5]


def test_a_file_taken_away_is_said_by_who_has_it_open(tmp_path: Path) -> None:
    """Else all it writes would be lost with the file, and nobody would know."""
    series = SqliteSeries(tmp_path / "s")
    series.write([load(T0)])
    (tmp_path / "s").rename(tmp_path / "elsewhere")
    for call in (lambda: series.write([load(T0)]), lambda: series.load("A-1", 0, T0)):
        with pytest.raises(SeriesUnavailable, match="taken away"):
            call()


def test_every_write_changes_the_mark_of_its_month_alone(tmp_path: Path) -> None:
    series, other = SqliteSeries(tmp_path / "s"), SqliteSeries(tmp_path / "other")
    for store in (series, other):
        store.write([load(T0), load(T0 + 40 * DAY)])
    before = series.months()
    series.write([load(T0 + 40 * DAY)])
    after = series.months()
    assert {month for month in before if before[month] != after[month]} == {"2026-01"}
    assert other.months().keys() == before.keys()
    assert not set(other.months().values()) & set(before.values()), "a mark of another file means nothing here"
