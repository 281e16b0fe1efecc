"""A table as a file: CSV as a Russian Excel opens it, or a workbook. Numbers are numbers; text begins no formula."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from io import BytesIO, StringIO
from typing import TypeAlias

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

Cell: TypeAlias = str | int | Decimal | None
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"  # the type of a workbook
BOM = "\ufeff"
BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
NUMBERS = "#,##0.000###"
WIDTH = 18  # characters of a column


@dataclass(frozen=True, slots=True)
class Table:
    """`about`: what stands above it, a caption and a value each. None in a cell = nothing stands there."""

    title: str
    about: Sequence[tuple[str, str]]
    columns: Sequence[str]
    rows: Iterable[Sequence[Cell]]


def as_csv(table: Table) -> Iterator[str]:
    """Line by line."""
    yield BOM
    for caption, value in table.about:
        yield line([caption, value])
    yield line(table.columns)
    for row in table.rows:
        yield line(row)


def line(cells: Iterable[Cell]) -> str:
    """A text that would begin a formula begins with an apostrophe; numbers have a comma."""
    out = StringIO()
    csv.writer(out, delimiter=";", lineterminator="\r\n").writerow([_plain(cell) for cell in cells])
    return out.getvalue()


def _plain(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, Decimal):
        return f"{cell:f}".replace(".", ",")
    text = str(cell)
    return f"'{text}" if isinstance(cell, str) and text.startswith(BEGINS_A_FORMULA) else text


def as_workbook(table: Table) -> bytes:
    """One sheet; the head of the table stays in sight."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(table.title[:31])
    for number in range(1, len(table.columns) + 1):
        sheet.column_dimensions[get_column_letter(number)].width = WIDTH
    sheet.freeze_panes = f"A{len(table.about) + 2}"
    for caption, value in table.about:
        sheet.append([_cell(sheet, caption), _cell(sheet, value)])
    sheet.append([_cell(sheet, caption, bold=True) for caption in table.columns])
    for row in table.rows:
        sheet.append([_cell(sheet, cell) for cell in row])
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _cell(sheet: object, value: Cell, *, bold: bool = False) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub(" ", value) if isinstance(value, str) else value)
    if isinstance(value, str):
        cell.data_type = "s"
    elif isinstance(value, Decimal):
        cell.number_format = NUMBERS
    if bold:
        cell.font = Font(bold=True)
    return cell
