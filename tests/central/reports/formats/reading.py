"""What other programs read out of the files: rows of cells as texts, each in one form whatever the file keeps.

A number is its digits with a point and no nought at its end, a date is «24.11.2026», a moment «24.11.2026 14:30»,
nothing is "", white space is one space.
"""

import csv
import re
import subprocess
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import xlrd

from central.reports.description import Document, Kind, Row
from central.reports.values import plain

Table = list[list[str]]
NUMBER = re.compile(r"-?\d+(,\d+)?")


def said(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        raise TypeError(value)
    if isinstance(value, int | float | Decimal):
        text = f"{Decimal(str(value)):f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
        return "0" if text == "-0" else text
    if isinstance(value, datetime):
        return f"{value:%d.%m.%Y %H:%M}"
    if isinstance(value, date):
        return f"{value:%d.%m.%Y}"
    return " ".join(re.sub("[\x00-\x1f\ud800-\udfff]", " ", str(value)).split())


def meant(document: Document, rows: Sequence[Row]) -> Table:
    """What the cells of all formats must be; those that can only be drawn are left out."""
    places = [place for place, column in enumerate(document.columns) if column.kind is not Kind.STRIP]
    found, group = [], ""
    for row in rows:
        if row.group != group:
            group = row.group
            if group and group not in row.cells:
                found.append([said(group)])
        found.append([said(cut(plain(row.cells[place], document.columns[place], document.digits))) for place in places])
    return found


def cut(value: object) -> object:
    """No cell of Excel holds more than 32,767 letters."""
    return f"{value[:32_766]}…" if isinstance(value, str) and len(value) > 32_767 else value


def of_xlsx(path: Path) -> dict[str, Table]:
    """Sheet -> rows, without empty cells at their ends."""
    book = openpyxl.load_workbook(path)
    return {
        sheet.title: [trimmed([_kept(cell) for cell in row]) for row in sheet.iter_rows()] for sheet in book.worksheets
    }


def _kept(cell: openpyxl.cell.Cell) -> str:
    assert cell.data_type != "f", cell.value
    of_day = isinstance(cell.value, datetime) and "hh" not in cell.number_format
    return said(cell.value.date() if of_day else cell.value)


def of_xls(path: Path) -> dict[str, Table]:
    book = xlrd.open_workbook(path, formatting_info=True)
    assert book.biff_version == 80

    def cell(sheet: xlrd.sheet.Sheet, row: int, column: int) -> str:
        kind, value = sheet.cell_type(row, column), sheet.cell_value(row, column)
        if kind == xlrd.XL_CELL_DATE:
            pattern = book.format_map[book.xf_list[sheet.cell_xf_index(row, column)].format_key].format_str
            found = xlrd.xldate_as_datetime(value, book.datemode)
            return said(found if "hh" in pattern else found.date())
        assert kind in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK, xlrd.XL_CELL_TEXT, xlrd.XL_CELL_NUMBER)
        return said(value)

    return {
        sheet.name: [
            trimmed([cell(sheet, row, column) for column in range(sheet.row_len(row))]) for row in range(sheet.nrows)
        ]
        for sheet in book.sheets()
    }


def of_csv(path: Path) -> Table:
    """An apostrophe that keeps a text from being a formula is not of it."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [trimmed([_typed(cell) for cell in row]) for row in csv.reader(file, delimiter=";")]


def _typed(cell: str) -> str:
    if NUMBER.fullmatch(cell):
        return said(Decimal(cell.replace(",", ".")))
    return said(re.sub(r"\A'(?=[=+\-@\t\r\n])", "", cell))


def of_office(path: Path) -> Table:
    """What LibreOffice shows of a workbook that it wrote as CSV: numbers with the comma of a Russian."""
    with path.open(encoding="utf-8", newline="") as file:
        return [trimmed([said(cell) for cell in row]) for row in csv.reader(file, delimiter=";")]


def offices(files: Iterable[Path], to: Path, profile: Path) -> None:
    """LibreOffice is started once: all files as CSV, each sheet a file «name-Sheet.csv», cells as they are shown."""
    how = "csv:Text - txt - csv (StarCalc):59,34,76,1,,1049,false,true,true,false,false,-1"
    command = ["soffice", f"-env:UserInstallation=file://{profile}", "--headless", "--convert-to", how]
    subprocess.run([*command, "--outdir", str(to), *map(str, files)], check=True, capture_output=True, timeout=300)


def trimmed(cells: list[str]) -> list[str]:
    while cells and not cells[-1]:
        cells.pop()
    return cells


def table_of(found: Table, rows: int, head: Sequence[str]) -> Table:
    """The rows that stand under this head."""
    head = trimmed([said(caption) for caption in head])
    first = next(place for place, row in enumerate(found) if row[-1:] == head[-1:] and row[0] == head[0]) + 1
    return found[first : first + rows]


def words_of_pdf(path: Path, bottom: int) -> list[str]:
    """Of each page what stands over its foot (`bottom`: pt above the lower edge), without any white space."""
    about = subprocess.run(["pdfinfo", str(path)], check=True, capture_output=True, text=True).stdout
    size = re.search(r"Page size:\s+([\d.]+) x ([\d.]+)", about)
    assert size is not None
    width, height = float(size[1]), float(size[2])
    crop = ["-x", "0", "-y", "0", "-W", str(round(width)), "-H", str(round(height - bottom))]
    command = ["pdftotext", "-raw", "-enc", "UTF-8", *crop, str(path), "-"]
    text = subprocess.run(command, check=True, capture_output=True).stdout.decode()
    return ["".join(page.replace("\u200b", "").split()) for page in text.split("\f")[:-1]]
