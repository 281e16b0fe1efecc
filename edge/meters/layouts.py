"""What the columns of a meter's profiles are and how they are scaled: asked once, kept while the program runs.

Columns are those that the meter tells (attribute 3), mapped by OBIS. Scalers come from the scale profile of the meter
where it has one, else from each register. Kept by meter, serial number and profile; after a day the columns are asked
for again, and the scalers only when the columns are others.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from edge.meters.faults import Faults
from edge.meters.session import Session
from protocol import errors
from protocol.dlms import axdr
from protocol.dlms.client import Denied
from protocol.dlms.profile import NO_UNIT, CaptureObject, Column, Layout, capture_objects, scaler_unit
from protocol.obis import Obis
from protocol.quantities import BY_OBIS, Nature
from protocol.spodes.objects import CLOCK, UPTIME

DATA_CLASS, PROFILE_CLASS, CLOCK_CLASS = 1, 7, 8
_BUFFER, _CAPTURE_OBJECTS, _PERIOD = 2, 3, 4
_FRESH = 86400.0  # seconds that the columns of a profile are believed
# class of a register -> attribute that holds its scaler and unit
SCALE_ATTRIBUTES = {3: 3, 4: 3, 5: 4}
# Data-Access-Results that say «there is no such object here»: undefined, of another class, unavailable
ABSENT = frozenset({4, 9, 11})

T = TypeVar("T")
Scale = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Known:
    """A profile of one meter. `columns` in the buffer's order; `period` seconds, 0 where it has none."""

    captured: bytes
    columns: tuple[Column, ...]
    layout: Layout
    period: int
    asked: float

    def place(self, obis: Obis, attribute: int = 2) -> int | None:
        """Number of the first column of this object."""
        for number, column in enumerate(self.columns):
            if (column.object.obis, column.object.attribute) == (obis, attribute):
                return number
        return None


class Cache:
    """Of all meters of this process."""

    def __init__(self) -> None:
        self.profiles: dict[tuple[str, str, Obis], Known | None] = {}
        self.scales: dict[tuple[str, str, Obis], Scale | None] = {}


class Layouts:
    """Of one meter in one conversation. Every call raises MeterFault or LineDown."""

    def __init__(
        self,
        session: Session,
        faults: Faults,
        meter: tuple[str, str],
        cache: Cache,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._session = session
        self._faults = faults
        self._meter = meter
        self._cache = cache
        self._monotonic = monotonic

    async def profile(self, obis: Obis, scales: Obis | None = None, *, default_period: int = 0) -> Known | None:
        """None when the meter has no such profile. `scales`: its scale profile in the standard.

        `default_period`: seconds between the rows of a load profile, when the meter does not tell; 0 = of no interest.
        """
        key = (*self._meter, obis)
        known = self._cache.profiles.get(key)
        if known is not None and self._monotonic() - known.asked < _FRESH:
            return known
        captured = await self._session.get(PROFILE_CLASS, obis, _CAPTURE_OBJECTS)
        if isinstance(captured, Denied):
            self._absent_or_fault(captured, obis)
            return None
        if known is None or known.captured != captured:
            known = await self._learn(obis, captured, scales, default_period)
        self._cache.profiles[key] = known
        return known

    def forget(self, obis: Obis) -> None:
        """What was known of a profile is wrong."""
        self._cache.profiles.pop((*self._meter, obis), None)

    async def scale(self, class_id: int, obis: Obis) -> Scale | None:
        """Scaler and unit of a register; None when the meter does not tell."""
        key = (*self._meter, obis)
        if key not in self._cache.scales:
            told = await self._session.get(class_id, obis, SCALE_ATTRIBUTES[class_id])
            self._cache.scales[key] = None if isinstance(told, Denied) else self._read(lambda: scaler_unit(told))
        return self._cache.scales[key]

    async def _learn(self, obis: Obis, captured: bytes, scales: Obis | None, default_period: int) -> Known:
        objects = _one_clock(self._read(lambda: capture_objects(captured)))
        found = await self._scale_profile(scales) if scales is not None else {}
        columns = []
        for item in objects:
            scale = found.get(item.obis) or await self._column_scale(item)
            columns.append(Column(item, *scale))
        period = await self._period(obis, default_period) if default_period else 0
        layout = self._read(lambda: Layout(columns, period=period))
        return Known(captured, tuple(columns), layout, period, self._monotonic())

    async def _column_scale(self, item: CaptureObject) -> Scale:
        """Of a column that we take; the others are only stepped over."""
        quantity = BY_OBIS.get(item.obis)
        if item.class_id not in SCALE_ATTRIBUTES or (quantity is None and item.obis != UPTIME):
            return 0, NO_UNIT
        scale = await self.scale(item.class_id, item.obis)
        if scale is None and quantity is not None and quantity.nature is Nature.INTERVAL:
            scale = await self.scale(item.class_id, Obis(item.obis.raw[:3] + b"\x08\x00\xff"))
        if scale is None and quantity is not None and quantity.integer:
            raise self._faults.garbled(f"the meter does not tell the scale of {item.obis}")
        return scale or (0, NO_UNIT)

    async def _scale_profile(self, obis: Obis) -> dict[Obis, Scale]:
        """Scales by the object they belong to; nothing when the meter has no such profile, or an empty one."""
        captured = await self._session.get(PROFILE_CLASS, obis, _CAPTURE_OBJECTS)
        if isinstance(captured, Denied):
            return {}
        buffer = await self._session.get(PROFILE_CLASS, obis, _BUFFER)
        if isinstance(buffer, Denied):
            return {}
        return self._read(lambda: _scales(capture_objects(captured), buffer))

    async def _period(self, obis: Obis, default: int) -> int:
        told = await self._session.get(PROFILE_CLASS, obis, _PERIOD)
        if isinstance(told, Denied):
            return default
        seconds = self._read(lambda: axdr.plain(axdr.decode(told)))
        return seconds if isinstance(seconds, int) and seconds > 0 else default

    def _absent_or_fault(self, denied: Denied, obis: Obis) -> None:
        if denied.code not in ABSENT:
            raise self._faults.not_given(f"{obis}: {denied.name} ({denied.code})")

    def _read(self, read: Callable[[], T]) -> T:
        return understood(self._faults, read)


def _one_clock(objects: Iterable[CaptureObject]) -> list[CaptureObject]:
    """The first clock is the stamp; others, as in the journal of corrections, are data like any other."""
    found: list[CaptureObject] = []
    for item in objects:
        again = item.class_id == CLOCK_CLASS and any(before.class_id == CLOCK_CLASS for before in found)
        found.append(item._replace(class_id=DATA_CLASS) if again else item)
    return found


def _scales(objects: Iterable[CaptureObject], buffer: bytes) -> dict[Obis, Scale]:
    records = axdr.plain(axdr.decode(buffer))
    if not isinstance(records, list) or not records:
        return {}
    objects = list(objects)
    if not isinstance(records[-1], list) or len(records[-1]) != len(objects):
        raise errors.Garbled("a scale profile that does not fit its columns")
    found = {}
    for item, value in zip(objects, records[-1], strict=True):
        if item.obis != CLOCK and isinstance(value, list) and len(value) == 2:
            found[item.obis] = (int(value[0]), int(value[1]))
    return found


def understood(faults: Faults, read: Callable[[], T]) -> T:
    """What `read` makes of the meter's bytes. Raises MeterFault."""
    try:
        return read()
    except errors.RemoteError as error:
        raise faults.garbled(str(error)) from None
