"""How long the files of reports take in each format, beside what writes the same rows with nothing around them.

    ./run bench reports [points] [points of the profile]      default 10000 100
«Показания счетчиков…» of so many points × a month, «Профиль нагрузки» of one point × a year and of so many × a month.
Each file is made by a process of its own, whose memory is told (with that of typst, for PDF). Then the same rows, kept
in memory, are written by the format and, in turns with it, by a bare openpyxl (write-only), a bare xlwt or a bare table
of typst: rows a second of the processor, ours ÷ theirs, at least 0.6. Last, the main page of somebody else while a file
is being made: at most 2 × as long as without. PDF has its 5,000 rows and no more. Reports that are not there yet are
left out.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from io import BytesIO
from itertools import islice
from pathlib import Path

import openpyxl
import xlwt
from flask.testing import FlaskClient
from sqlalchemy import text as sql_text
from werkzeug.datastructures import MultiDict

from central.db import connect, writing
from central.faces.speaking import speaking
from central.metering.zones import local
from central.reports.asked import asked
from central.reports.catalogue import reports
from central.reports.description import Document, Row
from central.reports.formats import FORMS, TooManyRows, pdf
from central.reports.making import document, making
from central.reports.values import plain, text
from central.timeseries.base import RegisterRow
from central.timeseries.sqlite import SqliteSeries
from protocol.reading import Kind
from tests.central import scene as s
from tests.central import sql
from tests.central.crowd import FIRST, grow
from tests.central.web.parts import make_app, person

POINTS, OF_PROFILE = 10_000, 100
DAYS = 395
MONTH = "length=month&day=2026-10-01"
BEGINS, ENDS = (s.midnight(s.date(2026, month, 1), s.TZ) for month in (10, 11))
ACCOUNTANT = "accountant@example.org"  # of a company that has all the points
ASKED = 60
TRIED = 3
MOST_BESIDE = 20_000  # rows: what each takes is the same
RATIO, SLOWER = 0.6, 2.0


# what there is


def company(scene: s.Scene, points: int, of_profile: int) -> None:
    """So many points of one contract with their readings at both ends of the month, of some each interval of it."""
    flat = scene.points[s.FLAT]
    kept = {"flat": flat, "first": str(local(BEGINS - 86_400, s.TZ).date())}
    with writing(scene.engine).begin() as connection:  # their days are those of two months: nobody asks for others
        connection.execute(
            sql_text("CREATE TABLE kept AS SELECT * FROM point_day WHERE point = :flat AND day < :first"), kept
        )
        connection.execute(sql_text("DELETE FROM point_day WHERE point = :flat AND day < :first"), kept)
    grow(scene, 0, points)
    with writing(scene.engine).begin() as connection:
        connection.execute(sql_text("INSERT INTO point_day SELECT * FROM kept"))
        connection.execute(sql_text("DROP TABLE kept"))
        an_accountant(connection, scene)
    meter = f"MIL-{s.FLAT}"
    ends = [row for at in (BEGINS, ENDS) for row in scene.series.registers(meter, [Kind.DAILY], at - 1, at)]
    rows: list[RegisterRow] = []
    for number in range(FIRST, FIRST + points):
        rows += [RegisterRow(f"M-{number}", row.time, row.kind, row.quality, row.values) for row in ends]
    scene.series.write(rows)
    month = scene.series.load(meter, BEGINS, ENDS)
    for number in range(FIRST, FIRST + of_profile):
        scene.series.write([type(row)(f"M-{number}", row.end, row.span, row.quality, row.values) for row in month])


def an_accountant(connection: s.Connection, scene: s.Scene) -> None:
    key = s.add_account(
        connection, s.CHEAP, organisation=1, mail=ACCOUNTANT, name="Бухгалтер", password=s.PASSWORD, role="consumer",
        now=scene.now,
    )  # fmt: skip
    s.add_grant(connection, key, FIRST, 0)
    connection.execute(
        sql_text("UPDATE contract_point SET contract = :first WHERE contract >= :first"), {"first": FIRST}
    )


# a file in a process of its own


def document_of(folder: Path, mail: str, word: str, query: str) -> tuple[s.Scene, Document]:
    scene = s.Scene(connect(sql.url(folder)), SqliteSeries(folder / "series.sqlite"), s.NOW)
    report = reports()[word]
    words = MultiDict(pair.split("=", 1) for pair in query.split("&"))
    made = making(scene.source, scene.viewer(mail), s.NOW, report, asked(report, words, local(s.NOW, s.TZ).date()))
    return scene, document(made, "АО «Энергосеть»", "Договор 100-1")


def make(folder: Path, mail: str, word: str, query: str, form: str) -> None:
    """Tells of it on the output. `form` "rows": they are gone through, and no file is made."""
    began = time.perf_counter()
    scene, found = document_of(folder, mail, word, query)
    count = 0

    def counted(rows: Iterator[Row]) -> Iterator[Row]:
        nonlocal count
        for row in rows:
            count += 1
            yield row

    found.rows = counted(iter(found.rows))
    refused = ""
    if form == "rows":
        for _row in found.rows:
            pass
    else:
        with (folder / f"made.{form}").open("wb") as out:
            try:
                FORMS[form].write(found, out)
            except TooManyRows as error:
                refused = f"refused: {error}"
    size = (folder / f"made.{form}").stat().st_size if form != "rows" else 0
    peak = max(_own_peak(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
    told = {"rows": count, "seconds": time.perf_counter() - began, "peak": peak / 1024, "size": size}
    print(json.dumps(told | {"refused": refused}))
    scene.close()


def _own_peak() -> int:
    """KB of this program alone: `getrusage` tells of who started it too."""
    status = Path("/proc/self/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))


# the same rows with nothing around them


def beside(folder: Path, mail: str, word: str, query: str, form: str) -> None:
    scene, found = document_of(folder, mail, word, query)
    rows = list(islice(found.rows, pdf.MOST_ROWS if form == "pdf" else MOST_BESIDE))
    scene.close()
    bare = {"xlsx": bare_openpyxl, "xls": bare_xlwt, "pdf": bare_typst}[form]
    cells = [[_bare(row, place, found, form) for place in range(len(found.columns))] for row in rows]
    heads = [column.head for column in found.columns]
    ours: list[float] = []
    theirs: list[float] = []
    for _time in range(TRIED):
        ours.append(_taken(lambda: FORMS[form].write(replace(found, rows=iter(rows), chart=None), BytesIO())))
        theirs.append(_taken(lambda: bare(heads, cells, folder)))
    print(json.dumps({"rows": len(rows), "ours": min(ours), "theirs": min(theirs)}))


def _bare(row: Row, place: int, found: Document, form: str) -> object:
    """What the bare writer is given: made beforehand, which ours is not."""
    column, cell = found.columns[place], row.cells[place]
    if form == "pdf":
        return text(cell, column, found.digits)
    value = plain(cell, column, found.digits)
    return value.replace(tzinfo=None) if isinstance(value, s.datetime) else value


def _taken(work: Callable[[], object]) -> float:
    """Seconds of the processor, with those of programs that were started and ended: others work here too."""
    began = sum(os.times()[:4])
    work()
    return sum(os.times()[:4]) - began


def bare_openpyxl(heads: Sequence[str], cells: Sequence[Sequence[object]], _folder: Path) -> None:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("1")
    sheet.append(heads)
    for row in cells:
        sheet.append(row)
    book.save(BytesIO())


def bare_xlwt(heads: Sequence[str], cells: Sequence[Sequence[object]], _folder: Path) -> None:
    book = xlwt.Workbook()
    for first in range(0, len(cells), 65_535):
        sheet = book.add_sheet(str(first))
        for at, head in enumerate(heads):
            sheet.write(0, at, head)
        for number, row in enumerate(cells[first : first + 65_535], 1):
            for at, cell in enumerate(row):
                if cell is not None:
                    sheet.write(number, at, cell)
    book.save(BytesIO())


def bare_typst(heads: Sequence[str], cells: Sequence[Sequence[object]], folder: Path) -> None:
    """In a process of its own too, with the same fonts and page."""
    (folder / "cells.json").write_text(json.dumps([heads, *cells], ensure_ascii=False))
    (folder / "bare.typ").write_text(
        '#set page("a4", margin: 12mm)\n#set text(font: "DejaVu Sans", stretch: 87.5%, size: 7.5pt)\n'
        '#let rows = json("cells.json")\n#table(columns: rows.first().len(), table.header(..rows.first()), '
        "..rows.slice(1).flatten())\n"
    )
    program = "import sys, typst; typst.compile(sys.argv[1], output=sys.argv[2], font_paths=[sys.argv[3]], "
    program += "ignore_system_fonts=True, pdf_tags=sys.argv[4] == 'True')"
    given = [str(folder / "bare.typ"), str(folder / "bare.pdf"), str(pdf.FONTS), str(len(cells) <= pdf.TAGGED)]
    subprocess.run([sys.executable, "-c", program, *given], check=True)


# the page of somebody else


def p50(client: FlaskClient, path: str, busy: "subprocess.Popen[bytes] | None" = None) -> tuple[float, int]:
    """Milliseconds, and how many were asked for: with a process beside, only while it runs."""
    taken = []
    while len(taken) < ASKED and (busy is None or busy.poll() is None):
        began = time.perf_counter()
        assert client.get(path).status_code == 200
        taken.append((time.perf_counter() - began) * 1000)
    return (statistics.median(taken) if taken else 0.0), len(taken)


def _asked_of_a_child(*given: str) -> dict[str, float]:
    done = subprocess.run([sys.executable, "-m", "bench.reports", *given], check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main(points: int, of_profile: int) -> None:
    with tempfile.TemporaryDirectory() as name, speaking("ru"):
        folder = Path(name)
        began = time.perf_counter()
        scene = s.build(folder, days=DAYS)
        company(scene, points, of_profile)
        print(f"  {points:,} points made in {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
        some = "&".join(f"point={key}" for key in range(FIRST, FIRST + of_profile))
        year = f"length=year&day=2026-01-01&point={scene.points[s.FLAT]}"
        cases = [
            (f"readings of {points:,} points × a month", ACCOUNTANT, "readings", MONTH),
            ("profile of 1 point × a year", s.CONSUMER, "profile", year),
            (f"profile of {of_profile:,} points × a month", ACCOUNTANT, "profile", f"{MONTH}&{some}"),
        ]  # fmt: skip
        cases = [case for case in cases if case[2] in reports()]
        for title, *of in cases:
            heads = "".join(f"{head:>9}" for head in ("rows", "s", "rows/s", "peak MB", "file MB"))
            print(f"\n{title}\n{'':8}{heads}   written alone: rows/s, bare, ratio")
            for form in ("rows", *FORMS):
                told = _asked_of_a_child("make", name, *of, form)
                line = f"{form:8}{told['rows']:>9,}{told['seconds']:>9.1f}{told['rows'] / told['seconds']:>9,.0f}"
                line += f"{told['peak']:>9.0f}{told['size'] / 1e6:>9.2f}   "
                if form in ("pdf", "xls", "xlsx"):
                    against = _asked_of_a_child("beside", name, *of, form)
                    ratio = against["theirs"] / against["ours"]
                    line += f"{against['rows'] / against['ours']:,.0f}  {against['rows'] / against['theirs']:,.0f}  "
                    line += f"{ratio:.2f}{'' if ratio >= RATIO else ' (too slow)'}"
                print(f"{line}  {told['refused'] or ''}", flush=True)
        client = person(make_app(folder), s.CONSUMER)
        path = f"/?point={scene.points[s.FLAT]}"
        p50(client, path)
        alone, _count = p50(client, path)
        print(f"\nmain page of another person, p50: {alone:.2f} ms; while a file is being made:")
        for title, *of in cases:
            for form in FORMS:
                command = [sys.executable, "-m", "bench.reports", "make", name, *of, form]
                with subprocess.Popen(command, stdout=subprocess.DEVNULL) as busy:
                    time.sleep(0.5)  # its start is Python's
                    meanwhile, count = p50(client, path, busy)
                    busy.terminate()
                ratio = meanwhile / alone
                verdict = "" if ratio <= SLOWER else " (too slow)"
                print(f"  {title}, {form}: {meanwhile:.2f} ms ({count} pages), {ratio:.2f} ×{verdict}", flush=True)
        scene.close()


if __name__ == "__main__":
    if sys.argv[1:2] in (["make"], ["beside"]):
        with speaking("ru"):
            {"make": make, "beside": beside}[sys.argv[1]](Path(sys.argv[2]), *sys.argv[3:])
    else:
        main(*(int(number) for number in (*sys.argv[1:], *(POINTS, OF_PROFILE)[len(sys.argv) - 1 :])))
