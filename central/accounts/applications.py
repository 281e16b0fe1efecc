"""The company's desk for applications: the queue by deadline, the contracts that one may mean, and what is decided.

Approving grants a contract to the account, which opens its points (the «зона доступа»); all of it is audited.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, case, exists, func, or_, select, update

from central.accounts.audit import note
from central.accounts.people import add_grant
from central.accounts.policy import Viewer
from central.accounts.states import Stage, State
from central.accounts.tables import account, application, grant, session
from central.db import alone, folded
from central.registry.tables import contract, contract_point, point

CANDIDATES = 5
MAY_BE_DECIDED = (State.ACTIVATED, State.APPROVED, State.REJECTED)  # states of the account


class NotNow(Exception):
    """Somebody has decided about it, or it is not to be decided so."""


@dataclass(frozen=True, slots=True)
class Applied:
    """An application as a line of the queue. `sure`, there alone: the contract of just this number has this holder, and
    nobody else sees it."""

    id: int
    account: int
    name: str
    mail: str
    phone: str | None
    number: str
    state: str
    person: str  # the account's state
    made_at: int
    due_at: int | None
    decided_at: int | None
    who: str | None
    reason: str
    contract: int | None
    sure: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """A contract that may be meant. `same`: which of number, holder, phone, mail agree with what was typed; `held`:
    others who see it already, or wait for it."""

    id: int
    number: str
    holder: str
    phone: str | None
    mail: str | None
    points: Sequence[str]  # code and address
    same: frozenset[str]
    held: Sequence[str]


def queue(connection: Connection, viewer: Viewer, state: str, page: int, rows: int) -> tuple[Sequence[Applied], int]:
    """A page of them, what is due first on top, and how many there are."""
    query = _of(viewer).where(application.c.state == state)
    if state == Stage.WAITING:
        query = query.where(application.c.due_at.is_not(None))
    count = connection.scalar(select(func.count()).select_from(query.subquery())) or 0
    order = (application.c.due_at, application.c.id) if state == Stage.WAITING else (application.c.decided_at.desc(),)
    found = query.add_columns(_sure().label("sure")).order_by(*order).limit(rows).offset((max(page, 1) - 1) * rows)
    return [replace(_applied(row), sure=bool(row.sure)) for row in connection.execute(found)], count


def one(connection: Connection, viewer: Viewer, key: int) -> Applied | None:
    """None: there is none of this company."""
    row = connection.execute(_of(viewer).where(application.c.id == key)).first()
    return None if row is None else _applied(row)


def candidates(connection: Connection, found: Applied, viewer: Viewer) -> Sequence[Candidate]:
    """The contracts of the company with this number, then those with this name."""
    by_number = folded(contract.c.number) == found.number.casefold()
    by_name = folded(contract.c.holder) == found.name.casefold()
    query = select(contract).where(contract.c.organisation == viewer.organisation, or_(by_number, by_name))
    nearest = case((by_number & by_name, 0), (by_number, 1), else_=2)
    rows = connection.execute(query.order_by(nearest, contract.c.id).limit(CANDIDATES)).all()
    return [_candidate(connection, row, found) for row in rows]


def approve(connection: Connection, viewer: Viewer, key: int, contract_id: int, now: int) -> Applied:
    """The account sees what is supplied under the contract, from its beginning on. Raises NotNow."""
    found = _waiting(connection, viewer, key)
    ours = select(contract.c.id).where(contract.c.id == contract_id, contract.c.organisation == viewer.organisation)
    if connection.execute(ours).first() is None:
        raise NotNow(f"contract {contract_id}")
    same = select(grant.c.id).where(grant.c.account == found.account, grant.c.contract == contract_id)
    known = connection.scalar(same.order_by(grant.c.valid_to.is_not(None), grant.c.id.desc()).limit(1))
    if known is None:
        add_grant(connection, found.account, contract_id, 0)
    else:  # it had ended, or an owner had let him look
        values = {"role": "owner", "valid_to": None, "given_by": None, "ends_at": None}
        connection.execute(update(grant).where(grant.c.id == known).values(**values))
    _decide(connection, viewer, found, Stage.APPROVED, now, contract=contract_id)
    opened = update(account).where(
        account.c.id == found.account, account.c.state.in_((State.ACTIVATED, State.REJECTED))
    )
    connection.execute(opened.values(state=State.APPROVED, state_at=now))
    return found


def decline(connection: Connection, viewer: Viewer, key: int, reason: str, now: int) -> Applied:
    """Who has no other contract may not log in any more. Raises NotNow."""
    found = _waiting(connection, viewer, key)
    _decide(connection, viewer, found, Stage.DECLINED, now, reason=reason)
    waits = select(application.c.id).where(application.c.account == found.account, application.c.state == Stage.WAITING)
    if found.person == State.ACTIVATED and connection.execute(waits).first() is None:
        rejected = update(account).where(account.c.id == found.account)
        connection.execute(rejected.values(state=State.REJECTED, state_at=now))
        connection.execute(session.delete().where(session.c.account == found.account))
    return found


def apply_again(connection: Connection, viewer: Viewer, number: str, due_at: int, now: int) -> None:
    """A consumer asks for one more contract; what waits already is not asked for twice."""
    alone(connection, f"applications of {viewer.account}")
    same = (
        application.c.account == viewer.account,
        application.c.number == number,
        application.c.state == Stage.WAITING,
    )
    if connection.execute(select(application.c.id).where(*same)).first() is None:
        values = {"account": viewer.account, "number": number, "state": Stage.WAITING, "made_at": now, "reason": ""}
        made = connection.execute(application.insert().values(**values, due_at=due_at)).inserted_primary_key
        assert made is not None
        note(connection, now, viewer.account, "applied", f"application {made[0]}")


def mine(connection: Connection, viewer: Viewer) -> Sequence[Applied]:
    """The viewer's own, the newest first."""
    query = _all().where(application.c.account == viewer.account)
    return [_applied(row) for row in connection.execute(query.order_by(application.c.id.desc()))]


