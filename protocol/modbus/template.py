"""Templates: what a kind of Modbus meter has, and where. A new kind of meter is a TOML file, not code.

    name, source, link, note     for people
    word_order = "high first" | "low first"      sentinel = true: the largest integer says «no value»
    gap = n                      registers between two wanted ones that may be read along; longest = registers at once
    [[register]] quantity, address, function = 3 | 4, type, scale, unit
    [serial]     address, function, type, words (for text)
    [prefix]     address, function, type: energy is in kilo- (0) or megawatt hours (1)
Addresses are those of the wire: counted from 0.
"""

import re
from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from protocol.errors import LocalError
from protocol.modbus.values import FORMS, TEXT
from protocol.quantities import BY_NAME

# unit of a template -> (unit of the registry, factor)
UNITS: dict[str, tuple[str, Decimal]] = {
    unit: (base, Decimal(factor))
    for base, units in {
        "mWh": {"Wh": "1E3", "kWh": "1E6", "MWh": "1E9"},
        "mvarh": {"varh": "1E3", "kvarh": "1E6", "Mvarh": "1E9"},
        "V": {"V": "1"},
        "A": {"A": "1"},
        "W": {"W": "1", "kW": "1E3"},
        "var": {"var": "1", "kvar": "1E3"},
        "VA": {"VA": "1", "kVA": "1E3"},
        "Hz": {"Hz": "1"},
        "1": {"1": "1"},
    }.items()
    for unit, factor in units.items()
}
_NAME = re.compile(r"[0-9a-z-]{1,60}")

Address = Annotated[int, Meta(ge=0, le=0xFFFF)]
Function = Literal[3, 4]


class Place(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Registers and how they are read."""

    address: Address
    function: Function
    type: str
    words: Annotated[int, Meta(ge=1, le=60)] = 0  # only for text; the type of a number tells it

    @property
    def size(self) -> int:
        return self.words if self.type == TEXT else FORMS[self.type].words


class Register(Place, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`value = raw · scale`, in `unit`."""

    quantity: str
    unit: str
    scale: str | int | float = 1


class Template(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: str
    register: tuple[Register, ...]
    source: str = ""
    link: str = ""
    note: str = ""
    word_order: Literal["high first", "low first"] = "high first"
    sentinel: bool = False
    gap: Annotated[int, Meta(ge=0, le=120)] = 0
    longest: Annotated[int, Meta(ge=4, le=125)] = 80
    serial: Place | None = None
    prefix: Place | None = None


def valid_name(name: str) -> bool:
    """May name a template: it becomes a file's name."""
    return _NAME.fullmatch(name) is not None


def template(data: object) -> Template:
    """From what a TOML file holds. Raises LocalError, naming the setting and what is allowed."""
    try:
        found = msgspec.convert(data, Template)
    except msgspec.ValidationError as error:
        raise LocalError(f"not a template: {error}") from None
    for register in found.register:
        _check_register(register)
    for name in ("serial", "prefix"):
        place: Place | None = getattr(found, name)
        if place is not None:
            _check_place(name, place)
    names = [register.quantity for register in found.register]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise LocalError(f"a quantity stands twice: {', '.join(sorted(twice))}")
    return found


def _check_register(register: Register) -> None:
    quantity = BY_NAME.get(register.quantity)
    if quantity is None:
        raise LocalError(f"quantity = {register.quantity!r}: not in the registry of quantities")
    _check_place(register.quantity, register)
    if UNITS.get(register.unit, ("", 0))[0] != quantity.unit:
        fit = [unit for unit, (base, _) in UNITS.items() if base == quantity.unit]
        raise LocalError(f"{register.quantity}: unit = {register.unit!r}: allowed are {', '.join(fit)}")


def _check_place(name: str, place: Place) -> None:
    if place.type != TEXT and place.type not in FORMS:
        raise LocalError(f"{name}: type = {place.type!r}: allowed are {', '.join(FORMS)}, {TEXT}")
    if (place.type == TEXT) != (place.words > 0):
        raise LocalError(f"{name}: words = {place.words}: told for {TEXT}, and only for it")
