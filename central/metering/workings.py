"""A figure as one would reckon it by hand: a rule, what it was applied to, and so on down to readings and prices.

Nothing here is text for people. Whoever applies the rules below to the leaves gets every figure to its last digit:
`tests/central/figures/reckoner.py` does so, and knows nothing else of this program.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any, TypeAlias

Value: TypeAlias = int | Decimal | Fraction | None
Fact: TypeAlias = str | int | bool | date | Decimal | Fraction | tuple[int, ...] | None


class Rule(StrEnum):
    """How a value comes of the values of its parts. round = to the nearest whole, halves away from zero."""

    SUM = "sum"  # Σ parts
    LINE = "line"  # energy · price / 10⁶, rounded to the kopeck; parts: energy, price
    RANGE = "range"  # what [lower, upper) of a month hold of the `number`th zone; parts: `filled` before, zone, zone …;
    # from one of the `limits` to the next: how much of Σ lies there, divided as CLOSED by what is left of each zone
    HOURS = "hours"  # Σ parts, rounded to the kopeck
    HOUR = "hour"  # energy · price / 10⁶, exactly; parts: energy, price
    MONTHLY = "monthly"  # price · days / of, rounded to the kopeck
    DIFFERENCE = "difference"  # round((end − start) · k); parts: start, end; `whole`: each cut down to 10⁶ first
    ROLL_OVER = "roll_over"  # round((end + register_end − start) · k); the same
    MOVED = "moved"  # part + Σ of the others, or, `back`, − Σ; past `register_end` it begins anew
    DIVIDED = "divided"  # Σ parts divided by `spans`: round(Σ · spans to `number`, it included) − round(… without it)
    CARRIED = "carried"  # round(before + Σ parts) − round(before): rests of the day's earlier places are carried
    CLOSED = "closed"  # rest = part − `known`, at least 0, divided by `weights` as DIVIDED is: a gap, by registers
    TIMES = "times"  # part · k
    CUT = "cut"  # of a row [begin, end): round(row · (until − begin) / (end − begin)) − the same of `since`
    READING = "reading"  # leaves: a register as the meter showed it
    ROW = "row"  # what the meter counted in an interval
    PRICE = "price"  # roubles per kWh, or a month
    STORED = "stored"  # a day as it was published; it opens into its intervals
    DECIDED = "decided"  # a person put this value in the place of another
    OFF = "off"  # no power: 0, by the meter's journal and its registers
    NOTHING = "nothing"  # no value: missing, not yet due
    SUSPECT = "suspect"  # a register that fell: no value comes of its parts


class Unit(StrEnum):
    """Of a value; energy is mWh, or mvarh of a reactive channel, before K where it is a leaf."""

    MWH = "mWh"
    ROUBLES = "rub"
    PRICE = "rub/kWh"
    MONTHLY = "rub/month"


@dataclass(frozen=True, slots=True)
class Working:
    """One figure. `of`: a word for what it is; `beside`: what stands beside a sum and is not in it."""

    rule: Rule
    of: str
    value: Value
    unit: Unit = Unit.MWH
    facts: Mapping[str, Fact] = field(default_factory=dict)
    parts: "tuple[Working, ...]" = ()
    beside: "tuple[Working, ...]" = ()

    def leaves(self) -> "Iterator[Working]":
        """What is made of nothing else, itself where it is such, what stands beside included."""
        below = (*self.parts, *self.beside)
        if not below:
            yield self
        for one in below:
            yield from one.leaves()


def as_data(one: Working) -> dict[str, object]:
    """For JSON: values and facts as texts where JSON has no exact form (days ISO, ratios «n/d», money decimal)."""
    found: dict[str, object] = {
        "rule": one.rule.value,
        "of": one.of,
        "value": _plain(one.value),
        "unit": one.unit.value,
    }
    if one.facts:
        found["facts"] = {name: _plain(value) for name, value in one.facts.items()}
    for name, below in (("parts", one.parts), ("beside", one.beside)):
        if below:
            found[name] = [as_data(part) for part in below]
    return found


def from_data(data: Mapping[str, Any]) -> Working:
    """What `as_data` wrote, as it was."""
    unit = Unit(data["unit"])
    value = data["value"]
    if value is not None:
        value = Decimal(value) if unit is not Unit.MWH else _number(value)
    facts = {name: _fact(name, found) for name, found in data.get("facts", {}).items()}
    parts, beside = (tuple(from_data(one) for one in data.get(name, ())) for name in ("parts", "beside"))
    return Working(Rule(data["rule"]), data["of"], value, unit, facts, parts, beside)


DAYS = frozenset({"day", "first", "until", "valid_from", "valid_to"})  # facts that are days where they are texts
RATIOS = frozenset({"k", "before"})


def _fact(name: str, found: Any) -> Fact:
    if name in DAYS and isinstance(found, str):
        return date.fromisoformat(found)
    if name in RATIOS:
        return Fraction(found)
    return tuple(found) if isinstance(found, list) else found


def _number(found: int | str) -> int | Fraction:
    return Fraction(found) if isinstance(found, str) else found


def _plain(value: Value | Fact) -> object:
    if isinstance(value, Fraction):
        return value.numerator if value.denominator == 1 else f"{value.numerator}/{value.denominator}"
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value
