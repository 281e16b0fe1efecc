"""Rows from one store into another, and whether two stores hold the same: move, rebuild and restore stand on it.

Both go month by month and kind by kind, meter by meter, in bounded memory. A day of a meter whose count and sum are the
same on both sides is left alone, so what broke off half way goes on where it stopped.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol

from central.timeseries.base import DAY, LIVE, AnyRow, DaySum, Series, stamp, wrapped

BATCH = 5000  # rows a write


class Source(Protocol):
    """What can be copied from: a `Series`, or the months of a backup."""

    def months(self) -> dict[str, str]: ...

    def scan(self, kind: str, since: int, until: int) -> Iterator[AnyRow]: ...


@dataclass(slots=True)
class Copied:
    """Days of meters that were the same on both sides, and what was written of the others."""

    same: int = 0
    days: int = 0
    rows: int = 0


class Around(Protocol):
    """What goes with the rows: told before each batch is written, and after it."""

    def before(self, rows: Sequence[AnyRow]) -> None: ...

    def after(self, rows: Sequence[AnyRow]) -> None: ...


class Nothing:
    """Only the rows."""

    def before(self, rows: Sequence[AnyRow]) -> None:
        """Nothing to do."""

    def after(self, rows: Sequence[AnyRow]) -> None:
        """Nothing to do."""


def copy(
    source: Source, target: Series, kind: str, since: int, until: int, around: Around | None, dry_run: bool = False
) -> Copied:
    """Days that differ, whole. Raises SeriesUnavailable, SeriesRefused, and what the source raises."""
    copied, waiting = Copied(), list[AnyRow]()
    standing = _Standing(target.sums(kind, since, until))
    around = around or Nothing()

    def write() -> None:
        around.before(waiting)
        target.write(waiting)
        around.after(waiting)
        waiting.clear()

    for found, rows in _days(source.scan(kind, since, until), kind):
        if standing.of(found.meter).get(found.day) == found:
            copied.same += 1
            continue
        copied.days += 1
        copied.rows += len(rows)
        if not dry_run:
            waiting += rows
            if len(waiting) >= BATCH:
                write()
    if waiting:
        write()
    return copied


@dataclass(slots=True)
class Compared:
    """Rows and their sum on both sides; `lacking` = meters and days of which there are fewer there, or others."""

    rows: int = 0
    total: int = 0
    there: int = 0
    total_there: int = 0
    lacking: int = 0


def compare(source: Series, target: Series, kind: str, since: int, until: int) -> Compared:
    """What the source has against what the target has. Raises SeriesUnavailable."""
    found = Compared()
    standing = _Standing(target.sums(kind, since, until))
    for here in source.sums(kind, since, until):
        there = standing.of(here.meter).get(here.day)
        found.rows += here.rows
        found.total = wrapped(found.total + here.total)
        if there is None or there.rows < here.rows or (there.rows == here.rows and there.total != here.total):
            found.lacking += 1
    found.there, found.total_there = standing.all()
    return found


class _Standing:
    """The sums of a store beside those of another, while both go through the meters in the order of names."""

    def __init__(self, sums: Iterator[DaySum]) -> None:
        self._meters = groupby(self._counted(sums), key=lambda found: found.meter)
        self._meter = ""
        self._days: dict[int, DaySum] = {}
        self._rows = self._total = 0

    def of(self, meter: str) -> dict[int, DaySum]:
        """By day; of a meter that is not before the last one asked for."""
        while self._meter < meter:
            self._meter, days = next(self._meters, (_NO_MORE, iter(())))
            self._days = {found.day: found for found in days}
        return self._days if self._meter == meter else {}

    def all(self) -> tuple[int, int]:
        """Rows and their sum, of everything."""
        self.of(_NO_MORE)
        return self._rows, self._total

    def _counted(self, sums: Iterator[DaySum]) -> Iterator[DaySum]:
        for found in sums:
            self._rows += found.rows
            self._total = wrapped(self._total + found.total)
            yield found


_NO_MORE = "~"  # after every name


def _days(rows: Iterator[AnyRow], kind: str) -> Iterator[tuple[DaySum, list[AnyRow]]]:
    for (meter, day), found in groupby(rows, key=lambda row: (row.meter, stamp(row) // DAY)):
        of_day = list(found)
        values = 0 if kind == LIVE else wrapped(int(sum(sum(row.values.values()) for row in of_day)))
        yield DaySum(meter, day, len(of_day), values), of_day


Say = Callable[[str], None]  # progress, one line
