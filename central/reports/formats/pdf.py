"""Paper: A4 as PDF by typst, to be signed and filed.

The table goes to typst as JSON, so a text is a text and never its code. Pages are set in a process of their own with
limits of memory and of time; a table of more than MOST_ROWS rows is for a workbook.
"""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

import msgspec
import segno
from flask_babel import gettext as _

from central.faces import charts, colours
from central.faces.formats import language
from central.reports.description import Document, Kind, Row
from central.reports.formats import paper
from central.reports.formats.form import NotMade, TooManyRows, clean, made
from central.reports.formats.sheets import overs

MOST_ROWS = 5_000
TAGGED = 1_000  # rows: what a screen reader needs of each cell makes a file of many rows twenty times as large
SECONDS = 300  # by the clock, where others leave it little; it has fewer of the processor
MEMORY = 2 * 1024**3  # of addresses; MOST_ROWS rows take a third of it
FONTS = Path(__file__).parent / "fonts"
TEMPLATE = Path(__file__).parent / "report.typ"
PROGRAM = Path(__file__).parent / "typesetting.py"
CHART = 1.45  # units of a drawing in a pt


def write(document: Document, out: IO[bytes]) -> None:
    """Raises TooManyRows beyond MOST_ROWS, TooManyColumns where no letters are small enough for them, NotMade when it
    takes too much time or memory."""
    rows = _kept(document)
    with TemporaryDirectory(prefix="uchet-paper-") as name:
        folder = Path(name)
        (folder / "report.typ").write_bytes(TEMPLATE.read_bytes())
        (folder / "data.json").write_bytes(msgspec.json.encode(_paper(document, rows, folder)))
        _set(folder, tagged=len(rows) <= TAGGED)
        with (folder / "paper.pdf").open("rb") as found:
            while piece := found.read(1 << 20):
                out.write(piece)


def _kept(document: Document) -> list[Row]:
    rows: list[Row] = []
    for row in document.rows:
        rows.append(row)
        if len(rows) > MOST_ROWS:
            raise TooManyRows(max(document.of_rows or 0, len(rows)), MOST_ROWS)
    return rows


def _set(folder: Path, *, tagged: bool) -> None:
    given = [str(folder), str(FONTS), str(MEMORY), "tagged" if tagged else "plain"]
    command = [sys.executable, "-I", str(PROGRAM), *given]
    try:
        done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)  # noqa: S603
    except subprocess.TimeoutExpired as error:
        raise NotMade(f"PDF: not ready after {SECONDS} s; ask for Excel or CSV, or for fewer points") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        why = said[-1] if said else f"ended by signal {-done.returncode}"
        raise NotMade(f"PDF: typst failed ({why}); ask for Excel or CSV, or for fewer points")


def _paper(document: Document, rows: Sequence[Row], folder: Path) -> dict[str, object]:
    """What report.typ reads; drawings are put beside it."""
    table = paper.table(document, rows)
    fit = paper.fit(table, document.wide)
    chart = document.chart
    if chart is not None:
        width = round((paper.LYING if fit.lying else paper.UPRIGHT) * CHART)
        (folder / "chart.svg").write_text(charts.paper(chart.bars, chart.captions, width))
    if document.check_url:
        segno.make(document.check_url, error="m").save(str(folder / "check.svg"), border=0)
    return {
        "language": language().language,
        "colours": colours.light(),
        "lying": fit.lying,
        "size": fit.size,
        "gutter": paper.GUTTER,
        "title": clean(document.title),
        "organisation": clean(document.organisation),
        "holder": clean(document.holder).splitlines(),
        "about": [(clean(caption), paper.shortened(value)) for caption, value in document.about if value],
        "columns": [
            {"head": paper.shortened(column.head), "right": paper.right(table.columns, at), "share": share}
            | {"strip": column.kind is Kind.STRIP}
            for at, (column, share) in enumerate(zip(table.columns, fit.shares, strict=True))
        ],
        "over": overs(table.columns),
        "folded": table.folded,
        "rows": table.lines,
        "notes": [paper.shortened(note) for note in document.notes],
        "signatures": [clean(party) for party in document.signatures],
        "chart": None if chart is None else {"unit": chart.captions.unit, "alt": chart.captions.desc},
        "check_url": document.check_url,
        "code": clean(document.code),
        "words": _words(document),
    }


def _words(document: Document) -> dict[str, str]:
    told = _("Сформирован")
    return {
        "made": f"{told} {made(document)}",
        "page": _("Страница %(page)s из %(of)s", page="{page}", of="{of}"),
        "check": _("Проверить документ: код открывает страницу,\nкоторая сверяет этот файл с выданным."),
        "code": _("Контрольный код"),
        "sign": _("подпись"),
        "name": _("расшифровка, дата"),
        "empty": _("За этот период строк нет."),
    }
