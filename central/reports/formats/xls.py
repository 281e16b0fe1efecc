"""A workbook of Excel 2003, which is BIFF8: sheets of 65,536 rows, numbers as numbers, a text is never a formula."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import IO

import xlwt

from central.reports.description import Document, Role, Row
from central.reports.formats.form import MOST_TEXT, TooManyColumns, above, below, clean, lines, reading, written
from central.reports.formats.sheets import A4, BOTTOM, MARGIN, OF_THEIR_OWN, Spot, heads, name, overs, pattern
from central.reports.values import Plain

MOST_ROWS = 65_536  # of a sheet
MOST_COLUMNS = 256
FLUSHED = 1_000  # rows that are kept as objects
PAGES = b"&R&P / &N"  # xlwt has no other letters for the foot of a page than those of ASCII
LOOKS: Mapping[Spot | Role, str] = {
    Spot.TITLE: "font: bold on, height 280",
    Spot.ABOVE: "font: colour gray50",
    Spot.NOTE: "font: colour gray50",
    Spot.HEAD: "font: bold on; borders: bottom thin; alignment: wrap on, vertical bottom",
    Spot.HEAD_OF_NUMBERS: "font: bold on; borders: bottom thin; alignment: wrap on, vertical bottom, horizontal right",
    Spot.OVER: "font: bold on; alignment: horizontal centre",
    Spot.GROUP: "font: bold on",
    Role.ROW: "",
    Role.PART: "",
    Role.LINE: "font: bold on",
    Role.TOTAL: "font: bold on; borders: top thin, bottom thin",
}


def write(document: Document, out: IO[bytes], most: int = MOST_ROWS) -> None:
    """`most`: rows of a sheet; where they end another begins, with the head again. Raises TooManyColumns."""
    book = _Book(document, most)
    for row in lines(document.rows):
        book.group(row) if isinstance(row, str) else book.row(row)
    for told in ([], *below(document)):
        book.put(told, Spot.NOTE)
    book.save(out)


class _Book:
    def __init__(self, document: Document, most: int) -> None:
        self._document = document
        self._most = most
        self._read = reading(document.digits)
        self._columns = [(place, document.columns[place]) for place in written(document)]
        if len(self._columns) > MOST_COLUMNS:
            raise TooManyColumns(len(self._columns), MOST_COLUMNS)
        self._book = xlwt.Workbook(encoding="utf-8")
        self._looks: dict[tuple[Spot | Role, str], xlwt.XFStyle] = {}
        self._of_rows: dict[Role, dict[tuple[int, object], xlwt.XFStyle]] = {role: {} for role in Role}
        self._sheets = self._at = 0
        self._begin()
        self.put([document.title], Spot.TITLE)
        for caption, value in above(document):
            self._put(0, caption, Spot.ABOVE)
            self._put(1, value, Role.ROW)
            self._at += 1
        self._at += 1
        self._head()

    def row(self, row: Row) -> None:
        self._room()
        digits, read, role = self._document.digits, self._read, row.role
        looks, ruled = self._of_rows[role], role is Role.TOTAL  # over its empty cells too
        line = self._sheet.row(self._at)
        for at, (place, column) in enumerate(self._columns):
            value = row.cells[place]
            found = read(value, column)
            if not ruled and (found is None or found == ""):
                continue
            kind = type(value)
            key = (at, value if kind in OF_THEIR_OWN else kind)
            look = looks.get(key)
            if look is None:
                look = self._look(role, pattern(value, found, column, digits))
                looks[key] = look
            _put(line, at, found, look)
        self._at += 1
        if self._at % FLUSHED == 0:
            self._sheet.flush_row_data()

    def group(self, caption: str) -> None:
        self.put([caption], Spot.GROUP)

    def put(self, texts: Sequence[str], look: Spot) -> None:
        self._room()
        for at, text in enumerate(texts):
            self._put(at, text, look)
        self._at += 1

    def save(self, out: IO[bytes]) -> None:
        self._book.save(out)

    def _room(self) -> None:
        if self._at == self._most:
            self._begin()
            self._head()

    def _begin(self) -> None:
        self._sheets += 1
        self._at = 0
        self._sheet = sheet = self._book.add_sheet(name(self._document.title, self._sheets))
        for at, (_place, column) in enumerate(self._columns):
            sheet.col(at).width = 256 * column.width
        sheet.paper_size_code = A4
        sheet.portrait = not self._document.wide
        sheet.fit_num_pages = 1
        sheet.fit_width_to_pages, sheet.fit_height_to_pages = 1, 0
        sheet.left_margin = sheet.right_margin = sheet.top_margin = MARGIN
        sheet.bottom_margin = BOTTOM
        sheet.header_str, sheet.footer_str = b"", PAGES

    def _head(self) -> None:
        columns = [column for _place, column in self._columns]
        over = overs(columns)
        for caption, begin, end in over:
            style = self._look(Spot.OVER, "")
            self._sheet.write_merge(self._at, self._at, begin, end, clean(caption), style)
        self._at += bool(over)
        for at, (caption, look) in enumerate(heads(columns)):
            self._put(at, caption, look)
        self._at += 1
        self._sheet.panes_frozen = True
        self._sheet.horz_split_pos, self._sheet.vert_split_pos = self._at, 1

    def _put(self, at: int, text: str, look: Spot | Role) -> None:
        _put(self._sheet.row(self._at), at, text, self._look(look, ""))

    def _look(self, look: Spot | Role, shown: str) -> xlwt.XFStyle:
        found = self._looks.get((look, shown))
        if found is None:
            found = self._looks[look, shown] = xlwt.easyxf(LOOKS[look], num_format_str=shown or None)
        return found


def _put(line: xlwt.Row, at: int, value: Plain, look: xlwt.XFStyle) -> None:
    if isinstance(value, str):
        if value:
            line.set_cell_text(at, _units(clean(value)), look)
        else:
            line.set_cell_blank(at, look)
    elif value is None:
        line.set_cell_blank(at, look)
    elif isinstance(value, date):
        line.set_cell_date(at, value.replace(tzinfo=None) if isinstance(value, datetime) else value, look)
    else:
        line.set_cell_number(at, value, look)


def _units(text: str) -> str:
    """Excel counts those of UTF-16, of which a sign beyond its first 65,536 has two."""
    if len(text) * 2 <= MOST_TEXT or len(text.encode("utf-16-le")) <= MOST_TEXT * 2:
        return text
    kept = text.encode("utf-16-le")[: (MOST_TEXT - 1) * 2].decode("utf-16-le", "ignore")
    return f"{kept}…"
