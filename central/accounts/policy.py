"""THE answer to «may X see or do this, in which period».

A consumer sees a point while both hold: a grant of the account on a contract, and that contract on the point. The new
tenant never sees the old one's time, the old one nothing after the hand-over. Whom an owner of the contract lets look
(a grant that he gave) sees what the owner sees, until the day that was set or the owner takes it back; then nothing.
Who only looks hands nothing in.

Staff see all of their organisation, or of the network below the nodes that they were given. What an operator may change
are his rights; an administrator may change all, an auditor nothing. There is no other way to a Viewer than an account
that may log in.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, exists, false, or_, select

from central.accounts.states import MAY_LOG_IN, State
from central.accounts.tables import account, grant, operator_branch, operator_right, second_factor
from central.registry.tables import contract_point, node, point

STAFF = ("operator", "auditor", "administrator")
FOREVER = 2**62  # an open end


class Right(StrEnum):
    """What an operator may change."""

    PEOPLE = "people"  # applications, consumers: who has it alone sees them
    REGISTRY = "registry"  # points, meters, contracts, network, documents
    FIGURES = "figures"  # exceptions, tariffs, closing of months
    EDGES = "edges"  # concentrators and what they read


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks: an account, at a moment."""

    account: int
    organisation: int
    role: str  # consumer | operator | auditor | administrator
    state: str  # activated: sees its application and nothing else; approved
    name: str
    mail: str
    at: int = 0  # seconds UTC: what ends before is over
    second: bool = False  # logs in with a second factor
    rights: frozenset[Right] = frozenset()
    branches: frozenset[int] = frozenset()  # nodes; empty: all of the organisation
    by: int | None = None  # the account of staff that looks as this consumer
    language: str = "ru"  # of letters to him

    @classmethod
    def load(cls, connection: Connection, account_id: int, now: int) -> "Viewer | None":
        """None when there is no such account, or it may not log in."""
        query = select(account, second_factor.c.confirmed_at).outerjoin(second_factor)
        query = query.where(account.c.id == account_id, account.c.state.in_(MAY_LOG_IN))
        row = connection.execute(query).first()
        if row is None:
            return None
        second = row.confirmed_at is not None
        who = row.id, row.organisation, row.role, row.state, row.name, row.mail
        found = cls(*who, now, second, language=row.language)
        if found.role == "administrator":
            return replace(found, rights=frozenset(Right))
        return replace(found, **rights_of(connection, account_id)) if found.role == "operator" else found

    @property
    def staff(self) -> bool:
        return self.role in STAFF

    @property
    def company(self) -> int | None:
        """Whose member of staff this is; None: of none, and no row is."""
        return self.organisation if self.staff else None

    @property
    def whole(self) -> bool:
        """Sees the organisation as a whole, not branches of it."""
        return self.staff and not self.branches


def rights_of(connection: Connection, account_id: int) -> dict[str, Any]:
    """`rights` and `branches` of an operator."""
    names = connection.scalars(select(operator_right.c.name).where(operator_right.c.account == account_id))
    nodes = connection.scalars(select(operator_branch.c.node).where(operator_branch.c.account == account_id))
    return {"rights": frozenset(map(Right, names)), "branches": frozenset(nodes)}


Span = tuple[int, int]  # [since, until), seconds UTC

# What an owner gave stands while he himself has the contract. Made once: it is asked for several times a page.
_giver, _held = account.alias("giver"), grant.alias("held")
_STANDS = or_(
    grant.c.given_by.is_(None),
    and_(
        exists().where(_giver.c.id == grant.c.given_by, _giver.c.state == State.APPROVED),
        exists().where(
            _held.c.account == grant.c.given_by,
            _held.c.contract == grant.c.contract,
            _held.c.given_by.is_(None),
            _held.c.valid_to.is_(None),
        ),
    ),
)


def policy(connection: Connection, viewer: Viewer, point_id: int, period: Span) -> Span | None:
    """The part of the period in which the viewer may see the point; None = the point does not exist for him.

    Where it falls into pieces (a contract that ended and was taken up again), the last piece.
    """
    found = seen(connection, viewer, point_id, period)
    return found[0] if found is not None else None


