"""Receipts of one's own: what was handed in, when, and what became of each meter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, Select, exists, select

from central.accounts.policy import Viewer
from central.handing.states import Handed
from central.handing.tables import hand_in, handed_in
from central.metering.handed import Doubt
from central.metering.zones import local
from central.registry.periods import COMPANY
from central.registry.tables import change, meter, point

SHOWN = 24  # receipts on the page of the form


@dataclass(frozen=True, slots=True)
class Line:
    """One meter of a receipt. `entered`: it is in the figures now; `undone`: it was, and somebody took it out."""

    id: int
    point: int
    name: str
    address: str
    tz: str
    meter: str
    serial: str
    read_at: int
    registers: Mapping[str, int]
    warnings: Mapping[str, Sequence[Doubt]]
    month: date
    enters_at: int
    state: Handed
    reason: str
    decided_at: int | None
    entered: bool
    undone: bool


@dataclass(frozen=True, slots=True)
class Receipt:
    """`lines`: in the order in which the meters stood in the form. `noted_at`: when they were read, if not then."""

    id: int
    number: str
    account: int
    made_at: int
    noted_at: int | None
    lines: Sequence[Line]

    @property
    def state(self) -> Handed:
        """Of the whole: what asks most for a look."""
        states = {line.state for line in self.lines}
        return next(one for one in (Handed.REVIEW, Handed.DECLINED, Handed.ACCEPTED) if one in states)


def number_of(key: int, made_at: int) -> str:
    """«2411-0457»: the day and month on which it was made, and its key."""
    return f"{local(made_at, COMPANY):%d%m}-{key:04}"


def key_of(number: str) -> int | None:
    """None = no such number can be."""
    day, _, key = number.partition("-")
    fits = len(day) == 4 and len(key) <= 18 and (day + key).isascii() and (day + key).isdecimal()
    return int(key) if fits and key else None


def number(connection: Connection, key: int) -> str:
    return number_of(key, connection.execute(select(hand_in.c.made_at).where(hand_in.c.id == key)).scalar_one())


def receipt(connection: Connection, viewer: Viewer, number: str) -> Receipt | None:
    """None: the viewer has none of this number."""
    key = key_of(number)
    if key is None:
        return None
    found = _receipts(connection, lines().where(hand_in.c.id == key, hand_in.c.account == viewer.account))
    return found[0] if found and found[0].number == number else None


def receipts(connection: Connection, viewer: Viewer) -> Sequence[Receipt]:
    """The viewer's last ones, the newest first."""
    keys = select(hand_in.c.id).where(hand_in.c.account == viewer.account).order_by(hand_in.c.id.desc()).limit(SHOWN)
    return _receipts(connection, lines().where(hand_in.c.id.in_(connection.scalars(keys).all())))


def last_of(connection: Connection, points: Sequence[int]) -> dict[int, Line]:
    """Point -> the newest that is in the figures, by the moment that it was read."""
    query = lines().where(handed_in.c.point.in_(points), handed_in.c.change.is_not(None))
    found = [line_of(row) for row in connection.execute(query.order_by(None).order_by(handed_in.c.read_at))]
    return {line.point: line for line in found if line.entered}


def lines() -> Select[Any]:
    undoing = change.alias("undoing")
    about = (
        hand_in.c.made_at,
        hand_in.c.noted_at,
        hand_in.c.account,
        point.c.name,
        point.c.address,
        point.c.tz,
        meter.c.serial,
    )
    return (
        select(handed_in, *about, exists().where(undoing.c.undoes == handed_in.c.change).label("undone"))
        .join(hand_in, hand_in.c.id == handed_in.c.hand_in)
        .join(point, point.c.id == handed_in.c.point)
        .outerjoin(meter, meter.c.id == handed_in.c.meter)
        .order_by(hand_in.c.id.desc(), handed_in.c.id)
    )


def _receipts(connection: Connection, query: Select[Any]) -> list[Receipt]:
    found: dict[int, list[Row[Any]]] = {}
    for row in connection.execute(query):
        found.setdefault(row.hand_in, []).append(row)
    return [_receipt(key, rows) for key, rows in found.items()]


def _receipt(key: int, rows: Sequence[Row[Any]]) -> Receipt:
    one = rows[0]
    lines = [line_of(row) for row in rows]
    return Receipt(key, number_of(key, one.made_at), one.account, one.made_at, one.noted_at, lines)


def line_of(row: Row[Any]) -> Line:
    return Line(
        id=row.id,
        point=row.point,
        name=row.name,
        address=row.address,
        tz=row.tz,
        meter=row.meter,
        serial=row.serial or row.meter,
        read_at=row.read_at,
        registers=row.registers,
        warnings={field: [Doubt(one) for one in found] for field, found in row.warnings.items()},
        month=row.month,
        enters_at=row.enters_at,
        state=Handed(row.state),
        reason=row.reason,
        decided_at=row.decided_at,
        entered=row.change is not None and not row.undone,
        undone=row.undone,
    )
