"""The desk where files of reports are asked for, and what a person finds of his own there.

waiting ─▶ making ─▶ ready ─▶ gone        failed · cancelled: it can be made again
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, or_, select, update
from werkzeug.datastructures import MultiDict

from central.accounts.policy import Span, Viewer, seen_of
from central.db import alone, writing
from central.faces.formats import number
from central.faces.periods import Chosen
from central.figures import NotFound, Source
from central.figures.views import PointView
from central.jobs import queue
from central.jobs.asking import enqueue
from central.jobs.tables import State as JobState
from central.jobs.tables import job
from central.registry.refusals import Refused
from central.reports.asked import Asked, asked
from central.reports.catalogue import reports
from central.reports.description import Report
from central.reports.formats import FORMS
from central.reports.made import codes, files
from central.reports.making import Making, making
from central.reports.tables import State, report_file

KIND = "report"  # of its job
HOUR, DAY = 3600, 86_400
MOST_OPEN, MOST_AN_HOUR, MOST_KEPT = 3, 60, 2 * 1024**3  # of one account: at a time, asked for, bytes
MOST_ROWS = 5_000_000  # that one may ask for
KEPT = 30 * DAY  # seconds that a file lies there
AT_ONCE_ROWS, AT_ONCE_DAYS = 2000, 400  # rows and days of points that a page waits for
SLOW_FORMS: Mapping[str, int] = {"pdf": 400}  # rows of those that take longer
WAITED = 600  # seconds after which no page waits any more
OPEN = (State.WAITING, State.MAKING)
NO_TIME: Span = (0, 0)
STUCK = "stuck"  # the error of what the workers gave up
RUSSIAN = "ru"
LANGUAGE, NAME = "language", "name"  # of a document, among its parameters


@dataclass(frozen=True, slots=True)
class Made:
    """A file, or what becomes one. `name`: of the personal report that it is of, "" = of none; `title`: what it is
    called, by its name where it has one. `first`, `until`: its period, [days). `error`: a word and numbers, see
    report_words.failed. `goes_at`: when the file will be no more."""

    id: int
    account: int
    report: str
    title: str
    name: str
    asked: Mapping[str, Any]
    spans: Mapping[int, Span]
    first: date
    until: date
    form: str
    state: State
    job: int | None
    done: int
    of: int
    rows: int | None
    size: int | None
    sha256: str | None
    code: str
    error: str
    schedule: int | None
    made_at: int
    ended_at: int | None
    new: bool

    @property
    def going(self) -> bool:
        return self.state in OPEN

    @property
    def goes_at(self) -> int | None:
        return self.ended_at + KEPT if self.state is State.READY and self.ended_at is not None else None

    @property
    def language(self) -> str:
        return str(self.asked.get(LANGUAGE, RUSSIAN))

    @property
    def period(self) -> Chosen:
        return Chosen(str(self.asked["length"]), self.first, self.until, self.until)

    @property
    def query(self) -> dict[str, Any]:
        """The address of its report."""
        return {name: value for name, value in self.asked.items() if name not in (LANGUAGE, NAME)}


# ---- asking


def ask(
    source: Source,
    viewer: Viewer,
    report: Report,
    wanted: Asked,
    form: str,
    now: int,
    language: str = RUSSIAN,
    name: str = "",
) -> tuple[int, bool]:
    """The key of the file, and whether the page makes it at once; `name`: of the personal report that it is of. Raises
    NotFound: a point that he never sees; Refused: what he asks for is too much, and what he can do."""
    if form not in FORMS:
        raise Refused("form", _l("Выберите формат"))
    made = making(source, viewer, now, report, wanted)
    points, at_once = made.points, _fits(made, form)
    with writing(source.engine).begin() as connection:
        spans = spans_of(connection, viewer, points, wanted.period, now)
        if not any(since < until for since, until in spans.values()):
            raise Refused("points", _l("За этот период у вас нет ни одной точки учета. Выберите другой период."))
        alone(connection, f"reports of account {viewer.account}")
        _limits(connection, viewer.account, now)
        key = enter(connection, viewer, report, wanted, spans, form, now, language, name=name, job=not at_once)
    return key, at_once


def enter(
    connection: Connection,
    viewer: Viewer,
    report: Report,
    wanted: Asked,
    spans: Mapping[int, Span],
    form: str,
    now: int,
    language: str = RUSSIAN,
    *,
    name: str = "",
    job: bool,
    schedule: int | None = None,
    letter: Mapping[str, Any] | None = None,
) -> int:
    """Its row, and a job that makes it. `letter`: what is said of it when a schedule sends it."""
    values = {
        "account": viewer.account,
        "report": report.word,
        "title": str(report.title),
        "asked": wanted.query | {LANGUAGE: language} | ({NAME: name} if name else {}),
        "points": [[key, *span] for key, span in spans.items()],
        "since": wanted.period.first,
        "until": wanted.period.until,
        "form": form,
        "state": State.WAITING if job else State.MAKING,
        "done": 0,
        "of": len(spans),
        "code": codes.new(),
        "schedule": schedule,
        "made_at": now,
    }
    made = connection.execute(report_file.insert().values(values)).inserted_primary_key
    assert made is not None
    key = int(made[0])
    if job:
        of_it = enqueue(connection, KIND, {"file": key} | ({"letter": dict(letter)} if letter else {}), now)
        connection.execute(update(report_file).where(report_file.c.id == key).values(job=of_it))
    return key


def spans_of(
    connection: Connection, viewer: Viewer, points: Sequence[PointView], period: Chosen, now: int
) -> dict[int, Span]:
    """Of each point the seconds that a report of this period tells of: what may be seen, and not after now."""
    asked_for = {}
    for one in points:
        since, until = period.span(one.tz)
        asked_for[one.id] = (since, max(since, min(until, now)))
    found = seen_of(connection, viewer, {key: span for key, span in asked_for.items() if span[0] < span[1]})
    return {one.id: found.get(one.id, NO_TIME) for one in points}


def restored(one: Made, report: Report, today: date) -> Asked:
    """What was asked for, as it stood in the address."""
    args = MultiDict[str, str]()
    for name, value in one.query.items():
        for text in value if isinstance(value, list) else [value]:
            args.add(name, str(text))
    return asked(report, args, max(today, one.until - timedelta(days=1)))


def his_part(connection: Connection, viewer: Viewer, wanted: Asked, now: int) -> Asked | None:
    """Of the points that it names those that the viewer sees, if ever; None: none of them any more."""
    seen = seen_of(connection, viewer, dict.fromkeys(wanted.points, (0, now + 1)))
    if wanted.points and not seen:
        return None
    return replace(wanted, points=tuple(key for key in wanted.points if key in seen))


def again(source: Source, viewer: Viewer, key: int, now: int, language: str = RUSSIAN) -> tuple[int, bool]:
    """The same once more, with the figures of now, of what he sees now. Raises NotFound, Refused."""
    with source.engine.connect() as connection:
        found = one(connection, viewer, key)
        report = reports().get(found.report)
        if report is None:
            raise NotFound(f"report {found.report}")
        wanted = his_part(connection, viewer, restored(found, report, found.until), now)
    if wanted is None:
        raise Refused("points", _l("Ни одной точки учета этого отчёта вы больше не видите."))
    return ask(source, viewer, report, wanted, found.form, now, language, found.name)


def _fits(made: Making, form: str) -> bool:
    """Whether a page may wait for it. Raises Refused: no file holds it."""
    rows, most, wanted = made.report.size(made), FORMS[form].most_rows, made.asked
    if most is not None and rows > most and not (wanted.only or wanted.find):
        sentence = _l(
            "В этом отчёте будет около %(rows)s строк, а в таком файле их не больше %(most)s. Выберите Excel или CSV, "
            "период короче или меньше точек.",
            rows=number(rows, 0),
            most=number(most, 0),
        )
        raise Refused("form", sentence)
    if rows > MOST_ROWS:
        sentence = _l(
            "В этом отчёте будет около %(rows)s строк. Возьмите период короче или меньше точек.", rows=number(rows, 0)
        )
        raise Refused("points", sentence)
    return rows <= SLOW_FORMS.get(form, AT_ONCE_ROWS) and len(made.points) * wanted.period.days <= AT_ONCE_DAYS


def _limits(connection: Connection, account: int, now: int) -> None:
    its = report_file.c.account == account
    count = select(func.count()).select_from(report_file.outerjoin(job, job.c.id == report_file.c.job))
    going = count.where(its, report_file.c.state.in_(OPEN), ~_stuck(now), report_file.c.schedule.is_(None))
    if connection.execute(going).scalar_one() >= MOST_OPEN:
        sentence = _l(
            "Уже готовится %(most)s ваших файла. Дождитесь их или отмените один в «Готовых файлах».", most=MOST_OPEN
        )
        raise Refused(None, sentence)
    lately = select(func.count()).where(its, report_file.c.made_at > now - HOUR, report_file.c.schedule.is_(None))
    if connection.execute(lately).scalar_one() >= MOST_AN_HOUR:
        sentence = _l(
            "За час можно сделать %(most)s файлов. Подождите или скачайте готовые: они лежат в «Готовых файлах».",
            most=MOST_AN_HOUR,
        )
        raise Refused(None, sentence)
    kept = select(func.coalesce(func.sum(report_file.c.size), 0)).where(its, report_file.c.state == State.READY)
    if connection.execute(kept).scalar_one() >= MOST_KEPT:
        raise Refused(None, _l("Ваши файлы заняли 2 ГБ. Удалите ненужные в «Готовых файлах»."))


# ---- what a person finds


def one(connection: Connection, viewer: Viewer, key: int) -> Made:
    """His own. Raises NotFound."""
    row = connection.execute(_his(viewer).where(report_file.c.id == key)).first()
    if row is None:
        raise NotFound(f"file {key}")
    return of(row, viewer.at)


def mine(connection: Connection, viewer: Viewer, page: int, rows: int) -> tuple[list[Made], int]:
    """A page of his own, the newest first, and how many there are; without those that are gone."""
    there = report_file.c.state != State.GONE
    found = connection.execute(
        _his(viewer).where(there).order_by(report_file.c.id.desc()).limit(rows).offset((page - 1) * rows)
    )
    count = select(func.count()).where(report_file.c.account == viewer.account, there)
    return [of(row, viewer.at) for row in found], connection.execute(count).scalar_one()


def sees(connection: Connection, viewer: Viewer, found: Made) -> bool:
    """Whether he may see all that it tells of."""
    told = {key: span for key, span in found.spans.items() if span[0] < span[1]}
    return seen_of(connection, viewer, told) == told


def kept(connection: Connection, account: int) -> int:
    """Bytes of his files."""
    its = report_file.c.account == account, report_file.c.state == State.READY
    return int(connection.execute(select(func.coalesce(func.sum(report_file.c.size), 0)).where(*its)).scalar_one())


def _his(viewer: Viewer) -> Select[Any]:
    return _with_jobs().where(report_file.c.account == viewer.account)


def _with_jobs() -> Select[Any]:
    return select(report_file, job.c.state.label("job_state")).outerjoin(job, job.c.id == report_file.c.job)


def with_job(key: int) -> Select[Any]:
    """Whoever's it is, for `of`."""
    return _with_jobs().where(report_file.c.id == key)


