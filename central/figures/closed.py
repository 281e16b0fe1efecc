"""What is seen of closed months: the bill as it was closed, its corrections, and those that are charged in a month.

A consumer sees the closings of the contracts that are granted to him, in the time that he may see; staff see all of
their organisation.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from central.accounts.policy import FOREVER, Viewer, grants_of
from central.accounts.tables import account, grant
from central.figures import causes
from central.figures.monthly import hindrances_of
from central.figures.source import Opened, Source, opened
from central.figures.tables import period_close, period_correction
from central.figures.views import ClosedLine, ClosedMonth, ClosedStep, Correction, CorrectionLine, Period, Settled
from central.metering.workings import from_data
from central.metering.zones import midnight, next_month
from central.registry.tables import contract, point


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
    bills = closings(connection, [row for row in closed if _may(mine, row, found.visible)])
    since, until = midnight(month, found.tz), midnight(next_month(month), found.tz)
    seen = Period(max(since, found.visible.since), min(until, found.visible.until))
    return Settled(
        closed=bills,
        whole=next((one for one in bills if one.spans == (seen,)), None),
        charged=corrections(connection, [row for row in charged if _may(mine, row, found.reach)]),
    )


def corrected_in(connection: Connection, key: int, month: date) -> tuple[Correction, ...]:
    """What of earlier months is charged in this one at a point."""
    ours = period_close.c.point == key, period_correction.c.charged_in == month
    return corrections(connection, connection.execute(all_corrections().where(*ours)).all())


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
            lines=lines_of(row.lines),
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
    why = causes.told(connection, (row.cause for row in rows))
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
            cause=row.cause,
            change=why[row.cause].change,
            decision=why[row.cause].decision,
            energy=row.energy,
            amount=row.amount,
            lines=tuple(CorrectionLine(_line(one["before"]), _line(one["after"])) for one in row.lines),
        )
        for row in rows
    )


def lines_of(stored: Iterable[Mapping[str, Any]]) -> tuple[ClosedLine, ...]:
    """As they are shown."""
    return tuple(line for line in map(_line, stored) if line is not None)


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
    for row in connection.execute(select(grant).where(grants_of(viewer))):
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
        name=stored.get("name"),
        step=ClosedStep(stored["lower"], stored.get("upper")) if "lower" in stored else None,
    )
