"""The company's desk for readings that are doubtful: what waits, and what is decided about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, func, select, update

from central.accounts.audit import note
from central.accounts.policy import Viewer, own_points, readers
from central.accounts.states import State
from central.accounts.tables import account
from central.db import alone
from central.figures import Source
from central.figures.around import readings_around
from central.handing.entering import enter_one
from central.handing.receipts import Line, line_of, lines, number_of
from central.handing.states import Handed
from central.handing.tables import hand_in, handed_in
from central.notices.keeping import keep
from central.notices.kinds import NO_JOURNAL, Kind
from central.registry.tables import meter


class Decided(Exception):
    """Somebody has decided about it."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A line of the queue. `noted_at`: when it was read, if not when it was handed in; `mail`: of the person, None when
    he is gone."""

    line: Line
    number: str
    made_at: int
    noted_at: int | None
    account: int
    person: str
    mail: str | None


def queue(connection: Connection, viewer: Viewer, state: str, page: int, rows: int) -> tuple[Sequence[Waiting], int]:
    """A page of them, and how many there are: what waits longest on top, of the rest the newest."""
    query = _of(viewer).where(handed_in.c.state == state)
    count = connection.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    order = handed_in.c.id if state == Handed.REVIEW else handed_in.c.id.desc()
    found = query.order_by(None).order_by(order).limit(rows).offset((max(page, 1) - 1) * rows)
    return [_waiting(row) for row in connection.execute(found)], count


def one(connection: Connection, viewer: Viewer, key: int) -> Waiting | None:
    """None: there is none at the viewer's points."""
    row = connection.execute(_of(viewer).where(handed_in.c.id == key)).first()
    return None if row is None else _waiting(row)


def accept(
    connection: Connection, viewer: Viewer, found: Waiting, around: tuple[dict[str, int], dict[str, int]], now: int
) -> None:
    """`around`: what the meter said on both sides. Raises Decided, Refused: the registry takes no such reading."""
    alone(connection, "registry")
    _decide(connection, viewer, found, Handed.ACCEPTED, "", now)
    if found.line.enters_at <= now:
        enter_one(connection, found.line.id, now, around)


def decline(connection: Connection, viewer: Viewer, found: Waiting, reason: str, now: int) -> None:
    """Raises Decided."""
    alone(connection, "registry")
    _decide(connection, viewer, found, Handed.DECLINED, reason, now)


def said_around(source: Source, line: Line) -> tuple[dict[str, int], dict[str, int]]:
    """What the meter itself said before and after. Raises SeriesUnavailable."""
    return readings_around(source, line.meter, line.read_at)


def _decide(connection: Connection, viewer: Viewer, found: Waiting, state: Handed, reason: str, now: int) -> None:
    values = {"state": state, "reason": reason, "decided_by": viewer.account, "decided_at": now}
    waits = update(handed_in).where(handed_in.c.id == found.line.id, handed_in.c.state == Handed.REVIEW)
    if connection.execute(waits.values(**values)).rowcount != 1:
        raise Decided(f"handed in {found.line.id}")
    note(connection, now, viewer.account, f"reading {state}", f"account {found.account}", f"handed in {found.line.id}")
    _tell(connection, found, state, reason, now)


def _tell(connection: Connection, found: Waiting, state: Handed, reason: str, now: int) -> None:
    """Who handed it in, while the point is his and the meter is known still. Of what was declined a letter goes at
    once: whoever decides sends it."""
    line, kind = found.line, Kind.READING_ACCEPTED if state is Handed.ACCEPTED else Kind.READING_DECLINED
    people = {found.account} & set(readers(connection, line.point, now, now))
    if not people or connection.scalar(select(meter.c.id).where(meter.c.id == line.meter)) is None:
        return
    values = {
        "kind": kind.value,
        "point": line.point,
        "meter": line.meter,
        "since": line.read_at,
        "until": line.read_at,
        "journal": NO_JOURNAL,
        "code": line.id,
        "received_at": None,
        "terms": {"number": found.number} | ({"reason": reason} if reason else {}),
    }
    letters = kind is Kind.READING_ACCEPTED
    keep(connection, values, line.tz, now, now, past=False, people=sorted(people), letters=letters)


def _of(viewer: Viewer) -> Select[Any]:
    person = (account.c.name.label("person"), account.c.mail, account.c.state.label("person_state"))
    query = lines().add_columns(*person).join(account, account.c.id == hand_in.c.account)
    return query.where(own_points(viewer))


def _waiting(row: Any) -> Waiting:
    mail = None if row.person_state == State.ERASED else row.mail
    number = number_of(row.hand_in, row.made_at)
    return Waiting(line_of(row), number, row.made_at, row.noted_at, row.account, row.person, mail)
