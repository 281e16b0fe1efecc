"""What is paid each month whatever was used: price × contract days / days of the month, to the kopeck.

The version that was in force on the first of those days holds for all of them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from central.metering.rounding import kopecks
from central.metering.zones import month_start, next_month


@dataclass(frozen=True, slots=True)
class MonthlyPrice:
    """A version of a monthly payment, roubles a month, from a day until before another (None = still)."""

    version: int
    name: str
    valid_from: date
    valid_to: date | None
    amount: Decimal

    def covers(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


@dataclass(frozen=True, slots=True)
class MonthlyLine:
    """Of one calendar month: `days` of its `of`, the first of them `first`."""

    name: str
    first: date
    days: int
    of: int
    price: MonthlyPrice
    amount: Decimal  # roubles, whole kopecks


def monthly_lines(days: Iterable[date], prices: Sequence[MonthlyPrice]) -> tuple[MonthlyLine, ...]:
    """`days`: those of the contract. Month by month, in the order of the prices; the same price again is one line."""
    months: dict[date, list[date]] = {}
    for day in sorted(set(days)):
        months.setdefault(month_start(day), []).append(day)
    return tuple(
        _line(month, inside, price)
        for month, inside in months.items()
        for price in {one.name: one for one in prices if one.covers(inside[0])}.values()
    )


def _line(month: date, inside: Sequence[date], price: MonthlyPrice) -> MonthlyLine:
    of = (next_month(month) - month).days
    return MonthlyLine(price.name, inside[0], len(inside), of, price, kopecks(price.amount * len(inside) / Decimal(of)))
