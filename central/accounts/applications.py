"""The company's desk for applications: the queue by deadline, the contracts that one may mean, and what is decided.

Approving grants a contract to the account, which opens its points (the «зона доступа»); all of it is audited.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, case, exists, func, or_, select, update

from central.accounts.audit import note
from central.accounts.people import add_grant, contracts_of
from central.accounts.policy import Viewer
from central.accounts.registering import ACTIVATED, REJECTED, WAITING
from central.accounts.tables import account, application, grant, second_factor, session
from central.db import alone, contains, folded
from central.registry.tables import contract, contract_point, point

APPROVED, DECLINED, BLOCKED = "approved", "declined", "blocked"
CANDIDATES = 5


class NotNow(Exception):
    """Somebody has decided about it, or it is not to be decided so."""


@dataclass(frozen=True, slots=True)
class Applied:
    """An application as a line of the queue. `sure`: exactly one contract has this number and this
    holder, and nobody else sees it."""

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
    sure: bool


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
    if state == WAITING:
        query = query.where(application.c.due_at.is_not(None))
    count = connection.scalar(select(func.count()).select_from(query.subquery())) or 0
    order = (application.c.due_at, application.c.id) if state == WAITING else (application.c.decided_at.desc(),)
    found = connection.execute(query.order_by(*order).limit(rows).offset((max(page, 1) - 1) * rows))
    return [_applied(row) for row in found], count


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
    same = (grant.c.account == found.account, grant.c.contract == contract_id, grant.c.valid_to.is_(None))
    if connection.execute(select(grant.c.id).where(*same)).first() is None:
        add_grant(connection, found.account, contract_id, 0)
    _decide(connection, viewer, found, APPROVED, now, contract=contract_id)
    opened = update(account).where(account.c.id == found.account, account.c.state == ACTIVATED)
    connection.execute(opened.values(state=APPROVED))
    return found


def decline(connection: Connection, viewer: Viewer, key: int, reason: str, now: int) -> Applied:
    """Who has no other contract may not log in any more. Raises NotNow."""
    found = _waiting(connection, viewer, key)
    _decide(connection, viewer, found, DECLINED, now, reason=reason)
    if found.person == ACTIVATED:
        connection.execute(update(account).where(account.c.id == found.account).values(state=REJECTED))
        connection.execute(session.delete().where(session.c.account == found.account))
    return found


def apply_again(connection: Connection, viewer: Viewer, number: str, due_at: int, now: int) -> None:
    """A consumer asks for one more contract; what waits already is not asked for twice."""
    alone(connection, f"applications of {viewer.account}")
    same = (application.c.account == viewer.account, application.c.number == number, application.c.state == WAITING)
    if connection.execute(select(application.c.id).where(*same)).first() is None:
        values = {"account": viewer.account, "number": number, "state": WAITING, "made_at": now, "reason": ""}
        made = connection.execute(application.insert().values(**values, due_at=due_at)).inserted_primary_key
        assert made is not None
        note(connection, now, viewer.account, "applied", f"application {made[0]}")


def mine(connection: Connection, viewer: Viewer) -> Sequence[Applied]:
    """The viewer's own, the newest first."""
    query = _all().where(application.c.account == viewer.account)
    return [_applied(row) for row in connection.execute(query.order_by(application.c.id.desc()))]


def _all() -> Select[Any]:
    by = account.alias("by")
    others = (grant.c.contract == contract.c.id, grant.c.valid_to.is_(None), grant.c.account != application.c.account)
    sure = (
        select(func.count())
        .where(contract.c.organisation == account.c.organisation)
        .where(folded(contract.c.number) == folded(application.c.number))
        .where(folded(contract.c.holder) == folded(account.c.name))
        .where(~exists().where(*others))
        .correlate(account, application)
        .scalar_subquery()
    )
    person = (account.c.name, account.c.mail, account.c.phone, account.c.state.label("person"))
    return (
        select(application, *person, by.c.name.label("who"), (sure == 1).label("sure"))
        .join(account, account.c.id == application.c.account)
        .outerjoin(by, by.c.id == application.c.decided_by)
    )


def _of(viewer: Viewer) -> Select[Any]:
    """Those of the viewer's company, if he is of it."""
    ours = account.c.organisation == (viewer.organisation if viewer.staff else -1)
    return _all().where(ours)


