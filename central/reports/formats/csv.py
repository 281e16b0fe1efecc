"""CSV as a Russian Excel opens it: a line at a time, so that any number of rows needs no memory."""

from datetime import date
from typing import IO

from central.faces.tables import BOM, Cell, line
from central.reports.description import Document
from central.reports.formats.form import above, below, clean, head, lines, reading, written
from central.reports.values import text


def write(document: Document, out: IO[bytes]) -> None:
    digits, read = document.digits, reading(document.digits)
    columns = [(place, document.columns[place]) for place in written(document)]

    def put(*cells: Cell) -> None:
        out.write(line(clean(cell) if isinstance(cell, str) else cell for cell in cells).encode())

    out.write(BOM.encode())
    put(document.title)
    for caption, value in above(document):
        put(caption, value)
    put()
    put(*(head(column) for _, column in columns))
    for row in lines(document.rows):
        if isinstance(row, str):
            put(row)
            continue
        cells: list[Cell] = []
        for place, column in columns:
            found = read(row.cells[place], column)
            cells.append(text(row.cells[place], column, digits) if isinstance(found, date) else found)
        put(*cells)
    put()
    for told in below(document):
        put(*told)
