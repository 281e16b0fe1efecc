"""THE registry of quantities: name, unit, OBIS, integer or float, cumulative or instant, field of the time series.

A name here is a column of the MQTT contract, a caption key of the cabinet and, by `field`, a field of the time
series, for ever. Interval energy and registers are different entries: «active_import» is the energy of an interval,
«active_import_total» a register that grows.
"""

from dataclasses import dataclass
from enum import StrEnum

from protocol.errors import LocalError
from protocol.obis import Obis


class Nature(StrEnum):
    INTERVAL = "interval"  # energy of an interval: integer
    REGISTER = "register"  # cumulative energy: integer
    INSTANT = "instant"  # a value of the moment: float


@dataclass(frozen=True, slots=True)
class Quantity:
    """`obis`: where СПОДЭС meters keep it, three-phase first, then single-phase (ГОСТ Р 58940-2020, app. Б, В)."""

    name: str
    unit: str
    nature: Nature
    field: str
    obis: tuple[Obis, ...]

    @property
    def integer(self) -> bool:
        return self.nature is not Nature.INSTANT

    @property
    def cumulative(self) -> bool:
        return self.nature is Nature.REGISTER


TARIFFS = 8
# name, unit, field stem, OBIS group C
DIRECTIONS = (
    ("active_import", "mWh", "ap", 1),
    ("active_export", "mWh", "am", 2),
    ("reactive_import", "mvarh", "rp", 3),
    ("reactive_export", "mvarh", "rm", 4),
)
# name, unit, field, OBIS groups C.D.E
_INSTANT = (
    ("voltage_a", "V", "u_a", ("32.7.0", "12.7.0")),
    ("voltage_b", "V", "u_b", ("52.7.0",)),
    ("voltage_c", "V", "u_c", ("72.7.0",)),
    ("current_a", "A", "i_a", ("31.7.0", "11.7.0")),
    ("current_b", "A", "i_b", ("51.7.0",)),
    ("current_c", "A", "i_c", ("71.7.0",)),
    ("current_neutral", "A", "i_n", ("91.7.0",)),
    ("active_power", "W", "p", ("1.7.0",)),
    ("active_power_a", "W", "p_a", ("21.7.0",)),
    ("active_power_b", "W", "p_b", ("41.7.0",)),
    ("active_power_c", "W", "p_c", ("61.7.0",)),
    ("reactive_power", "var", "q", ("3.7.0",)),
    ("reactive_power_a", "var", "q_a", ("23.7.0",)),
    ("reactive_power_b", "var", "q_b", ("43.7.0",)),
    ("reactive_power_c", "var", "q_c", ("63.7.0",)),
    ("apparent_power", "VA", "s", ("9.7.0",)),
    ("apparent_power_a", "VA", "s_a", ("29.7.0",)),
    ("apparent_power_b", "VA", "s_b", ("49.7.0",)),
    ("apparent_power_c", "VA", "s_c", ("69.7.0",)),
    ("power_factor", "1", "pf", ("13.7.0",)),
    ("power_factor_a", "1", "pf_a", ("33.7.0",)),
    ("power_factor_b", "1", "pf_b", ("53.7.0",)),
    ("power_factor_c", "1", "pf_c", ("73.7.0",)),
    ("frequency", "Hz", "f", ("14.7.0",)),
)


def register(direction: str, tariff: int) -> str:
    """Name of a register: tariff 0 is the total."""
    return f"{direction}_total" if tariff == 0 else f"{direction}_t{tariff}"


def _all() -> tuple[Quantity, ...]:
    found = []
    for name, unit, stem, group in DIRECTIONS:
        found.append(Quantity(name, unit, Nature.INTERVAL, stem, (Obis.parse(f"1.0.{group}.29.0"),)))
        for tariff in range(TARIFFS + 1):
            obis = (Obis.parse(f"1.0.{group}.8.{tariff}"),)
            found.append(Quantity(register(name, tariff), unit, Nature.REGISTER, f"{stem}{tariff}", obis))
    for name, unit, field, groups in _INSTANT:
        codes = tuple(Obis.parse(f"1.0.{group}") for group in groups)
        found.append(Quantity(name, unit, Nature.INSTANT, field, codes))
    return tuple(found)


QUANTITIES = _all()
BY_NAME = {quantity.name: quantity for quantity in QUANTITIES}
BY_OBIS = {obis: quantity for quantity in QUANTITIES for obis in quantity.obis}


def quantity(name: str) -> Quantity:
    """Raises LocalError for a name that is not in the registry."""
    try:
        return BY_NAME[name]
    except KeyError:
        raise LocalError(f"no such quantity: {name!r}") from None
