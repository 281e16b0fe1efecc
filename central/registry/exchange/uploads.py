"""The way of a workbook through the console: kept, tried by the worker, told, entered or dropped.

    checking ─▶ wrong · same · ready ─▶ entering ─▶ done      (what was told is no longer true: ready again)

The file lies under its hash outside of anything a web server hands out; it goes when the matter is closed.
"""

from collections.abc import Sequence
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Connection, Engine, Row, Select, func, select, update

from central.accounts.audit import note
from central.accounts.policy import Viewer
from central.accounts.tables import account
from central.config import CentralConfig
from central.db import writing
from central.figures.views import NotFound
from central.jobs.asking import enqueue
from central.jobs.context import Context
from central.jobs.tables import State as Ended
from central.jobs.tables import job
from central.registry.documents import checked_name, keep, path_of
from central.registry.exchange import opening
from central.registry.exchange.importing import Book, Report, bring_in
from central.registry.exchange.reading import Wrong
from central.registry.exchange.tables import State, upload
from central.registry.refusals import Refused

JOB = "workbook"
TOLD = 200  # points whose figures change, by name; the rest is counted
KEPT = 30 * 86_400  # seconds that a workbook waits for a decision
OPEN = (State.CHECKING, State.READY, State.ENTERING)


def folder(config: CentralConfig) -> Path:
    """Where workbooks lie while they are looked at."""
    return config.data / "uploads"


# ---- what a person does


def take(connection: Connection, where: Path, viewer: Viewer, name: str, content: bytes, now: int) -> int:
    """Keeps it and asks the worker to try it; sent twice, it is one. Raises Refused, OSError: it cannot be kept."""
    name = checked_name(name)
    if not content:
        raise Refused("file", _l("Файл «%(name)s» пуст", name=name))
    if len(content) > opening.MOST_PACKED:
        raise Refused("file", opening.too_large(len(content)))
    digest = sha256(content).hexdigest()
    here = upload.c.organisation == viewer.organisation, upload.c.sha256 == digest
    twice = connection.execute(select(upload.c.id).where(*here, upload.c.state == State.CHECKING)).scalar()
    if twice is not None:
        return int(twice)
    keep(where, digest, content)
    values = {"organisation": viewer.organisation, "account": viewer.account, "name": name, "sha256": digest}
    values |= {"size": len(content), "made_at": now, "state": State.CHECKING, "rows": 0}
    made = connection.execute(upload.insert().values(**values)).inserted_primary_key
    assert made is not None
    key = int(made[0])
    _ask(connection, key, now)
    note(connection, now, viewer.account, "workbook", f"workbook {key}", digest)
    return key


def agree(connection: Connection, viewer: Viewer, key: int, now: int) -> None:
    """What was told is to be entered; said twice, it is said once. Raises NotFound."""
    one(connection, viewer, key)
    which = upload.c.id == key, upload.c.state == State.READY
    agreed = update(upload).where(*which).values(state=State.ENTERING, sheet=None, rows=0, account=viewer.account)
    if connection.execute(agreed.returning(upload.c.id)).first() is not None:
        _ask(connection, key, now)
        note(connection, now, viewer.account, "workbook agreed", f"workbook {key}")


def drop(connection: Connection, where: Path, viewer: Viewer, key: int, now: int) -> None:
    """It will not be entered; what is being entered just now stays. Raises NotFound."""
    row = one(connection, viewer, key)
    if row.state == State.READY or row.stuck:
        _set(connection, key, state=State.DROPPED)
        _tidy(connection, where, row.sha256)
        note(connection, now, viewer.account, "workbook dropped", f"workbook {key}")


def _ask(connection: Connection, key: int, now: int) -> None:
    _set(connection, key, job=enqueue(connection, JOB, {"upload": key}, now))


# ---- what is seen of it


def one(connection: Connection, viewer: Viewer, key: int) -> Row[Any]:
    """With `who` sent it, and `stuck`: the worker gave it up. Raises NotFound: it is not of this organisation."""
    row = connection.execute(_seen(viewer).where(upload.c.id == key)).first()
    if row is None:
        raise NotFound(f"upload {key}")
    return row