def _applied(row: Row[Any]) -> Applied:
    return Applied(**{name: getattr(row, name) for name in Applied.__slots__ if name != "sure"}, sure=bool(row.sure))


def _candidate(connection: Connection, row: Row[Any], found: Applied) -> Candidate:
    typed = {"number": found.number, "holder": found.name, "phone": found.phone, "mail": found.mail}
    same = {name for name, text in typed.items() if text and (getattr(row, name) or "").casefold() == text.casefold()}
    under = contract_point.c.contract == row.id
    points = select(point.c.code, point.c.address).join(contract_point, contract_point.c.point == point.c.id)
    seen = select(account.c.mail).join(grant, grant.c.account == account.c.id)
    seen = seen.where(grant.c.contract == row.id, grant.c.valid_to.is_(None), account.c.id != found.account)
    others = select(account.c.mail).join(application, application.c.account == account.c.id)
    others = others.where(folded(application.c.number) == row.number.casefold(), application.c.state == WAITING)
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
    if found is None or found.state != WAITING or found.due_at is None:
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
    note(connection, now, viewer.account, f"application {state}", f"account {found.account}", reason)


def lock(connection: Connection, viewer: Viewer, account_id: int, reason: str, now: int) -> None:
    """A consumer of the company may not log in any more; his sessions end. Raises NotNow."""
    _turn(connection, viewer, account_id, APPROVED, BLOCKED, reason, now)
    connection.execute(session.delete().where(session.c.account == account_id))


def unlock(connection: Connection, viewer: Viewer, account_id: int, reason: str, now: int) -> None:
    """Raises NotNow."""
    _turn(connection, viewer, account_id, BLOCKED, APPROVED, reason, now)


def _turn(
    connection: Connection, viewer: Viewer, account_id: int, before: str, after: str, reason: str, now: int
) -> None:
    ours = (account.c.id == account_id, account.c.organisation == (viewer.organisation if viewer.staff else -1))
    turned = update(account).where(*ours, account.c.role == "consumer", account.c.state == before).values(state=after)
    if not connection.execute(turned).rowcount:
        raise NotNow(f"account {account_id}")
    note(connection, now, viewer.account, after, f"account {account_id}", reason)


@dataclass(frozen=True, slots=True)
class Person:
    """A consumer with what is open to him."""

    id: int
    name: str
    mail: str
    phone: str | None
    state: str
    made_at: int
    contracts: Sequence[str]
    second: bool


def people(connection: Connection, viewer: Viewer, asked: str, page: int, rows: int) -> tuple[Sequence[Person], int]:
    """Consumers of the company whose name or mail holds this, or who have a contract of this number."""
    query = _consumers(viewer)
    if asked:
        numbers = select(grant.c.account).join(contract, contract.c.id == grant.c.contract)
        numbers = numbers.where(folded(contract.c.number) == asked.casefold())
        query = query.where(
            or_(contains(account.c.name, asked), contains(account.c.mail, asked), account.c.id.in_(numbers))
        )
    count = connection.scalar(select(func.count()).select_from(query.subquery())) or 0
    found = query.order_by(account.c.name, account.c.id).limit(rows).offset((max(page, 1) - 1) * rows)
    return [_person(connection, row) for row in connection.execute(found).all()], count


def person(connection: Connection, viewer: Viewer, key: int) -> Person | None:
    """None: there is none of this company."""
    row = connection.execute(_consumers(viewer).where(account.c.id == key)).first()
    return None if row is None else _person(connection, row)


def _consumers(viewer: Viewer) -> Select[Any]:
    ours = account.c.organisation == (viewer.organisation if viewer.staff else -1)
    known = account.c.state.in_((ACTIVATED, APPROVED, BLOCKED))
    query = select(account, second_factor.c.confirmed_at).outerjoin(second_factor)
    return query.where(ours, known, account.c.role == "consumer")


def _person(connection: Connection, row: Row[Any]) -> Person:
    told = {name: getattr(row, name) for name in ("id", "name", "mail", "phone", "state", "made_at")}
    return Person(**told, contracts=contracts_of(connection, row.id), second=row.confirmed_at is not None)
