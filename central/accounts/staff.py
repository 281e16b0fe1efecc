"""People of the company: who they are, what each may change and where; entered, corrected, locked and unlocked."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from central.accounts import keys, second
from central.accounts.audit import note
from central.accounts.keys import Purpose
from central.accounts.people import normal
from central.accounts.policy import STAFF, Right, Viewer
from central.accounts.registering import FIRST_LIFETIME, NO_PASSWORD, Letter, Told
from central.accounts.states import State
from central.accounts.tables import account, operator_branch, operator_right, second_factor, session
from central.db import alone
from central.registry.tables import node


class Unfit(ValueError):
    """Not to be done to this person. `why`: known (the mail has an account) | self | late (who does it may no more)."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Member:
    """`branches`: node -> its path; empty: the whole company. `begun`: the first password is set."""

    id: int
    name: str
    mail: str
    role: str
    state: str
    made_at: int
    begun: bool
    second: bool
    rights: frozenset[Right]
    branches: dict[int, str]


def members(connection: Connection, viewer: Viewer) -> Sequence[Member]:
    """All of the viewer's company, by name."""
    return _members(connection, connection.execute(_of(viewer).order_by(account.c.name, account.c.id)).all())


def member(connection: Connection, viewer: Viewer, key: int) -> Member | None:
    """None: there is none of this company."""
    row = connection.execute(_of(viewer).where(account.c.id == key)).first()
    return None if row is None else _members(connection, [row])[0]


def add(connection: Connection, viewer: Viewer, *, mail: str, name: str, role: str, now: int) -> int:
    """Without a password, which a letter brings. Returns the account. Raises Unfit."""
    mail = normal(mail)
    if connection.execute(select(account.c.id).where(account.c.mail == mail)).first() is not None:
        raise Unfit("known")
    values = {"organisation": viewer.organisation, "mail": mail, "name": name, "role": role, "password": NO_PASSWORD}
    made = connection.execute(
        account.insert().values(**values, state=State.APPROVED, made_at=now, state_at=now)
    ).inserted_primary_key
    assert made is not None
    note(connection, now, viewer.account, "member added", f"account {made[0]}", role)
    return int(made[0])


def give(
    connection: Connection,
    account_id: int,
    rights: Iterable[Right],
    branches: Iterable[int],
    now: int,
    author: int | None,
) -> None:
    """These are an operator's rights and branches from now on; a branch below another of them is part of it."""
    nodes, rights = _highest(connection, set(branches)), sorted(rights)
    for table in (operator_right, operator_branch):
        connection.execute(delete(table).where(table.c.account == account_id))
    if rights:
        connection.execute(insert(operator_right), [{"account": account_id, "name": one} for one in rights])
    if nodes:
        connection.execute(insert(operator_branch), [{"account": account_id, "node": one} for one in nodes])
    said = f"rights: {', '.join(rights) or 'none'}; nodes: {', '.join(map(str, sorted(nodes))) or 'all'}"
    note(connection, now, author, "rights given", f"account {account_id}", said)


def first_letter(connection: Connection, one: Member, now: int) -> Letter:
    """By whose key the first password is set; the one before is good no more."""
    return Letter(Told.FIRST, one.mail, one.name, keys.make(connection, one.id, Purpose.RESET, now, FIRST_LIFETIME))


def set_role(connection: Connection, viewer: Viewer, key: int, role: str, now: int) -> None:
    """Raises Unfit: one's own."""
    _others(connection, viewer, key)
    connection.execute(update(account).where(account.c.id == key).values(role=role))
    note(connection, now, viewer.account, "role given", f"account {key}", role)


def turn(connection: Connection, viewer: Viewer, key: int, state: str, reason: str, now: int) -> None:
    """Blocked, all sessions end; or approved again. Raises Unfit."""
    _others(connection, viewer, key)
    connection.execute(update(account).where(account.c.id == key).values(state=state, state_at=now))
    if state == State.BLOCKED:
        connection.execute(delete(session).where(session.c.account == key))
    note(connection, now, viewer.account, state, f"account {key}", reason)


def drop_second(connection: Connection, viewer: Viewer, key: int, now: int) -> None:
    """Who has lost the phone sets another. Raises Unfit: one's own goes by the password."""
    _others(connection, viewer, key)
    second.drop(connection, key, now, viewer.account)


def _others(connection: Connection, viewer: Viewer, key: int) -> None:
    """Nobody locks himself out, and two not each other, so an administrator is always left."""
    if key == viewer.account:
        raise Unfit("self")
    alone(connection, f"staff of {viewer.organisation}")
    mine = (account.c.id == viewer.account, account.c.role == "administrator", account.c.state == State.APPROVED)
    if connection.execute(select(account.c.id).where(*mine)).first() is None:
        raise Unfit("late")


def _highest(connection: Connection, nodes: set[int]) -> set[int]:
    """Those that stand below no other of them."""
    parents: dict[int, int | None] = {}
    asked = set(nodes)
    while asked:
        rows = connection.execute(select(node.c.id, node.c.parent).where(node.c.id.in_(asked)))
        found = {row.id: row.parent for row in rows}
        parents |= found
        asked = {parent for parent in found.values() if parent is not None} - parents.keys()

    def covered(key: int | None) -> bool:
        return key is not None and (key in nodes or covered(parents[key]))

    return {key for key in nodes & parents.keys() if not covered(parents[key])}


def _of(viewer: Viewer) -> Any:
    query = select(account, second_factor.c.confirmed_at).outerjoin(second_factor)
    return query.where(account.c.organisation == viewer.organisation, account.c.role.in_(STAFF))


def _members(connection: Connection, rows: Sequence[Row[Any]]) -> Sequence[Member]:
    keys = [row.id for row in rows]
    rights: dict[int, set[Right]] = defaultdict(set)
    for row in connection.execute(select(operator_right).where(operator_right.c.account.in_(keys))):
        rights[row.account].add(Right(row.name))
    branches: dict[int, dict[int, str]] = defaultdict(dict)
    placed = select(operator_branch, node.c.path).join(node, node.c.id == operator_branch.c.node)
    for row in connection.execute(placed.where(operator_branch.c.account.in_(keys)).order_by(node.c.path)):
        branches[row.account][row.node] = row.path
    return [
        Member(
            id=row.id,
            name=row.name,
            mail=row.mail,
            role=row.role,
            state=row.state,
            made_at=row.made_at,
            begun=row.password != NO_PASSWORD,
            second=row.confirmed_at is not None,
            rights=frozenset(rights[row.id]),
            branches=dict(branches[row.id]),
        )
        for row in rows
    ]
