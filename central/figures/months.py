"""The company's months: how far each is closed, what hinders the rest, what of earlier ones is charged in it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from central.accounts.policy import Viewer
from central.accounts.tables import account
from central.figures.closed import all_corrections, corrections
from central.figures.closing import NOBODY, RUNNING
from central.figures.monthly import hindrances_of
from central.figures.tables import period_check, period_close, period_correction, period_recheck, period_run
from central.figures.views import Correction, Hindered
from central.metering.zones import month_start
from central.registry.tables import contract, point

CHUNK = 1000  # rows that a file is written by


@dataclass(frozen=True, slots=True)
class Run:
    """The last look at a month, or closing of it. `going`: it is not done yet; `stuck`: the worker gave it up."""

    closing: bool
    who: str
    made_at: int
    points: int
    done: int
    finished_at: int | None
    going: bool

    @property
    def stuck(self) -> bool:
        return self.finished_at is None and not self.going


@dataclass(frozen=True, slots=True)
class Month:
    """`free`, `hindered`: as the last run found them. `rechecks`: closed bills that wait to be looked at again."""

    month: date
    closed: int
    energy: int
    total: Decimal
    free: int
    hindered: int
    corrections: int
    charged: Decimal
    rechecks: int
    run: Run | None

    @property
    def left(self) -> int:
        return self.free + self.hindered


@dataclass(frozen=True, slots=True)
class Unclosed:
    """A contract's month at a point that is not closed, as the last run found it."""

    point: int
    code: str
    name: str
    address: str
    contract: int | None
    number: str | None
    holder: str | None
    hindrances: tuple[Hindered, ...]
    energy: int | None
    total: Decimal | None


def months(connection: Connection, viewer: Viewer, today: date, count: int) -> tuple[Month, ...]:
    """The last so many, the newest first; a month that is not over is one too: corrections are charged in it."""
    found, last = [], month_start(today)
    for _ in range(count):
        found.append(last)
        last = _before(last)
    return tuple(_months(connection, viewer, found))


def one(connection: Connection, viewer: Viewer, month: date) -> Month:
    (found,) = _months(connection, viewer, [month])
    return found


def unclosed(
    connection: Connection, viewer: Viewer, month: date, page: int, rows: int, *, free: bool
) -> Sequence[Unclosed]:
    """A page of those that can be closed, or cannot, in the order of the points."""
    ours = period_check.c.organisation == viewer.organisation, period_check.c.month == month
    query = (
        select(period_check, point.c.code, point.c.name, point.c.address, contract.c.number, contract.c.holder)
        .join(point, point.c.id == period_check.c.point)
        .outerjoin(contract, contract.c.id == period_check.c.contract)
        .where(*ours, period_check.c.free.is_(free))
        .order_by(period_check.c.point, period_check.c.contract)
        .limit(rows)
        .offset((page - 1) * rows)
    )
    return [
        Unclosed(
            row.point,
            row.code,
            row.name,
            row.address,
            None if row.contract == NOBODY else row.contract,
            row.number,
            row.holder,
            hindrances_of(row.hindrances),
            row.energy,
            row.total,
        )
        for row in connection.execute(query)
    ]


def charged(connection: Connection, viewer: Viewer, month: date, page: int, rows: int) -> Sequence[Correction]:
    """A page of the corrections that are charged in this month, the newest first."""
    query = _charged(viewer, month).order_by(None).order_by(period_correction.c.id.desc())
    return corrections(connection, connection.execute(query.limit(rows).offset((page - 1) * rows)).all())


def all_charged(connection: Connection, viewer: Viewer, month: date) -> Iterator[Correction]:
    """All of them, the oldest first."""
    last = 0
    while rows := connection.execute(_charged(viewer, month).where(period_correction.c.id > last).limit(CHUNK)).all():
        yield from corrections(connection, rows)
        last = rows[-1].id


