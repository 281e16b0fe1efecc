"""A workbook of Excel 2007 and later, a row at a time: numbers are numbers, dates are dates, a text is never a formula.

A cell is made once for each look in each column, and holds one value after the other: a row is written before the next
one is begun.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import IO

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties

from central.reports.description import Document, Role, Row
from central.reports.formats.form import above, below, clean, lines, reading, written
from central.reports.formats.sheets import A4, BOTTOM, MARGIN, OF_THEIR_OWN, Spot, footer, heads, name, overs, pattern
from central.reports.values import Plain

MOST_ROWS = 1_048_576  # of a sheet
RULE = Side(style="thin", color="FF808080")
USUAL = "Calibri"  # as the rest of the sheet has it: a font without a name is any
BOLD, QUIET = Font(name=USUAL, size=11, bold=True), Font(name=USUAL, size=11, color="FF595959")
FONTS: Mapping[Spot | Role, Font] = {
    Spot.TITLE: Font(name=USUAL, bold=True, size=14),
    Spot.ABOVE: QUIET,
    Spot.NOTE: QUIET,
    **dict.fromkeys((Spot.HEAD, Spot.HEAD_OF_NUMBERS, Spot.OVER, Spot.GROUP, Role.LINE, Role.TOTAL), BOLD),
}
BORDERS: Mapping[Spot | Role, Border] = {
    **dict.fromkeys((Spot.HEAD, Spot.HEAD_OF_NUMBERS), Border(bottom=RULE)),
    Role.TOTAL: Border(top=RULE, bottom=RULE),
}
ALIGNED: Mapping[Spot | Role, Alignment] = {
    Spot.HEAD: Alignment(wrap_text=True, vertical="bottom"),
    Spot.HEAD_OF_NUMBERS: Alignment(wrap_text=True, vertical="bottom", horizontal="right"),
    Spot.OVER: Alignment(horizontal="center"),
}


def write(document: Document, out: IO[bytes], most: int = MOST_ROWS) -> None:
    """`most`: rows of a sheet; where they end another begins, with the head again."""
    book = _Book(document, most)
    for row in lines(document.rows):
        book.group(row) if isinstance(row, str) else book.row(row)
    book.end_of_table()
    for told in ([], *below(document)):
        book.put(told, Spot.NOTE)
    book.save(out)


class _Book:
    def __init__(self, document: Document, most: int) -> None:
        self._document = document
        self._most = most
        self._read = reading(document.digits)
        self._columns = [(place, document.columns[place]) for place in written(document)]
        self._book = Workbook(write_only=True)
        self._sheets = self._at = self._head_at = 0
        told = list(above(document))
        self._begin(len(told) + 2)
        self.put([document.title], Spot.TITLE)
        for caption, value in told:
            self._append([self._cell(0, caption, Spot.ABOVE), self._cell(1, value, Role.ROW)])
        self._append([])
        self._head()

    def row(self, row: Row) -> None:
        self._room()
        digits, read, role = self._document.digits, self._read, row.role
        looks, ruled = self._of_rows[role], role is Role.TOTAL  # over its empty cells too
        cells: list[Cell | None] = []
        for at, (place, column) in enumerate(self._columns):
            value = row.cells[place]
            found = read(value, column)
            if not ruled and (found is None or found == ""):
                cells.append(None)
                continue
            kind = type(value)
            key = (at, value if kind in OF_THEIR_OWN else kind)
            look = looks.get(key)
            if look is None:
                look = self._look(at, role, pattern(value, found, column, digits))
                looks[key] = look
            cells.append(look.hold(found))
        self._append(cells)

    def group(self, caption: str) -> None:
        self.put([caption], Spot.GROUP)

    def put(self, texts: Sequence[str], look: Spot) -> None:
        self._room()
        self._append([self._cell(at, text, look) for at, text in enumerate(texts)])

    def end_of_table(self) -> None:
        """Its head filters what stands under it."""
        if self._at > self._head_at:
            last = get_column_letter(max(1, len(self._columns)))
            self._sheet.auto_filter.ref = f"A{self._head_at}:{last}{self._at}"

    def save(self, out: IO[bytes]) -> None:
        self._book.save(out)

    def _room(self) -> None:
        if self._at == self._most:
            self.end_of_table()
            self._begin()
            self._head()

    def _begin(self, above: int = 0) -> None:
        """Another sheet, with so many rows before its head: what it says of itself goes before the first of them."""
        self._sheets += 1
        self._at = 0
        self._looks: dict[tuple[int, Spot | Role, str], _Cell] = {}
        self._of_rows: dict[Role, dict[tuple[int, object], _Cell]] = {role: {} for role in Role}
        self._sheet = sheet = self._book.create_sheet(name(self._document.title, self._sheets))
        for at, (_place, column) in enumerate(self._columns, 1):
            sheet.column_dimensions[get_column_letter(at)].width = column.width
        sheet.page_setup.paperSize = A4
        sheet.page_setup.orientation = "landscape" if self._document.wide else "portrait"
        sheet.page_setup.fitToHeight = 0
        sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
        sheet.page_margins.left = sheet.page_margins.right = sheet.page_margins.top = MARGIN
        sheet.page_margins.bottom = BOTTOM
        self._head_at = above + 1 + bool(overs([column for _place, column in self._columns]))
        sheet.freeze_panes = f"B{self._head_at + 1}"  # hundreds of points may stand to the right of their time
        sheet.print_title_rows = f"{above + 1}:{self._head_at}"
        sheet.oddFooter.left.text, sheet.oddFooter.right.text = footer(self._document)

    def _head(self) -> None:
        columns = [column for _place, column in self._columns]
        over = overs(columns)
        first = self._at + 1
        if over:
            cells: list[Cell | None] = [None] * len(columns)
            for caption, begin, end in over:
                cells[begin] = self._cell(begin, caption, Spot.OVER)
                if end > begin:
                    self._sheet.merged_cells.add(
                        f"{get_column_letter(begin + 1)}{first}:{get_column_letter(end + 1)}{first}"
                    )
            self._append(cells)
        self._append([self._cell(at, caption, look) for at, (caption, look) in enumerate(heads(columns))])

    def _append(self, cells: Sequence[Cell | None]) -> None:
        self._sheet.append(cells)
        self._at += 1

    def _cell(self, at: int, text: str, look: Spot | Role) -> Cell:
        return self._look(at, look, "").hold(text)

    def _look(self, at: int, look: Spot | Role, shown: str) -> "_Cell":
        found = self._looks.get((at, look, shown))
        if found is None:
            found = self._looks[at, look, shown] = _Cell(self._sheet)
            for name, value in (("font", FONTS), ("border", BORDERS), ("alignment", ALIGNED)):
                if look in value:
                    setattr(found, name, value[look])
            if shown:
                found.number_format = shown
            found.keep()
        return found


class _Cell(Cell):  # type: ignore[misc, unused-ignore]
    """One look in one column, with one value after the other. What openpyxl finds out of a cell again and again, its
    number among the looks and the type of its value, is found once or is known."""

    _value: Plain
    data_type: str
    _known: int

    def keep(self) -> None:
        """Once all of its look is set."""
        self._known = super().style_id

    def hold(self, value: Plain) -> "_Cell":
        if isinstance(value, str):
            self._value, self.data_type = clean(value), "s"  # whatever it begins with
        elif isinstance(value, date):
            self._value = value.replace(tzinfo=None) if isinstance(value, datetime) else value
            self.data_type = "d"
        else:
            self._value, self.data_type = value, "n"
        return self

    @property
    def style_id(self) -> int:
        return self._known

    @property
    def has_style(self) -> bool:
        return self._known != 0

    def __repr__(self) -> str:  # openpyxl words an error around each cell that it is given, and forgets it
        return "cell"
