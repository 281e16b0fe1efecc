"""COSEM date-time: 12 bytes <-> fields <-> seconds UTC (IEC 62056-6-2; ГОСТ Р 58940-2020 §7.2.4).

Makers disagree on the sign of the deviation, and many send 0 or «unspecified» where it is neither. So a time becomes
UTC by an offset that the caller gives; the record's own deviation is kept as sent and used for nothing.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from protocol.errors import Garbled, LocalError

SIZE = 12
NO_DEVIATION = -0x8000  # «8000»: not specified
UNKNOWN_STATUS = 0xFF
_DOUBTFUL = 0b1011  # invalid value, doubtful value, invalid clock status; bit 2 only says «another time base»
_UNDEFINED = 0xFF
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_YEAR_UNDEFINED = 0xFFFF
# field -> place, smallest, largest, wildcards that are kept as numbers
_FIELDS = {
    "month": (2, 1, 12, (0xFD, 0xFE)),  # end, begin of daylight saving
    "day": (3, 1, 31, (0xFD, 0xFE)),  # second last, last day of the month
    "weekday": (4, 1, 7, ()),
    "hour": (5, 0, 23, ()),
    "minute": (6, 0, 59, ()),
    "second": (7, 0, 59, ()),
    "hundredths": (8, 0, 99, ()),
}
_MAX_DEVIATION = 14 * 60


@dataclass(frozen=True, slots=True)
class CosemTime:
    """Fields as sent; None = undefined. Month and day keep the wildcards FD and FE. `deviation`: minutes, raw sign."""

    year: int | None
    month: int | None
    day: int | None
    weekday: int | None
    hour: int | None
    minute: int | None
    second: int | None
    hundredths: int | None
    deviation: int | None
    status: int

    @property
    def doubtful(self) -> bool:
        """The meter itself distrusts this time. An unknown status (FF) says nothing."""
        return self.status != UNKNOWN_STATUS and bool(self.status & _DOUBTFUL)

    @property
    def summer(self) -> bool:
        """The daylight saving bit is set."""
        return self.status != UNKNOWN_STATUS and bool(self.status & 0x80)

    def local(self) -> datetime | None:
        """What the meter's clock shows, without zone; None when it is not one moment. An undefined second is 0."""
        year, month, day, hour, minute = self.year, self.month, self.day, self.hour, self.minute
        if year is None or month is None or day is None or hour is None or minute is None:
            return None
        if month > 12 or day > 31:
            return None
        return datetime(year, month, day, hour, minute, self.second or 0)

    def to_utc(self, offset: int) -> int:
        """Seconds since 1970 UTC when the meter's clock runs `offset` minutes east of UTC; hundredths are cut off.

        Raises Garbled when the fields do not name one moment.
        """
        local = self.local()
        if local is None:
            raise Garbled(f"undefined: {self} is not one moment")
        days = local.toordinal() - _EPOCH_DAY
        return days * 86400 + local.hour * 3600 + local.minute * 60 + local.second - offset * 60


def decode(raw: bytes) -> CosemTime:
    """The 12 bytes of a date-time. Raises Garbled: another «length», or a field out of «range»."""
    if len(raw) != SIZE:
        raise Garbled(f"length: a date-time has {SIZE} bytes, got {len(raw)}")
    year = int.from_bytes(raw[:2], "big")
    if year != _YEAR_UNDEFINED and not 1 <= year <= 9999:
        raise Garbled(f"range: year {year}")
    found = {}
    for name, (place, low, high, wildcards) in _FIELDS.items():
        value = raw[place]
        if not low <= value <= high and value != _UNDEFINED and value not in wildcards:
            raise Garbled(f"range: {name} {value}")
        found[name] = None if value == _UNDEFINED else value
    deviation = int.from_bytes(raw[9:11], "big", signed=True)
    if deviation != NO_DEVIATION and abs(deviation) > _MAX_DEVIATION:
        raise Garbled(f"range: deviation {deviation} minutes")
    time = CosemTime(
        year=None if year == _YEAR_UNDEFINED else year,
        deviation=None if deviation == NO_DEVIATION else deviation,
        status=raw[11],
        **found,
    )
    try:
        time.local()
    except ValueError:
        raise Garbled(f"range: no such day: {year}-{found['month']}-{found['day']}") from None
    return time


def encode(utc: int, offset: int) -> bytes:
    """`utc` seconds as a clock `offset` minutes east of UTC shows them; deviation «not specified», status 0.

    Raises LocalError outside the years 1…9999.
    """
    try:
        local = datetime.fromtimestamp(0, UTC) + timedelta(seconds=utc, minutes=offset)
    except OverflowError:
        raise LocalError(f"{utc} s cannot be written as a date") from None
    return (
        local.year.to_bytes(2, "big")
        + bytes([local.month, local.day, local.isoweekday(), local.hour, local.minute, local.second, 0])
        + NO_DEVIATION.to_bytes(2, "big", signed=True)
        + b"\0"
    )
