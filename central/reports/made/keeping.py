"""What goes, and when: a file after thirty days, its proof after five years, at once what nothing tells of any more."""

from pathlib import Path

from sqlalchemy import Engine, delete, select, update

from central.accounts.policy import Viewer
from central.db import writing
from central.reports.made import desk, files, telling
from central.reports.made.desk import KEPT, STUCK
from central.reports.tables import State, report_file

DAY = 86_400
PROVED = 5 * 366 * DAY  # seconds that a document can be proved
MANY = 500  # rows a transaction
SETTLED = 3600  # seconds after which a file that no row tells of is nobody's


def forget(engine: Engine, folder: Path, home: str, now: int) -> dict[str, int]:
    """Again and again changes nothing. How many files, proofs, and files of nobody went."""
    _give_up(engine, home, now)
    return {
        "files": _files(engine, folder, now),
        "proofs": _proofs(engine, now),
        "orphans": _orphans(engine, folder, now),
    }


def _give_up(engine: Engine, home: str, now: int) -> None:
    """What no worker makes any more has failed, and its person is told."""
    with writing(engine).begin() as connection:
        for one in desk.stuck(connection, now):
            ended = {"state": State.FAILED, "error": STUCK, "ended_at": now}
            if one.job is None or one.schedule is not None:
                ended["seen_at"] = 0  # its page said so; a schedule tries again
            connection.execute(update(report_file).where(report_file.c.id == one.id).values(ended))
            if one.job is not None and one.schedule is None:
                viewer = Viewer.load(connection, one.account, now)
                telling.tell(
                    connection, viewer, desk.of(connection.execute(desk.with_job(one.id)).one(), now), home, now
                )


def _files(engine: Engine, folder: Path, now: int) -> int:
    old = report_file.c.state == State.READY, report_file.c.ended_at <= now - KEPT
    count = 0
    while True:
        with writing(engine).begin() as connection:
            keys = connection.scalars(select(report_file.c.id).where(*old).limit(MANY)).all()
            for key in keys:
                desk.gone(connection, folder, desk.of(connection.execute(desk.with_job(key)).one(), now))
        count += len(keys)
        if len(keys) < MANY:
            return count


def _proofs(engine: Engine, now: int) -> int:
    old = report_file.c.state.in_((State.GONE, State.FAILED, State.CANCELLED)), report_file.c.ended_at <= now - PROVED
    with writing(engine).begin() as connection:
        found = connection.execute(delete(report_file).where(*old).returning(report_file.c.id)).all()
    return len(found)


def _orphans(engine: Engine, folder: Path, now: int) -> int:
    """Files of people who were erased, and what a broken attempt left."""
    found = list(files.lying(folder, now - SETTLED))
    if not found:
        return 0
    going = report_file.c.state == State.READY
    with engine.connect() as connection:
        kept = set(connection.scalars(select(report_file.c.sha256).where(going)))
        kept |= {
            f".{key}" for key in connection.scalars(select(report_file.c.id).where(report_file.c.state == State.MAKING))
        }
    return files.sweep(found, kept)
