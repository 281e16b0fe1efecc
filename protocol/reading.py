"""A reading as it goes through the whole house: rows of integers with a stamp, a span and quality bits.

The edge makes them, the journal and MQTT carry them, central stores them. Energy is integer mWh or mvarh. Times are
seconds since 1970 UTC: a meter's own clock is turned into UTC once, where the meter is read.
"""

from dataclasses import dataclass
from enum import IntFlag, StrEnum


class Kind(StrEnum):
    """What an archive row is: DESIGN «MQTT contract», `kind`."""

    LOAD = "load"  # energy of an interval
    DAILY = "daily"  # registers frozen at the start of a day
    MONTHLY = "monthly"  # registers frozen at the billing date
    NOW = "now"  # registers at the moment of asking


class Quality(IntFlag):
    """Quality bits of a row; 0 = nothing to say against it."""

    POWER_OFF = 1
    PARTIAL = 2  # span < period
    CATCH_UP = 4  # span > period
    COMPUTED = 8  # made by the edge, not by the meter
    METER_CLOCK = 16  # meter's clock doubtful
    EDGE_CLOCK = 32  # edge's clock untrusted
    FILLED = 64  # filled by the meter after an outage
    REPEATED = 128  # stamp repeated (clock set back): another interval, both count


@dataclass(frozen=True, slots=True)
class Row:
    """`end` = stamp, seconds UTC; `span` = seconds covered, 0 for a register or when unknown."""

    end: int
    span: int
    quality: int
    values: tuple[int | None, ...]  # one a column; None = the meter says «not measured»


@dataclass(frozen=True, slots=True)
class Readings:
    """Rows of one meter and kind; `columns` are names of `protocol.quantities`."""

    kind: Kind
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a meter's journal (ГОСТ Р 58940-2020, table Д.10). `journal` = e of 0.0.99.98.e.255.

    `uptime` = the meter's running time in seconds (0.0.96.8.0.255) or None; with it the same second stays two events.
    """

    time: int
    journal: int
    code: int
    uptime: int | None = None
