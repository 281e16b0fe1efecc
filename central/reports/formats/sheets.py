"""What both workbooks do alike: names of sheets, patterns of numbers, captions over columns, the foot of a page."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import cache
from itertools import groupby

from flask_babel import gettext as _

from central.reports.description import Cell, Column, Document, Kind
from central.reports.formats.form import made
from central.reports.values import Plain, decimals

NUMBERS = (Kind.ENERGY, Kind.POWER, Kind.RATIO, Kind.SHARE, Kind.COUNT)  # what stands at the right
DAY, MOMENT = "dd.mm.yyyy", "dd.mm.yyyy hh:mm"
OF_THEIR_OWN = (Decimal, Fraction)  # whose pattern is of the value: as many digits as it has
APART = "_(@"  # a text after the width of a bracket
A4 = 9
MARGIN, BOTTOM = 0.4, 0.7  # inches
_NOT_A_NAME = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_MOST_NAME = 31


class Spot(StrEnum):
    """What a cell is that is not of a row."""

    TITLE = "title"
    ABOVE = "above"
    HEAD = "head"
    HEAD_OF_NUMBERS = "head of numbers"
    OVER = "over"
    GROUP = "group"
    NOTE = "note"


def name(title: str, number: int) -> str:
    """Of a sheet; those after the first are numbered."""
    more = f" ({number})" if number > 1 else ""
    return (_NOT_A_NAME.sub(" ", title).strip(" '")[: _MOST_NAME - len(more)].strip(" '") or "1") + more


@cache
def _number(digits: int) -> str:
    """As Excel keeps it; who opens it sees the comma and the spaces of his own language."""
    return f"#,##0.{'0' * digits}" if digits else "#,##0"


def pattern(cell: Cell, found: Plain, column: Column, digits: int) -> str:
    """How it is shown; "" for a text, but marks keep away from the figure before them."""
    if found is None or isinstance(found, str):
        return APART if column.kind is Kind.MARKS else ""
    if isinstance(found, datetime):
        return MOMENT
    return DAY if isinstance(found, date) else _number(decimals(cell, column, digits))


def heads(columns: Sequence[Column]) -> list[tuple[str, Spot]]:
    return [(column.head, Spot.HEAD_OF_NUMBERS if column.kind in NUMBERS else Spot.HEAD) for column in columns]


def overs(columns: Sequence[Column]) -> list[tuple[str, int, int]]:
    """Captions over neighbours: each with its first and its last place; none where no column has one."""
    found, place = [], 0
    for caption, run in groupby(str(column.over) for column in columns):
        last = place + len(list(run)) - 1
        if caption:
            found.append((caption, place, last))
        place = last + 1
    return found


def footer(document: Document) -> tuple[str, str]:
    """At its left and its right, with Excel's own signs for the page and their number."""
    told = _("Сформирован")
    left = f"{document.title}. {told} {made(document)}".replace("&", "&&")
    return left[:120], _("Страница %(page)s из %(of)s", page="&P", of="&N")
