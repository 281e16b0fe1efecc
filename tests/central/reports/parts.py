"""A report run as a page runs it, and small meters whose figures a person can add up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from werkzeug.datastructures import MultiDict

from central.db import writing
from central.metering.zones import local, midnight
from central.registry import enter
from central.registry.changes import entering
from central.reports.asked import asked
from central.reports.catalogue import reports
from central.reports.description import Cell, Document, Role, Row
from central.reports.making import document, making
from central.reports.values import Plain, plain, text
from central.timeseries.base import LoadRow
from tests.central import scene as s
from tests.central.scene import Scene

KWH = 1_000_000  # mWh


@dataclass(frozen=True, slots=True)
class Told:
    """A row by the names of its columns."""

    row: Row
    cells: Mapping[str, Cell]
    plain: Mapping[str, Plain]  # as every format has it
    text: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    document: Document
    told: Sequence[Told]

    def of(self, role: Role, group: str | None = None) -> list[Told]:
        return [one for one in self.told if one.row.role is role and group in (None, one.row.group)]

    @property
    def rows(self) -> list[Told]:
        return self.of(Role.ROW)

    @property
    def total(self) -> Told:
        (found,) = self.of(Role.TOTAL)
        return found

    def row(self, column: str, cell: Cell) -> Told:
        (found,) = (one for one in self.rows if one.cells[column] == cell)
        return found

    def line(self, caption: str, group: str) -> Told:
        (found,) = (one for one in self.of(Role.LINE, group) if caption in one.row.cells)
        return found


def run(scene: Scene, mail: str, word: str, *points: int, now: int | None = None, **words: str) -> Table:
    now = scene.now if now is None else now
    args = MultiDict([*words.items(), *(("point", str(key)) for key in points)])
    report = reports()[word]
    found = asked(report, args, local(now, s.TZ).date())
    made = making(scene.source, scene.viewer(mail), now, report, found)
    of = document(made, "Энергосеть")
    return Table(of, [_told(of, row) for row in of.rows])


def _told(of: Document, row: Row) -> Told:
    names = [column.name for column in of.columns]
    both = list(zip(row.cells, of.columns, strict=True))
    return Told(
        row,
        dict(zip(names, row.cells, strict=True)),
        dict(zip(names, [plain(cell, column, of.digits) for cell, column in both], strict=True)),
        dict(zip(names, [text(cell, column, of.digits) for cell, column in both], strict=True)),
    )


def place(
    scene: Scene,
    code: str,
    since: int,
    *,
    period: int = 1800,
    tz: str = s.TZ,
    scheme: str = "three",
    ki: int = 1,
    contract: str = "100-1",
    held: int | None = None,
) -> int:
    """A point of Anna's, or of another contract, with a meter called as it is since then; nothing came from it yet.
    `held`: since when it is the contract's, where that was before."""
    with writing(scene.engine).begin() as connection, entering(connection, at=scene.now, kind="test") as change:
        enter.add_meter(change, code, serial=code, type="т", maker="м")
        key = enter.add_point(change, 1, code, name="Склад", address="там", tz=tz, scheme=scene.schemes[scheme])
        enter.mount(change, key, code, since, ki=Decimal(ki), period=period)
        enter.attach(change, scene.accounts[contract], key, since if held is None else held)
    return key


def hand_over(scene: Scene, key: int, contract: str, at: int) -> None:
    """From this moment on the point is of another contract."""
    with writing(scene.engine).begin() as connection, entering(connection, at=scene.now, kind="test") as change:
        enter.hand_over(change, key, scene.accounts[contract], at)
    scene.recompute()


def load(
    meter: str,
    day: date,
    energies: Mapping[int, int | None] | Sequence[int | None],
    *,
    period: int = 1800,
    tz: str = s.TZ,
) -> list[LoadRow]:
    """Rows of a local day, place by place from its midnight: mWh of active import; None = it did not come."""
    origin = midnight(day, tz)
    places = energies.items() if isinstance(energies, Mapping) else enumerate(energies)
    return [
        LoadRow(meter, origin + (place + 1) * period, period, 0, {"ap": energy})
        for place, energy in places
        if energy is not None
    ]
