"""How quickly the time series is read, against the stores' own time, and how many bytes a value takes.

    ./run bench series [meters] [days]
Realistic rows: half-hours of active and reactive energy both ways (metering in steps of 10 mWh), a snapshot of 20
registers a day. The store's own time, in the same run, on the same data:
    SQLite      SELECT of the same pages + pages.unpack (check sum, columns, {field: value} of each row); ours adds the
                interface: rows of the house with meter and UTC stamp, borders of the range
    InfluxDB    one POST to `/query` of the same InfluxQL by urllib3 + json.loads; ours adds the client and the rows
    rows        a plain SQLite table, a row a reading, in the order in which readings arrive, with an index on (meter,
                time): what one would write first
The best of several runs taken in turns, files in the page cache; of SQLite, which works in this process, the time of
the processor. Needs influxd on the machine.
"""

import base64
import json
import os
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import urllib3

from central.backup import series as saved_series
from central.backup.manifest import Manifest
from central.timeseries.base import BILLED, DAY, LoadRow, RegisterRow, Series
from central.timeseries.copying import compare, copy
from central.timeseries.influx import InfluxSeries, _select
from central.timeseries.months import bounds
from central.timeseries.pages import Block, unpack
from central.timeseries.rows import LOAD_FIELDS
from central.timeseries.sqlite import SqliteSeries
from protocol.reading import Kind
from tests.central.timeseries.influx_admin import ADMIN, make_admin
from tests.parts import InfluxDB

T0 = 1_735_689_600  # a midnight, UTC
PERIOD = 1800
REGISTERS = tuple(f"{stem}{tariff}" for stem in ("ap", "am", "rp", "rm") for tariff in range(5))
MANY = 1000  # meters of one day
RUNS = 15


def names(meters: int) -> list[str]:
    return [f"MIL-{10_000_000 + 7919 * number % 10_000_000:08}" for number in range(meters)]