def _stuck(now: int) -> ColumnElement[bool]:
    """Of a row that is open: nobody makes it any more."""
    given_up = job.c.state.in_((JobState.DEAD, JobState.DROPPED, JobState.DONE))
    nobody = and_(report_file.c.job.is_(None), report_file.c.made_at <= now - WAITED)
    return or_(func.coalesce(given_up, False), nobody)


def stuck(connection: Connection, now: int) -> list[Made]:
    """Whoever's they are."""
    found = connection.execute(_with_jobs().where(report_file.c.state.in_(OPEN), _stuck(now)))
    return [of(row, now) for row in found]


def of(row: Row[Any], now: int) -> Made:
    """With `job_state` beside its columns."""
    state, error = State(row.state), row.error or ""
    given_up = row.job_state in (JobState.DEAD, JobState.DROPPED, JobState.DONE)
    if state in OPEN and (given_up or (row.job is None and row.made_at <= now - WAITED)):
        state, error = State.FAILED, STUCK
    return Made(
        id=row.id,
        account=row.account,
        report=row.report,
        title=row.asked.get(NAME) or row.title,
        name=row.asked.get(NAME, ""),
        asked=row.asked,
        spans={key: (since, until) for key, since, until in row.points},
        first=row.since,
        until=row.until,
        form=row.form,
        state=state,
        job=row.job,
        done=row.done,
        of=row.of,
        rows=row.rows,
        size=row.size,
        sha256=row.sha256,
        code=row.code,
        error=error,
        schedule=row.schedule,
        made_at=row.made_at,
        ended_at=row.ended_at,
        new=row.seen_at is None and row.ended_at is not None,
    )


