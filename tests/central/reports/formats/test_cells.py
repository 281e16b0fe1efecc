"""All formats say the same, cell by cell, to other programs: openpyxl, xlrd, LibreOffice, pdftotext, a reader of CSV.

The cells of each report over the scene stand in `golden/<report>.txt`; `GOLDEN=write pytest <this file>` writes them
anew (and those of a report that has none yet): read what changed before it is kept.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from central.faces.speaking import speaking
from central.reports.catalogue import reports
from central.reports.description import Column, Kind, Row
from central.reports.formats.form import head, written
from central.reports.formats.paper import shortened, table
from central.reports.formats.sheets import NUMBERS
from central.reports.values import text
from tests.central.reports.formats.conftest import EVERYTHING, Files
from tests.central.reports.formats.reading import (
    Table,
    cut,
    meant,
    of_csv,
    of_xls,
    of_xlsx,
    said,
    table_of,
    trimmed,
    words_of_pdf,
)  # fmt: skip

GOLDEN = Path(__file__).parent.parent / "golden"
WORDS = (EVERYTHING, *reports())
FOOT = 20 / 25.4 * 72  # pt, where a page without a code ends
FOOT_OF_CODE = 31 / 25.4 * 72


def heads(files: Files, word: str) -> list[str]:
    made = files.documents[word]
    return [head(made.columns[place]) for place in written(made)]


def wanted(files: Files, word: str) -> Table:
    return [trimmed(row) for row in meant(files.documents[word], files.rows[word])]


@pytest.mark.parametrize("word", WORDS)
def test_a_sheet_of_excel_2007_has_the_cells(files: Files, word: str) -> None:
    (found,) = of_xlsx(files.path(word, "xlsx")).values()
    cells = wanted(files, word)
    assert table_of(found, len(cells), [column.head for column in shown(files, word)]) == cells


@pytest.mark.parametrize("word", WORDS)
def test_a_sheet_of_excel_2003_has_the_cells(files: Files, word: str) -> None:
    (found,) = of_xls(files.path(word, "xls")).values()
    cells = wanted(files, word)
    assert table_of(found, len(cells), [column.head for column in shown(files, word)]) == cells


@pytest.mark.parametrize("word", WORDS)
def test_csv_has_the_cells(files: Files, word: str) -> None:
    cells = wanted(files, word)
    assert table_of(of_csv(files.path(word, "csv")), len(cells), heads(files, word)) == cells


@pytest.mark.parametrize("form", ["xls", "xlsx"])
@pytest.mark.parametrize("word", WORDS)
def test_libreoffice_shows_the_figures_as_a_page_does(files: Files, word: str, form: str) -> None:
    made = files.documents[word]
    cells: Table = []
    group = ""
    for row in files.rows[word]:
        if row.group != group:
            group = row.group
            cells += [[said(group)]] if group and group not in row.cells else []
        cells.append(trimmed([seen(row, place, made.columns[place], made.digits) for place in written(made)]))
    found = files.shown(word, form)
    assert table_of(found, len(cells), [column.head for column in shown(files, word)]) == cells


@pytest.mark.parametrize("word", WORDS)
def test_paper_has_the_cells_in_their_order(files: Files, word: str) -> None:
    made = files.documents[word]
    rest = stream(files, word)
    for row in files.rows[word]:
        cells = [packed(text(row.cells[place], column, made.digits)) for place, column in drawn(made.columns)]
        rest.take(packed(row.group), cells)
    after = "".join(packed(note) for note in made.notes) + packed("".join(made.signatures[:1]))
    assert rest.left.startswith(after), rest.left[:200]


@pytest.mark.parametrize("word", list(reports()))
def test_the_cells_of_a_report_are_those_that_were_looked_at(files: Files, word: str) -> None:
    made = files.documents[word]
    lines = [made.title, *(": ".join(about) for about in made.about), " | ".join(heads(files, word))]
    lines += [" | ".join(row) for row in wanted(files, word)] + list(made.notes)
    found, kept = "\n".join(lines) + "\n", GOLDEN / f"{word}.txt"
    if os.environ.get("GOLDEN") == "write":
        kept.write_text(found)
    assert kept.exists(), f"{kept} is not there: GOLDEN=write makes it"
    assert found == kept.read_text()


def shown(files: Files, word: str) -> list[Column]:
    made = files.documents[word]
    return [made.columns[place] for place in written(made)]


def drawn(columns: Sequence[Column]) -> list[tuple[int, Column]]:
    return [(place, column) for place, column in enumerate(columns) if column.kind is not Kind.STRIP]


def seen(row: Row, place: int, column: Column, digits: int) -> str:
    """Of a number as an Englishman sees it: the office that is asked speaks English, whatever the file."""
    with speaking("en" if column.kind in NUMBERS else "ru"):
        return said(cut(text(row.cells[place], column, digits).replace("\u2212", "-")))


def packed(words: str) -> str:
    return "".join(shortened(words).replace("\u200b", "").split())


@dataclass(slots=True)
class Stream:
    """What stands in the tables of all pages, one after the other, taken away row by row."""

    left: str

    def take(self, group: str, cells: Sequence[str]) -> None:
        """In the order of the columns; one that says the group may stand over its rows, on page after page."""
        ways = ["".join(cells), "".join(cell for cell in cells if cell != group)]
        while not any(found := [way for way in ways if self.left.startswith(way)]):
            assert group
            assert self.left.startswith(group), (cells, self.left[:300])
            self.left = self.left.removeprefix(group)
        self.left = self.left.removeprefix(found[0])


def stream(files: Files, word: str) -> Stream:
    made = files.documents[word]
    folded = table(made, files.rows[word]).folded
    head = packed("".join(column.head for column in made.columns if column.head != folded))
    over = packed(made.title) + packed(made.about[0][1])
    pages = words_of_pdf(files.path(word, "pdf"), round(FOOT_OF_CODE if made.code else FOOT))
    assert head in pages[0]
    return Stream("".join(page.split(head, 1)[1] if head in page else page.removeprefix(over) for page in pages))
