"""THE answer to «may X see this point, in which period».

A consumer sees a point while both hold: a grant of the account on a contract, and that contract on the point. The new
tenant never sees the old one's time, the old one nothing after the hand-over. Operators and administrators see all of
their organisation. There is no other way to a Viewer than an account that may log in.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, false, or_, select

from central.accounts.tables import account, grant, second_factor
from central.registry.tables import contract_point, point

MAY_LOG_IN = ("activated", "approved")
STAFF = ("operator", "administrator")
FOREVER = 2**62  # an open end


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks: an account."""

    account: int
    organisation: int
    role: str  # consumer | operator | administrator
    state: str  # activated: sees its application and nothing else; approved
    name: str
    mail: str
    second: bool = False  # logs in with a second factor

    @classmethod
    def load(cls, connection: Connection, account_id: int) -> "Viewer | None":
        """None when there is no such account, or it may not log in."""
        query = select(account, second_factor.c.confirmed_at).outerjoin(second_factor)
        query = query.where(account.c.id == account_id, account.c.state.in_(MAY_LOG_IN))
        row = connection.execute(query).first()
        if row is None:
            return None
        second = row.confirmed_at is not None
        return cls(row.id, row.organisation, row.role, row.state, row.name, row.mail, second)

    @property
    def staff(self) -> bool:
        return self.role in STAFF


Span = tuple[int, int]  # [since, until), seconds UTC


def policy(connection: Connection, viewer: Viewer, point_id: int, period: Span) -> Span | None:
    """The part of the period in which the viewer may see the point; None = the point does not exist for him.

    Where it falls into pieces (a contract that ended and was taken up again), the last piece.
    """
    since, until = period
    pieces = [
        (max(since, start), min(until, end))
        for start, end in _spans(connection, viewer, point_id)
        if start < until and since < end
    ]
    return pieces[-1] if pieces and pieces[-1][0] < pieces[-1][1] else None


def around(connection: Connection, viewer: Viewer, point_id: int, moment: int) -> Span | None:
    """All of the unbroken time around this moment in which the viewer may see the point; None: not at this moment."""
    spans = _spans(connection, viewer, point_id)
    return next(((start, end) for start, end in spans if start <= moment < end), None)


def may_see(viewer: Viewer, now: int) -> ColumnElement[bool]:
    """Points that the viewer may see at this moment, as a condition on rows of `point`: SQL makes the lists."""
    if viewer.state != "approved":
        return false()
    if viewer.staff:
        return point.c.organisation == viewer.organisation
    return point.c.id.in_(
        select(contract_point.c.point)
        .join(grant, grant.c.contract == contract_point.c.contract)
        .where(grant.c.account == viewer.account, _at(grant, now), _at(contract_point, now))
    )


def _at(table: Any, now: int) -> ColumnElement[bool]:
    return and_(table.c.valid_from <= now, or_(table.c.valid_to.is_(None), table.c.valid_to > now))


def _spans(connection: Connection, viewer: Viewer, point_id: int) -> list[Span]:
    """All times in which the viewer may see the point, in order, those that touch joined."""
    if viewer.state != "approved":
        return []
    if viewer.staff:
        own = select(point.c.id).where(point.c.id == point_id, point.c.organisation == viewer.organisation)
        return [(0, FOREVER)] if connection.execute(own).first() else []
    query = (
        select(grant.c.valid_from, grant.c.valid_to, contract_point.c.valid_from, contract_point.c.valid_to)
        .join(contract_point, contract_point.c.contract == grant.c.contract)
        .where(grant.c.account == viewer.account, contract_point.c.point == point_id)
    )
    found = sorted(
        (max(grant_from, point_from), min(grant_to or FOREVER, point_to or FOREVER))
        for grant_from, grant_to, point_from, point_to in connection.execute(query)
    )
    joined: list[Span] = []
    for start, end in found:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        elif start < end:
            joined.append((start, end))
    return joined