# ---- what a person does


def cancel(connection: Connection, viewer: Viewer, key: int, now: int) -> None:
    """It is not made; one that has ended stays as it is. Raises NotFound."""
    found = one(connection, viewer, key)
    ended = {"state": State.CANCELLED, "ended_at": now, "seen_at": 0}
    going = report_file.c.id == key, report_file.c.state.in_(OPEN)
    connection.execute(update(report_file).where(*going).values(ended))
    if found.going and found.job is not None:
        queue.drop(connection, found.job, now)  # one that is being made hears of it by itself


def remove(connection: Connection, folder: Path, viewer: Viewer, key: int) -> None:
    """The file goes; that it was there can be proved still. Raises NotFound."""
    found = one(connection, viewer, key)
    if found.state is State.READY:
        gone(connection, folder, found)


def gone(connection: Connection, folder: Path, found: Made) -> None:
    this = report_file.c.id == found.id
    connection.execute(update(report_file).where(this).values(state=State.GONE))
    same = report_file.c.sha256 == found.sha256, report_file.c.state == State.READY
    if found.sha256 is not None and connection.execute(select(report_file.c.id).where(*same)).first() is None:
        files.remove(folder, found.sha256)


def saw(connection: Connection, viewer: Viewer, now: int) -> None:
    """How all of his ended."""
    unseen = report_file.c.account == viewer.account, report_file.c.seen_at.is_(None)
    ended = report_file.c.ended_at.is_not(None)
    connection.execute(update(report_file).where(*unseen, ended).values(seen_at=now))


def any_unseen(connection: Connection, account: int) -> bool:
    """For the bell on every page."""
    its = report_file.c.account == account, report_file.c.seen_at.is_(None), report_file.c.ended_at.is_not(None)
    return connection.scalar(select(report_file.c.id).where(*its).limit(1)) is not None


def noticed(connection: Connection, viewer: Viewer, since: int, most: int) -> list[Made]:
    """Of those that ended since then the newest that he is told of."""
    told = or_(report_file.c.seen_at.is_(None), report_file.c.seen_at > 0)
    ended = report_file.c.state.in_((State.READY, State.FAILED)), report_file.c.ended_at > since
    query = _his(viewer).where(told, *ended).order_by(report_file.c.ended_at.desc(), report_file.c.id.desc())
    return [of(row, viewer.at) for row in connection.execute(query.limit(most))]