def newest(connection: Connection, viewer: Viewer, page: int, rows: int) -> tuple[Sequence[Row[Any]], int]:
    """A page of them, and how many there are."""
    found = connection.execute(_seen(viewer).order_by(upload.c.id.desc()).limit(rows).offset((page - 1) * rows)).all()
    ours = select(func.count()).select_from(upload).where(upload.c.organisation == viewer.organisation)
    return found, connection.execute(ours).scalar_one()


def _seen(viewer: Viewer) -> Select[Any]:
    given_up = (job.c.state.in_((Ended.DEAD, Ended.DROPPED))) & upload.c.state.in_((State.CHECKING, State.ENTERING))
    return (
        select(upload, account.c.name.label("who"), func.coalesce(given_up, False).label("stuck"))
        .join(account, account.c.id == upload.c.account)
        .outerjoin(job, job.c.id == upload.c.job)
        .where(upload.c.organisation == viewer.organisation)
    )


# ---- what the worker does


def run(context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """The job: tries the workbook, or enters it as it was told. Once more from the beginning changes nothing."""
    key = int(arguments["upload"])
    with context.engine.connect() as connection:
        row = connection.execute(select(upload).where(upload.c.id == key)).one()
    if row.state not in (State.CHECKING, State.ENTERING):
        return {"upload": key, "state": row.state}
    where = folder(context.config)
    book = Book(path_of(where, row.sha256), row.organisation, row.account, row.name)

    def say(sheet: str, rows: int) -> None:
        context.check()
        with context.writing() as connection:
            _set(connection, key, sheet=sheet, rows=rows)

    def as_told(report: Report) -> bool:
        context.check()
        return _promise(told(report)) == _promise(row.report)

    def entered(connection: Connection, report: Report) -> None:
        _set(connection, key, state=State.DONE, report=told(report), change=report.change)
        said = f"change {report.change}: {report.changes} rows"
        note(connection, context.now, row.account, "import", f"workbook {key}", said)
        context.finish(connection, {"upload": key, "state": State.DONE})

    entering = row.state == State.ENTERING
    try:
        report = bring_in(
            context.engine, book, context.now, dry_run=not entering, say=say, agreed=as_told, done=entered
        )
    except Refused as refused:
        report = Report(wrong=[Wrong("", 0, "", "", refused.sentence)])
    if report.change is None:
        state = State.WRONG if report.wrong else State.READY if report.changes else State.SAME
        with context.final({"upload": key, "state": state}) as connection:
            _set(connection, key, state=state, report=told(report) | {"again": entering})
    with context.engine.connect() as connection:
        _tidy(connection, where, row.sha256)
    return {"upload": key}


def forget(engine: Engine, where: Path, now: int) -> int:
    """Workbooks that nobody decided about in time are dropped, with their files; how many."""
    old = select(upload).where(upload.c.state == State.READY, upload.c.made_at < now - KEPT)
    with writing(engine).begin() as connection:
        found = connection.execute(old).all()
        for row in found:
            _set(connection, row.id, state=State.DROPPED)
            _tidy(connection, where, row.sha256)
    return len(found)


def _set(connection: Connection, key: int, **values: Any) -> None:
    connection.execute(update(upload).where(upload.c.id == key).values(**values))


def _tidy(connection: Connection, where: Path, digest: str) -> None:
    """The file goes, unless something with this content is still open."""
    still = select(upload.c.id).where(upload.c.sha256 == digest, upload.c.state.in_(OPEN))
    if connection.execute(still).first() is None:
        path_of(where, digest).unlink(missing_ok=True)


def told(report: Report) -> dict[str, Any]:
    """A report as JSON, for the page."""
    points = report.consequences
    return {
        "counts": [[sheet, fate, count] for (sheet, fate), count in report.counts.items()],
        "wrong": [asdict(one) | {"sentence": str(one.sentence)} for one in report.wrong],
        "more_wrong": report.more_wrong,
        "points": len(points),
        "days": sum(one.days for one in points),
        "published": sum(one.published for one in points),
        "whose": [
            {
                "point": one.point,
                "code": one.code,
                "name": one.name,
                "address": one.address,
                "holders": list(one.holders),
                "first": one.first.isoformat(),
                "days": one.days,
            }
            for one in points[:TOLD]
        ],
    }


def _promise(report: dict[str, Any]) -> list[Any]:
    """What a person agreed to: rows, and whose figures since when; days counted meanwhile are no news."""
    whose = [[one["point"], one["holders"], one["first"]] for one in report["whose"]]
    return [sorted(report["counts"]), report["points"], whose]
