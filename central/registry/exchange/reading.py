"""The rows of a workbook, one after the other: memory does not grow with the file. Every wrong cell is told."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from central.registry.exchange import comma, opening
from central.registry.exchange.cells import listed
from central.registry.exchange.sheets import HELP, LISTS, SHEETS, Column, Sheet
from central.registry.refusals import Refused

MOST_ROWS = 500_000  # of a sheet
MOST_EMPTY = 1000  # rows in a row: after them nothing more comes


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong in which cell; `row` 0 = the sheet, `column` "" = the whole row, `sheet` "" = the file."""

    sheet: str
    row: int
    column: str
    caption: str
    sentence: LazyString | str

    def __str__(self) -> str:
        where = " ".join(text for text in (self.sheet, f"{self.column}{self.row or ''}", self.caption) if text)
        return f"{where}: {self.sentence}" if where else str(self.sentence)


@dataclass(frozen=True, slots=True)
class Row:
    """`values`: column's name -> value, without empty cells; `letters`: column's name -> letter in this file."""

    sheet: Sheet
    number: int
    values: dict[str, Any]
    letters: dict[str, str]

    def wrong(self, refused: Refused) -> Wrong:
        """The refusal beside its cell, where it has one."""
        name = refused.field or ""
        column = self.sheet.column(name)
        caption = column.caption if column is not None else ""
        return Wrong(self.sheet.caption, self.number, self.letters.get(name, ""), caption, refused.sentence)


def rows(path: Path) -> Iterator[Row | Wrong]:
    """In the order of SHEETS, whatever the order in the file. Raises Refused: the file cannot be opened at all."""
    lines = comma.looked_at(path)
    if lines is not None:
        yield from _comma(path, lines)
        return
    opening.check(path)
    with path.open("rb") as file:  # openpyxl goes by the ending of a path; what it is was looked at
        try:
            book = load_workbook(file, read_only=True, keep_links=False)
        except (*opening.BROKEN, KeyError, ValueError, TypeError, AttributeError):
            raise opening.damaged() from None
        try:
            known = {sheet.caption: sheet for sheet in SHEETS}
            for name in book.sheetnames:
                if name not in known and name not in (HELP, LISTS):
                    sentence = _l("Такого листа нет; есть: %(known)s", known=listed(known))
                    yield Wrong(name, 0, "", "", sentence)
            for sheet in SHEETS:
                if sheet.read and sheet.caption in book.sheetnames:
                    worksheet = book[sheet.caption]
                    worksheet.reset_dimensions()  # what the file says of its size need not be true
                    yield from _sheet(worksheet.iter_rows(), sheet)
        except opening.BROKEN:
            raise opening.damaged() from None
        finally:
            book.close()


def _comma(path: Path, lines: comma.Lines) -> Iterator[Row | Wrong]:
    size = path.stat().st_size
    if size > opening.MOST_PACKED:
        raise Refused(None, opening.too_large(size))
    with path.open(encoding=lines.encoding, newline="") as file:
        try:
            yield from _sheet(lines.read(file), lines.sheet)
        except (csv.Error, UnicodeDecodeError):
            raise opening.damaged() from None


def _sheet(lines: Iterator[Any], sheet: Sheet) -> Iterator[Row | Wrong]:
    columns: dict[int, Column] = {}
    for place, cell in enumerate(next(lines, ())):
        if not cell.value:
            continue
        caption = str(cell.value).strip().rstrip("*").strip()
        column = next((one for one in sheet.columns if one.caption == caption), None)
        if column is None:
            sentence = _l("Такого столбца нет; есть: %(known)s", known=listed(one.caption for one in sheet.columns))
            yield Wrong(sheet.caption, 1, get_column_letter(place + 1), caption, sentence)
        elif column in columns.values():
            yield Wrong(sheet.caption, 1, get_column_letter(place + 1), caption, _l("Столбец стоит дважды"))
        else:
            columns[place] = column
    missing = [one.caption for one in sheet.columns if one.required and one not in columns.values()]
    if missing:
        yield Wrong(sheet.caption, 1, "", "", _l("Не хватает столбцов: %(missing)s", missing=listed(missing)))
        return
    letters = {column.name: get_column_letter(place + 1) for place, column in columns.items()}
    empty = 0
    for number, line in enumerate(lines, 2):
        if all(cell.value in (None, "") for cell in line):
            empty += 1
            if empty > MOST_EMPTY:
                return
            continue
        empty = 0
        if number > MOST_ROWS:
            yield Wrong(sheet.caption, number, "", "", _l("Больше %(most)s строк: разделите файл", most=MOST_ROWS))
            return
        yield from _row(line, Row(sheet, number, {}, letters), columns)


def _row(line: Any, row: Row, columns: dict[int, Column]) -> Iterator[Row | Wrong]:
    whole = True
    for place, column in columns.items():
        cell = line[place] if place < len(line) else None
        value = None if cell is None else cell.value
        if value is None or (isinstance(value, str) and not value.strip()):
            if column.required:
                whole = False
                yield row.wrong(Refused(column.name, _l("не заполнено")))
            continue
        try:
            if cell is not None and cell.data_type == "f":
                raise Refused(None, _l("здесь формула: вставьте её значение"))
            if cell is not None and cell.data_type == "e":
                raise Refused(None, _l("здесь ошибка Excel: %(value)s", value=value))
            row.values[column.name] = column.kind.parse(value)
        except Refused as refused:
            whole = False
            yield row.wrong(Refused(column.name, refused.sentence))
    if whole:
        yield row
