"""Consumers who may log in, as their company sees them: found, locked and unlocked with a reason."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, func, or_, select, update

from central.accounts import tokens
from central.accounts.applications import NotNow
from central.accounts.audit import note
from central.accounts.policy import Viewer
from central.accounts.states import State
from central.accounts.tables import account, grant, second_factor, session
from central.db import contains, folded
from central.registry.tables import contract


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
    lent: Sequence[str]  # that their owners let him look at
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
    return _persons(connection, viewer, connection.execute(found).all()), count


def person(connection: Connection, viewer: Viewer, key: int) -> Person | None:
    """None: there is none of this company."""
    row = connection.execute(_consumers(viewer).where(account.c.id == key)).first()
    return None if row is None else _persons(connection, viewer, [row])[0]


def _consumers(viewer: Viewer) -> Select[Any]:
    ours = account.c.organisation == viewer.company
    known = account.c.state.in_((State.ACTIVATED, State.APPROVED, State.BLOCKED, State.WITHDRAWN))
    query = select(account, second_factor.c.confirmed_at).outerjoin(second_factor)
    return query.where(ours, known, account.c.role == "consumer")


def _persons(connection: Connection, viewer: Viewer, rows: Sequence[Row[Any]]) -> Sequence[Person]:
    open_to = select(grant, contract.c.number).join(contract, contract.c.id == grant.c.contract)
    open_to = open_to.where(grant.c.account.in_([row.id for row in rows]), grant.c.valid_to.is_(None))
    open_to = open_to.where(or_(grant.c.ends_at.is_(None), grant.c.ends_at > viewer.at))
    contracts: dict[tuple[int, bool], list[str]] = defaultdict(list)
    for one in connection.execute(open_to.order_by(contract.c.number)):
        contracts[one.account, one.given_by is not None].append(one.number)
    told = ("id", "name", "mail", "phone", "state", "made_at")
    return [
        Person(
            **{name: getattr(row, name) for name in told},
            contracts=contracts[row.id, False],
            lent=contracts[row.id, True],
            second=row.confirmed_at is not None,
        )
        for row in rows
    ]


def lock(connection: Connection, viewer: Viewer, account_id: int, reason: str, now: int) -> None:
    """A consumer of the company may not log in any more; his sessions and tokens end. Raises NotNow."""
    _turn(connection, viewer, account_id, State.APPROVED, State.BLOCKED, reason, now)
    connection.execute(session.delete().where(session.c.account == account_id))
    tokens.end_all(connection, account_id)


def unlock(connection: Connection, viewer: Viewer, account_id: int, reason: str, now: int) -> None:
    """Raises NotNow."""
    _turn(connection, viewer, account_id, State.BLOCKED, State.APPROVED, reason, now)


def _turn(
    connection: Connection, viewer: Viewer, account_id: int, before: str, after: str, reason: str, now: int
) -> None:
    ours = (account.c.id == account_id, account.c.organisation == viewer.company)
    turned = (
        update(account)
        .where(*ours, account.c.role == "consumer", account.c.state == before)
        .values(state=after, state_at=now)
    )
    if not connection.execute(turned).rowcount:
        raise NotNow(f"account {account_id}")
    note(connection, now, viewer.account, after, f"account {account_id}", reason)
