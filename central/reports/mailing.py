"""The job `reports_by_mail`, each hour: reports whose day has come are made and sent, once a month each.

One waits until its points are complete enough, or for so many days; then it goes as it is, and says so. It is made as
the person who gets it, by what he may see at that moment; who may not log in any more gets nothing.
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from decimal import ROUND_DOWN, Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection, Row, and_, or_, select

from central import figures
from central.accounts.policy import Viewer
from central.accounts.states import State as AccountState
from central.db import alone
from central.faces.formats import number
from central.faces.speaking import speaking
from central.figures import NotFound, Source
from central.figures.source import ACTIVE_IMPORT
from central.figures.totals import together
from central.jobs.context import Context
from central.metering.slots import Completeness
from central.metering.zones import day_of, month_start
from central.registry.periods import COMPANY
from central.reports import personal, schedule
from central.reports.asked import Asked
from central.reports.catalogue import reports
from central.reports.description import Report
from central.reports.made import desk
from central.reports.making import Making, making
from central.reports.tables import State, report_file, report_schedule

TENTH = Decimal("0.1")
DAY = 86_400


def run(context: Context, _arguments: dict[str, Any]) -> dict[str, Any]:
    """How many are made now, and how many wait for data. Raises SeriesUnavailable."""
    today = day_of(context.now, COMPANY)
    with context.engine.connect() as connection:
        found = connection.execute(select(report_schedule).order_by(report_schedule.c.id)).all()
    begun = waiting = 0
    for row in found:
        came = schedule.due(row.day, row.made_at, today)
        if came is None or (row.sent_for is not None and month_start(came) <= row.sent_for):
            continue
        context.check()
        made = _look(context, row, came, today)
        begun, waiting = begun + (made is True), waiting + (made is False)
    return {"begun": begun, "waiting": waiting}


def _look(context: Context, row: Row[Any], came: date, today: date) -> bool | None:
    """Whether it is made now; None: there is nothing to be made for this person."""
    source, now = Source(context.engine, context.series), context.now
    with context.engine.connect() as connection:
        viewer = Viewer.load(connection, row.account, now)
        if viewer is None or viewer.state != AccountState.APPROVED or _under_way(connection, row.id, now):
            return None
        try:
            kept = personal.one(connection, viewer, row.personal)
        except NotFound:  # it is shared with him no more
            return None
    report = reports().get(kept.report)
    if report is None:
        return None
    wanted = personal.again(report, kept.kept, came)
    made = _made(source, viewer, now, report, wanted)
    counts = together(_completeness(made, context))
    percent, late = counts.percent, (today - came).days
    if percent is not None and percent < row.percent and late < row.days:
        return False
    letter = {
        "month": month_start(came).isoformat(),
        "name": kept.name,
        "wanted": row.percent,
        "complete": percent is None or percent >= row.percent,
        "due": came.isoformat(),
        "late": late,
    }
    with context.writing() as connection:
        alone(connection, f"schedule {row.id}")
        if _under_way(connection, row.id, now):
            return None
        spans = desk.spans_of(connection, viewer, made.points, wanted.period, now)
        about = connection, viewer, report, wanted, spans, row.form, now, viewer.language
        with speaking(viewer.language):
            letter |= {"percent": _said(percent)}
            desk.enter(*about, name=kept.name, job=True, schedule=row.id, letter=letter)
    return True


def _made(source: Source, viewer: Viewer, now: int, report: Report, wanted: Asked) -> Making:
    """Of the points that it names those that he sees; there may be none."""
    with source.engine.connect() as connection:
        his = desk.his_part(connection, viewer, wanted, now)
    if his is None:
        return Making(source, viewer, now, report, wanted, ())
    return making(source, viewer, now, report, his)


def _under_way(connection: Connection, key: int, now: int) -> bool:
    """Or failed within a day: it is not tried each hour."""
    failed = and_(report_file.c.state == State.FAILED, report_file.c.made_at > now - DAY)
    its = report_file.c.schedule == key, or_(report_file.c.state.in_(desk.OPEN), failed)
    return connection.execute(select(report_file.c.id).where(*its)).first() is not None


def _completeness(made: Making, context: Context) -> Iterator[Completeness]:
    """Of each point over the period of the report."""
    period = made.asked.period
    for one in made.points:
        context.check()
        with suppress(NotFound):
            found = figures.days(
                made.source, made.viewer, one.id, period.first, period.until, ACTIVE_IMPORT, made.now, each=False
            )
            yield found.completeness


def _said(percent: Fraction | None) -> str | None:
    """«97,5»: never more than it is."""
    if percent is None:
        return None
    value = (Decimal(percent.numerator) / Decimal(percent.denominator)).quantize(TENTH, ROUND_DOWN)
    return number(value, 0 if value == int(value) else 1)
