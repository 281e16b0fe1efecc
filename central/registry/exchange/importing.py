"""A workbook into the registry: one change, whole or not at all; what it would do is told by doing it and undoing."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from flask_babel import lazy_gettext as _l
from sqlalchemy import Engine

from central.db import writing
from central.registry.changes import entering
from central.registry.consequences import Consequence, consequences
from central.registry.exchange.reading import Row, Wrong, rows
from central.registry.exchange.rows import Fate, Known, take
from central.registry.exchange.sheets import MOUNTINGS, NETWORK, Sheet
from central.registry.refusals import Refused

MOST_WRONG = 1000  # told one by one
EVERY = 500  # rows between two words of progress


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

    def refuse(self, wrong: Wrong) -> None:
        if len(self.wrong) < MOST_WRONG:
            self.wrong.append(wrong)
        else:
            self.more_wrong += 1


def bring_in(
    engine: Engine,
    path: Path,
    organisation: int,
    now: int,
    *,
    account: int | None = None,
    dry_run: bool = False,
    say: Callable[[str, int], None] = lambda _sheet, _rows: None,
) -> Report:
    """Nothing is done when anything is wrong, when nothing is new, and with `dry_run`. `say`: sheet, rows so far.

    Raises Refused: the file cannot be opened.
    """
    report = Report()
    with writing(engine).connect() as connection, connection.begin() as transaction:
        with entering(connection, at=now, kind="import", account=account, reason=path.name) as change:
            known = Known(connection, organisation)
            for count, row in enumerate(_ordered(rows(path), report), 1):
                try:
                    report.counts[row.sheet.caption, take(change, known, row.sheet, row.values)] += 1
                except Refused as refused:
                    report.refuse(row.wrong(refused))
                if count % EVERY == 0:
                    say(row.sheet.caption, count)
        report.consequences = consequences(change, now) if not report.wrong else ()
        if dry_run or report.wrong or not report.changes:
            transaction.rollback()
        else:
            report.change = change.id
    if not report.counts and not report.wrong:
        report.refuse(Wrong("", 0, "", "", _l("В файле нет ни одной строки")))
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
