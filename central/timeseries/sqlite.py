"""The time series in one SQLite file: for an installation of up to about a thousand points.

One row of the table is all that a meter has of one kind and one UTC day (`pages.py`). A day is read, merged and written
whole, in one transaction with synchronous=FULL: what `write` returned for survives a power cut. Live values are kept
for 90 days unless told otherwise, everything else for ever.
"""

import json
import os
import sqlite3
import threading
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import repeat
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import NamedTuple

from central.timeseries.base import (
    DAY,
    LATEST,
    LIVE,
    LIVE_DAYS,
    AnyRow,
    Column,
    DaySum,
    LiveRow,
    LoadRow,
    RegisterRow,
    SeriesUnavailable,
    Track,
    stamp,
    wrapped,
)
from central.timeseries.months import month_of
from central.timeseries.pages import Block, Cell, Damaged, cells, column, columns, pack, unpack
from central.timeseries.rows import check
from protocol.reading import Kind

_SCHEMA = """
CREATE TABLE IF NOT EXISTS day (
    meter TEXT, kind TEXT, day INTEGER, body BLOB NOT NULL, PRIMARY KEY (meter, kind, day)
) WITHOUT ROWID
"""
# a mark begins anywhere, so that those of another file mean nothing here, and then counts the writes
_MONTHS = "CREATE TABLE month (month TEXT PRIMARY KEY, mark INTEGER NOT NULL) WITHOUT ROWID"
_FIRST_MONTHS = """
INSERT INTO month SELECT month, random() / 2 FROM
    (SELECT DISTINCT strftime('%Y-%m', day * 86400, 'unixepoch') AS month FROM day WHERE kind != 'live')
"""
_CHANGED = "INSERT INTO month VALUES (?, random() / 2) ON CONFLICT DO UPDATE SET mark = mark + 1"

_ORDER = attrgetter("time", "repeat", "kind")  # of registers of several kinds
_Key = tuple[str, str, int]  # meter, kind, day


class _Open(NamedTuple):
    """A connection, and which file it is to."""

    connection: sqlite3.Connection
    inode: int


