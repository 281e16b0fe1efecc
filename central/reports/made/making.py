"""A file made of a row: at once, while its page waits, or by the job `report`.

The job may be run from the beginning at any time: a file is kept whole or not at all, and the row says that it is ready
in the transaction that ends the job. Each second it looks whether somebody waits for it still.
"""

import errno
import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, select, update

from central.accounts.policy import Span, Viewer
from central.db import writing
from central.faces.speaking import speaking
from central.figures import NotFound, Source
from central.jobs.context import Context
from central.logs import about
from central.metering.zones import day_of
from central.registry.periods import COMPANY
from central.reports import making as of_reports
from central.reports.catalogue import reports
from central.reports.description import Row
from central.reports.formats import FORMS
from central.reports.formats.form import NotMade, TooManyColumns, TooManyRows
from central.reports.made import codes, desk, files, sending, telling
from central.reports.made.desk import OPEN, Made
from central.reports.tables import State, report_file
from central.reports.whose import whose
from central.timeseries.base import SeriesUnavailable

log = logging.getLogger(__name__)

LARGEST = 1024**3  # bytes of a file
OFTEN = 0.5  # seconds between two looks
MANY = 256  # rows between two looks at the clock
NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Failure(Exception):
    """It cannot be made, and trying again by itself would not help; `word` for report_words.failed."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


class Unwanted(Exception):
    """Nobody waits for it any more: it was cancelled, or its person was erased."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where files lie, and how people reach this site."""

    folder: Path
    public_url: str


@dataclass(frozen=True, slots=True)
class Written:
    digest: str
    size: int
    rows: int
    spans: dict[int, Span]

    @property
    def values(self) -> dict[str, Any]:
        spans = [[key, *span] for key, span in self.spans.items()]
        return {"sha256": self.digest, "size": self.size, "rows": self.rows, "points": spans, "done": len(spans)}


@dataclass(slots=True)
class Watch:
    """Counts rows, and tells of the progress once OFTEN, which may raise."""

    tell: Callable[[int, int], None]
    done: int = 0
    of: int = 0
    rows: int = 0
    out: IO[bytes] | None = None
    _next: float = field(default=0.0)

    def point(self, done: int, of: int) -> None:
        self.done, self.of = done, of
        self.look()

    def look(self) -> None:
        if self.out is not None and self.out.tell() > LARGEST:
            raise Failure("large")
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + OFTEN
            self.tell(self.done, self.of)

    def through(self, rows: Iterable[Row]) -> Iterator[Row]:
        found = iter(rows)
        while some := list(islice(found, MANY)):
            self.rows += len(some)
            self.look()
            yield from some


def write(source: Source, place: Place, viewer: Viewer, one: Made, now: int, watch: Watch) -> Written:
    """The file lies there when this returns. Raises Failure, SeriesUnavailable, OSError, and what the watch raises."""
    report = reports().get(one.report)
    if report is None:
        raise Failure("unknown")
    if not one.spans:
        raise Failure("points")
    wanted = desk.restored(one, report, day_of(now, COMPANY))
    try:
        named = replace(wanted, points=tuple(one.spans))
        made = replace(of_reports.making(source, viewer, now, report, named, watch.point), asked=wanted)
        with source.engine.connect() as connection:
            spans = desk.spans_of(connection, viewer, made.points, wanted.period, now)
            company, holder = whose(connection, viewer)
        document = of_reports.document(made, company, holder, one.name)
        document.rows = watch.through(document.rows)
        document.code = codes.shown(one.code)
        document.check_url = f"{place.public_url.rstrip('/')}/check/{document.code}"
        with files.partial(place.folder, one.id) as out:
            watch.out = out
            FORMS[one.form].write(document, out)
            digest, size = files.keep(place.folder, one.id, out)
    except NotFound:
        raise Failure("points") from None
    except TooManyRows as many:
        raise Failure(f"rows {many.count} {many.most}") from None
    except TooManyColumns as many:
        raise Failure(f"columns {many.count} {many.most}") from None
    except NotMade:
        raise Failure("not_made") from None
    except OSError as error:
        if error.errno not in NO_SPACE:
            raise
        log.error("a report has no room on the disk", extra=about(file=one.id, error=os.strerror(error.errno or 0)))
        raise Failure("space") from None
    return Written(digest, size, watch.rows, spans)


# ---- at once


def at_once(source: Source, place: Place, viewer: Viewer, key: int, now: int) -> bool:
    """Whether it is ready; else its row says why. Raises SeriesUnavailable, OSError: it says so too."""
    with source.engine.connect() as connection:
        one = desk.one(connection, viewer, key)
    values: dict[str, Any] = {"state": State.FAILED, "error": "interrupted"}
    try:
        values = {"state": State.READY} | write(source, place, viewer, one, now, Watch(of_reports.nobody_asks)).values
    except Failure as failed:
        values["error"] = failed.word
    except SeriesUnavailable:
        values["error"] = "series"
        raise
    finally:
        with writing(source.engine).begin() as connection:
            kept = _end(connection, key, values | {"seen_at": 0}, now)
        if not kept and "sha256" in values:  # cancelled meanwhile
            files.remove(place.folder, values["sha256"])
    return kept and values["state"] == State.READY


# ---- by the job


def run(context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """The job. Raises SeriesUnavailable, OSError: it is tried again."""
    key, letter = int(arguments["file"]), arguments.get("letter")
    place = Place(context.config.reports_folder, context.config.central.public_url)
    with context.engine.connect() as connection:
        row = connection.execute(select(report_file, report_file.c.state.label("job_state")).where(_this(key))).first()
        viewer = Viewer.load(connection, row.account, context.now) if row is not None else None
    if row is None or row.state not in OPEN:
        return {"file": key, "state": row.state if row is not None else "erased"}
    one, watch = desk.of(row, context.now), Watch(lambda done, of: _progress(context, key, done, of))
    written: Written | None = None
    try:
        try:
            if viewer is None:
                raise Failure("account")
            with speaking(one.language):
                written = write(Source(context.engine, context.series), place, viewer, one, context.now, watch)
            values = {"state": State.READY, "error": None} | written.values
        except Failure as failed:
            values = {"state": State.FAILED, "error": failed.word}
        with context.final({"file": key, "state": values["state"]}) as connection:
            if not _end(connection, key, values, context.now):
                raise Unwanted
            ended = desk.of(connection.execute(desk.with_job(key)).one(), context.now)
            if letter is not None:
                sending.send(connection, viewer, ended, letter, place.public_url, context.now)
            else:
                telling.tell(connection, viewer, ended, place.public_url, context.now)
    except Unwanted:
        if written is not None:
            files.remove(place.folder, written.digest)
        return {"file": key, "state": "unwanted"}
    return {"file": key, "state": values["state"]}


def _progress(context: Context, key: int, done: int, of: int) -> None:
    """Raises Unwanted, LeaseLost, Stopping."""
    context.check()
    values = {"state": State.MAKING, "done": done} | ({"of": of} if of else {})
    going = update(report_file).where(_this(key), report_file.c.state.in_(OPEN)).values(values)
    with context.writing() as connection:
        if connection.execute(going.returning(report_file.c.id)).first() is None:
            raise Unwanted


def _end(connection: Connection, key: int, values: dict[str, Any], now: int) -> bool:
    """False: it was cancelled, or is no more."""
    ended = update(report_file).where(_this(key), report_file.c.state.in_(OPEN)).values(values | {"ended_at": now})
    return connection.execute(ended.returning(report_file.c.id)).first() is not None


def _this(key: int) -> Any:
    return report_file.c.id == key
