"""A workbook into the registry: one change, whole or not at all; what it would do is told by trying it (trial.py)."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from flask_babel import lazy_gettext as _l
from sqlalchemy import Connection, Engine

from central.db import writing
from central.registry.changes import Change, entering
from central.registry.consequences import Consequence, consequences
from central.registry.exchange.reading import Row, Wrong, rows
from central.registry.exchange.rows import Fate, Known, take
from central.registry.exchange.sheets import MOUNTINGS, NETWORK, Sheet
from central.registry.exchange.trial import copied, newest, replay
from central.registry.refusals import Refused

MOST_WRONG = 1000  # told one by one
EVERY = 500  # rows between two words of progress
TRIES = 3  # on a copy of a registry that others change meanwhile


@dataclass(slots=True)
class Report:
    """`counts`: (caption of the sheet, fate) -> rows; `change` = its number, None where nothing was done."""

    counts: Counter[tuple[str, Fate]] = field(default_factory=Counter)
    wrong: list[Wrong] = field(default_factory=list)
    more_wrong: int = 0
    consequences: tuple[Consequence, ...] = ()
    change: int | None = None

    @property
    def changes(self) -> int:
        """Rows that say something else than what stands."""
        return sum(count for (_, fate), count in self.counts.items() if fate is not Fate.SAME)

    @property
    def enters(self) -> bool:
        """There is something to enter, and nothing is wrong."""
        return bool(self.changes) and not self.wrong

    def refuse(self, wrong: Wrong) -> None:
        if len(self.wrong) < MOST_WRONG:
            self.wrong.append(wrong)
        else:
            self.more_wrong += 1


Say = Callable[[str, int], None]


def _silent(_sheet: str, _rows: int) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Book:
    """A workbook, whose registry it is for, and who brings it."""

    path: Path
    organisation: int
    account: int | None = None
    name: str = ""  # as it is called where it came from

    @property
    def reason(self) -> str:
        return self.name or self.path.name


class _Left(Exception):
    """The transaction is left without a trace."""


def bring_in(
    engine: Engine,
    book: Book,
    now: int,
    *,
    dry_run: bool = False,
    say: Say = _silent,
    agreed: Callable[[Report], bool] = lambda _report: True,
    done: Callable[[Connection, Report], None] = lambda _connection, _report: None,
) -> Report:
    """Nothing is done when anything is wrong, when nothing is new, with `dry_run`, and where what it would do is not
    `agreed` to. `say`: sheet, rows so far; `done`: what belongs into the same transaction.

    Raises Refused: the file cannot be opened.
    """
    if engine.dialect.name != "sqlite":
        return _in_place(engine, book, now, dry_run, say, agreed, done)
    for _ in range(TRIES):
        with copied(engine) as copy, copy.begin() as trial:
            before = newest(trial)
            tried = Change(trial, before + 1, now)
            report = _taken(tried, book, now, say)
            tried.close()
            if dry_run or not report.enters or not agreed(report):
                return report
            with writing(engine).begin() as connection:
                if newest(connection) == before:
                    with _entering(connection, book, now) as change:
                        replay(change, trial, tried.id)
                        change.touched, change.left = tried.touched, tried.left
                    report.change = change.id
                    done(connection, report)
                    return report
        # somebody has changed the registry meanwhile: what was tried says nothing any more
    return _in_place(engine, book, now, dry_run, _silent, agreed, done)  # who is told could write nothing down


def _in_place(
    engine: Engine,
    book: Book,
    now: int,
    dry_run: bool,
    say: Say,
    agreed: Callable[[Report], bool],
    done: Callable[[Connection, Report], None],
) -> Report:
    """Row by row in the registry itself."""
    report = Report()
    with suppress(_Left), writing(engine).begin() as connection:
        with _entering(connection, book, now) as change:
            report = _taken(change, book, now, say)
            if dry_run or not report.enters or not agreed(report):
                raise _Left
        report.change = change.id
        done(connection, report)
    return report


def _entering(connection: Connection, book: Book, now: int) -> AbstractContextManager[Change]:
    return entering(connection, at=now, kind="import", account=book.account, reason=book.reason)


def _taken(change: Change, book: Book, now: int, say: Say) -> Report:
    """All rows of the workbook are in the change, or what is wrong with them is in the report."""
    report, known = Report(), Known(change.connection, book.organisation)
    for count, row in enumerate(_ordered(rows(book.path), report), 1):
        try:
            report.counts[row.sheet.caption, take(change, known, row.sheet, row.values)] += 1
        except Refused as refused:
            report.refuse(row.wrong(refused))
        if count % EVERY == 0:
            say(row.sheet.caption, count)
    if not report.counts and not report.wrong:
        report.refuse(Wrong("", 0, "", "", _l("В файле нет ни одной строки")))
    if not report.wrong:
        report.consequences = consequences(change, now)
    return report


def _ordered(found: Iterator[Row | Wrong], report: Report) -> Iterator[Row]:
    """Nodes from the top, tenures by their time; all else as it stands in the file."""
    held: list[Row] = []
    sheet: Sheet | None = None
    for row in found:
        if isinstance(row, Wrong):
            report.refuse(row)
            continue
        if row.sheet is not sheet:
            yield from _sorted(held)
            held, sheet = [], row.sheet
        if row.sheet in (NETWORK, MOUNTINGS):
            held.append(row)
        else:
            yield row
    yield from _sorted(held)


def _sorted(held: list[Row]) -> list[Row]:
    if held and held[0].sheet is NETWORK:
        return sorted(held, key=lambda row: row.values["path"].count("\\"))
    return sorted(held, key=lambda row: (row.values["point"], row.values["valid_from"].replace(tzinfo=None)))
