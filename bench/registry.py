"""`./run bench registry [N,N,…]`: a spreadsheet of N points into an empty registry and out again, SQLite.

Each point has a meter, a mounting, a contract; each step runs in a process of its own, whose peak memory is told. The
peer of the import reads the same file with openpyxl and inserts as many rows with bare INSERTs, in the same run.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook
from sqlalchemy import text

from central.db import connect, writing
from central.migrations.command import upgrade
from central.registry import enter
from central.registry.changes import entering
from central.registry.exchange.importing import Book, bring_in
from central.registry.exchange.sheets import CONTRACTS, HOLDINGS, METERS, MOUNTINGS, NETWORK, POINTS, Sheet
from central.registry.exchange.writing import export
from central.registry.schemes import ONE_ZONE
from central.registry.undo import undo

SIZES = (5_000, 10_000, 20_000)
SINCE = datetime(2026, 1, 1)
NOW = int(datetime(2026, 11, 1).timestamp())
STATION = 100  # points of one


def make(path: Path, points: int) -> None:
    """The spreadsheet."""
    book = Workbook(write_only=True)

    def sheet(of: Sheet, rows: Callable[[int], dict[str, Any]], count: int) -> None:
        page = book.create_sheet(of.caption)
        page.append([column.caption for column in of.columns])
        for number in range(count):
            row = rows(number)
            page.append([row.get(column.name) for column in of.columns])

    sheet(NETWORK, lambda n: {"path": f"ТП-{n}", "kind": "Подстанция"}, points // STATION)
    sheet(
        POINTS,
        lambda n: {
            "code": f"Т-{n:06}",
            "name": "Квартира",
            "address": f"ул. Садовая, {n // 50}, кв. {n % 50}",
            "tz": "Europe/Moscow",
            "path": f"ТП-{n // STATION}",
            "scheme": "Один тариф",
        },
        points,
    )
    meters = {"maker": "Милур", "type": "107S"}
    sheet(METERS, lambda n: {**meters, "serial": f"{n:08}", "id": f"mil-{n:08}"}, points)
    sheet(MOUNTINGS, lambda n: {"point": f"Т-{n:06}", "meter": f"mil-{n:08}", "valid_from": SINCE}, points)
    sheet(CONTRACTS, lambda n: {"number": f"100-{n}", "holder": f"Потребитель {n}", "phone": f"+7912{n:07}"}, points)
    sheet(HOLDINGS, lambda n: {"contract": f"100-{n}", "point": f"Т-{n:06}", "valid_from": SINCE}, points)
    book.save(path)


def step(name: str, folder: Path) -> None:
    """In a process of its own: what it took, as JSON."""
    engine, file = connect(f"sqlite:///{folder}/central.sqlite"), folder / "in.xlsx"
    if name == "peer":
        peer(folder, file)
        return
    begun = time.perf_counter()
    if name == "undo":
        with writing(engine).begin() as connection:
            key = connection.execute(text("SELECT max(id) FROM change")).scalar_one()
            with entering(connection, at=NOW, kind="undo", undoes=key) as back:
                undo(back, key)
    elif name == "export":
        with engine.connect() as connection:
            export(connection, 1, folder / "out.xlsx")
    else:
        report = bring_in(engine, Book(file, 1), NOW, dry_run=name == "dry run")
        assert not report.wrong, report.wrong[0]
    say(time.perf_counter() - begun)


def peer(folder: Path, file: Path) -> None:
    """openpyxl reads the cells; one INSERT a row that an import enters in its six tables."""
    begun = time.perf_counter()
    engine = connect(f"sqlite:///{folder}/peer.sqlite")
    rows = [row for page in load_workbook(file, read_only=True).worksheets for row in page.iter_rows(values_only=True)]
    with writing(engine).begin() as connection:
        connection.execute(text("CREATE TABLE bare (id INTEGER PRIMARY KEY, a TEXT, b TEXT, c TEXT, d TEXT)"))
        for row in rows:
            cells = dict(zip("abcd", [*map(str, row), "", ""], strict=False))
            connection.execute(text("INSERT INTO bare (a, b, c, d) VALUES (:a, :b, :c, :d)"), cells)
    say(time.perf_counter() - begun)


def say(seconds: float) -> None:
    print(json.dumps({"seconds": seconds, "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


def main(words: list[str]) -> None:
    if words[:1] == ["step"]:
        step(words[1], Path(words[2]))
        return
    sizes = [int(one) for one in words[0].split(",")] if words else SIZES
    print(f"{'points':>8}  {'step':<10}{'seconds':>9}{'points/s':>10}{'MiB':>7}")
    for points in sizes:
        with tempfile.TemporaryDirectory(prefix="uchet-") as made:
            folder = Path(made)
            make(folder / "in.xlsx", points)
            engine = connect(f"sqlite:///{folder}/central.sqlite")
            upgrade(engine)
            with writing(engine).begin() as connection, entering(connection, at=NOW, kind="bench") as change:
                enter.add_organisation(change, "Энергосеть")
                enter.add_scheme(change, "Один тариф", ONE_ZONE, date(2013, 1, 1))
            engine.dispose()
            for name in ("peer", "dry run", "import", "again", "export", "undo"):
                command = [sys.executable, "-m", "bench.registry", "step", name, made]
                done = subprocess.run(command, capture_output=True, text=True, check=True)
                took = json.loads(done.stdout)
                rate = points / took["seconds"]
                print(f"{points:>8}  {name:<10}{took['seconds']:>9.1f}{rate:>10.0f}{took['mib']:>7.0f}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
