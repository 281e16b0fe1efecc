"""What is seen of closed months: the bill as it was closed, its corrections, and those that are charged in a month.

A consumer sees the closings of the contracts that are granted to him, in the time that he may see; staff see all of
their organisation.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from central.accounts.policy import FOREVER, Viewer
from central.accounts.tables import account, grant
from central.figures.closing import read as hindrances_of
from central.figures.dirty import change_of
from central.figures.monthly import Hindered
from central.figures.source import Opened, Source, opened
from central.figures.tables import period_close, period_correction
from central.figures.views import Period
from central.metering.workings import Working, from_data
from central.metering.zones import midnight, next_month
from central.registry.tables import change, contract, point


@dataclass(frozen=True, slots=True)
class ClosedLine:
    """A line of a bill as it was kept. `rate`: roubles per kWh; None = it is no price of energy."""

    zone: str | None
    first: date | None
    until: date | None
    energy: int
    rate: Decimal | None
    amount: Decimal
    by_days: bool


@dataclass(frozen=True, slots=True)
class CorrectionLine:
    """What was charged for one thing, and what is; None = not at all."""

    before: ClosedLine | None
    after: ClosedLine | None

    @property
    def told(self) -> ClosedLine:
        found = self.after or self.before
        assert found is not None
        return found

    @property
    def energy(self) -> int:
        return (self.after.energy if self.after else 0) - (self.before.energy if self.before else 0)

    @property
    def amount(self) -> Decimal:
        nothing = Decimal("0.00")
        return (self.after.amount if self.after else nothing) - (self.before.amount if self.before else nothing)


@dataclass(frozen=True, slots=True)
class Correction:
    """`id`: its number. `month` is corrected, `charged_in` charged. `change`: of the registry, number and kind."""

    id: int
    point: int
    code: str
    name: str
    contract: str | None
    holder: str | None
    month: date
    charged_in: date
    made_at: int
    change: tuple[int, str] | None
    energy: int
    amount: Decimal
    lines: tuple[CorrectionLine, ...]


@dataclass(frozen=True, slots=True)
class ClosedMonth:
    """A bill as it was closed. `reason`, `hindrances`: why it was, although something was incomplete."""

    id: int
    month: date
    contract: int | None
    number: str | None  # of the contract
    holder: str | None
    spans: tuple[Period, ...]
    scheme: str
    billed_by: str
    energy: int
    total: Decimal
    lines: tuple[ClosedLine, ...]
    energy_working: Working | None
    cost_working: Working | None
    hindrances: tuple[Hindered, ...]
    made_at: int
    author: str
    reason: str | None
    undone_at: int | None
    undone_by: str | None
    undone_reason: str | None
    corrections: tuple[Correction, ...]

    @property
    def energy_now(self) -> int:
        return self.energy + sum(one.energy for one in self.corrections)

    @property
    def total_now(self) -> Decimal:
        return sum((one.amount for one in self.corrections), self.total)


@dataclass(frozen=True, slots=True)
class Settled:
    """Of a point's month: what is closed of it, and what of earlier months is charged in it."""

    closed: tuple[ClosedMonth, ...]
    charged: tuple[Correction, ...]

    @property
    def whole(self) -> ClosedMonth | None:
        """The closing that says all of what the viewer may see."""
        return self.closed[0] if len(self.closed) == 1 else None

    @property
    def charge(self) -> Decimal:
        return sum((one.amount for one in self.charged), Decimal("0.00"))


def settled(source: Source, viewer: Viewer, key: int, month: date) -> Settled:
    """Raises NotFound: nothing of this month at the point may be seen."""
    with opened(
        source, viewer, key, midnight(month, "UTC") - 86_400, midnight(next_month(month), "UTC") + 86_400
    ) as one:
        return settled_of(one, viewer, month)


def settled_of(found: Opened, viewer: Viewer, month: date) -> Settled:
    """The same of a point that is open already."""
    connection = found.connection
    standing = period_close.c.point == found.id, period_close.c.undone_at.is_(None)
    closed = connection.execute(all_closings().where(*standing, period_close.c.month == month)).all()
    held = period_close.c.point == found.id, period_correction.c.charged_in == month
    charged = connection.execute(all_corrections().where(*held)).all()
    mine = None if viewer.staff else _granted(connection, viewer)
    return Settled(
        closings(connection, [row for row in closed if _may(mine, row, found.visible)]),
        corrections(connection, [row for row in charged if _may(mine, row, found.reach)]),
    )


