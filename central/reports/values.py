"""A cell as every format shows it: a number rounded half away from zero to what was asked for, a date, or a text.

What a workbook holds as a number a page writes with the same digits: `plain` decides, the formats only write.
"""

from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from central.faces.formats import number
from central.faces.report_words import marked
from central.metering.rounding import MWH_PER_KWH, half_away, nearest
from central.reports.description import ENERGIES, Cell, Column, Kind, Marked

Plain = Decimal | int | date | datetime | str | None
RATIO_DIGITS = 6


def plain(cell: Cell, column: Column, digits: int) -> Plain:
    """kWh, kW and per cent as Decimal, counts as int, dates as they are."""
    if cell is None or isinstance(cell, str):
        return cell
    if isinstance(cell, int) and column.kind in ENERGIES:  # first, as most cells are
        return Decimal(nearest(cell * 10**digits, MWH_PER_KWH)).scaleb(-digits)
    if isinstance(cell, Marked):
        return marked(cell)
    if isinstance(cell, Decimal | Fraction) and column.kind is not Kind.SHARE:
        return ratio(cell)  # a factor under figures of energy too
    if column.kind is Kind.SHARE:
        assert isinstance(cell, int | Fraction)
        return Decimal(half_away(Fraction(cell) * 1000)).scaleb(-1)
    assert not isinstance(cell, Fraction)
    return cell


def decimals(cell: Cell, column: Column, digits: int) -> int:
    """After the comma of a number; of a ratio as many as it has."""
    if column.kind is Kind.SHARE:
        return 1
    if isinstance(cell, Decimal | Fraction):
        exponent = Decimal(ratio(cell)).as_tuple().exponent
        return max(0, -exponent if isinstance(exponent, int) else 0)
    return digits if column.kind in ENERGIES else 0


def ratio(cell: Cell) -> Decimal | int:
    """Whole where it is whole, else with its digits, RATIO_DIGITS at most."""
    assert isinstance(cell, int | Decimal | Fraction)
    found = Fraction(cell)
    if found.denominator == 1:
        return int(found)
    return Decimal(half_away(found * 10**RATIO_DIGITS)).scaleb(-RATIO_DIGITS).normalize()


def text(cell: Cell, column: Column, digits: int) -> str:
    """As a person reads it, in the language that is set: «1 331,70», «24.11.2026 14:30», «р; замена 14.10»; "" for
    nothing."""
    found = plain(cell, column, digits)
    if found is None:
        return ""
    if isinstance(found, str):
        return found
    if isinstance(found, datetime):
        return f"{found:%d.%m.%Y %H:%M}"
    if isinstance(found, date):
        return f"{found:%d.%m.%Y}"
    return number(found, decimals(cell, column, digits))
