"""The time series as the house sees it: rows of a meter in, rows of a meter out. Two stores, one suite tests both.

    load,meter=…          ap am rp rm span q        energy of an interval, integer mWh / mvarh; time = its END
    register,meter=…,kind=daily|monthly|now  ap0…ap8 am0… rp0… rm0… q
    live,meter=…          u_a i_a … p q s pf f      floats, kept for a shorter time
Times are seconds UTC, ranges are since < time <= until. Writing the same row again changes nothing; the same stamp
with other fields merges per field. A row whose quality says REPEATED stands beside the one with the same stamp
(`repeat` = 1, 2, …: n ms later in the series).

Whoever walks through all of it (backup, rebuild, move, audits) does so by `months`, `newest`, `scan` and `sums`.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

import msgspec

from protocol.reading import Kind

DAY = 86_400
LIVE = "live"
LIVE_DAYS = 90
LATEST = 12
BILLED = (Kind.LOAD, Kind.DAILY, Kind.MONTHLY, Kind.NOW)  # all kinds of integer rows


class SeriesError(Exception):
    """Root of what a store raises."""


class SeriesUnavailable(SeriesError):
    """The store did not answer, or said that it cannot now: try the same rows again later."""


class SeriesRefused(SeriesError):
    """The store will never take this row (type conflict, out of retention): a defect; quarantine it, raise an alarm."""


# structures of msgspec, not dataclasses: a year of a meter is 17,520 of them, made in 3 ms (12 of the 15 for the rest)


class LoadRow(msgspec.Struct, frozen=True, gc=False):
    meter: str
    end: int
    span: int
    quality: int
    values: Mapping[str, int]  # by field: ap am rp rm; a field that is not there was not measured
    repeat: int = 0


class RegisterRow(msgspec.Struct, frozen=True, gc=False):
    meter: str
    time: int
    kind: Kind  # daily | monthly | now
    quality: int
    values: Mapping[str, int]  # by field: ap0 … rm8
    repeat: int = 0


class LiveRow(msgspec.Struct, frozen=True, gc=False):
    meter: str
    time: int
    values: Mapping[str, float]  # by field: u_a …


AnyRow = LoadRow | RegisterRow | LiveRow


class Track(NamedTuple):
    """One field of live values: stamps, oldest first, and what was measured then. A row without it is not there."""

    times: list[int]
    values: list[float]


class Column(NamedTuple):
    """One field of load rows, oldest first."""

    ends: list[int]
    spans: list[int]
    qualities: list[int]
    values: list[int]


class DaySum(NamedTuple):
    """What a meter has of one kind and UTC day (of the stamp). `total` of all values, modulo 2**64; 0 for live."""

    meter: str
    day: int  # since 1970
    rows: int
    total: int


class Series(Protocol):
    def write(self, rows: Sequence[AnyRow]) -> None:
        """Returns when the store holds all of them. Raises SeriesUnavailable, SeriesRefused."""

    def load(self, meter: str, since: int, until: int) -> list[LoadRow]: ...

    def column(self, meter: str, field: str, since: int, until: int) -> Column:
        """The same of one field, of the rows that have it: a quarter of the time."""

    def registers(self, meter: str, kinds: Sequence[Kind], since: int, until: int) -> list[RegisterRow]:
        """Oldest first, of any of these kinds."""

    def registers_at(self, meters: Collection[str], kinds: Sequence[Kind], moment: int) -> dict[str, list[RegisterRow]]:
        """What these meters have of any of these kinds at exactly this moment, each with its rows as `registers` gives
        them: many meters are read by one question. A meter without a row is not in it."""

    def last_register(self, meter: str, kinds: Sequence[Kind], until: int) -> RegisterRow | None:
        """The newest at or before `until`."""

    def live(self, meter: str, since: int, until: int) -> list[LiveRow]: ...

    def last_live(self, meter: str, until: int) -> list[LiveRow]:
        """The newest LATEST rows at or before `until`, oldest first: no row needs to have all fields."""

    def tracks(self, meter: str, fields: Collection[str], since: int, until: int) -> dict[str, Track]:
        """The same as `live`, by field, of these that have a value: some thousand rows are read so in some ms."""

    def months(self) -> dict[str, str]:
        """UTC months («2026-11») that may hold billed rows, each with a mark that any later write to it changes.

        An empty mark says nothing: the month may change, or have changed, unseen.
        """

    def newest(self, kind: str, until: int) -> dict[str, int]:
        """The meters that have rows of this kind at or before `until`, each with the newest such stamp."""

    def scan(self, kind: str, since: int, until: int) -> Iterator[AnyRow]:
        """All meters' rows of one kind (a Kind or LIVE), meter by meter in the order of names, oldest first."""

    def sums(self, kind: str, since: int, until: int, meter: str | None = None) -> Iterator[DaySum]:
        """Of all meters, or of one, in the order of names and days; without a row, without a sum."""

    def erase(self) -> None:
        """Wipe everything: the projection is about to be rebuilt."""

    def close(self) -> None: ...


def wrapped(total: int) -> int:
    """A sum as a signed 64-bit machine has it."""
    return (total + 2**63) % 2**64 - 2**63


def stamp(row: AnyRow) -> int:
    """Seconds UTC."""
    return row.end if isinstance(row, LoadRow) else row.time
