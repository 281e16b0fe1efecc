"""Buffers of profiles (class 7) to rows, fast: rows of one byte layout are unpacked by one compiled struct.

Energy becomes integer mWh or mvarh by the column's own scaler, exactly. Where the scaler is finer than that, an
interval is rounded half away from zero and the rest is carried on within the meter's local day (so a read should
begin at a day's start); a register is rounded alone. null-data repeats the row above, in the clock column it means
«one period later». All ones of an unsigned type mean «not measured».
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from protocol.obis import Obis
from protocol.reading import Row


class CaptureObject(NamedTuple):
    class_id: int
    obis: Obis
    attribute: int
    element: int  # «data index»: 0 = the whole attribute


NO_UNIT = 255


@dataclass(frozen=True, slots=True)
class Column:
    """A captured attribute and the scale of its numbers: value = raw · 10^scaler in `unit` (27 W, 30 Wh, 32 varh…)."""

    object: CaptureObject
    scaler: int = 0
    unit: int = NO_UNIT


class Layout:
    """The columns of a buffer, in its order. `period` = capture period in seconds, 0 for registers.

    `names`: the quantities of `Row.values`, in order: the interval and register energies of `protocol.quantities`.
    """

    names: tuple[str, ...]

    def __init__(self, columns: Sequence[Column], *, period: int = 0) -> None:
        raise NotImplementedError

    def decode(self, buffer: bytes, *, offset: int) -> list[Row]:
        """Rows of an encoded buffer; `offset` = minutes east of UTC of the meter's clock.

        `end` seconds UTC; `span` = the period, or less when the stamp is not on the period's grid or the row before
        ends inside this row's period (quality PARTIAL); METER_CLOCK by the status of the stamp; REPEATED when an
        earlier row has the same stamp. Raises Garbled.
        """
        raise NotImplementedError

    def table(self, buffer: bytes, *, offset: int) -> list[tuple[Any, ...]]:
        """Every column of every row: the clock as seconds UTC, the rest as sent (`axdr.plain`), null-data filled.

        For journals and for a profile of instantaneous values. Raises Garbled.
        """
        raise NotImplementedError

    def number(self, column: int, raw: float) -> float:
        """A raw number of that column in its unit."""
        raise NotImplementedError


def capture_objects(data: bytes) -> list[CaptureObject]:
    """Attribute 3 of a profile, encoded. Raises Garbled."""
    raise NotImplementedError


def scaler_unit(data: bytes) -> tuple[int, int]:
    """Attribute 3 of a register (4 of a demand register), encoded: (scaler, unit). Raises Garbled."""
    raise NotImplementedError
