"""Workbooks as people make them."""

from pathlib import Path
from typing import Any

from openpyxl import Workbook

from central.registry.exchange.sheets import SHEETS


def book(path: Path, **rows: list[dict[str, Any]]) -> Path:
    """A workbook with these sheets; cells by the captions of the columns."""
    made = Workbook()
    made.remove(made.worksheets[0])
    for sheet in SHEETS:
        if sheet.name not in rows:
            continue
        page = made.create_sheet(sheet.caption)
        page.append([column.caption for column in sheet.columns])
        for row in rows[sheet.name]:
            unknown = row.keys() - {column.name for column in sheet.columns}
            assert not unknown, unknown
            page.append([row.get(column.name) for column in sheet.columns])
            for cell, column in zip(page[page.max_row], sheet.columns, strict=True):
                if isinstance(row.get(column.name), Literal):
                    cell.data_type = "s"
    made.save(path)
    return path


class Literal(str):
    """A text of a cell, whatever it begins with."""
