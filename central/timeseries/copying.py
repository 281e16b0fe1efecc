"""Rows from one store into another, and whether two stores hold the same: move, rebuild and restore stand on it.

Both go month by month and kind by kind, meter by meter, in bounded memory. A row that stands in the target already is
not written again, so what broke off half way goes on where it stopped.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Generic, Protocol, TypeVar

from central.timeseries.base import DAY, AnyRow, LiveRow, Series, stamp, wrapped

BATCH = 5000  # rows a write

Say = Callable[[str], None]  # progress, one line


class Source(Protocol):
    """What can be copied from: a `Series`, or the months of a backup."""

    def months(self) -> dict[str, str]: ...

    def scan(self, kind: str, since: int, until: int) -> Iterator[AnyRow]: ...


class Around(Protocol):
    """What goes with the rows: told before each batch is written, and after it."""

    def before(self, rows: Sequence[AnyRow]) -> None: ...

    def after(self, rows: Sequence[AnyRow]) -> None: ...


@dataclass(slots=True)
class Copied:
    """Rows: those that stood already, and those that were written, of so many days of meters."""

    same: int = 0
    rows: int = 0
    days: int = 0


def copy(
    source: Source, target: Series, kind: str, since: int, until: int, around: Around | None, dry_run: bool = False
) -> Copied:
    """Same stamp, other value: the source's is what stands afterwards. Fields that only the target has stay.

    Raises SeriesUnavailable, SeriesRefused, and what the source raises.
    """
    copied, waiting = Copied(), list[AnyRow]()
    standing = _Beside(_by_day(target.scan(kind, since, until)))

    def write() -> None:
        if around:
            around.before(waiting)
        target.write(waiting)
        if around:
            around.after(waiting)
        waiting.clear()

    for place, rows in _by_day(source.scan(kind, since, until)):
        there = {_key(row): row for row in standing.at(place) or ()}
        new = [row for row in rows if not _holds(there.get(_key(row)), row)]
        copied.same += len(rows) - len(new)
        copied.rows += len(new)
        copied.days += bool(new)
        if not dry_run:
            waiting += new
            if len(waiting) >= BATCH:
                write()
    if waiting:
        write()
    return copied


@dataclass(slots=True)
class Compared:
    """Rows and their sum on both sides; `lacking` = days of meters of which there are fewer there, or others."""

    rows: int = 0
    total: int = 0
    there: int = 0
    total_there: int = 0
    lacking: int = 0


def compare(source: Series, target: Series, kind: str, since: int, until: int) -> Compared:
    """What the source has against what the target has, by the sums of days. Raises SeriesUnavailable."""
    found = Compared()

    def counted() -> Iterator[tuple[Place, tuple[int, int]]]:
        for meter, day, rows, total in target.sums(kind, since, until):
            found.there += rows
            found.total_there = wrapped(found.total_there + total)
            yield (meter, day), (rows, total)

    standing = _Beside(counted())
    for meter, day, rows, total in source.sums(kind, since, until):
        found.rows += rows
        found.total = wrapped(found.total + total)
        there, total_there = standing.at((meter, day)) or (0, 0)
        if there < rows or (there == rows and total_there != total):
            found.lacking += 1
    standing.at(_END)
    return found


Place = tuple[str, int]  # meter, day
T = TypeVar("T")
_END: Place = ("~", 0)  # after every meter


class _Beside(Generic[T]):
    """What one store has, place by place, while another is gone through in the same order."""

    def __init__(self, found: Iterator[tuple[Place, T]]) -> None:
        self._found = found
        self._place: Place = ("", 0)
        self._value: T | None = None

    def at(self, place: Place) -> T | None:
        """Of a place that does not come before the last one asked for."""
        while self._place < place:
            self._place, self._value = next(self._found, (_END, None))
        return self._value if self._place == place else None


def _by_day(rows: Iterator[AnyRow]) -> Iterator[tuple[Place, list[AnyRow]]]:
    for place, found in groupby(rows, key=lambda row: (row.meter, stamp(row) // DAY)):
        yield place, list(found)


def _key(row: AnyRow) -> tuple[int, int]:
    return stamp(row), 0 if isinstance(row, LiveRow) else row.repeat


def _holds(there: AnyRow | None, row: AnyRow) -> bool:
    """All of the row stands there; there may be further fields."""
    if there is None or there == row:
        return there is not None
    values: Mapping[str, float] = there.values
    return _beside(there) == _beside(row) and all(values.get(name) == value for name, value in row.values.items())


def _beside(row: AnyRow) -> tuple[int, ...]:
    """What a row has besides its values."""
    return tuple(getattr(row, name, 0) for name in ("span", "quality"))
