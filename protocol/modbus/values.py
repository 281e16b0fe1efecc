"""Words of registers -> numbers: type, word order, «no value», scale; energy as integer mWh, mvarh.

A float32 register of 123.45 kWh holds 123.4499969…: it is taken as the shortest decimal that it stands for, so that
energy is what the meter's display says.
"""

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from protocol.errors import Garbled


@dataclass(frozen=True, slots=True)
class Form:
    """`absent`: the raw integer that says «not measured» where the meter uses one; a float says it by NaN."""

    words: int
    code: str  # of struct
    absent: int | None = None

    @property
    def decimal_digits(self) -> range:
        return range(6, 10) if self.words == 2 else range(15, 18)


FORMS = {
    "int16": Form(1, ">h", 0x7FFF),
    "uint16": Form(1, ">H", 0xFFFF),
    "int32": Form(2, ">i", 0x7FFF_FFFF),
    "uint32": Form(2, ">I", 0xFFFF_FFFF),
    "int64": Form(4, ">q", 0x7FFF_FFFF_FFFF_FFFF),
    "uint64": Form(4, ">Q", 0xFFFF_FFFF_FFFF_FFFF),
    "float32": Form(2, ">f"),
    "float64": Form(4, ">d"),
}
TEXT = "text"  # two characters a word


def number(words: Sequence[int], form: str, *, low_first: bool = False, sentinel: bool = False) -> Decimal | None:
    """The number in these registers, exactly; None = «no value» (NaN; with `sentinel` also the largest integer).

    Raises Garbled when there are too few or too many words, or the float is infinite.
    """
    kind = FORMS[form]
    if len(words) != kind.words:
        raise Garbled(f"length: {form} takes {kind.words} registers, got {len(words)}")
    raw = b"".join(word.to_bytes(2, "big") for word in (reversed(words) if low_first else words))
    (value,) = struct.unpack(kind.code, raw)
    if isinstance(value, int):
        return None if sentinel and value == kind.absent else Decimal(value)
    if math.isnan(value):
        return None
    if math.isinf(value):
        raise Garbled(f"range: {form} is infinite")
    return _shortest(value, kind)


def _shortest(value: float, kind: Form) -> Decimal:
    """The decimal with the fewest digits that is stored as this float."""
    for digits in kind.decimal_digits:
        text = f"{value:.{digits}g}"
        try:
            again = struct.unpack(kind.code, struct.pack(kind.code, float(text)))[0]
        except OverflowError:  # rounded up past the largest float
            continue
        if again == value:
            return Decimal(text)
    return Decimal(value)


def text(words: Sequence[int]) -> str:
    """Two characters a word; what cannot be printed is dropped at the ends."""
    raw = b"".join(word.to_bytes(2, "big") for word in words)
    return raw.decode("latin-1").strip("\0 ÿ")


def whole(value: Decimal) -> int:
    """Rounded half away from zero. Raises Garbled for what no energy register can hold."""
    if abs(value) >= 1 << 63:
        raise Garbled(f"range: {value} does not fit into 64 bits")
    return int(value.to_integral_value(ROUND_HALF_UP))