def day_of(meter: str, number: int) -> list[LoadRow | RegisterRow]:
    """What a meter of a household says of one day."""
    chance = random.Random(f"{meter}/{number}")
    start = T0 + number * DAY
    rows: list[LoadRow | RegisterRow] = []
    for slot in range(48):
        energy = int(chance.lognormvariate(5.3, 0.8)) * 1000 + chance.randrange(0, 1000, 10)
        values = {"ap": energy, "am": 0, "rp": energy // 4 // 10 * 10, "rm": chance.randrange(0, 20_000, 10)}
        rows.append(LoadRow(meter, start + PERIOD * (slot + 1), PERIOD, 0, values))
    base = chance.randrange(10**9, 2 * 10**10) + number * 10**7
    registers = {
        name: base // (place % 5 + 1) // 10 * 10 if place % 5 < 3 else 0 for place, name in enumerate(REGISTERS)
    }
    rows.append(RegisterRow(meter, start, Kind.DAILY, 0, registers))
    return rows


def arriving(meters: int, days: int) -> Iterator[list[LoadRow | RegisterRow]]:
    """Day by day, all meters."""
    for number in range(days):
        for meter in names(meters):
            yield day_of(meter, number)


def turns(*calls: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> list[float]:
    """Milliseconds of each at its best, taken in turns: whatever else the machine does disturbs all alike."""
    best = [float("inf")] * len(calls)
    for _ in range(RUNS):
        for place, call in enumerate(calls):
            began = clock()
            call()
            best[place] = min(best[place], (clock() - began) * 1000)
    return best


def say(what: str, ours: float, own: float, limit: float = 1.5) -> None:
    print(f"{what:<58}{ours:>9.1f} ms {own:>9.1f} ms   ratio {ours / own:>5.2f}   mark {limit}", flush=True)


def main(meters: int, days: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"{meters} meters x {days} days; {MANY} meters x 1 day; ours against the store's own time")
        _sqlite(folder, meters, days)
        server = InfluxDB(folder / "influxdb")
        server.start()
        try:
            _influx(server, days)
            _copies(folder, server)
        finally:
            server.stop()


def fill(series: Series, meters: int, days: int) -> float:
    """Rows a second."""
    rows, began = 0, time.perf_counter()
    waiting: list[LoadRow | RegisterRow] = []
    for found in arriving(meters, days):
        waiting += found
        rows += len(found)
        if len(waiting) > 5000:
            series.write(waiting)
            waiting = []
    series.write(waiting)
    return rows / (time.perf_counter() - began)


def _sqlite(folder: Path, meters: int, days: int) -> None:
    series = SqliteSeries(folder / "series.sqlite")
    speed = fill(series, meters, days)
    bytes_of_file = _size(folder / "series.sqlite")
    values = meters * days * (48 * len(LOAD_FIELDS) + len(REGISTERS))
    rows = _plain(folder / "rows.sqlite", meters, days)
    print(f"SQLite: {speed:,.0f} rows/s written; {bytes_of_file / values:.2f} bytes a value on disk   mark 8")
    print(f"        a row a reading: {_size(folder / 'rows.sqlite') / values:.2f} bytes a value")
    for kind, count in ((Kind.LOAD, 48 * len(LOAD_FIELDS)), (Kind.DAILY, len(REGISTERS))):
        query = "SELECT avg(length(body) + length(meter) + length(kind) + 8) FROM day WHERE kind = ?"
        (page,) = series._connection.execute(query, (kind,)).fetchone()
        print(f"        a page of {kind}: {page:.0f} bytes with its key, {page / count:.2f} a value")

    meter, until = names(meters)[meters // 2], T0 + days * DAY
    assert len(series.load(meter, T0, until)) == len(_of_plain(rows, meter, T0, until)) == days * 48
    ours, own, plain = turns(
        lambda: series.load(meter, T0, until),
        lambda: _own(series, meter, T0, until),
        lambda: _of_plain(rows, meter, T0, until),
        clock=time.process_time,
    )
    say("SQLite: load of a meter, all days", ours, own)
    print(f"{'        a row a reading':<58}{plain:>9.1f} ms {plain / ours:>21.1f} x ours   mark 10")
    rows.close()

    many = SqliteSeries(folder / "many.sqlite")
    fill(many, MANY, 3)
    since, until = T0 + DAY, T0 + 2 * DAY
    ours, own = turns(
        lambda: [many.load(meter, since, until) for meter in names(MANY)],
        lambda: [_own(many, meter, since, until) for meter in names(MANY)],
        clock=time.process_time,
    )
    say(f"SQLite: load of {MANY} meters, one day", ours, own)
    many.close()
    series.close()


def _own(series: SqliteSeries, meter: str, since: int, until: int) -> list[Block]:
    query = "SELECT day, body FROM day WHERE meter = ? AND kind = 'load' AND day BETWEEN ? AND ? ORDER BY day"
    pages = series._connection.execute(query, (meter, (since + 1) // DAY, until // DAY)).fetchall()
    return [block for _, body in pages for block in unpack(body)]


def _plain(path: Path, meters: int, days: int) -> sqlite3.Connection:
    """A row a reading, as they arrive: each half-hour all meters."""
    rows = sqlite3.connect(path)
    rows.execute("PRAGMA journal_mode=WAL")
    rows.execute(
        "CREATE TABLE reading (meter TEXT, kind TEXT, time INTEGER, span INTEGER, q INTEGER, "
        "ap INTEGER, am INTEGER, rp INTEGER, rm INTEGER)"
    )
    for number in range(days):
        of_day = [day_of(meter, number)[:48] for meter in names(meters)]
        rows.executemany(
            "INSERT INTO reading VALUES (?, 'load', ?, ?, ?, ?, ?, ?, ?)",
            [
                (row.meter, row.end, row.span, row.quality, *row.values.values())
                for slot in zip(*of_day, strict=True)
                for row in slot
                if isinstance(row, LoadRow)
            ],
        )
        rows.commit()
    rows.execute("CREATE INDEX reading_meter_time ON reading (meter, kind, time)")
    rows.commit()
    return rows


def _of_plain(rows: sqlite3.Connection, meter: str, since: int, until: int) -> list[LoadRow]:
    query = (
        "SELECT time, span, q, ap, am, rp, rm FROM reading WHERE meter = ? AND kind = 'load' AND time > ? AND time <= ?"
    )
    return [
        LoadRow(meter, end, span, quality, dict(zip(LOAD_FIELDS, values, strict=True)))
        for end, span, quality, *values in rows.execute(query + " ORDER BY time", (meter, since, until))
    ]


def _size(path: Path) -> int:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return os.path.getsize(path)


def _influx(server: InfluxDB, days: int) -> None:
    make_admin(server.port)
    url = f"http://127.0.0.1:{server.port}"
    series = InfluxSeries(url, "uchet", username=ADMIN, password=ADMIN, timeout=60)
    speed = fill(series, 1, days)
    fill(series, MANY, 3)
    print(f"InfluxDB 1.6: {speed:,.0f} rows/s written")
    pool = urllib3.PoolManager()
    header = {"Authorization": f"Basic {base64.b64encode(f'{ADMIN}:{ADMIN}'.encode()).decode()}"}

    def bare(meter: str, since: int, until: int) -> int:
        query = f"{_select(Kind.LOAD, since, until)} AND meter = '{meter}'"
        fields = {"db": "uchet", "epoch": "ms", "q": query}
        answer = pool.request("POST", f"{url}/query", headers=header, fields=fields, encode_multipart=False)
        return len(json.loads(answer.data)["results"][0]["series"][0]["values"])

    meter, until = names(1)[0], T0 + days * DAY
    assert len(series.load(meter, T0, until)) == bare(meter, T0, until) == days * 48
    ours, own = turns(lambda: series.load(meter, T0, until), lambda: bare(meter, T0, until))
    say("InfluxDB: load of a meter, all days", ours, own)
    since, until = T0 + DAY, T0 + 2 * DAY
    ours, own = turns(
        lambda: [series.load(meter, since, until) for meter in names(MANY)],
        lambda: [bare(meter, since, until) for meter in names(MANY)],
    )
    say(f"InfluxDB: load of {MANY} meters, one day", ours, own)
    began = time.perf_counter()
    count = sum(1 for _ in series.scan(Kind.LOAD, since, until))
    print(f"InfluxDB: scan of {MANY} meters, one day: {count / (time.perf_counter() - began):,.0f} rows/s")
    series.close()


def _copies(folder: Path, server: InfluxDB) -> None:
    """Whole ways: a backup of the file's series, that backup into an empty file, the file into InfluxDB."""
    source = SqliteSeries(folder / "series.sqlite")
    (folder / "backup").mkdir()
    began = time.perf_counter()
    files, months = saved_series.save(source, folder / "backup", None, lambda _: None)
    rows, size = sum(file.rows for file in files.values()), sum(file.bytes for file in files.values())
    print(f"backup of {rows:,} rows: {rows / (time.perf_counter() - began):,.0f} rows/s, {size / rows:.1f} bytes a row")
    manifest = Manifest(format=1, made=datetime.now(UTC), central="", program="", schema="", files=files, months=months)
    saved = saved_series.SavedSeries(folder / "backup", manifest)
    url = f"http://127.0.0.1:{server.port}"
    influx = InfluxSeries(url, "moved", username=ADMIN, password=ADMIN, timeout=60)
    for what, where, target in (
        ("backup into an empty file", saved, SqliteSeries(folder / "rebuilt.sqlite")),
        ("the file into InfluxDB", source, influx),
        ("the same again: it stands already", source, influx),
    ):
        began = time.perf_counter()
        for month in source.months():
            for kind in BILLED:
                copy(where, target, kind, *bounds(month), None)
        print(f"{what}: {rows / (time.perf_counter() - began):,.0f} rows/s", flush=True)
    began = time.perf_counter()
    lacking = sum(compare(source, influx, kind, *bounds(month)).lacking for month in source.months() for kind in BILLED)
    assert lacking == 0
    print(f"comparing both by sums: {rows / (time.perf_counter() - began):,.0f} rows/s")


if __name__ == "__main__":
    given = [int(text) for text in sys.argv[1:]]
    main(*given, *(100, 365)[len(given) :])
