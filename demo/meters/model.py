"""The simulated meters: each is a pure function of (seed, serial, time) and of what was brought about at it
(incidents.py), so a restart changes nothing.

    Household   single-phase, direct, with a relay; stamps without deviation
    Enterprise  three-phase behind current transformers (secondary values); stamps with a deviation, sign «east»
    Sdm630      three-phase Modbus meter of a corner shop: registers and the moment's values only, finer than 1 Wh

Seeds make persons and places; no real data. Time is given by `clock`, seconds UTC; nothing else is read.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import ClassVar

from demo.meters.archive import Archive
from demo.meters.calendar import DAY, day_of
from demo.meters.diary import Diary
from demo.meters.energy import Energy
from demo.meters.faults import ClockSet, Faults
from demo.meters.incidents import POWER, Incidents, What
from demo.meters.loads import Load, enterprise, household, shop
from demo.meters.mains import Mains
from demo.meters.outages import Outages
from demo.meters.power import Power
from protocol.spodes.objects import Phases

WH = 1000  # mWh


@dataclass(frozen=True, kw_only=True)
class Site:
    """A place with a meter. `offset`: minutes east of UTC that the meter's clock runs at; `born`: day of mounting.

    `faults` can be switched at any time; `happen` brings about what a meter lives through.
    """

    load: ClassVar[Load]
    phases: ClassVar[int] = 3
    resolution: ClassVar[int]
    outages_often: ClassVar[float]

    serial: str
    seed: int = 1
    offset: int = 180
    born: date = date(2023, 9, 1)
    clock: Callable[[], float] = field(default=time.time, repr=False)
    faults: Faults = field(default_factory=Faults, repr=False, compare=False)
    incidents: Incidents = field(default_factory=Incidents, repr=False, compare=False)

    def now(self) -> float:
        """The moment: nominal local time, seconds."""
        return self.clock() + self.offset * 60

    def happen(self, what: What, utc: float | None = None) -> None:
        """Now, or at a moment (seconds UTC) since which nothing was asked. Raises ValueError for what cannot be."""
        if what not in POWER and not isinstance(self, SpodesSite):
            raise ValueError(f"{what}: this meter keeps no journals; it knows {', '.join(POWER)}")
        self.incidents.happen(what, int(self.now() if utc is None else utc + self.offset * 60))

    def silent(self) -> bool:
        """It gives no answer at this moment."""
        return self.faults.silent or self.incidents.silent(self.now())

    @property
    def access(self) -> str:
        """What one needs to read it, in words."""
        raise NotImplementedError

    @property
    def place(self) -> str:
        return f"{self.seed}/{self.serial}"

    @property
    def born_day(self) -> int:
        return day_of(self.born)

    @cached_property
    def outages(self) -> Outages:
        return Outages(self.place, self.born_day, self.outages_often)

    @cached_property
    def supply(self) -> Power:
        return Power(self.outages, self.incidents)

    @cached_property
    def energy(self) -> Energy:
        return Energy(type(self).load, self.place, self.born_day, self.supply, self.resolution)

    @cached_property
    def mains(self) -> Mains:
        return Mains(self.place, self.energy, self.supply, self.phases)


@dataclass(frozen=True, kw_only=True)
class SpodesSite(Site):
    """A place with a СПОДЭС meter. `address`: logical device and HDLC physical address; `period`: seconds."""

    kind: ClassVar[Phases]
    maker: ClassVar[str] = "Учёт-симулятор"
    type_name: ClassVar[str]
    ki: ClassVar[int] = 1
    rating: ClassVar[tuple[int, int]]  # rated and highest current, A
    relay: ClassVar[bool]
    with_deviation: ClassVar[bool]
    load_scaler: ClassVar[int]  # of the energies in the load profile; their registers have 0
    resolution: ClassVar[int] = WH
    outages_often: ClassVar[float] = 0.5

    password: str = field(default="12345678", repr=False)
    address: tuple[int, int] = (1, 16)
    period: int = 1800
    clock_sets: tuple[ClockSet, ...] = ()

    @property
    def access(self) -> str:
        return f"address={self.address[0]}/{self.address[1]} password={self.password}"

    @cached_property
    def diary(self) -> Diary:
        return Diary(self.place, self.born_day, self.outages, self.incidents)

    @cached_property
    def archive(self) -> Archive:
        return Archive(self.born_day, self.period, self.supply)

    def stamp(self, m: float) -> float:
        """What the clock, as it was set at the moment, made of the moment when it stamped a record."""
        shift = 0
        for clock_set in self.clock_sets:
            if clock_set.m <= m:
                shift = clock_set.shift
        return m + shift

    def clock_shows(self, m: float) -> float:
        """The clock itself: the stamp of the moment and the drift since the last correction."""
        return self.stamp(m) + self.diary.clock_error(m)

    def uptime(self, m: float) -> int:
        """Seconds that the meter has run with power."""
        return max(int(m) - self.born_day * DAY - self.supply.lost(m), 0)


@dataclass(frozen=True, kw_only=True)
class Household(SpodesSite):
    load: ClassVar[Load] = staticmethod(household)
    phases: ClassVar[int] = 1
    kind: ClassVar[Phases] = Phases.SINGLE
    type_name: ClassVar[str] = "УС-1ф"
    rating: ClassVar[tuple[int, int]] = (5, 80)
    relay: ClassVar[bool] = True
    with_deviation: ClassVar[bool] = False
    load_scaler: ClassVar[int] = 0


@dataclass(frozen=True, kw_only=True)
class Enterprise(SpodesSite):
    load: ClassVar[Load] = staticmethod(enterprise(40))
    kind: ClassVar[Phases] = Phases.THREE
    type_name: ClassVar[str] = "УС-3ф-Т"
    ki: ClassVar[int] = 40
    rating: ClassVar[tuple[int, int]] = (5, 10)
    relay: ClassVar[bool] = False
    with_deviation: ClassVar[bool] = True
    load_scaler: ClassVar[int] = -1


@dataclass(frozen=True, kw_only=True)
class Sdm630(Site):
    """`device`: Modbus address. Mounted late, so that float32 kWh still show single Wh. The power goes only when it is
    brought about."""

    load: ClassVar[Load] = staticmethod(shop)
    resolution: ClassVar[int] = 1
    outages_often: ClassVar[float] = 0.0

    born: date = date(2026, 9, 1)
    device: int = 1

    @property
    def access(self) -> str:
        return f"address={self.device}"