def closings(connection: Connection, rows: Sequence[Row[Any]]) -> tuple[ClosedMonth, ...]:
    """Of rows of `all_closings`, with their corrections."""
    keys = [row.id for row in rows]
    made = connection.execute(all_corrections().where(period_correction.c.close.in_(keys))).all()
    by_close: dict[int, list[Correction]] = defaultdict(list)
    for row, one in zip(made, corrections(connection, made), strict=True):
        by_close[row.close].append(one)
    return tuple(
        ClosedMonth(
            id=row.id,
            month=row.month,
            contract=row.contract,
            number=row.number,
            holder=row.holder,
            spans=tuple(Period(*span) for span in row.spans),
            scheme=row.scheme,
            billed_by=row.billed_by,
            energy=row.energy,
            total=row.total,
            lines=tuple(line for line in map(_line, row.lines) if line is not None),
            energy_working=from_data(row.workings["energy"]) if row.workings["energy"] else None,
            cost_working=from_data(row.workings["cost"]) if row.workings["cost"] else None,
            hindrances=hindrances_of(row.hindrances),
            made_at=row.made_at,
            author=row.author,
            reason=row.reason,
            undone_at=row.undone_at,
            undone_by=row.opener,
            undone_reason=row.undone_reason,
            corrections=tuple(by_close[row.id]),
        )
        for row in rows
    )


def corrections(connection: Connection, rows: Sequence[Row[Any]]) -> tuple[Correction, ...]:
    """Of rows of `all_corrections`."""
    changes = {key for row in rows if (key := change_of(row.cause)) is not None}
    kinds = {
        row.id: (row.id, row.kind)
        for row in connection.execute(select(change.c.id, change.c.kind).where(change.c.id.in_(changes)))
    }
    return tuple(
        Correction(
            id=row.id,
            point=row.point,
            code=row.code,
            name=row.name,
            contract=row.number,
            holder=row.holder,
            month=row.month,
            charged_in=row.charged_in,
            made_at=row.made_at,
            change=kinds.get(change_of(row.cause) or 0),
            energy=row.energy,
            amount=row.amount,
            lines=tuple(CorrectionLine(_line(one["before"]), _line(one["after"])) for one in row.lines),
        )
        for row in rows
    )


def all_closings() -> Select[Any]:
    """Rows for `closings`; undone ones too."""
    opener = account.alias("opener")
    return (
        select(
            period_close,
            contract.c.number,
            contract.c.holder,
            account.c.name.label("author"),
            opener.c.name.label("opener"),
        )
        .join(account, account.c.id == period_close.c.account)
        .outerjoin(opener, opener.c.id == period_close.c.undone_by)
        .outerjoin(contract, contract.c.id == period_close.c.contract)
        .order_by(period_close.c.id)
    )


def all_corrections() -> Select[Any]:
    """Rows for `corrections`."""
    return (
        select(
            period_correction,
            *(period_close.c[name] for name in ("point", "month", "contract", "spans")),
            *(point.c[name] for name in ("code", "name")),
            contract.c.number,
            contract.c.holder,
        )
        .join(period_close, period_close.c.id == period_correction.c.close)
        .join(point, point.c.id == period_close.c.point)
        .outerjoin(contract, contract.c.id == period_close.c.contract)
        .order_by(period_correction.c.id)
    )


def _granted(connection: Connection, viewer: Viewer) -> Mapping[int, list[Period]]:
    """Contract -> times in which the account may see it."""
    found: dict[int, list[Period]] = defaultdict(list)
    for row in connection.execute(select(grant).where(grant.c.account == viewer.account)):
        found[row.contract].append(Period(row.valid_from, row.valid_to if row.valid_to is not None else FOREVER))
    return found


def _may(granted: Mapping[int, list[Period]] | None, row: Row[Any], visible: Period) -> bool:
    """All the time of the closing lies in what may be seen, and its contract is granted through all of it."""
    if granted is None:
        return True
    since, until = row.spans[0][0], row.spans[-1][1]
    return (
        visible.since <= since
        and until <= visible.until
        and any(one.since <= since and until <= one.until for one in granted.get(row.contract, ()))
    )


def _line(stored: Mapping[str, Any] | None) -> ClosedLine | None:
    if stored is None:
        return None
    days = [date.fromisoformat(stored[name]) if stored.get(name) else None for name in ("first", "until")]
    return ClosedLine(
        zone=stored.get("zone"),
        first=days[0],
        until=days[1],
        energy=stored["energy"],
        rate=Decimal(stored["rate"]) if stored.get("rate") is not None else None,
        amount=Decimal(stored["amount"]),
        by_days=bool(stored.get("by_days")),
    )