class SqliteSeries:
    """A `Series`. The file is opened when it is needed; threads may share it: each has its own connection."""

    def __init__(self, path: Path, live_days: int = LIVE_DAYS) -> None:
        self._path = path
        self._live_days = live_days
        self._own = threading.local()
        self._all: list[sqlite3.Connection] = []

    @property
    def _connection(self) -> sqlite3.Connection:
        """Raises sqlite3.Error, also when the file was taken away: what it took would be lost with it, unseen."""
        found: _Open | None = getattr(self._own, "open", None)
        if found is None:
            connection = sqlite3.connect(self._path, timeout=30, isolation_level=None, check_same_thread=False)
            self._all.append(connection)
            _prepare(connection)
            found = self._own.open = _Open(connection, self._inode())
        elif found.inode != self._inode():
            raise sqlite3.OperationalError(f"{self._path} was taken away: start this program again")
        return found.connection

    def _inode(self) -> int:
        try:
            return os.stat(self._path).st_ino
        except OSError:
            return 0

    def write(self, rows: Sequence[AnyRow]) -> None:
        check(rows)
        pages: dict[_Key, list[Cell]] = defaultdict(list)
        for row in rows:
            kind, cell = _cell(row)
            pages[row.meter, kind, cell.second // DAY].append(cell._replace(second=cell.second % DAY))
        if not pages:
            return
        with self._asked() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                for key, new in pages.items():
                    self._merge(connection, key, new)
                months = {month_of(day * DAY) for _, kind, day in pages if kind != LIVE}
                connection.executemany(_CHANGED, [(month,) for month in sorted(months)])
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.rollback()

    def _merge(self, connection: sqlite3.Connection, key: _Key, new: list[Cell]) -> None:
        found = connection.execute("SELECT body FROM day WHERE (meter, kind, day) = (?, ?, ?)", key).fetchone()
        page = cells(found[0]) if found else {}
        for cell in new:
            before = page.get((cell.second, cell.repeat))
            page[cell.second, cell.repeat] = cell._replace(values={**before.values, **cell.values}) if before else cell
        body = pack([page[place] for place in sorted(page)])
        connection.execute("INSERT OR REPLACE INTO day VALUES (?, ?, ?, ?)", (*key, body))
        meter, kind, day = key
        if kind == LIVE and not found:
            old = "DELETE FROM day WHERE meter = ? AND kind = ? AND day < ?"
            connection.execute(old, (meter, kind, day - self._live_days))

    def load(self, meter: str, since: int, until: int) -> list[LoadRow]:
        return self._rows(meter, Kind.LOAD, since, until)  # type: ignore[return-value]

    def column(self, meter: str, field: str, since: int, until: int) -> Column:
        ends: list[int] = []
        others: tuple[list[int], list[int], list[int]] = ([], [], [])
        with self._asked() as connection:
            for day, body in _days(connection, meter, Kind.LOAD, since, until):
                blocks = column(body, field)
                if len(blocks) > 1:  # rows of one day that have other fields are not in the order of time
                    rows = sorted((row for block in blocks for row in zip(*block, strict=True)), key=itemgetter(0))
                    blocks = [tuple(zip(*rows, strict=True))]
                for second, *rest in blocks:
                    ends += [day * DAY + one for one in second]
                    for found, its in zip(others, rest, strict=True):
                        found += its
        first, last = bisect_right(ends, since), bisect_right(ends, until)
        return Column(ends[first:last], *(one[first:last] for one in others))

    def registers(self, meter: str, kinds: Sequence[Kind], since: int, until: int) -> list[RegisterRow]:
        rows: list[RegisterRow] = []
        for kind in kinds:
            rows += self._rows(meter, kind, since, until)  # type: ignore[arg-type]
        return rows if len(kinds) == 1 else sorted(rows, key=_ORDER)

    def registers_at(self, meters: Collection[str], kinds: Sequence[Kind], moment: int) -> dict[str, list[RegisterRow]]:
        query = (
            "SELECT meter, kind, body FROM day WHERE day = ? AND kind IN (SELECT value FROM json_each(?)) "
            "AND meter IN (SELECT value FROM json_each(?))"
        )
        found: dict[str, list[RegisterRow]] = defaultdict(list)
        with self._asked() as connection:
            asked = moment // DAY, json.dumps(list(kinds)), json.dumps(sorted(meters))
            for meter, kind, body in connection.execute(query, asked).fetchall():
                rows = _page(meter, kind, moment // DAY * DAY, unpack(body), moment - 1, moment)
                found[meter] += rows  # type: ignore[arg-type]
        return {meter: sorted(rows, key=_ORDER) for meter, rows in found.items() if rows}

    def last_register(self, meter: str, kinds: Sequence[Kind], until: int) -> RegisterRow | None:
        newest = [row for kind in kinds if (row := self._last(meter, kind, until)) is not None]
        return max(newest, key=_ORDER, default=None)  # type: ignore[return-value]

    def live(self, meter: str, since: int, until: int) -> list[LiveRow]:
        return self._rows(meter, LIVE, since, until)  # type: ignore[return-value]

    def last_live(self, meter: str, until: int) -> list[LiveRow]:
        rows: list[AnyRow] = []
        query = "SELECT day, body FROM day WHERE meter = ? AND kind = ? AND day <= ? ORDER BY day DESC"
        with self._asked() as connection:
            for day, body in connection.execute(query, (meter, LIVE, until // DAY)):
                rows[:0] = _page(meter, LIVE, day * DAY, unpack(body), -1, until)
                if len(rows) >= LATEST:
                    break
        return rows[-LATEST:]  # type: ignore[return-value]

    def tracks(self, meter: str, fields: Collection[str], since: int, until: int) -> dict[str, Track]:
        found = {field: Track([], []) for field in fields}
        with self._asked() as connection:
            for day, body in _days(connection, meter, LIVE, since, until):
                blocks = columns(body, found.keys())
                begun = {field: len(track.times) for field, track in found.items()}
                for seconds, values in blocks:
                    stamps = [day * DAY + second for second in seconds]
                    first, last = bisect_right(stamps, since), bisect_right(stamps, until)
                    if last - first < len(stamps):
                        stamps = stamps[first:last]
                        values = {field: column[first:last] for field, column in values.items()}
                    for field, column in values.items():
                        found[field].times.extend(stamps)
                        found[field].values.extend(column)
                if len(blocks) > 1:  # rows of one day that have other fields are not in the order of time
                    for field, track in found.items():
                        _put_in_order(track, begun[field])
        return {field: track for field, track in found.items() if track.times}

    def months(self) -> dict[str, str]:
        with self._asked() as connection:
            return {month: str(mark) for month, mark in connection.execute("SELECT * FROM month ORDER BY month")}

    def newest(self, kind: str, until: int) -> dict[str, int]:
        lasts = ((meter, self._last(meter, kind, until)) for meter in self._meters())
        return {meter: stamp(row) for meter, row in lasts if row is not None}

    def scan(self, kind: str, since: int, until: int) -> Iterator[AnyRow]:
        for meter in self._meters():
            yield from self._rows(meter, kind, since, until)

    def sums(self, kind: str, since: int, until: int, meter: str | None = None) -> Iterator[DaySum]:
        for name in self._meters() if meter is None else [meter]:
            days: dict[int, list[AnyRow]] = defaultdict(list)
            for row in self._rows(name, kind, since, until):
                days[stamp(row) // DAY].append(row)
            for day, rows in days.items():
                values = 0 if kind == LIVE else sum(sum(row.values.values()) for row in rows)
                yield DaySum(name, day, len(rows), wrapped(int(values)))

    def erase(self) -> None:
        with self._asked() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("DELETE FROM day")
            connection.execute("DELETE FROM month")
            connection.execute("COMMIT")

    def close(self) -> None:
        """The connections of all threads: nobody may use it any more."""
        for connection in self._all:
            connection.close()
        self._all.clear()
        self._own = threading.local()

    @contextmanager
    def _asked(self) -> Iterator[sqlite3.Connection]:
        """Whatever SQLite says, the rows are still where they came from: later is another chance."""
        try:
            yield self._connection
        except (sqlite3.Error, Damaged) as error:
            raise SeriesUnavailable(f"SQLite: {error}") from error

    def _meters(self) -> Iterator[str]:
        """By seeking from each to the next: the table is large, its meters are few."""
        after: str | None = ""
        while True:
            with self._asked() as connection:
                (after,) = connection.execute("SELECT min(meter) FROM day WHERE meter > ?", (after,)).fetchone()
            if after is None:
                return
            yield after

    def _rows(self, meter: str, kind: str, since: int, until: int) -> list[AnyRow]:
        """since < time <= until, oldest first."""
        rows: list[AnyRow] = []
        with self._asked() as connection:
            for day, body in _days(connection, meter, kind, since, until):
                rows += _page(meter, kind, day * DAY, unpack(body), since, until)
        return rows

    def _last(self, meter: str, kind: str, until: int) -> AnyRow | None:
        query = "SELECT day FROM day WHERE meter = ? AND kind = ? AND day <= ? ORDER BY day DESC LIMIT 2"
        with self._asked() as connection:  # the newest day may hold only rows after `until`, the one before holds none
            days = connection.execute(query, (meter, kind, until // DAY)).fetchall()
        for (day,) in days:
            if rows := self._rows(meter, kind, day * DAY - 1, until):
                return rows[-1]
        return None


def _prepare(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(_SCHEMA)
    there = "SELECT 1 FROM sqlite_master WHERE name = 'month'"
    if connection.execute(there).fetchone():
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        if not connection.execute(there).fetchone():
            connection.execute(_MONTHS)
            connection.execute(_FIRST_MONTHS)
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.rollback()


def _days(connection: sqlite3.Connection, meter: str, kind: str, since: int, until: int) -> list[tuple[int, bytes]]:
    """Pages that may hold a row in since < time <= until, the oldest first."""
    query = "SELECT day, body FROM day WHERE meter = ? AND kind = ? AND day BETWEEN ? AND ? ORDER BY day"
    return connection.execute(query, (meter, kind, (since + 1) // DAY, until // DAY)).fetchall()


def _put_in_order(track: Track, begun: int) -> None:
    """From this place on."""
    pairs = sorted(zip(track.times[begun:], track.values[begun:], strict=True))
    track.times[begun:] = [time for time, _ in pairs]
    track.values[begun:] = [value for _, value in pairs]


def _cell(row: AnyRow) -> tuple[str, Cell]:
    """Kind of the page and the cell, whose `second` still counts from 1970."""
    match row:
        case LoadRow():
            return Kind.LOAD.value, Cell(row.end, row.repeat, row.span, row.quality, row.values)
        case RegisterRow():
            return row.kind.value, Cell(row.time, row.repeat, 0, row.quality, row.values)
        case LiveRow():
            return LIVE, Cell(row.time, 0, 0, 0, row.values)


def _page(meter: str, kind: str, start: int, blocks: Sequence[Block], since: int, until: int) -> Iterable[AnyRow]:
    """The rows of a page in since < time <= until, oldest first."""
    if len(blocks) == 1:
        return _made(meter, kind, start, blocks[0], since, until)
    rows = [row for block in blocks for row in _made(meter, kind, start, block, since, until)]
    return sorted(rows, key=lambda row: (stamp(row), 0 if isinstance(row, LiveRow) else row.repeat))


def _made(meter: str, kind: str, start: int, block: Block, since: int, until: int) -> Iterable[AnyRow]:
    stamps = [start + second for second in block.second]  # in order
    again, span, quality, values = block.repeat, block.span, block.quality, block.dicts
    if start <= since or start + DAY - 1 > until:
        first, last = bisect_right(stamps, since), bisect_right(stamps, until)
        stamps, values = stamps[first:last], values[first:last]
        again, span, quality = again[first:last], span[first:last], quality[first:last]
    if kind == Kind.LOAD:
        return map(LoadRow, repeat(meter), stamps, span, quality, values, again)
    if kind == LIVE:
        return map(LiveRow, repeat(meter), stamps, values)
    return map(RegisterRow, repeat(meter), stamps, repeat(Kind(kind)), quality, values, again)
