"""A report run for a viewer: its rows one at a time, filtered, with the sums of what is shown, and its marks counted.

Sums are of whole mWh and of ROWs that are shown: they are right to the digit whatever precision was asked for. What is
not known is not added, and a note says how much that is.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from itertools import groupby
from zoneinfo import ZoneInfo

from msgspec import structs

from central import figures
from central.accounts.policy import Viewer
from central.faces import report_words
from central.figures import NotFound, Source
from central.figures.views import PointView
from central.metering.rounding import half_away
from central.registry.natural import by_code, natural
from central.registry.periods import COMPANY
from central.reports.asked import Asked, Only
from central.reports.description import (
    Address,
    Cell,
    Chart,
    Column,
    Document,
    Kind,
    Line,
    Mark,
    Marked,
    Report,
    Role,
    Row,
)

NOTHINGS = (Mark.POWER_OFF, Mark.MISSING, Mark.NOT_DUE)  # marks of what has no energy
MOST_LACKING = 5  # sums that are told of one by one

Progress = Callable[[int, int], None]  # done, of: points


def nobody_asks(_done: int, _of: int) -> None:
    """For a report that is made while somebody waits for the page."""


@dataclass(frozen=True, slots=True)
class Making:
    """One run. `points`: those that were asked for and are the viewer's in that time, in the order of their codes.
    `progress` is told of each point, and may raise to end it."""

    source: Source
    viewer: Viewer
    now: int
    report: Report
    asked: Asked
    points: Sequence[PointView]
    progress: Progress = nobody_asks

    def each(self) -> Iterator[PointView]:
        """The points, one after the other."""
        for done, one in enumerate(self.points):
            self.progress(done, len(self.points))
            yield one
        self.progress(len(self.points), len(self.points))

    def span(self, one: PointView) -> tuple[int, int]:
        """The period as seconds UTC [since, until) at this point; not after now."""
        since, until = self.asked.period.span(one.tz)
        return since, max(since, min(until, self.now))


def making(
    source: Source,
    viewer: Viewer,
    now: int,
    report: Report,
    asked: Asked,
    progress: Progress = nobody_asks,
    there: Sequence[PointView] | None = None,
) -> Making:
    """Raises NotFound: a point was named that the viewer never sees. All points: those that are his now; `there`:
    these, where they are known already."""
    if there is None:
        there = () if viewer.staff else figures.points(source, viewer, now)
    his = {one.id: one for one in there}
    found = [his.get(key) or figures.point_view(source, viewer, key, now) for key in asked.points] or list(there)
    found.sort(key=by_code)
    return Making(source, viewer, now, report, asked, found, progress)


@dataclass(slots=True)
class Sum:
    """Of one column over rows that are shown. `most`, `least`: the rows where they are; these and the mean are of rows
    that may be compared."""

    place: int
    total: int | None = None
    known: int = 0
    lacking: int = 0
    most: Row | None = None
    least: Row | None = None
    compared: int = 0
    of_compared: int = 0
    _ends: tuple[int, int] = (0, 0)

    def add(self, row: Row) -> None:
        cell = row.cells[self.place]
        if not isinstance(cell, int):
            self.lacking += cell != ""
            return
        self.known += 1
        self.total = cell if self.total is None else self.total + cell
        if not row.compared:
            return
        self.compared += 1
        self.of_compared += cell
        least, most = self._ends
        if self.most is None or cell > most:
            self.most, most = row, cell
        if self.least is None or cell < least:
            self.least, least = row, cell
        self._ends = least, most

    def join(self, other: "Sum") -> None:
        """What there is of other rows; these have no greatest together."""
        self.known += other.known
        self.lacking += other.lacking
        if other.total is not None:
            self.total = other.total + (self.total or 0)

    def line(self, line: Line) -> Cell:
        if line is Line.TOTAL:
            return self.total
        if not self.compared:
            return None
        least, most = self._ends
        if line is Line.MEAN:
            return half_away(Fraction(self.of_compared, self.compared))
        if line is Line.LOAD:
            return Fraction(half_away(Fraction(1000 * self.of_compared, self.compared * most)), 1000) if most else None
        return most if line is Line.MOST else least

    def where(self, line: Line) -> Row | None:
        """The row that this line is of, where it is of one."""
        return {Line.MOST: self.most, Line.LEAST: self.least}.get(line)


@dataclass(slots=True)
class _Told:
    """What the notes under the table say."""

    rows: int = 0
    shown: int = 0
    compared: int = 0
    marks: Counter[Mark] = field(default_factory=Counter)
    energies: Counter[Mark] = field(default_factory=Counter)
    groups: set[str] = field(default_factory=set)


def document(made: Making, organisation: str, holder: str = "", name: str = "") -> Document:
    """`name`: of a personal report; which of the standard ones it is then stands under it. Raises NotFound: there is
    nothing of these points in this time for the viewer; SeriesUnavailable while its rows are gone through."""
    report, asked = made.report, made.asked
    if not made.points:
        raise NotFound("points")
    columns = list(report.columns(asked, made.points))
    places = asked.chosen(columns)
    shown = [columns[place] for place in places]
    notes: list[str] = []
    chart: Chart | None = report.chart(made) if report.chart else None
    return Document(
        title=name or str(report.title),
        organisation=organisation,
        about=report_words.about(report, asked, made.points, named=bool(name)),
        columns=shown,
        rows=_rows(made, columns, places, notes),
        notes=notes,
        digits=asked.digits,
        made_at=datetime.fromtimestamp(made.now, ZoneInfo(COMPANY)),
        chart=chart,
        signatures=[str(one) for one in report.signatures],
        wide=report.wide,
        holder=holder,
        of_rows=report.size(made),
    )


def _rows(made: Making, columns: Sequence[Column], places: Sequence[int], notes: list[str]) -> Iterator[Row]:
    report, asked = made.report, made.asked
    whole = _sums(columns)
    told, energy = _Told(), _energy(whole, columns)
    lines = report.lines if report.grouped is None or report.grouped(asked) else ()
    groups, opens = 0, dict[str, Address]()
    for group, found in groupby(report.rows(made), key=lambda row: row.group):
        sums = _sums(columns)
        told.groups.add(group)
        any_shown, opens, groups = False, {}, groups + 1
        before = told.rows - told.shown
        for row in found:
            if row.role is Role.ROW:
                told.rows += 1
            if not _wanted(row, asked):
                continue
            any_shown = True
            if row.role is Role.ROW:
                _count(row, sums, told, energy)
            opens = dict(row.sums)
            yield _shown(row, columns, places)
        for place, one in whole.items():
            one.join(sums[place])
        if told.rows - told.shown != before:
            opens = {}  # a sum of some of them is explained nowhere
        if any_shown:
            for line in lines:
                yield _line(line, sums, columns, places, opens, group)
    if report.total and told.shown:
        caption = report_words.TOTAL if told.shown == told.rows else report_words.TOTAL_OF_SHOWN
        total = _line(Line.TOTAL, whole, columns, places, opens if groups == 1 else {}, "", str(caption))
        yield structs.replace(total, role=Role.TOTAL)
    notes += _notes(made, columns, whole, told)


def _sums(columns: Sequence[Column]) -> dict[int, Sum]:
    return {place: Sum(place) for place, column in enumerate(columns) if column.summed}


def _wanted(row: Row, asked: Asked) -> bool:
    if Only.MARKED in asked.only and not (row.marks or row.remark):
        return False
    find = asked.find.casefold()
    texts = (row.group, *(cell for cell in row.cells if isinstance(cell, str)))
    return not find or any(find in text.casefold() for text in texts)


def _count(row: Row, sums: dict[int, Sum], told: _Told, place: int | None) -> None:
    """`place`: of the energy that is told of beside a mark."""
    told.shown += 1
    told.compared += row.compared
    for one in sums.values():
        one.add(row)
    if row.marks:
        energy = row.cells[place] if place is not None else None
        for mark in row.marks:
            told.marks[mark] += 1
            told.energies[mark] += row.shares.get(mark, energy if isinstance(energy, int) else 0)


def _energy(sums: dict[int, Sum], columns: Sequence[Column]) -> int | None:
    """The column that is told of beside a mark."""
    return next((place for place in sums if columns[place].kind is Kind.ENERGY), None)


def _shown(row: Row, columns: Sequence[Column], places: Sequence[int]) -> Row:
    """The cells that are shown, with the row's own marks in their column."""
    marked = Marked(row.marks, row.remark)
    cells = tuple(marked if columns[place].kind is Kind.MARKS else row.cells[place] for place in places)
    return structs.replace(row, cells=cells)