def seen(connection: Connection, viewer: Viewer, point_id: int, period: Span) -> tuple[Span, Span] | None:
    """The same, and all of the unbroken time around it that is the viewer's."""
    return _last_piece(_spans(connection, viewer, point_id), period)


def seen_all(connection: Connection, viewer: Viewer, periods: Mapping[int, Span]) -> dict[int, tuple[Span, Span]]:
    """The same of many points, each in its period, by one query; a point that does not exist for him is not in it."""
    if viewer.state != State.APPROVED:
        return {}
    if viewer.staff:
        own = connection.scalars(select(point.c.id).where(point.c.id.in_(list(periods)), own_points(viewer)))
        spans = {key: [(0, FOREVER)] for key in own}
    else:
        spans = _spans_of(connection, viewer, periods)
    found = {key: _last_piece(spans.get(key, []), period) for key, period in periods.items()}
    return {key: piece for key, piece in found.items() if piece is not None}


def _last_piece(spans: Iterable[Span], period: Span) -> tuple[Span, Span] | None:
    since, until = period
    pieces = [
        ((max(since, start), min(until, end)), (start, end)) for start, end in spans if start < until and since < end
    ]
    return pieces[-1] if pieces and pieces[-1][0][0] < pieces[-1][0][1] else None


def seen_of(connection: Connection, viewer: Viewer, periods: Mapping[int, Span]) -> dict[int, Span]:
    """`policy` of several points at once, each in a period of its own; a point of which nothing may be seen is not in
    it."""
    return {key: visible for key, (visible, _reach) in seen_all(connection, viewer, periods).items()}


def may_see(viewer: Viewer, now: int) -> ColumnElement[bool]:
    """Points that the viewer may see at this moment, as a condition on rows of `point`: SQL makes the lists."""
    if viewer.state != State.APPROVED:
        return false()
    if viewer.staff:
        return own_points(viewer)
    return point.c.id.in_(
        select(contract_point.c.point)
        .join(grant, grant.c.contract == contract_point.c.contract)
        .where(grants_of(viewer), _at(grant, now), _at(contract_point, now))
    )


def may_act(viewer: Viewer, now: int) -> ColumnElement[bool]:
    """Points for which the viewer may hand something in or ask the meter, as a condition on rows of `point`: those of a
    contract of his own. Not whom he lets look, and not staff, also when it looks as he."""
    if viewer.state != State.APPROVED or viewer.staff or viewer.by is not None:
        return false()
    return point.c.id.in_(
        select(contract_point.c.point)
        .join(grant, grant.c.contract == contract_point.c.contract)
        .where(grants_of(viewer), grant.c.given_by.is_(None), _at(grant, now), _at(contract_point, now))
    )


def saw(viewer: Viewer, its_point: ColumnElement[int], moment: ColumnElement[int]) -> ColumnElement[bool]:
    """Rows that tell of a point at a moment, both columns of theirs: those that the viewer may see."""
    if viewer.state != State.APPROVED:
        return false()
    if viewer.staff:
        return its_point.in_(select(point.c.id).where(own_points(viewer)))
    held = contract_point.join(grant, grant.c.contract == contract_point.c.contract)
    ever = select(contract_point.c.point).select_from(held).where(grants_of(viewer))
    then = exists().select_from(held).where(contract_point.c.point == its_point, grants_of(viewer), _then(moment))
    return and_(its_point.in_(ever), then)


def readers(connection: Connection, point_id: int, moment: int, now: int, *, own: bool = False) -> list[int]:
    """Accounts of consumers who may see the point at a moment, as they look now: who is to be told of it. `own`: by a
    contract of their own, who may act there."""
    query = (
        select(account.c.id)
        .join(grant, grant.c.account == account.c.id)
        .join(contract_point, contract_point.c.contract == grant.c.contract)
        .where(contract_point.c.point == point_id, _at(contract_point, moment), _at(grant, moment))
        .where(account.c.state == State.APPROVED, account.c.role.not_in(STAFF))
        .where(or_(grant.c.ends_at.is_(None), grant.c.ends_at > now), _STANDS)
    )
    return sorted(set(connection.scalars(query.where(grant.c.given_by.is_(None)) if own else query)))


