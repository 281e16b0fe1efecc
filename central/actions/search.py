"""What a person of the company finds in the journal: newest first, by who, what, on what, when.

Everybody sees only what people of the own company did, and what nobody of any company did: logins that were refused to
unknown mails, the command line. A row of those that is about an account of another company («account 17») is not seen.
The company is looked at row by row in the order of time, so that no plan gathers and sorts all its rows first.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    tuple_,
)

from central.accounts.policy import STAFF, Viewer
from central.accounts.tables import account, audit, audit_seal
from central.db import contains

NOBODY = 0  # in the place of an account: nobody was logged in
BATCH = 1000  # rows in memory
OF_ACCOUNT = "^account [0-9]{1,15}$"  # a subject


@dataclass(frozen=True, slots=True)
class Asked:
    """None and "" narrow nothing. `account`: an id, or NOBODY; `part`: stands in the subject; times: [since, until)."""

    account: int | None = None
    action: str = ""
    part: str = ""
    since: int | None = None
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """A row of the journal. `who`: the name of the account; `seal`: the number of its seal, None: it waits for one."""

    id: int
    at: int
    account: int | None
    who: str | None
    action: str
    subject: str
    detail: str
    seal: int | None


@dataclass(frozen=True, slots=True)
class Person:
    id: int
    name: str
    mail: str
    role: str


def found(connection: Connection, viewer: Viewer, asked: Asked, rows: int, before: int | None = None) -> list[Action]:
    """At most so many, the newest first, of those that are older than the row `before`."""
    query = _query(viewer, asked).order_by(audit.c.at.desc(), audit.c.id.desc()).limit(rows)
    if before is not None:
        at = connection.scalar(select(audit.c.at).where(audit.c.id == before))
        if at is None:
            return []
        query = query.where(tuple_(audit.c.at, audit.c.id) < tuple_(literal(at), literal(before)))
    return list(_told(connection, connection.execute(query).all()))


def count(connection: Connection, viewer: Viewer, asked: Asked, most: int) -> int:
    """How many there are; `most` when there are more."""
    counted = _query(viewer, asked).with_only_columns(literal(1)).limit(most).subquery()
    return connection.scalar(select(func.count()).select_from(counted)) or 0


def every(connection: Connection, viewer: Viewer, asked: Asked, most: int) -> Iterator[Action]:
    """The same one after the other, for a file."""
    query = _query(viewer, asked).order_by(audit.c.at.desc(), audit.c.id.desc()).limit(most)
    for rows in connection.execute(query).partitions(BATCH):
        yield from _told(connection, rows)


def actions(connection: Connection) -> list[str]:
    """The different actions that there are, in order: a probe of the index for each, however many rows there are."""
    first = select(func.min(audit.c.action).label("action")).cte("step", recursive=True)
    after = select(func.min(audit.c.action)).where(audit.c.action > first.c.action).scalar_subquery()
    steps = first.union_all(select(after).where(first.c.action.is_not(None)))
    return list(connection.scalars(select(steps.c.action).where(steps.c.action.is_not(None)).order_by(steps.c.action)))


def person(connection: Connection, viewer: Viewer, key: int) -> Person | None:
    """None: there is none of the viewer's company."""
    row = connection.execute(_people(viewer).where(account.c.id == key)).first()
    return None if row is None else Person(*row)


def people(connection: Connection, viewer: Viewer, part: str, most: int) -> list[Person]:
    """Of the company, staff and consumers, whose name or mail holds this; who has exactly this mail is the only one."""
    named = or_(contains(account.c.name, part), contains(account.c.mail, part))
    query = _people(viewer).where(named).order_by(account.c.name, account.c.id).limit(most)
    found = [Person(*row) for row in connection.execute(query)]
    return [one for one in found if one.mail == part.casefold()] or found


def staff(connection: Connection, viewer: Viewer, most: int) -> list[Person]:
    """Who works in the company: those that are looked for most."""
    of_staff = account.c.role.in_(STAFF)
    query = _people(viewer).where(of_staff).order_by(account.c.name, account.c.id).limit(most)
    return [Person(*row) for row in connection.execute(query)]


def _people(viewer: Viewer) -> Select[Any]:
    columns = (account.c[name] for name in Person.__slots__)
    return select(*columns).where(account.c.organisation == viewer.organisation)


def _query(viewer: Viewer, asked: Asked) -> Select[Any]:
    return (
        select(audit, account.c.name.label("who"))
        .outerjoin(account, account.c.id == audit.c.account)
        .where(_ours(viewer), *_narrowed(asked))
    )


def _ours(viewer: Viewer) -> ColumnElement[bool]:
    other = account.alias("other")
    named = (
        audit.c.subject.regexp_match(OF_ACCOUNT),
        cast(func.substr(audit.c.subject, len("account ") + 1), BigInteger),
    )
    of_other = exists().where(other.c.id == case(named), other.c.organisation != viewer.organisation)
    return and_(
        func.coalesce(account.c.organisation, viewer.organisation) == viewer.organisation,
        or_(audit.c.account.is_not(None), ~of_other),
    )


def _narrowed(asked: Asked) -> Iterator[ColumnElement[bool]]:
    if asked.account is not None:
        yield audit.c.account.is_(None) if asked.account == NOBODY else audit.c.account == asked.account
    if asked.action:
        yield audit.c.action == asked.action
    if asked.part:
        yield contains(audit.c.subject, asked.part)
    if asked.since is not None:
        yield audit.c.at >= asked.since
    if asked.until is not None:
        yield audit.c.at < asked.until


def _told(connection: Connection, rows: Sequence[Row[Any]]) -> Iterator[Action]:
    sealed = _Sealed(connection, [row.id for row in rows])
    for row in rows:
        about = (row.id, row.at, row.account, row.who, row.action, row.subject, row.detail)
        yield Action(*about, seal=sealed.of(row.id))


class _Sealed:
    """Which seal each of these rows is under."""

    def __init__(self, connection: Connection, ids: Sequence[int]) -> None:
        over = audit_seal.c.last >= min(ids, default=0), audit_seal.c.first <= max(ids, default=0)
        query = select(audit_seal.c.last, audit_seal.c.number).where(*over).order_by(audit_seal.c.last)
        self._seals = connection.execute(query).all()
        self._last = [row.last for row in self._seals]

    def of(self, key: int) -> int | None:
        place = bisect_left(self._last, key)
        return self._seals[place].number if place < len(self._seals) else None
