"""What a СПОДЭС meter measures: its quantities by OBIS, computed from the place that it stands in."""

from collections.abc import Callable, Iterator
from functools import lru_cache

from demo.meters.archive import Record
from demo.meters.calendar import TARIFFS
from demo.meters.cosem import Quantity
from demo.meters.mains import Phase
from demo.meters.model import SpodesSite
from protocol.dlms.axdr import Tag
from protocol.obis import Obis
from protocol.spodes.objects import UPTIME

SECONDS, WATT, VOLT_AMPERE, VAR, WATT_HOUR, VAR_HOUR, AMPERE, VOLT, HERTZ, NUMBER = (
    7,
    27,
    28,
    29,
    30,
    32,
    33,
    35,
    44,
    255,
)
_ENERGY_UNITS = (WATT_HOUR, WATT_HOUR, VAR_HOUR, VAR_HOUR)  # A+ A− R+ R−

# what is known of one phase, of the sum of phases: unit, scaler, tag, value
_POWERS: dict[str, tuple[int, int, Tag, Callable[[list[Phase]], float]]] = {
    "active": (WATT, -1, Tag.DOUBLE_LONG, lambda phases: sum(phase.active for phase in phases)),
    "reactive": (VAR, -1, Tag.DOUBLE_LONG, lambda phases: sum(phase.reactive for phase in phases)),
    "apparent": (VOLT_AMPERE, -1, Tag.DOUBLE_LONG_UNSIGNED, lambda phases: sum(phase.apparent for phase in phases)),
    "factor": (NUMBER, -3, Tag.LONG, lambda phases: _factor(phases)),
    "current": (AMPERE, -3, Tag.DOUBLE_LONG_UNSIGNED, lambda phases: sum(phase.current for phase in phases)),
    "voltage": (VOLT, -2, Tag.LONG_UNSIGNED, lambda phases: phases[0].voltage),
}
# OBIS group C: of the sum; then of the phases of a three-phase meter
_GROUPS = {
    "active": (1, 21, 41, 61),
    "reactive": (3, 23, 43, 63),
    "apparent": (9, 29, 49, 69),
    "factor": (13, 33, 53, 73),
}
_PHASE_GROUPS = {"current": (31, 51, 71), "voltage": (32, 52, 72)}
_SINGLE_GROUPS = {"current": (11, 91), "voltage": (12,)}  # 91: the neutral, which carries the same current


def _factor(phases: list[Phase]) -> float:
    apparent = sum(phase.apparent for phase in phases)
    return abs(sum(phase.active for phase in phases)) / apparent if apparent else 1.0


def measured(site: SpodesSite) -> dict[Obis, Quantity]:
    """Everything that this meter can show. Intervals are the energy of a record, all else is of its end."""
    found = [*_energies(site), *_momentary(site)]
    found.append(Quantity(UPTIME, SECONDS, 0, Tag.DOUBLE_LONG_UNSIGNED, lambda record: site.uptime(record.end) * 1000))
    return {quantity.obis: quantity for quantity in found}


def _energies(site: SpodesSite) -> Iterator[Quantity]:
    registers = lru_cache(4096)(site.energy.registers)

    def total(direction: int) -> Callable[[Record], int]:
        return lambda record: sum(registers(record.end)[direction])

    def interval(direction: int) -> Callable[[Record], int]:
        return lambda record: sum(registers(record.end)[direction]) - sum(registers(record.start)[direction])

    def tariff(direction: int, number: int) -> Callable[[Record], int]:
        return lambda record: registers(record.end)[direction][number - 1]

    for direction, unit in enumerate(_ENERGY_UNITS):
        group = direction + 1
        yield Quantity(Obis.parse(f"1.0.{group}.29.0"), unit, 0, Tag.DOUBLE_LONG_UNSIGNED, interval(direction))
        yield Quantity(Obis.parse(f"1.0.{group}.8.0"), unit, 0, Tag.DOUBLE_LONG_UNSIGNED, total(direction))
        for number in range(1, TARIFFS + 1):
            obis = Obis.parse(f"1.0.{group}.8.{number}")
            yield Quantity(obis, unit, 0, Tag.DOUBLE_LONG_UNSIGNED, tariff(direction, number))


def _momentary(site: SpodesSite) -> Iterator[Quantity]:
    phases = lru_cache(4096)(site.mains.phases)
    everyone = slice(None)

    def momentary(name: str, group: int, which: slice) -> Quantity:
        unit, scaler, tag, value = _POWERS[name]
        return Quantity(
            Obis.parse(f"1.0.{group}.7.0"),
            unit,
            scaler,
            tag,
            lambda record: round(value(list(phases(record.end)[which])) * 1000),
        )

    for name, (whole, *each) in _GROUPS.items():
        yield momentary(name, whole, everyone)
        for number, group in enumerate(each[: site.phases if site.phases > 1 else 0]):
            yield momentary(name, group, slice(number, number + 1))
    if site.phases == 1:
        for name, groups in _SINGLE_GROUPS.items():
            for group in groups:
                yield momentary(name, group, everyone)
        yield Quantity(Obis.parse("1.0.91.7.131"), AMPERE, -3, Tag.DOUBLE_LONG_UNSIGNED, lambda record: 4)
    else:
        for name, groups in _PHASE_GROUPS.items():
            for number, group in enumerate(groups):
                yield momentary(name, group, slice(number, number + 1))
    yield Quantity(
        Obis.parse("1.0.14.7.0"),
        HERTZ,
        -2,
        Tag.LONG_UNSIGNED,
        lambda record: round(site.mains.frequency(record.end) * 1000),
    )
