"""What a viewer finds in the cabinet, and the company in the console: by the policy, at the time of each notice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, case, func, or_, select, update

from central.accounts.policy import Viewer, may_see, saw
from central.notices.kinds import DECREE, NO_JOURNAL, OWN, Kind, told_as
from central.notices.tables import notice, notice_reader
from central.registry.tables import meter, point

there = point.alias("there")


@dataclass(frozen=True, slots=True)
class Notice:
    """`new`: the viewer has not seen it. `event_code`: of its line; of a verification the days before its end.
    `told_at`: a letter went (of the company: the first one)."""

    id: int
    kind: Kind
    point: int
    code: str  # of the point
    name: str
    address: str
    tz: str
    serial: str
    since: int
    until: int | None
    journal: int
    event_code: int
    received_at: int | None
    made_at: int
    told_at: int | None
    new: bool
    terms: Mapping[str, Any]  # of those that say what they were concluded from

    @property
    def told(self) -> Kind:
        return told_as(self.kind, self.since, self.until)


def shown(connection: Connection, viewer: Viewer, page: int, rows: int) -> tuple[Sequence[Notice], int]:
    """A page of the consumer's, the newest first, and how many there are."""
    query = _mine(viewer)
    count = connection.scalar(select(func.count()).select_from(query.subquery())) or 0
    newest = query.order_by(notice.c.made_at.desc(), notice.c.id.desc())
    return [_notice(row) for row in connection.execute(newest.limit(rows).offset((page - 1) * rows))], count


def unseen(connection: Connection, viewer: Viewer, most: int) -> Sequence[Notice]:
    """The newest that he has not seen. (Whether a meter is silent now is told elsewhere.)"""
    query = _mine(viewer).where(notice_reader.c.seen_at.is_(None), notice_reader.c.account.is_not(None))
    query = query.where(notice.c.kind != Kind.SILENT)
    newest = query.order_by(notice.c.made_at.desc(), notice.c.id.desc()).limit(most)
    return [_notice(row) for row in connection.execute(newest)]


def these(connection: Connection, viewer: Viewer, keys: Sequence[int]) -> Sequence[Notice]:
    """Of notices those that he may see, the oldest first, whether he wants them in the cabinet or not."""
    query = _seen_by(viewer).where(notice.c.id.in_(keys)).order_by(notice.c.since, notice.c.id)
    return [_notice(row) for row in connection.execute(query)]


def any_unseen(connection: Connection, account_id: int) -> bool:
    """For the bell on every page: quick, and nothing of what it is."""
    its = notice_reader.c.account == account_id, notice_reader.c.seen_at.is_(None), notice_reader.c.shown.is_(True)
    return connection.scalar(select(notice_reader.c.notice).where(*its).limit(1)) is not None


def seen(connection: Connection, account_id: int, upto: int, now: int) -> None:
    """All that were there as the page was made (by their ids) are seen."""
    its = notice_reader.c.account == account_id, notice_reader.c.seen_at.is_(None), notice_reader.c.notice <= upto
    connection.execute(update(notice_reader).where(*its).values(seen_at=now))


def of_company(
    connection: Connection, viewer: Viewer, now: int, kind: Kind | None, page: int, rows: int
) -> tuple[Sequence[Notice], bool]:
    """A page of the decree's cases at the points that staff see, the newest first, and whether there are more."""
    told = select(func.min(notice_reader.c.told_at)).where(notice_reader.c.notice == notice.c.id).scalar_subquery()
    query = _with_point(told.label("told_at"))
    kinds = [one.value for one in DECREE] if kind is None else [kind.value]
    theirs = may_see(viewer, now)
    if viewer.whole:  # nearly all notices are: they are read from the newest on, until there are enough
        whose = select(there.c.organisation).where(there.c.id == notice.c.point).scalar_subquery()
        theirs = whose == viewer.company  # PostgreSQL makes a join of an EXISTS, and would read all of them
    query = query.where(theirs, notice.c.kind.in_(kinds))
    newest = query.order_by(notice.c.made_at.desc(), notice.c.id.desc()).limit(rows + 1).offset((page - 1) * rows)
    found = [_notice(row, new=False) for row in connection.execute(newest)]
    return found[:rows], len(found) > rows


def _mine(viewer: Viewer) -> Select[Any]:
    """What one does not want to see in the cabinet stands nowhere in it."""
    return _seen_by(viewer).where(or_(notice_reader.c.shown.is_(None), notice_reader.c.shown.is_(True)))


def _seen_by(viewer: Viewer) -> Select[Any]:
    """A case by its own time, the others by that of the notice."""
    moment: ColumnElement[int] = case((notice.c.journal == NO_JOURNAL, notice.c.made_at), else_=notice.c.since)
    query = _with_point(notice_reader.c.told_at, notice_reader.c.seen_at, notice_reader.c.account)
    own = and_(notice_reader.c.notice == notice.c.id, notice_reader.c.account == viewer.account)
    public = notice.c.kind.not_in([kind.value for kind in OWN])
    return query.outerjoin(notice_reader, own).where(
        saw(viewer, notice.c.point, moment), or_(public, notice_reader.c.account.is_not(None))
    )


def _with_point(*more: Any) -> Select[Any]:
    names = point.c.code.label("point_code"), point.c.name, point.c.address, point.c.tz, meter.c.serial
    return (
        select(notice, *names, *more)
        .outerjoin(point, point.c.id == notice.c.point)
        .outerjoin(meter, meter.c.id == notice.c.meter)
    )


def _notice(row: Row[Any], *, new: bool | None = None) -> Notice:
    return Notice(
        id=row.id,
        kind=Kind(row.kind),
        point=row.point,
        code=row.point_code,
        name=row.name,
        address=row.address,
        tz=row.tz,
        serial=row.serial,
        since=row.since,
        until=row.until,
        journal=row.journal,
        event_code=row.code,
        received_at=row.received_at,
        made_at=row.made_at,
        told_at=row.told_at,
        new=(row.account is not None and row.seen_at is None) if new is None else new,
        terms=row.terms or {},
    )
