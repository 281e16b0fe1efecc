"""Closing a calendar month: the bill as it stands is kept whole and for ever, whoever changes what it was made from.

    ask(connection, viewer, month, now, closing=…)     a job looks at all points of the company, or closes all it can
    close(source, viewer, point, month, contract, …)   one, with a reason although something is incomplete
    undo(connection, viewer, key, reason, now)         while no correction stands on it

What a closed month becomes charged later: correcting.py; what is seen of it: closed.py.
"""

from collections.abc import Sequence
from datetime import date
from time import monotonic
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Connection, Row, delete, func, select, update

from central.accounts.audit import note
from central.accounts.policy import Viewer, own_points
from central.db import alone, insert, writing
from central.figures import recheck
from central.figures.monthly import Bill, Share, bill, is_closed, shares, written
from central.figures.source import Source
from central.figures.tables import period_check, period_close, period_correction, period_recheck, period_run
from central.figures.views import Hindrance, NotFound
from central.jobs.asking import enqueue
from central.jobs.context import Context
from central.jobs.tables import State, job
from central.metering.workings import as_data
from central.registry.refusals import Refused
from central.registry.tables import point

JOB = "close_month"
CHUNK = 100  # points that are asked of at once
TELL = 2.0  # seconds between two words of how far a run is
NOBODY = 0  # the contract of `period_check` where there is none


# ---- what a person does


def ask(connection: Connection, viewer: Viewer, month: date, now: int, *, closing: bool) -> None:
    """What a run that still goes is doing is not asked for twice. Raises Refused: to close while it only looks."""
    alone(connection, f"closing {viewer.organisation}")
    ours = period_run.c.organisation == viewer.organisation, period_run.c.month == month
    going = connection.execute(select(period_run.c.closing).where(*ours, RUNNING)).first()
    if going is not None:
        if closing and not going.closing:
            raise Refused(None, _l("Месяц ещё проверяют. Закройте его, когда проверка кончится"))
        return
    arguments = {"organisation": viewer.organisation, "month": month.isoformat(), "account": viewer.account}
    key = enqueue(connection, JOB, arguments | {"closing": closing}, now)
    count = select(func.count()).select_from(point).where(point.c.organisation == viewer.organisation)
    told = {"job": key, "closing": closing, "account": viewer.account, "made_at": now, "done": 0, "finished_at": None}
    told |= {"points": connection.execute(count).scalar_one()}
    fresh = insert(connection, period_run).values(organisation=viewer.organisation, month=month, **told)
    connection.execute(fresh.on_conflict_do_update(index_elements=["organisation", "month"], set_=told))
    if closing:
        note(connection, now, viewer.account, "month closing", month.isoformat())


RUNNING = period_run.c.finished_at.is_(None) & period_run.c.job.in_(
    select(job.c.id).where(job.c.state.in_((State.WAITING, State.RUNNING)))
)


def close(
    source: Source, viewer: Viewer, key: int, month: date, contract: int | None, now: int, reason: str = ""
) -> int:
    """Closes one contract's month at a point; returns the closing. Raises NotFound, Refused, SeriesUnavailable."""
    with source.engine.connect() as connection:
        row = _own(connection, viewer, key)
        share = next((one for one in shares(connection, [row], month)[key] if one.contract == contract), None)
        if share is None:
            raise NotFound(f"month {month} of contract {contract} at point {key}")
        found = bill(connection, source.series, row, share, now)
    if found.hard or found.total is None:
        raise Refused(None, _l("Этот месяц пока закрыть нельзя"))
    if found.hindrances and not reason.strip():
        raise Refused("reason", _l("Данные неполные: напишите, почему месяц всё же закрывается"))
    with writing(source.engine).begin() as connection:
        made = store(connection, found, month, viewer.account, now, reason.strip() or None)
        if made is None:
            raise Refused(None, _l("Этот месяц уже закрыт"))
        note(connection, now, viewer.account, "month closed", row.code, f"{month.isoformat()} {reason}")
        return made


def undo(connection: Connection, viewer: Viewer, key: int, reason: str, now: int) -> int:
    """The month is open again; how it was closed stays written. Returns its point. Raises NotFound, Refused."""
    query = select(period_close, point.c.code).join(point, point.c.id == period_close.c.point)
    held = query.where(own_points(viewer)).where(period_close.c.id == key).with_for_update(of=period_close)
    row = connection.execute(held).first()
    if row is None:
        raise NotFound(f"closing {key}")
    if not reason.strip():
        raise Refused("reason", _l("Напишите, почему месяц открывается снова"))
    if row.undone_at is not None:
        raise Refused(None, _l("Это закрытие уже отменено"))
    corrected = select(period_correction.c.id).where(period_correction.c.close == key).limit(1)
    if connection.execute(corrected).first() is not None:
        raise Refused(None, _l("На этом закрытии уже стоит исправление: открыть месяц нельзя"))
    undone = {"undone_at": now, "undone_by": viewer.account, "undone_reason": reason.strip()}
    connection.execute(update(period_close).where(period_close.c.id == key).values(**undone))
    connection.execute(delete(period_recheck).where(period_recheck.c.close == key))
    note(connection, now, viewer.account, "month opened", row.code, f"{row.month.isoformat()} {reason}")
    return int(row.point)


