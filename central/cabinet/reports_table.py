"""The table of a report as a page shows it: a page of its rows, each cell with its words, its marks and what explains
it; and its sum, which is of all pages.

Rows come once and are gone through whole, for the sum and the notes; words are made of those alone that are shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from markupsafe import Markup
from msgspec import Struct

from central.faces import report_words, words
from central.faces.formats import NOTHING, number
from central.metering.terms import State
from central.reports.description import (
    Address,
    Cell,
    Column,
    Document,
    Kind,
    Mark,
    Marked,
    Place,
    Role,
    Row,
)
from central.reports.values import text

ON_PAGE, LEAST_ON_PAGE = 500, 20  # rows
MOST_CELLS = 6_000  # of a page: wider tables have fewer rows
SHORT = 16  # letters that stay on one line
NUMBERS = (Kind.ENERGY, Kind.POWER, Kind.RATIO, Kind.SHARE, Kind.COUNT)
TIMES = (Kind.DAY, Kind.MOMENT)
OF_ZONES = ("zone", "tariff")  # names of the column that a zone's colour stands in
PLACES: Mapping[str, tuple[str, int, State]] = {  # of a strip: class, height of ten, word
    Place.THERE: ("there", 10, State.MEASURED),
    Place.ESTIMATED: ("estimated", 6, State.ESTIMATED),
    Place.OFF: ("off", 3, State.POWER_OFF),
    Place.MISSING: ("missing", 1, State.MISSING),
}


class Badge(Struct, frozen=True):
    """A mark: its class, letter and word."""

    state: str
    letter: str
    word: str


class Shown(Struct, frozen=True):
    """A cell. `looks`: num | time | mark | strip | short | ""; `href`: what explains it; `swatch`: class of a zone. The
    text of marks is a remark."""

    text: str = ""
    looks: str = ""
    href: str = ""
    swatch: str = ""
    badges: tuple[Badge, ...] = ()
    strip: Markup | None = None


class Line(Struct, frozen=True):
    """`begins`: caption of a group and what is told beside it, over the first of its rows here."""

    role: str
    cells: Sequence[Shown]
    begins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Head:
    caption: str
    looks: str


@dataclass(frozen=True, slots=True)
class Table:
    """`over`: captions above heads, each of so many; `lines`: of this page, out of `count`. `answer`: its total with
    the unit, and what it is of, to be read before the table; none where it has no total."""

    heads: Sequence[Head]
    over: Sequence[tuple[str, int]]
    lines: Sequence[Line]
    total: Line | None
    count: int
    number: int
    pages: int
    on_page: int
    strips: bool
    answer: tuple[str, str, str] | None

    @property
    def told(self) -> str:
        first = (self.number - 1) * self.on_page
        last = min(first + self.on_page, self.count)
        ends = {"first": number(first + 1, 0), "last": number(last, 0)}
        return str(_("%(first)s–%(last)s из %(count)s", **ends, count=number(self.count, 0)))


def table(document: Document, page: int) -> Table:
    """Raises SeriesUnavailable. A page beyond the last is without rows."""
    on_page = min(ON_PAGE, max(LEAST_ON_PAGE, MOST_CELLS // len(document.columns)))
    first = (page - 1) * on_page
    kept: list[Row] = []
    total, count = None, 0
    for row in document.rows:
        if row.role is Role.TOTAL:
            total = row
            continue
        if first <= count < first + on_page:
            kept.append(row)
        count += 1
    lifted = _lifted(document.columns, kept)
    writing = _Writing(document, lifted)
    beside = document.columns[lifted:]
    heads = [Head(one.head, _looks(one)) for one in beside]
    over = [(str(name), len(list(of))) for name, of in groupby(beside, key=lambda one: str(one.over))]
    return Table(
        heads=heads,
        over=over if any(name for name, _of in over) else (),
        lines=writing.lines(kept),
        total=writing.line(total) if total is not None else None,
        count=count,
        number=page,
        pages=max(1, -(-count // on_page)),
        on_page=on_page,
        strips=any(one.kind is Kind.STRIP for one in document.columns),
        answer=_answer(document, total) if total is not None else None,
    )


def _answer(document: Document, total: Row) -> tuple[str, str, str] | None:
    """Of the first column of energy that is added up and known: of one more it would be half an answer."""
    summed = [place for place, one in enumerate(document.columns) if one.kind is Kind.ENERGY and one.summed]
    known = [place for place in summed if isinstance(total.cells[place], int)]
    if len(known) != 1:
        return None
    column = document.columns[known[0]]
    return text(total.cells[known[0]], column, document.digits), str(column.unit), str(column.caption)


def _lifted(columns: Sequence[Column], rows: Sequence[Row]) -> int:
    """How many of the first columns tell of each row of a group the same, its caption first: they stand over these
    rows, once, and not beside each."""
    groups = {group: list(of) for group, of in groupby(filter(_own, rows), key=lambda row: row.group)}
    if "" in groups or all(len(of) == 1 for of in groups.values()):
        return 0
    if any(row.cells[0] != group for group, of in groups.items() for row in of):
        return 0
    count = 1
    while count < len(columns) - 1 and columns[count].kind is Kind.TEXT:
        if any(len({row.cells[count] for row in of}) > 1 for of in groups.values()):
            break
        count += 1
    return count


def _own(row: Row) -> bool:
    """It is of the report, and not a sum."""
    return row.role in (Role.ROW, Role.PART)


def _looks(column: Column) -> str:
    if column.kind in NUMBERS:
        return "num"
    if column.kind in TIMES:
        return "time"
    return {Kind.MARKS: "mark", Kind.STRIP: "strip"}.get(column.kind, "")


class _Writing:
    """Cells into words."""

    def __init__(self, document: Document, lifted: int) -> None:
        self._lifted = lifted
        self._columns = list(document.columns)
        self._digits = document.digits
        self._zones = self._place_of_zones()
        self._badges = {mark: _badge(mark) for mark in Mark}

    def lines(self, rows: Sequence[Row]) -> list[Line]:
        found, group = [], None
        for row in rows:
            begins = self._lifted and row.group != group
            group = row.group
            found.append(self.line(row, begins=bool(begins)))
        return found

    def line(self, row: Row, *, begins: bool = False) -> Line:
        own = _own(row)
        cells = [
            self._cell(cell, column, row.opens.get(column.name), own, row.zone if place == self._zones else "")
            for place, (cell, column) in enumerate(zip(row.cells, self._columns, strict=True))
        ]
        over, cells = cells[: self._lifted], cells[self._lifted :]
        if over and not own:  # what a sum is called stands where its group does
            told = " ".join(one.text for one in (over[0], cells[0]) if one.text)
            cells[0] = Shown(told, cells[0].looks if cells[0].text else "", cells[0].href)
        told_over = tuple(one.text for one in over) if begins else ()
        return Line(row.role.value, cells, (told_over[0] if own else row.group, *told_over[1:]) if begins else ())

    def _cell(self, cell: Cell, column: Column, opens: Address | None, own: bool, zone: str) -> Shown:
        looks = _looks(column)
        if isinstance(cell, Marked):
            return Shown(cell.remark, looks, badges=tuple(self._badges[mark] for mark in cell.marks))
        if column.kind is Kind.STRIP and isinstance(cell, str):
            return Shown(looks=looks, strip=_strip(cell))
        if cell is None:
            return Shown(NOTHING if own and looks == "num" else "", looks)
        told = text(cell, column, self._digits)
        looks = looks or ("short" if len(told) <= SHORT else "")
        return Shown(told, looks, self._address(opens) if opens and told else "", zone)

    def _address(self, opens: Address) -> str:
        query: dict[str, Any] = dict(opens.query)
        return url_for(opens.endpoint, **query)

    def _place_of_zones(self) -> int:
        named = [place for place, column in enumerate(self._columns) if column.name in OF_ZONES]
        texts = [place for place, column in enumerate(self._columns) if place and column.kind is Kind.TEXT]
        return next(iter(named or texts), 0)


def _badge(mark: Mark) -> Badge:
    if mark is Mark.REPLACED:
        return Badge(mark, str(report_words.LETTERS[mark]), _("замена"))
    state = State(mark.value)
    return Badge(mark, words.mark(state), str(words.STATES[state]))


def _strip(places: str) -> Markup:
    """Told by height, not by colour alone: whole, lower, low, a line; what is not due yet is not drawn."""
    drawn, start = [], 0
    for letter, run in groupby(places):
        length = len(list(run))
        if letter in PLACES:
            looks, height, _word = PLACES[letter]
            drawn.append(
                Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>').format(
                    looks, start, 10 - height, length, height
                )
            )
        start += length
    counts = {state: places.count(letter) for letter, (_looks, _height, state) in PLACES.items()}
    said = ", ".join(f"{words.STATES[state]}: {count}" for state, count in counts.items() if count)
    return Markup(
        '<svg class="day-strip" role="img" aria-label="{}" viewBox="0 0 {} 10" preserveAspectRatio="none">{}</svg>'
    ).format(said, max(1, len(places)), Markup("").join(drawn))
