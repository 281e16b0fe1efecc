"""A table as it lies on paper: which rows get a caption over them, what stands in each cell, and how it fits the page.

Where all rows of a group say its name in one column, that column becomes a caption over them, which every page
repeats. Widths are of letters counted, not measured: they decide the size of letters, which way the paper lies and how
the columns share its line.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, groupby

from central.faces.formats import NO_BREAK
from central.reports.description import Column, Document, Kind, Role, Row
from central.reports.formats.form import TooManyColumns, clean, lines
from central.reports.formats.sheets import NUMBERS
from central.reports.values import text

MOST_LETTERS = 300  # of a text; a longer one is cut
TALL = 100  # letters of a text that may take lines enough to fill a page with its group
UNBROKEN = 24  # letters of a word; a longer one may break anywhere
UNDRAWN = "□"  # in the place of a sign that the fonts of the paper do not have: an emoji
PIECE = 4  # letters between the places where it may
BREAK = "\u200b"
WIDE, NARROW = frozenset("mwMWжмшщыюфЖМШЩЫЮФ%№—−@"), frozenset(" .,:;'|!ijltIf()[]/-" + NO_BREAK + "\u202f")
BOLD = 1.12  # times as wide
GUTTER = 1.1  # em between columns
DIGIT = 0.6  # em, and of most letters
SWATCH, STRIP = 1.6, 12.0  # em: of a zone's colour and its gap, of the places of a day
MM = 72 / 25.4
UPRIGHT, LYING = 178 * MM, 265 * MM  # pt of a line
SIZES = (9.0, 8.5, 8.0, 7.5)  # pt of the letters
SMALL = (7.0, 6.5, 6.0, 5.5)  # where nothing else helps
ROOMY = 12.0  # em that a text has on a line, where it is so long
MOST_SHARE = 40.0  # em: a long name does not take all that is left
SUMS = (Role.LINE, Role.TOTAL)
SHORT = 8  # lines
ZONED = ("zone", "tariff")  # names of columns that a zone's colour belongs to
_UNDRAWN = re.compile("[\U00010000-\U0010ffff]")
_LONG = re.compile(rf"\S{{{UNBROKEN + 1},}}")


@dataclass(slots=True)
class Table:
    """`folded`: head of the column that became captions, or "".

    `lines`: as report.typ takes them: {"group"} or {"role", "cells", "zone", "at", "keep"}; a cell is a text, or a text
    and how many columns it spans; `keep`: how many lines from this one stay on one page, 0 = one before it keeps it.
    `heads`: em of a head in two lines. `widest`: em of the widest cell of a column; `longest`: of its longest word.
    """

    columns: Sequence[Column]
    folded: str
    heads: Sequence[float]
    lines: list[dict[str, object]]
    widest: list[float]
    longest: list[float]


@dataclass(frozen=True, slots=True)
class Fit:
    """`size`: pt of the letters. `shares`: of the line, for each column; no less than it needs."""

    lying: bool
    size: float
    shares: Sequence[float]


def table(document: Document, rows: Sequence[Row]) -> Table:
    folded = _folded(document.columns, rows)
    places = [place for place in range(len(document.columns)) if place != folded]
    columns = [document.columns[place] for place in places]
    heads = [_widths(shortened(column.head)) for column in columns]
    words = [longest for _whole, longest in heads]
    over = "" if folded is None else clean(document.columns[folded].head)
    found = Table(columns, over, [(whole + longest) / 2 for whole, longest in heads], [], [0.0] * len(columns), words)
    zoned = next((at for at, column in enumerate(columns) if column.name in ZONED), None)
    if zoned is None:
        zoned = next((at for at, column in enumerate(columns) if column.kind is Kind.TEXT), 0)
    for row in _grouped(rows, folded):
        if isinstance(row, str):
            found.lines.append({"group": shortened(row)})
            continue
        cells = [_cell(row, place, document) for place in places]
        line: dict[str, object] = {"role": row.role, "cells": cells}
        if row.role in SUMS:
            caption = row.cells[folded] if folded is not None else None
            line["cells"] = _spanned(cells, columns, str(caption or ""))
            _measure(found, _beside_captions(line["cells"], columns), BOLD)
        else:
            if row.zone:
                line |= {"zone": row.zone, "at": zoned}
                found.widest[zoned] = max(found.widest[zoned], _width(cells[zoned]) + SWATCH)
            _measure(found, cells, 1.0)
        found.lines.append(line)
    _keep(found.lines)
    return found


def _keep(found: Sequence[dict[str, object]]) -> None:
    """A short group lies on one page; of a long one its sums lie with its last row, and those of all with theirs."""
    at = 0
    while at < len(found):
        if "group" in found[at]:
            at += 1
            continue
        end = at + 1
        while (
            end < len(found)
            and "group" not in found[end]
            and (found[end]["role"] in SUMS or found[end - 1]["role"] not in SUMS)
        ):
            end += 1
        sums = next((place for place in range(at, end) if found[place]["role"] in SUMS), end)
        first = at if end - at <= SHORT else max(at, sums - 1)
        tall = any(len(text) > TALL for line in found[first:end] for text in _texts(line))
        if end - first > 1 and not tall and (sums < end or end - at <= SHORT):
            found[first]["keep"] = end - first
            for place in range(first + 1, end):
                found[place]["keep"] = 0
        at = end


def fit(found: Table, wide: bool) -> Fit:
    """The largest letters with which all of it fits; upright unless the report lies, or only lying helps. Raises
    TooManyColumns: none do."""
    tries = [(True, size) for size in (*SIZES, *SMALL)]
    if not wide:
        tries = [(False, size) for size in SIZES] + tries
    needs = [
        max(longest, min(widest, ROOMY)) if _breaks(column) else max(longest, widest)
        for column, widest, longest in zip(found.columns, found.widest, found.longest, strict=True)
    ]
    wholes = list(accumulate(need + GUTTER for need in needs))  # em of so many columns
    fitting = [tried for tried in tries if wholes[-1] * tried[1] <= (LYING if tried[0] else UPRIGHT)]
    if not fitting:
        raise TooManyColumns(len(needs), sum(whole * SMALL[-1] <= LYING for whole in wholes))
    lying, size = fitting[0]
    wishes = [
        max(need, min(widest, MOST_SHARE), head)
        for need, widest, head in zip(needs, found.widest, found.heads, strict=True)
    ]
    room = (LYING if lying else UPRIGHT) / size - wholes[-1]
    granted = min(1.0, room / wanted) if (wanted := sum(wishes) - sum(needs)) else 1.0
    return Fit(
        lying, size, [round(need + (wish - need) * granted, 2) for need, wish in zip(needs, wishes, strict=True)]
    )


def right(columns: Sequence[Column], at: int) -> bool:
    """Numbers stand at the right, and marks at the edge of the paper; what a row is of stands first, at the left."""
    return at > 0 and (columns[at].kind in NUMBERS or (columns[at].kind is Kind.MARKS and at == len(columns) - 1))


def shortened(words: str) -> str:
    """A text that paper can hold: not too long, and no word of it beyond the edge."""
    words = _UNDRAWN.sub(UNDRAWN, clean(words))
    if len(words) > MOST_LETTERS:
        words = f"{words[: MOST_LETTERS - 1]}…"
    return _LONG.sub(_parted, words) if len(words) > UNBROKEN else words


def _parted(found: re.Match[str]) -> str:
    word = found[0]
    return BREAK.join(word[at : at + PIECE] for at in range(0, len(word), PIECE))


def _folded(columns: Sequence[Column], rows: Sequence[Row]) -> int | None:
    """The column that says the group in each of its rows, where groups have rows enough to need no column for it."""
    of_groups = [row for row in rows if row.role in (Role.ROW, Role.PART)]
    groups = sum(1 for _ in groupby(row.group for row in of_groups))
    if not groups or len(of_groups) < 2 * groups or len(columns) < 2 or not all(row.group for row in of_groups):
        return None
    for place, column in enumerate(columns):
        if column.kind is Kind.TEXT and not column.over and all(row.cells[place] == row.group for row in of_groups):
            first = 0 if place else 1
            beside = [row for row in rows if row.role in SUMS and row.cells[place] is not None]
            return place if all(row.cells[first] is None for row in beside) else None
    return None


def _grouped(rows: Sequence[Row], folded: int | None) -> Iterator[Row | str]:
    if folded is None:
        yield from lines(rows)
        return
    group = ""
    for row in rows:
        if row.role in (Role.ROW, Role.PART) and row.group != group:
            group = row.group
            yield group
        yield row


def _cell(row: Row, place: int, document: Document) -> str:
    column = document.columns[place]
    shown = text(row.cells[place], column, document.digits)
    if column.kind is Kind.STRIP and row.role in (Role.ROW, Role.PART):
        return clean(shown)
    return shortened(shown) if isinstance(row.cells[place], str) or _breaks(column) else shown.replace(" ", NO_BREAK)


def _beside_captions(cells: object, columns: Sequence[Column]) -> list[str]:
    """Of a line of sums, for each column: a caption may break, and is none of its column."""
    assert isinstance(cells, list)
    found: list[str] = []
    for cell in cells:
        words, span = (cell, 1) if isinstance(cell, str) else cell
        caption = span > 1 or (not any(found) and _breaks(columns[len(found)]))
        found += ["" if caption else words, *[""] * (span - 1)]
    return found


def _texts(line: dict[str, object]) -> Iterator[str]:
    cells = line["cells"]
    assert isinstance(cells, list)
    for cell in cells:
        yield cell if isinstance(cell, str) else cell[0]


def _spanned(cells: Sequence[str], columns: Sequence[Column], caption: str) -> list[str | tuple[str, int]]:
    """A caption of sums takes the empty cells after it too: it is longer than its column."""
    found: list[str | tuple[str, int]] = []
    cells = [caption if caption and at == 0 else cell for at, cell in enumerate(cells)]
    at = 0
    while at < len(cells):
        end = at + 1
        if cells[at] and not right(columns, at):
            while end < len(cells) and not cells[end]:
                end += 1
        found.append((cells[at], end - at) if end - at > 1 else cells[at])
        at = end
    return found


def _breaks(column: Column) -> bool:
    """Whether what stands there may go on in a next line."""
    return column.kind in (Kind.TEXT, Kind.MARKS)


def _measure(found: Table, cells: Sequence[str], times: float) -> None:
    for at, (cell, column) in enumerate(zip(cells, found.columns, strict=True)):
        if not cell:
            continue
        if _breaks(column):
            whole, longest = _widths(cell)
            found.longest[at] = max(found.longest[at], longest * times)
        else:
            whole = STRIP if column.kind is Kind.STRIP else len(cell) * DIGIT
        found.widest[at] = max(found.widest[at], whole * times)


@lru_cache(maxsize=4_096)  # texts of a table are the same ones again and again
def _widths(words: str) -> tuple[float, float]:
    """Of all of it and of its longest word."""
    return _width(words), max(map(_width, words.replace(BREAK, " ").split()), default=0.0)


def _width(words: str) -> float:
    """In em of the condensed face."""
    return sum(0.9 if sign in WIDE else 0.31 if sign in NARROW else DIGIT for sign in words)
