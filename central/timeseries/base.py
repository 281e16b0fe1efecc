"""The time series as the house sees it: rows of a meter in, rows of a meter out. Two stores, one suite tests both.

    load,meter=…          ap am rp rm span q        energy of an interval, integer mWh / mvarh; time = its END
    register,meter=…,kind=daily|monthly|now  ap0…ap8 am0… rp0… rm0… q
    live,meter=…          u_a i_a … p q s pf f      floats
Times are seconds UTC, ranges are since < time <= until. Writing the same row again changes nothing; the same stamp
with other fields merges per field. A row whose quality says REPEATED stands beside the one with the same stamp
(`repeat` = 1, 2, …: n ms later in the series).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from protocol.reading import Kind


class SeriesError(Exception):
    """Root of what a store raises."""


class SeriesUnavailable(SeriesError):
    """The store did not answer, or said that it cannot now: try the same rows again later."""


class SeriesRefused(SeriesError):
    """The store will never take this row (type conflict, out of retention): a defect; quarantine it, raise an alarm."""


@dataclass(frozen=True, slots=True)
class LoadRow:
    meter: str
    end: int
    span: int
    quality: int
    values: Mapping[str, int]  # by field: ap am rp rm; a field that is not there was not measured
    repeat: int = 0


@dataclass(frozen=True, slots=True)
class RegisterRow:
    meter: str
    time: int
    kind: Kind  # daily | monthly | now
    quality: int
    values: Mapping[str, int]  # by field: ap0 … rm8
    repeat: int = 0


@dataclass(frozen=True, slots=True)
class LiveRow:
    meter: str
    time: int
    values: Mapping[str, float]  # by field: u_a …


class Series(Protocol):
    def write(self, rows: Sequence[LoadRow | RegisterRow | LiveRow]) -> None:
        """Returns when the store holds all of them. Raises SeriesUnavailable, SeriesRefused."""

    def load(self, meter: str, since: int, until: int) -> list[LoadRow]: ...

    def registers(self, meter: str, kinds: Sequence[Kind], since: int, until: int) -> list[RegisterRow]:
        """Oldest first, of any of these kinds."""

    def last_register(self, meter: str, kinds: Sequence[Kind], until: int) -> RegisterRow | None:
        """The newest at or before `until`."""

    def live(self, meter: str, since: int, until: int) -> list[LiveRow]: ...

    def erase(self) -> None:
        """Wipe everything: the projection is about to be rebuilt."""

    def close(self) -> None: ...
