"""The time series in one SQLite file: for an installation of up to about a thousand points.

Packed: one row of the table is all that a meter has of one kind and one UTC day, as compressed MessagePack. A day is
read, merged and written whole, in one transaction with synchronous=FULL: what `write` returned for survives a power
cut. Live values are kept for 90 days, everything else for ever.
"""

import sqlite3
import threading
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from central.timeseries.base import LiveRow, LoadRow, RegisterRow, SeriesUnavailable
from central.timeseries.rows import AnyRow, check
from protocol.reading import Kind

DAY = 86_400
LIVE_DAYS = 90
_LIVE = "live"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS day (
    meter TEXT, kind TEXT, day INTEGER, body BLOB NOT NULL, PRIMARY KEY (meter, kind, day)
) WITHOUT ROWID
"""


class _Cell(NamedTuple):
    """One row inside a day; `second` of the day."""

    second: int
    repeat: int
    span: int
    quality: int
    values: dict[str, int | float]


_Key = tuple[str, str, int]  # meter, kind, day
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[_Cell])


class SqliteSeries:
    """A `Series`. The file is opened when it is needed; threads may share it: each has its own connection."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._own = threading.local()
        self._all: list[sqlite3.Connection] = []

    @property
    def _connection(self) -> sqlite3.Connection:
        found: sqlite3.Connection | None = getattr(self._own, "connection", None)
        if found is None:
            found = sqlite3.connect(self._path, timeout=30, isolation_level=None, check_same_thread=False)
            found.execute("PRAGMA journal_mode=WAL")
            found.execute("PRAGMA synchronous=FULL")
            found.execute(_SCHEMA)
            self._own.connection = found
            self._all.append(found)
        return found

    def write(self, rows: Sequence[AnyRow]) -> None:
        check(rows)
        pages: dict[_Key, list[_Cell]] = defaultdict(list)
        for row in rows:
            kind, cell = _cell(row)
            pages[row.meter, kind, cell.second // DAY].append(cell._replace(second=cell.second % DAY))
        if not pages:
            return
        with _translated():
            connection = self._connection
            connection.execute("BEGIN IMMEDIATE")
            try:
                for key, cells in pages.items():
                    self._merge(connection, key, cells)
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.rollback()

    @staticmethod
    def _merge(connection: sqlite3.Connection, key: _Key, cells: list[_Cell]) -> None:
        found = connection.execute("SELECT body FROM day WHERE (meter, kind, day) = (?, ?, ?)", key).fetchone()
        page = {(cell.second, cell.repeat): cell for cell in _unpack(found[0])} if found else {}
        for cell in cells:
            before = page.get((cell.second, cell.repeat))
            page[cell.second, cell.repeat] = cell._replace(values={**before.values, **cell.values}) if before else cell
        body = zlib.compress(_encoder.encode([page[place] for place in sorted(page)]), 1)
        connection.execute("INSERT OR REPLACE INTO day VALUES (?, ?, ?, ?)", (*key, body))
        meter, kind, day = key
        if kind == _LIVE and not found:
            connection.execute(
                "DELETE FROM day WHERE meter = ? AND kind = ? AND day < ?", (meter, kind, day - LIVE_DAYS)
            )

    def load(self, meter: str, since: int, until: int) -> list[LoadRow]:
        return [
            LoadRow(meter, time, cell.span, cell.quality, _whole(cell), cell.repeat)
            for time, cell in self._cells(meter, Kind.LOAD, since, until)
        ]

    def registers(self, meter: str, kinds: Sequence[Kind], since: int, until: int) -> list[RegisterRow]:
        rows = [
            RegisterRow(meter, time, kind, cell.quality, _whole(cell), cell.repeat)
            for kind in kinds
            for time, cell in self._cells(meter, kind, since, until)
        ]
        return sorted(rows, key=lambda row: (row.time, row.repeat, row.kind))

    def last_register(self, meter: str, kinds: Sequence[Kind], until: int) -> RegisterRow | None:
        newest = [row for kind in kinds if (row := self._last(meter, kind, until)) is not None]
        return max(newest, key=lambda row: (row.time, row.repeat, row.kind), default=None)

    def _last(self, meter: str, kind: Kind, until: int) -> RegisterRow | None:
        query = "SELECT day FROM day WHERE meter = ? AND kind = ? AND day <= ? ORDER BY day DESC LIMIT 2"
        with _translated():  # the newest day may hold only rows after `until`, the one before holds none
            days = self._connection.execute(query, (meter, kind.value, until // DAY)).fetchall()
        for (day,) in days:
            if rows := self.registers(meter, [kind], day * DAY - 1, until):
                return rows[-1]
        return None

    def live(self, meter: str, since: int, until: int) -> list[LiveRow]:
        found = self._cells(meter, _LIVE, since, until)
        return [
            LiveRow(meter, time, {name: float(value) for name, value in cell.values.items()}) for time, cell in found
        ]

    def erase(self) -> None:
        with _translated():
            self._connection.execute("DELETE FROM day")

    def close(self) -> None:
        """The connections of all threads: nobody may use it any more."""
        for connection in self._all:
            connection.close()
        self._all.clear()
        self._own = threading.local()

    def _cells(self, meter: str, kind: str, since: int, until: int) -> Iterator[tuple[int, _Cell]]:
        """Time and cell with since < time <= until, oldest first."""
        query = "SELECT day, body FROM day WHERE meter = ? AND kind = ? AND day BETWEEN ? AND ? ORDER BY day"
        with _translated():
            days = self._connection.execute(query, (meter, str(kind), (since + 1) // DAY, until // DAY)).fetchall()
            pages = [(day * DAY, _unpack(body)) for day, body in days]
        for start, page in pages:
            for cell in page:
                if since < start + cell.second <= until:
                    yield start + cell.second, cell


def _cell(row: AnyRow) -> tuple[str, _Cell]:
    """Kind of the page and the cell, whose `second` still counts from 1970."""
    values: dict[str, int | float] = dict(row.values)
    match row:
        case LoadRow():
            return Kind.LOAD.value, _Cell(row.end, row.repeat, row.span, row.quality, values)
        case RegisterRow():
            return row.kind.value, _Cell(row.time, row.repeat, 0, row.quality, values)
        case LiveRow():
            return _LIVE, _Cell(row.time, 0, 0, 0, values)


def _unpack(body: bytes) -> list[_Cell]:
    return _decoder.decode(zlib.decompress(body))


def _whole(cell: _Cell) -> dict[str, int]:
    return {name: int(value) for name, value in cell.values.items()}


@contextmanager
def _translated() -> Iterator[None]:
    """Whatever SQLite says, the rows are still where they came from: later is another chance."""
    try:
        yield
    except (sqlite3.Error, zlib.error, msgspec.DecodeError) as error:
        raise SeriesUnavailable(f"SQLite: {error}") from error
