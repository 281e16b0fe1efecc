"""A correction = the difference of two bills, line by line.

A line is charged for something: its `key` (zone, version of the price, and whatever else a tariff tells its lines apart
by). Lines of one key in both bills are subtracted; a line of one bill alone is subtracted from, or is subtracted, as
nothing. What differs neither in energy nor in money is no difference: days, or words, that changed charge nobody.

So a bill as it was closed, and its corrections added to it, is the bill as it would be now:

    total(applied(closed, corrections)) == total(now)        and the same of each key, `same`

whatever came between, because each correction is the difference against the closed bill with all earlier ones added.
Money is never rounded here: both bills are whole kopecks.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeAlias

Key: TypeAlias = tuple[tuple[str, str | int | None], ...]
NOTHING = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class BillLine:
    """`energy`: mWh, 0 where none is charged for. `facts`: how it came about; they tell no lines apart."""

    key: Key
    energy: int
    amount: Decimal  # roubles, whole kopecks
    facts: Mapping[str, Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class LineDifference:
    """What one key was charged with before, and is now; None = not at all."""

    key: Key
    before: BillLine | None
    after: BillLine | None

    @property
    def energy(self) -> int:
        return _energy(self.after) - _energy(self.before)

    @property
    def amount(self) -> Decimal:
        return _amount(self.after) - _amount(self.before)


def difference(before: Iterable[BillLine], after: Iterable[BillLine]) -> tuple[LineDifference, ...]:
    """Empty = the bills charge the same. Keys in the order of the first bill, then those that only the second has."""
    old, new = by_key(before), by_key(after)
    found = (LineDifference(key, old.get(key), new.get(key)) for key in dict.fromkeys((*old, *new)))
    return tuple(one for one in found if one.energy or one.amount)


def applied(bill: Iterable[BillLine], corrections: Iterable[Sequence[LineDifference]]) -> tuple[BillLine, ...]:
    """The bill with its corrections; a line of which nothing is left is none."""
    lines = by_key(bill)
    for one in (one for correction in corrections for one in correction):
        held = lines.get(one.key)
        facts = one.after.facts if one.after is not None else held.facts if held is not None else {}
        lines[one.key] = BillLine(one.key, _energy(held) + one.energy, _amount(held) + one.amount, facts)
    return tuple(line for line in lines.values() if line.energy or line.amount)


def by_key(lines: Iterable[BillLine]) -> dict[Key, BillLine]:
    """Lines of one key together, in the order in which they are first met."""
    found: dict[Key, BillLine] = {}
    for line in lines:
        held = found.get(line.key)
        if held is not None:
            line = BillLine(line.key, held.energy + line.energy, held.amount + line.amount, held.facts)
        found[line.key] = line
    return found


def same(one: Iterable[BillLine], other: Iterable[BillLine]) -> bool:
    """Both charge the same for each key."""
    return not difference(one, other)


def total(lines: Iterable[BillLine]) -> tuple[int, Decimal]:
    """Energy and money."""
    found = tuple(lines)
    return sum(line.energy for line in found), sum((line.amount for line in found), NOTHING)


def _energy(line: BillLine | None) -> int:
    return line.energy if line is not None else 0


def _amount(line: BillLine | None) -> Decimal:
    return line.amount if line is not None else NOTHING
