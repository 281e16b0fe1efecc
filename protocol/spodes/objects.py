"""What a СПОДЭС meter keeps, and where: profiles, their columns, the passport, the clients (ГОСТ Р 58940-2020).

The lists are the standard's; a maker may leave optional columns out or add his own, so a reader of a real meter asks
for attribute 3 (capture objects) and maps columns by OBIS, never by their position here.
"""

from dataclasses import dataclass
from enum import StrEnum

import msgspec

from protocol.obis import Obis
from protocol.spodes.data import load


class Phases(StrEnum):
    """Kind of meter: categories A, B, C are three-phase, D is single-phase (table 5.1)."""

    SINGLE = "single_phase"
    THREE = "three_phase"


class Profile(StrEnum):
    """Profiles with a defined list of columns."""

    LOAD = "load"  # energy of intervals; the stamp is the END of the interval, in the meter's local time
    DAILY = "daily"  # registers at 00:00
    MONTHLY = "monthly"  # registers at the billing date
    INSTANT = "instant"  # the moment's values, one record
    PASSPORT = "passport"  # who the meter is, one record


@dataclass(frozen=True, slots=True)
class MeterObject:
    """One line of the standard's tables: an object and the attributes of it that a profile captures."""

    obis: Obis
    class_id: int
    attributes: tuple[int, ...]
    mandatory: bool
    name: str


class _Line(msgspec.Struct, frozen=True):
    obis: str
    class_id: int
    attributes: tuple[int, ...]
    mandatory: bool
    name: str


class _ProfileLine(msgspec.Struct, frozen=True):
    obis: str
    name: str
    columns: Profile | None
    scales: Profile | None


class _File(msgspec.Struct, frozen=True):
    clients: dict[str, int]
    profiles: tuple[_ProfileLine, ...]
    single_phase: dict[Profile, tuple[_Line, ...]]
    three_phase: dict[Profile, tuple[_Line, ...]]
    passport: tuple[_Line, ...]


def _objects(lines: tuple[_Line, ...]) -> tuple[MeterObject, ...]:
    return tuple(
        MeterObject(Obis.parse(line.obis), line.class_id, line.attributes, line.mandatory, line.name) for line in lines
    )


_file = load("objects.json", _File)

PASSPORT = _objects(_file.passport)  # tables Г.1, 13.1
_COLUMNS = {
    (phases, profile): _objects(lines)
    for phases, table in ((Phases.SINGLE, _file.single_phase), (Phases.THREE, _file.three_phase))
    for profile, lines in table.items()
} | {(phases, Profile.PASSPORT): PASSPORT for phases in Phases}

PROFILES = {line.columns: Obis.parse(line.obis) for line in _file.profiles if line.columns}
SCALES = {line.scales: Obis.parse(line.obis) for line in _file.profiles if line.scales}  # attribute 3 of each column
PROFILE_NAMES = {Obis.parse(line.obis): line.name for line in _file.profiles}

PUBLIC = _file.clients["public"]  # no secret; clock and logical device name only
READER = _file.clients["reader"]  # LLS password; reads everything
CONFIGURATOR = _file.clients["configurator"]
PUSH = _file.clients["push"]

CLOCK = Obis.parse("0.0.1.0.0")  # class 8
DEVICE_NAME = Obis.parse("0.0.42.0.0")  # logical device name: class 1, at most 16 bytes
ASSOCIATION = Obis.parse("0.0.40.0.0")  # the current one; 0.0.40.0.1…3 = public, reader, configurator
RELAY = Obis.parse("0.0.96.3.10")  # class 70
SERIAL = Obis.parse("0.0.96.1.0")
LOAD_PERIOD = Obis.parse("1.0.0.8.4")  # class 1: period of the load profile
UPTIME = Obis.parse("0.0.96.8.0")  # class 3: the meter's running time


def columns(phases: Phases, profile: Profile) -> tuple[MeterObject, ...]:
    """The standard's columns of a profile, in its order, optional ones included (`mandatory` tells)."""
    return _COLUMNS[phases, profile]