def _charged(viewer: Viewer, month: date) -> Select[Any]:
    ours = point.c.organisation == viewer.organisation
    return all_corrections().where(period_correction.c.charged_in == month, ours)


def _months(connection: Connection, viewer: Viewer, wanted: Sequence[date]) -> Iterator[Month]:
    closed = _by_month(connection, _closed(viewer, wanted))
    checks = _by_month(connection, _checks(viewer, wanted))
    charges = _by_month(connection, _charges(viewer, wanted))
    rechecks = _by_month(connection, _rechecks(viewer, wanted))
    runs = _runs(connection, viewer, wanted)
    for month in wanted:
        made, check, charge, again = (found.get(month) for found in (closed, checks, charges, rechecks))
        yield Month(
            month=month,
            closed=made.count if made else 0,
            energy=int(made.energy) if made else 0,
            total=_roubles(made.total) if made else Decimal("0.00"),
            free=int(check.free) if check else 0,
            hindered=int(check.found - check.free) if check else 0,
            corrections=charge.count if charge else 0,
            charged=_roubles(charge.amount) if charge else Decimal("0.00"),
            rechecks=again.count if again else 0,
            run=runs.get(month),
        )


def _by_month(connection: Connection, query: Select[Any]) -> Mapping[date, Any]:
    return {row.month: row for row in connection.execute(query)}


def _closed(viewer: Viewer, wanted: Sequence[date]) -> Select[Any]:
    month = period_close.c.month
    sums = func.sum(period_close.c.energy).label("energy"), func.sum(period_close.c.total).label("total")
    return (
        select(month, func.count().label("count"), *sums)
        .join(point, point.c.id == period_close.c.point)
        .where(month.in_(wanted), period_close.c.undone_at.is_(None), point.c.organisation == viewer.organisation)
        .group_by(month)
    )


def _checks(viewer: Viewer, wanted: Sequence[date]) -> Select[Any]:
    month, free = period_check.c.month, func.count().filter(period_check.c.free.is_(True))
    return (
        select(month, func.count().label("found"), free.label("free"))
        .where(month.in_(wanted), period_check.c.organisation == viewer.organisation)
        .group_by(month)
    )


def _charges(viewer: Viewer, wanted: Sequence[date]) -> Select[Any]:
    month = period_correction.c.charged_in
    return (
        select(month.label("month"), func.count().label("count"), func.sum(period_correction.c.amount).label("amount"))
        .join(period_close, period_close.c.id == period_correction.c.close)
        .join(point, point.c.id == period_close.c.point)
        .where(month.in_(wanted), point.c.organisation == viewer.organisation)
        .group_by(month)
    )


def _rechecks(viewer: Viewer, wanted: Sequence[date]) -> Select[Any]:
    month = period_close.c.month
    return (
        select(month, func.count().label("count"))
        .join(period_recheck, period_recheck.c.close == period_close.c.id)
        .join(point, point.c.id == period_close.c.point)
        .where(month.in_(wanted), point.c.organisation == viewer.organisation)
        .group_by(month)
    )


def _runs(connection: Connection, viewer: Viewer, wanted: Sequence[date]) -> Mapping[date, Run]:
    query = (
        select(period_run, account.c.name.label("who"), RUNNING.label("going"))
        .join(account, account.c.id == period_run.c.account)
        .where(period_run.c.organisation == viewer.organisation, period_run.c.month.in_(wanted))
    )
    return {row.month: _run(row) for row in connection.execute(query)}


def _run(row: Row[Any]) -> Run:
    going = bool(row.going)
    return Run(row.closing, row.who, row.made_at, row.points, row.done, row.finished_at, going)


def _before(month: date) -> date:
    return date(month.year - (month.month == 1), (month.month - 2) % 12 + 1, 1)


def _roubles(value: Any) -> Decimal:
    """A sum of SQL: SQLite adds money as floats, and kopecks are exact again once they are rounded."""
    return Decimal(str(value)).quantize(Decimal("0.01"))
