"""One sheet of the workbook as CSV: its first line has the captions, and says which sheet it is.

Fields are parted by «;», a comma or a tab; the text is UTF-8, or Windows-1251 as Excel writes it here.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from central.registry.exchange.sheets import SHEETS, Sheet

HEAD = 8192  # bytes that the first line lies within
DELIMITERS = ";\t,"


@dataclass(frozen=True, slots=True)
class Cell:
    """As openpyxl has one."""

    value: str
    data_type: str = "s"


@dataclass(frozen=True, slots=True)
class Lines:
    sheet: Sheet
    encoding: str
    delimiter: str

    def read(self, file: TextIO) -> Iterator[tuple[Cell, ...]]:
        """Raises csv.Error, UnicodeDecodeError."""
        for line in csv.reader(file, delimiter=self.delimiter):
            yield tuple(Cell(text) for text in line)


def looked_at(path: Path) -> Lines | None:
    """None = this is no CSV of any sheet."""
    with path.open("rb") as file:
        head = file.readline(HEAD)
    for encoding in ("utf-8-sig", "cp1251"):
        try:
            text = head.decode(encoding)
        except UnicodeDecodeError:
            continue
        found = [one for delimiter in DELIMITERS for one in _fitting(text, encoding, delimiter)]
        return max(found, key=lambda one: one[0])[1] if found else None
    return None


def _fitting(text: str, encoding: str, delimiter: str) -> Iterator[tuple[int, Lines]]:
    """Sheets whose required columns all stand in the first line, and how many they are."""
    captions = {caption.strip().rstrip("*").strip() for caption in next(csv.reader([text], delimiter=delimiter), [])}
    for sheet in SHEETS:
        required = {one.caption for one in sheet.columns if one.required}
        if sheet.read and required <= captions:
            yield len(required), Lines(sheet, encoding, delimiter)