def _all() -> Select[Any]:
    by = account.alias("by")
    person = (account.c.name, account.c.mail, account.c.phone, account.c.state.label("person"))
    return (
        select(application, *person, by.c.name.label("who"))
        .join(account, account.c.id == application.c.account)
        .outerjoin(by, by.c.id == application.c.decided_by)
    )


def _sure() -> ColumnElement[bool]:
    """Written as the contract has it: one row of its unique index is looked at."""
    others = (
        grant.c.contract == contract.c.id,
        grant.c.valid_to.is_(None),
        grant.c.given_by.is_(None),
        grant.c.account != application.c.account,
    )
    return (
        exists()
        .where(contract.c.organisation == account.c.organisation, contract.c.number == application.c.number)
        .where(folded(contract.c.holder) == folded(account.c.name))
        .where(~exists().where(*others))
        .correlate(account, application)
    )


def _of(viewer: Viewer) -> Select[Any]:
    """Those of the viewer's company, if he is of it."""
    ours = account.c.organisation == viewer.company
    return _all().where(ours)


def _applied(row: Row[Any]) -> Applied:
    return Applied(**{name: getattr(row, name) for name in Applied.__slots__ if name != "sure"})


def _candidate(connection: Connection, row: Row[Any], found: Applied) -> Candidate:
    typed = {"number": found.number, "holder": found.name, "phone": found.phone, "mail": found.mail}
    same = {name for name, text in typed.items() if text and (getattr(row, name) or "").casefold() == text.casefold()}
    under = contract_point.c.contract == row.id
    points = select(point.c.code, point.c.address).join(contract_point, contract_point.c.point == point.c.id)
    seen = select(account.c.mail).join(grant, grant.c.account == account.c.id)
    seen = seen.where(grant.c.contract == row.id, grant.c.valid_to.is_(None), grant.c.given_by.is_(None))
    seen = seen.where(account.c.id != found.account)
    others = select(account.c.mail).join(application, application.c.account == account.c.id)
    others = others.where(folded(application.c.number) == row.number.casefold(), application.c.state == Stage.WAITING)
    others = others.where(account.c.id != found.account, application.c.due_at.is_not(None))
    return Candidate(
        id=row.id,
        number=row.number,
        holder=row.holder,
        phone=row.phone,
        mail=row.mail,
        points=[f"{one.code}, {one.address}" for one in connection.execute(points.where(under).distinct())],
        same=frozenset(same),
        held=sorted({*connection.scalars(seen), *connection.scalars(others)}),
    )


def _waiting(connection: Connection, viewer: Viewer, key: int) -> Applied:
    alone(connection, f"application {key}")
    found = one(connection, viewer, key)
    if found is None or found.state != Stage.WAITING or found.due_at is None or found.person not in MAY_BE_DECIDED:
        raise NotNow(f"application {key}")
    return found


def _decide(
    connection: Connection,
    viewer: Viewer,
    found: Applied,
    state: str,
    now: int,
    *,
    contract: int | None = None,
    reason: str = "",
) -> None:
    values = {"state": state, "decided_at": now, "decided_by": viewer.account, "contract": contract, "reason": reason}
    connection.execute(update(application).where(application.c.id == found.id).values(**values))
    note(connection, now, viewer.account, f"application {state}", f"account {found.account}", f"application {found.id}")
