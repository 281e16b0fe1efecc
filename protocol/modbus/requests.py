"""Which registers are asked for together, and the values out of the answers. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from protocol.errors import Garbled
from protocol.modbus.template import UNITS, Place, Register, Template
from protocol.modbus.values import TEXT, number, text, whole
from protocol.quantities import Nature, quantity


@dataclass(frozen=True, slots=True)
class Block:
    """One request: `count` registers from `address`, and what lies in them."""

    function: int
    address: int
    count: int
    registers: tuple[Register, ...]


def blocks(template: Template, natures: Iterable[Nature]) -> tuple[Block, ...]:
    """The fewest requests that bring the quantities of these natures within the template's limits."""
    wanted = set(natures)
    chosen = [register for register in template.register if quantity(register.quantity).nature in wanted]
    found: list[list[Register]] = []
    for register in sorted(chosen, key=lambda register: (register.function, register.address)):
        if found and _fits(found[-1], register, template):
            found[-1].append(register)
        else:
            found.append([register])
    return tuple(
        Block(part[0].function, part[0].address, part[-1].address + part[-1].size - part[0].address, tuple(part))
        for part in found
    )


def _fits(part: Sequence[Register], register: Register, template: Template) -> bool:
    last, end = part[-1], register.address + register.size
    return (
        register.function == last.function
        and register.address - (last.address + last.size) <= template.gap
        and end - part[0].address <= template.longest
    )


def values(
    block: Block, words: Sequence[int], template: Template, kilo: Decimal = Decimal(1)
) -> dict[str, int | float | None]:
    """Quantities of the block: integer mWh, mvarh for registers, floats otherwise, None for «no value».

    `words`: all registers of the block. `kilo`: 1000 for a meter that is set to megawatt hours. Raises Garbled.
    """
    if len(words) != block.count:
        raise Garbled(f"length: {block.count} registers were asked for, {len(words)} came")
    found: dict[str, int | float | None] = {}
    for register in block.registers:
        start = register.address - block.address
        raw = _number(words[start : start + register.size], register, template)
        found[register.quantity] = None if raw is None else _value(raw, register, kilo)
    return found


def word(place: Place, words: Sequence[int], template: Template) -> str | None:
    """What stands in one place, as text: a serial number, a setting. None = «no value»."""
    if place.type == TEXT:
        return text(words) or None
    found = _number(words, place, template)
    return None if found is None else f"{found.normalize():f}"


def _number(words: Sequence[int], place: Place, template: Template) -> Decimal | None:
    return number(words, place.type, low_first=template.word_order == "low first", sentinel=template.sentinel)


def _value(raw: Decimal, register: Register, kilo: Decimal) -> int | float:
    value = raw * Decimal(str(register.scale)) * UNITS[register.unit][1]
    if quantity(register.quantity).integer:
        return whole(value * kilo)
    return float(value)
