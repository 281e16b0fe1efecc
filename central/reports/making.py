"""A report run for a viewer: its rows one at a time, filtered, with the sums of what is shown, and its marks counted.

Sums are of whole mWh and of ROWs that are shown: they are right to the digit whatever precision was asked for. What is
not known is not added, and a note says how much that is.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
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
from central.registry.periods import COMPANY
from central.reports.asked import Asked, Only
from central.reports.description import Cell, Chart, Column, Document, Kind, Line, Mark, Marked, Report, Role, Row

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
    return Making(source, viewer, now, report, asked, sorted(found, key=lambda one: (one.code, one.id)), progress)


@dataclass(slots=True)
class _Sum:
    """Of one column over rows that are shown."""

    total: int | None = None
    known: int = 0
    lacking: int = 0
    most: int | None = None
    least: int | None = None

    def add(self, cell: Cell) -> None:
        if not isinstance(cell, int):
            self.lacking += 1
            return
        self.known += 1
        self.total = cell if self.total is None else self.total + cell
        self.most = cell if self.most is None else max(self.most, cell)
        self.least = cell if self.least is None else min(self.least, cell)

    def line(self, line: Line) -> Cell:
        mean = Fraction(self.total, self.known) if self.total is not None else None
        if line is Line.MEAN:
            return None if mean is None else half_away(mean)
        if line is Line.LOAD:
            return None if mean is None or not self.most else Fraction(half_away(1000 * mean / self.most), 1000)
        return {Line.TOTAL: self.total, Line.MOST: self.most, Line.LEAST: self.least}[line]


@dataclass(slots=True)
class _Told:
    """What the notes under the table say."""

    rows: int = 0
    shown: int = 0
    marks: Counter[Mark] = field(default_factory=Counter)
    energies: Counter[Mark] = field(default_factory=Counter)


def document(made: Making, organisation: str, holder: str = "") -> Document:
    """Raises NotFound: there is nothing of these points in this time for the viewer; SeriesUnavailable while its rows
    are gone through."""
    report, asked = made.report, made.asked
    if not made.points:
        raise NotFound("points")
    columns = list(report.columns(asked, made.points))
    places = asked.chosen(columns)
    shown = [columns[place] for place in places]
    notes: list[str] = []
    chart: Chart | None = report.chart(made) if report.chart else None
    return Document(
        title=str(report.title),
        organisation=organisation,
        about=report_words.about(report, asked, made.points),
        columns=shown,
        rows=_rows(made, columns, places, notes),
        notes=notes,
        digits=asked.digits,
        made_at=datetime.fromtimestamp(made.now, ZoneInfo(COMPANY)),
        chart=chart,
        signatures=[str(one) for one in report.signatures],
        wide=report.wide,
        holder=holder,
        of_rows=report.size(asked, made.points),
    )


def _rows(made: Making, columns: Sequence[Column], places: Sequence[int], notes: list[str]) -> Iterator[Row]:
    report, asked = made.report, made.asked
    whole = {place: _Sum() for place, column in enumerate(columns) if column.summed}
    told = _Told()
    lines = report.lines if report.grouped is None or report.grouped(asked) else ()
    for group, found in groupby(report.rows(made), key=lambda row: row.group):
        sums = {place: _Sum() for place in whole}
        any_shown = False
        for row in found:
            if row.role is Role.ROW:
                told.rows += 1
            if not _wanted(row, asked):
                continue
            any_shown = True
            if row.role is Role.ROW:
                _count(row, sums, whole, told)
            yield _shown(row, columns, places)
        if any_shown:
            for line in lines:
                yield _line(str(report_words.LINES[line]), line, sums, columns, places, Role.LINE, group)
    if report.total and told.shown:
        caption = report_words.TOTAL if told.shown == told.rows else report_words.TOTAL_OF_SHOWN
        yield _line(str(caption), Line.TOTAL, whole, columns, places, Role.TOTAL, "")
    notes += _notes(made, columns, whole, told)


def _wanted(row: Row, asked: Asked) -> bool:
    if Only.MARKED in asked.only and not (row.marks or row.remark):
        return False
    find = asked.find.casefold()
    texts = (row.group, *(cell for cell in row.cells if isinstance(cell, str)))
    return not find or any(find in text.casefold() for text in texts)


def _count(row: Row, sums: dict[int, _Sum], whole: dict[int, _Sum], told: _Told) -> None:
    told.shown += 1
    for place, one in sums.items():
        one.add(row.cells[place])
        whole[place].add(row.cells[place])
    if row.marks:
        first = next((row.cells[place] for place in sums), None)
        for mark in row.marks:
            told.marks[mark] += 1
            told.energies[mark] += first if isinstance(first, int) else 0


def _shown(row: Row, columns: Sequence[Column], places: Sequence[int]) -> Row:
    """The cells that are shown, with the row's own marks in their column."""
    marked = Marked(row.marks, row.remark)
    cells = tuple(marked if columns[place].kind is Kind.MARKS else row.cells[place] for place in places)
    return structs.replace(row, cells=cells)


def _line(
    caption: str,
    line: Line,
    sums: dict[int, _Sum],
    columns: Sequence[Column],
    places: Sequence[int],
    role: Role,
    group: str,
) -> Row:
    """Its caption stands in the first column that is not added up."""
    cells: list[Cell] = [sums[place].line(line) if place in sums else None for place in places]
    free = next((number for number, place in enumerate(places) if not columns[place].summed), None)
    if free is not None:
        cells[free] = caption
    return Row(tuple(cells), role, group)


def _notes(made: Making, columns: Sequence[Column], whole: dict[int, _Sum], told: _Told) -> Iterator[str]:
    if told.shown != told.rows:
        yield report_words.chosen_note(told.shown, told.rows)
    first = next(iter(whole), None)
    unit = str(columns[first].unit) if first is not None else ""
    for mark in Mark:
        if told.marks[mark]:
            energy = told.energies[mark] if mark not in (Mark.MISSING, Mark.NOT_DUE) and first is not None else None
            yield report_words.mark_note(mark, told.marks[mark], told.shown, energy, unit, made.asked.digits)
    for place, one in whole.items():
        if one.lacking and one.known:
            yield report_words.lacking_note(str(columns[place].caption), one.lacking)
    if made.report.notes is not None:
        yield from made.report.notes(made)
