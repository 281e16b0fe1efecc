"""«Персональные»: a report with its parameters, columns and filters, kept under a name.

It says «the month before», not «October»: opened in December it is of November. Its author alone changes it; where he
shares it within a contract, whoever sees that contract sees it, of his own points.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Connection, Row, delete, func, or_, select, update
from werkzeug.datastructures import MultiDict

from central.accounts.policy import Viewer, grants_of
from central.accounts.tables import account, grant
from central.faces.periods import Chosen, choose
from central.figures import NotFound
from central.registry.refusals import Refused
from central.reports.asked import Asked, asked
from central.reports.description import Report
from central.reports.tables import personal_report

LAST = ""  # instead of a name: what a person asked of a report last
MOST = 50  # of one account
MOST_NAME = 100  # letters
MOST_BACK = 36  # periods


@dataclass(frozen=True, slots=True)
class Personal:
    """`own`: the viewer may change it. `author`: his name, where he is another."""

    id: int
    name: str
    report: str
    kept: Mapping[str, Any]
    contract: int | None
    own: bool
    author: str


def mine(connection: Connection, viewer: Viewer) -> list[Personal]:
    """His own and those shared with him, by name."""
    named = _seen(viewer).where(personal_report.c.name != LAST)
    rows = connection.execute(named.order_by(func.lower(personal_report.c.name), personal_report.c.id))
    return [_of(row, viewer) for row in rows]


def one(connection: Connection, viewer: Viewer, key: int) -> Personal:
    """Raises NotFound."""
    row = connection.execute(_seen(viewer).where(personal_report.c.id == key, personal_report.c.name != LAST)).first()
    if row is None:
        raise NotFound(f"personal report {key}")
    return _of(row, viewer)


def keep(connection: Connection, viewer: Viewer, name: str, wanted: Asked, contract: int | None, now: int) -> int:
    """Raises Refused."""
    here = (personal_report.c.account == viewer.account) & (personal_report.c.name != LAST)
    count = connection.execute(select(func.count()).select_from(personal_report).where(here)).scalar_one()
    if count >= MOST:
        raise Refused("name", _l("Персональных отчётов может быть %(most)s. Удалите ненужный.", most=MOST))
    values: dict[str, Any] = {"name": _name(name), "report": wanted.report, "asked": kept(wanted)}
    values |= {"account": viewer.account, "contract": _shared(connection, viewer, contract)}
    made = connection.execute(personal_report.insert().values(**values, made_at=now, changed_at=now))
    assert made.inserted_primary_key is not None
    return int(made.inserted_primary_key[0])


def change(
    connection: Connection, viewer: Viewer, key: int, name: str, wanted: Asked, contract: int | None, now: int
) -> None:
    """Raises NotFound: it is not his; Refused."""
    values = {"name": _name(name), "asked": kept(wanted), "contract": _shared(connection, viewer, contract)}
    changed = update(personal_report).where(_its(viewer, key)).values(**values, changed_at=now)
    if connection.execute(changed.returning(personal_report.c.id)).first() is None:
        raise NotFound(f"personal report {key}")


def remove(connection: Connection, viewer: Viewer, key: int) -> None:
    """With what sends it by mail, to whomever. Raises NotFound: it is not his."""
    gone = delete(personal_report).where(_its(viewer, key)).returning(personal_report.c.id)
    if connection.execute(gone).first() is None:
        raise NotFound(f"personal report {key}")


def last(connection: Connection, viewer: Viewer, report: str) -> Mapping[str, Any]:
    """What this person asked of a report when he last changed its parameters; empty: he never did."""
    asked_then = select(personal_report.c.asked).where(_last(viewer, report)).order_by(personal_report.c.id.desc())
    return connection.execute(asked_then).scalars().first() or {}


def remember(connection: Connection, viewer: Viewer, wanted: Asked, now: int) -> None:
    """It is asked so the next time, of the last whole period of this length."""
    place = {"day", "last"} | ({"length"} if wanted.period.length == "own" else set())
    values: dict[str, Any] = {"asked": {name: value for name, value in wanted.query.items() if name not in place}}
    known = update(personal_report).where(_last(viewer, wanted.report)).values(**values, changed_at=now)
    if connection.execute(known.returning(personal_report.c.id)).first() is None:
        values |= {"account": viewer.account, "report": wanted.report, "name": LAST, "made_at": now, "changed_at": now}
        connection.execute(personal_report.insert().values(**values))


def kept(wanted: Asked) -> dict[str, Any]:
    """Parameters as JSON; a period of the calendar as so many back from the one of today, one's own as its days."""
    found: dict[str, Any] = {name: value for name, value in wanted.query.items() if name not in wanted.period.named}
    period = wanted.period
    if period.length == "own":
        return found | period.named
    return found | {"length": period.length, "back": _back(period)}


def again(report: Report, found: Mapping[str, Any], today: date) -> Asked:
    """The same asked for today."""
    args = MultiDict[str, str]()
    for name, value in found.items():
        for text in value if isinstance(value, list) else [value]:
            args.add(name, str(text))
    wanted = asked(report, args, today)
    if "back" not in found:
        return wanted
    period = choose({"length": found["length"]}, today)
    for _step in range(min(int(found["back"]), MOST_BACK)):
        period = period.before or period
    return replace(wanted, period=period)


def his(wanted: Asked, points: Iterable[int]) -> Asked:
    """What was kept, of those of its points alone that a viewer sees: contracts end, and what is shared is of the
    points of whoever opens it. Of none of them = of all that he sees."""
    seen = set(points)
    return replace(wanted, points=tuple(key for key in wanted.points if key in seen))


def _back(period: Chosen) -> int:
    """How many periods it lies before the one of today."""
    count, later = 0, period.after
    while later is not None and count < MOST_BACK:
        count, later = count + 1, later.after
    return count


def _name(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise Refused("name", _l("Назовите отчёт"))
    if len(name) > MOST_NAME:
        raise Refused("name", _l("Название длиннее %(most)s знаков", most=MOST_NAME))
    return name


def _shared(connection: Connection, viewer: Viewer, contract: int | None) -> int | None:
    """A contract that the viewer holds himself."""
    if contract is None:
        return None
    held = select(grant.c.id).where(grants_of(viewer), grant.c.contract == contract, grant.c.given_by.is_(None))
    if connection.execute(held.where(grant.c.valid_to.is_(None))).first() is None:
        raise Refused("contract", _l("Поделиться можно в своём договоре"))
    return contract


def _its(viewer: Viewer, key: int) -> ColumnElement[bool]:
    named = (personal_report.c.id == key) & (personal_report.c.name != LAST)
    return named & (personal_report.c.account == viewer.account)


def _last(viewer: Viewer, report: str) -> ColumnElement[bool]:
    his = (personal_report.c.account == viewer.account) & (personal_report.c.name == LAST)
    return his & (personal_report.c.report == report)


def _seen(viewer: Viewer) -> Any:
    contracts = select(grant.c.contract).where(grants_of(viewer), grant.c.valid_to.is_(None))
    shared = personal_report.c.contract.in_(contracts)
    return (
        select(personal_report, account.c.name.label("author"))
        .join(account, account.c.id == personal_report.c.account)
        .where(or_(personal_report.c.account == viewer.account, shared))
    )


def _of(row: Row[Any], viewer: Viewer) -> Personal:
    own = row.account == viewer.account
    return Personal(row.id, row.name, row.report, row.asked, row.contract, own, "" if own else row.author)
