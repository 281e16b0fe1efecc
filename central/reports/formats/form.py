"""What a format is, and what it refuses."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import IO

from flask_babel import gettext as _

from central.reports.description import Cell, Column, Document, Kind, Marked, Row
from central.reports.values import Plain, plain

MOST_TEXT = 32_767  # characters of a cell, by Excel's law; the other formats keep it too, so that all say the same
COMING_AGAIN = (Marked, Decimal, Fraction)
MOST_KNOWN = 10_000
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


class Refused(Exception):
    """This format does not take the document; another may."""


class TooManyRows(Refused):
    """More than this format holds in one file."""

    def __init__(self, count: int, most: int) -> None:
        super().__init__(f"{count} rows, {most} at most")
        self.count = count
        self.most = most


class NotMade(Refused):
    """Not in the time, memory or room that it is given."""


class TooManyColumns(NotMade):
    """More than its sheet, or its paper, is wide."""

    def __init__(self, count: int, most: int) -> None:
        super().__init__(f"{count} columns, {most} at most")
        self.count = count
        self.most = most


@dataclass(frozen=True, slots=True)
class Form:
    """`most_rows`: None = as many as there are. `write` goes through the rows once; it raises Refused, and what the
    rows raise."""

    extension: str
    mimetype: str
    most_rows: int | None
    write: Callable[[Document, IO[bytes]], None]


def clean(text: str) -> str:
    """Without signs that no document may hold, one kind of line end, and cut where a cell ends."""
    if not text.isprintable():
        text = _NOT_TEXT.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n"))
    return text if len(text) <= MOST_TEXT else f"{text[: MOST_TEXT - 1]}…"


def reading(digits: int) -> Callable[[Cell, Column], Plain]:
    """`values.plain` for many rows: words of marks and ratios, which are the same again and again, are kept."""
    known: dict[tuple[str, Cell], Plain] = {}

    def read(cell: Cell, column: Column) -> Plain:
        if type(cell) not in COMING_AGAIN:  # Fraction is an abstract class's child, of which to ask is slow
            return plain(cell, column, digits)
        key = (column.name, cell)
        if key not in known:
            if len(known) > MOST_KNOWN:
                known.clear()
            known[key] = plain(cell, column, digits)
        return known[key]

    return read


def written(document: Document) -> list[int]:
    """Places of the columns that can be written: a strip can only be drawn."""
    return [place for place, column in enumerate(document.columns) if column.kind is not Kind.STRIP]


def lines(rows: Iterable[Row]) -> Iterator[Row | str]:
    """The rows, and before those of a group its caption, where none of its cells says it."""
    group = ""
    for row in rows:
        if row.group != group:
            group = row.group
            if group and group not in row.cells:
                yield group
        yield row


def head(column: Column) -> str:
    """Of a format that has one line for it."""
    return f"{column.over}: {column.head}" if column.over else column.head


def made(document: Document) -> str:
    """«24.11.2026 14:30 UTC+03:00»."""
    return f"{document.made_at:%d.%m.%Y %H:%M} UTC{document.made_at.isoformat()[-6:]}"


def above(document: Document) -> Iterator[tuple[str, str]]:
    """What stands over the table of a workbook, under its title: a caption and a value each."""
    yield _("Организация"), document.organisation
    if document.holder:
        yield _("Потребитель"), ", ".join(document.holder.splitlines())
    yield from document.about
    yield _("Сформирован"), made(document)


def below(document: Document) -> Iterator[Sequence[str]]:
    """What stands under it, once its rows were gone through."""
    for note in document.notes:
        yield [note]
    signed, named = _("подпись"), _("расшифровка, дата")
    for party in document.signatures:
        yield []
        yield [party]
        yield [f"{signed} ____________   {named} ______________________________"]
    if document.code:
        yield []
        yield [_("Контрольный код"), document.code]
        yield [_("Проверить документ"), document.check_url]