def _own(connection: Connection, viewer: Viewer, key: int) -> Row[Any]:
    row = connection.execute(select(point).where(point.c.id == key, own_points(viewer))).first()
    if row is None or not viewer.staff:
        raise NotFound(f"point {key}")
    return row


# ---- what is kept


def store(
    connection: Connection, found: Bill, month: date, account: int, now: int, reason: str | None = None
) -> int | None:
    """Keeps the bill; None = it is closed already. Nobody computes a day of the point, or changes the registry,
    meanwhile; what was done since the bill was made is looked for by the mark."""
    share = found.share
    alone(connection, "registry")
    connection.execute(select(point.c.id).where(point.c.id == share.point).with_for_update())
    if is_closed(connection, share.point, share.contract, month):
        return None
    trees = {"energy": found.energy_working, "cost": found.cost_working}
    made = connection.execute(
        period_close.insert().values(
            point=share.point,
            month=month,
            contract=share.contract,
            spans=[[span.since, span.until] for span in share.spans],
            needs_since=found.needs.since,
            needs_until=found.needs.until,
            billed_by=found.billed_by,
            scheme=found.scheme,
            energy=found.energy,
            total=found.total,
            lines=list(found.lines),
            workings={name: as_data(tree) if tree is not None else None for name, tree in trees.items()},
            hindrances=written(found.hindrances),
            made_at=now,
            account=account,
            reason=reason,
        )
    ).inserted_primary_key
    assert made is not None
    recheck.mark(connection, made[0])
    gone = period_check.c.point == share.point, period_check.c.contract == (share.contract or NOBODY)
    connection.execute(delete(period_check).where(period_check.c.month == month, *gone))
    return int(made[0])


# ---- what the worker does


def run(context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """The job: looks at every point of the company, and, where it was asked to, closes what nothing hinders."""
    month, organisation = date.fromisoformat(arguments["month"]), int(arguments["organisation"])
    counts = {"closed": 0, "free": 0, "hindered": 0}
    ours = period_run.c.organisation == organisation, period_run.c.month == month
    with context.writing() as connection:
        old = period_check.c.organisation == organisation, period_check.c.month == month
        connection.execute(delete(period_check).where(*old))
    last, done, told = 0, 0, monotonic()
    while rows := _points(context, organisation, last):
        with context.engine.connect() as connection:
            found = shares(connection, rows, month)
            closed = _closed(connection, rows, month)
        for row in rows:
            for share in found[row.id]:
                if (share.point, share.contract) not in closed:
                    counts[_one(context, row, share, month, arguments)] += 1
            done += 1
            context.check()
            if monotonic() - told > TELL:
                told = monotonic()
                with context.writing() as connection:
                    connection.execute(update(period_run).where(*ours).values(done=done))
        last = rows[-1].id
    with context.final(counts) as connection:
        ended = {"done": done, "points": done, "finished_at": context.now}
        connection.execute(update(period_run).where(*ours).values(**ended))
    return counts


def _points(context: Context, organisation: int, after: int) -> Sequence[Row[Any]]:
    query = select(point).where(point.c.organisation == organisation, point.c.id > after)
    with context.engine.connect() as connection:
        return connection.execute(query.order_by(point.c.id).limit(CHUNK)).all()


def _closed(connection: Connection, rows: Sequence[Row[Any]], month: date) -> set[tuple[int, int | None]]:
    keys = [row.id for row in rows]
    query = select(period_close.c.point, period_close.c.contract).where(
        period_close.c.month == month, period_close.c.point.in_(keys), recheck.STANDING
    )
    return {(row.point, row.contract) for row in connection.execute(query)}


def _one(context: Context, row: Row[Any], share: Share, month: date, arguments: dict[str, Any]) -> str:
    with context.engine.connect() as connection:
        found = bill(connection, context.series, row, share, context.now)
    if arguments["closing"] and found.free and found.total is not None:
        with context.writing() as connection:
            store(connection, found, month, int(arguments["account"]), context.now)
        return "closed"
    known = not found.hindered_by(Hindrance.NOTHING)
    values = {
        "organisation": row.organisation,
        "month": month,
        "point": share.point,
        "contract": share.contract or NOBODY,
        "hindrances": written(found.hindrances),
        "free": found.free,
        "energy": found.energy if known else None,
        "total": found.total if known else None,
    }
    with context.writing() as connection:
        connection.execute(insert(connection, period_check).values(**values).on_conflict_do_nothing())
    return "free" if found.free else "hindered"