def _line(
    line: Line,
    sums: dict[int, Sum],
    columns: Sequence[Column],
    places: Sequence[int],
    opens: Mapping[str, Address],
    group: str,
    caption: str = "",
) -> Row:
    """Its caption stands in the first column that is not added up."""
    by_name = {columns[place].name: one for place, one in sums.items()}
    cells = [_under(line, place, sums, by_name, columns) for place in places]
    free = next((number for number, place in enumerate(places) if not columns[place].summed), None)
    if free is not None:
        cells[free] = caption or str(report_words.LINES[line])
    if line is not Line.TOTAL:
        there = {name: one.where(line) for name, one in by_name.items()}
        opens = {name: row.opens[name] for name, row in there.items() if row is not None and name in row.opens}
    return Row(tuple(cells), Role.LINE, group, opens=opens)


def _under(line: Line, place: int, sums: dict[int, Sum], by_name: Mapping[str, Sum], columns: Sequence[Column]) -> Cell:
    column = columns[place]
    if column.derived is not None:
        return column.derived(line, by_name)
    if place in sums and not (column.beside and line in (Line.MOST, Line.LEAST)):
        return sums[place].line(line)
    row = by_name[column.beside].where(line) if column.beside else None
    return row.cells[place] if row is not None else None


def _notes(made: Making, columns: Sequence[Column], whole: dict[int, Sum], told: _Told) -> Iterator[str]:
    if told.shown != told.rows:
        yield report_words.chosen_note(told.shown, told.rows)
    names = {report_words.name_of(one) for one in made.points}
    if told.groups <= names != told.groups:  # the rows are those of points
        yield report_words.nothing_note(sorted(names - told.groups, key=natural))
    silent = [str(columns[place].caption) for place, one in whole.items() if not one.known and not one.lacking]
    if told.shown and (of_points := sorted(names & set(silent), key=natural)):  # the columns are those of points
        yield report_words.nothing_note(of_points)
    first = _energy(whole, columns)
    unit = str(columns[first].unit) if first is not None else ""
    for mark in Mark:
        if told.marks[mark]:
            energy = told.energies[mark] if mark not in NOTHINGS and first is not None else None
            yield report_words.mark_note(mark, told.marks[mark], told.shown, energy, unit, made.asked.digits)
    added = made.report.total or Line.TOTAL in made.report.lines
    lacking = {
        place: one.lacking
        for place, one in whole.items()
        if added and one.lacking and one.known and columns[place].derived is None
    }
    for place in list(lacking)[:MOST_LACKING]:
        yield report_words.lacking_note(str(columns[place].caption), lacking[place])
    if len(lacking) > MOST_LACKING:
        yield report_words.more_lacking_note(len(lacking) - MOST_LACKING)
    if told.compared != told.shown and set(made.report.lines) - {Line.TOTAL}:
        yield report_words.compared_note(told.compared, told.shown)
    if made.report.notes is not None:
        yield from made.report.notes(made)
