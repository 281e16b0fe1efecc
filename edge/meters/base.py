"""What a meter is to the edge: how to reach it, what it can be asked, and the ways it can fail.

    MeterFault
    ├── NoAnswer         3   nothing came in time
    ├── Refused          4   the association was refused, or what was asked for
    │   └── NotGiven     4   one object was refused; the conversation goes on
    ├── WrongPassword    7   the association was refused because of the password
    ├── OtherMeter       5   the meter that answered is not the one expected
    └── Garbled          6   what came cannot be understood
The number is the exit code of `uchet-edge read`.
"""

from collections.abc import Collection
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import ClassVar, Literal, Protocol

from edge.lines.base import Line
from protocol.reading import Event, Kind, Readings


class MeterFault(Exception):
    """A meter could not be read; the message says which, what happened and what to check."""

    exit_code: ClassVar[int]


class NoAnswer(MeterFault):
    exit_code = 3


class Refused(MeterFault):
    exit_code = 4


class NotGiven(Refused):
    pass


class OtherMeter(MeterFault):
    exit_code = 5


class Garbled(MeterFault):
    exit_code = 6


class WrongPassword(MeterFault):
    exit_code = 7


@dataclass(frozen=True, slots=True)
class SpodesMeter:
    """A DLMS/COSEM meter of the СПОДЭС profile. `server` = (logical device, physical address or None)."""

    id: str  # <meter> of the topics: maker's code and serial
    line: str
    serial: str | None = None  # verified at each association when given
    link: Literal["hdlc", "wrapper"] = "hdlc"
    client: int = 32
    server: tuple[int, int | None] = (1, 16)
    password: str | None = field(default=None, repr=False)
    offset: int = 180  # minutes east of UTC that the meter's clock runs at
    period: int = 1800  # of the load profile, seconds
    timeout: float = 5.0
    retries: int = 2


@dataclass(frozen=True, slots=True)
class ModbusMeter:
    """A meter without a memory of its own: rows are computed from its registers. `template`: config/meters/."""

    id: str
    line: str
    template: str
    device: int = 1  # Modbus unit
    framing: Literal["rtu", "tcp"] = "tcp"
    serial: str | None = None
    offset: int = 180
    period: int = 1800
    timeout: float = 1.0
    retries: int = 2


Meter = SpodesMeter | ModbusMeter


@dataclass(frozen=True, slots=True)
class ClockReading:
    """`meter` = the meter's clock as UTC seconds (by its offset); `edge` = ours at the middle of the exchange."""

    meter: float
    edge: float
    doubtful: bool  # the meter itself says so

    @property
    def ahead(self) -> float:
        """Seconds by which the meter's clock is ahead of ours."""
        return self.meter - self.edge


class Driver(Protocol):
    """One open conversation with one meter. Every call raises MeterFault or LineDown. Times: seconds UTC."""

    async def passport(self) -> dict[str, str]:
        """What the meter says of itself: at least `serial`; also type, maker, version, ki, ku where it has them."""

    async def clock(self) -> ClockReading | None:
        """None for a meter without a clock."""

    async def archive(self, kind: Kind, since: int, until: int) -> Readings:
        """Rows with since < end <= until, oldest first; only columns of `protocol.quantities`."""

    async def events(self, journals: Collection[int], since: int, until: int) -> tuple[Event, ...]:
        """Lines of these journals with since < time <= until, oldest first."""

    async def now(self) -> Readings:
        """One row of kind `now`: registers at this moment."""

    async def live(self) -> dict[str, float]:
        """Instantaneous values by quantity name."""

    async def relay(self) -> bool | None:
        """The load is connected; None for a meter without a relay, or one that does not tell."""


class Opener(Protocol):
    """How a conversation begins: associate, verify the serial. Raises MeterFault or LineDown on entering."""

    def __call__(self, meter: Meter, line: Line) -> AbstractAsyncContextManager[Driver]: ...