def since_when(connection: Connection, viewer: Viewer, points: Iterable[int], now: int) -> dict[int, int]:
    """Of these points, those that the viewer may see now -> the beginning of the unbroken time that is his."""
    found = _spans_of(connection, viewer, points)
    return {key: start for key, spans in found.items() for start, end in spans if start <= now < end}


def own_points(viewer: Viewer) -> ColumnElement[bool]:
    """Rows of `point` that are staff's to see."""
    ours = point.c.organisation == viewer.company
    return and_(ours, point.c.node.in_(below(viewer))) if viewer.branches else ours


def own_nodes(viewer: Viewer) -> ColumnElement[bool]:
    """Rows of `node`."""
    ours = node.c.organisation == viewer.company
    return and_(ours, node.c.id.in_(below(viewer))) if viewer.branches else ours


def below(viewer: Viewer) -> Any:
    """Ids of the nodes of the viewer's branches and of all below them."""
    found = select(node.c.id).where(node.c.id.in_(viewer.branches)).cte(recursive=True)
    child = node.alias("child")
    return select(found.union(select(child.c.id).where(child.c.parent == found.c.id)).c.id)


def grants_of(viewer: Viewer) -> ColumnElement[bool]:
    """Rows of `grant` by which a consumer looks now."""
    return _held_by(viewer.account, viewer.at)


def _held_by(its_account: Any, at: Any) -> ColumnElement[bool]:
    return and_(grant.c.account == its_account, or_(grant.c.ends_at.is_(None), grant.c.ends_at > at), _STANDS)


def _at(table: Any, now: int) -> ColumnElement[bool]:
    return and_(table.c.valid_from <= now, or_(table.c.valid_to.is_(None), table.c.valid_to > now))


def _then(moment: ColumnElement[int]) -> ColumnElement[bool]:
    """Grant and contract both held at the moment of a row."""
    return and_(
        *(
            and_(table.c.valid_from <= moment, or_(table.c.valid_to.is_(None), table.c.valid_to > moment))
            for table in (grant, contract_point)
        )
    )


def _spans(connection: Connection, viewer: Viewer, point_id: int) -> list[Span]:
    """All times in which the viewer may see the point, in order, those that touch joined."""
    if viewer.state != State.APPROVED:
        return []
    if viewer.staff:
        own = select(point.c.id).where(point.c.id == point_id, own_points(viewer))
        return [(0, FOREVER)] if connection.execute(own).first() else []
    return _spans_of(connection, viewer, [point_id]).get(point_id, [])


def _spans_of(connection: Connection, viewer: Viewer, points: Iterable[int]) -> dict[int, list[Span]]:
    """The same of several points of a consumer."""
    named = {"its_account": viewer.account, "at": viewer.at, "points": list(points)}
    found = sorted(
        (key, max(grant_from, point_from), min(grant_to or FOREVER, point_to or FOREVER))
        for key, grant_from, grant_to, point_from, point_to in connection.execute(_SPANS, named)
    )
    joined: dict[int, list[Span]] = {}
    for key, start, end in found:
        spans = joined.setdefault(key, [])
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        elif start < end:
            spans.append((start, end))
    return joined


_SPANS = (  # asked for several times a page: made once
    select(
        contract_point.c.point,
        grant.c.valid_from,
        grant.c.valid_to,
        contract_point.c.valid_from.label("point_from"),
        contract_point.c.valid_to.label("point_to"),
    )
    .join(contract_point, contract_point.c.contract == grant.c.contract)
    .where(_held_by(bindparam("its_account"), bindparam("at")))
    .where(contract_point.c.point.in_(bindparam("points", expanding=True)))
)
