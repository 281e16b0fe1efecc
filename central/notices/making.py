"""The job `notices`: the journals that came are looked at, what happened is kept, what is due goes by letter.

A power cut is told when the power is back. A start of the meter is told when the line that would explain it has had its
time to come. What a meter brings from before it was known here is its past: kept, and told to nobody.
"""

from typing import Any

from sqlalchemy import Connection, Row, select, update

from central.figures.events import happened_at
from central.figures.material import REACH
from central.jobs.context import Context
from central.metering.decree import ON, SWITCHING, Case, Happened
from central.notices import letters
from central.notices.keeping import keep
from central.notices.kinds import Kind
from central.notices.tables import journal_mark
from central.registry.look import tenures_of

DAY = 86_400
MANY = 100  # meters a transaction
SETTLE = 1800  # seconds: two readings of the journals
PAST = DAY  # what is older than this as a meter is first met is its past
OLDEST = 30 * DAY  # what is older is told to nobody


def run(context: Context, _arguments: dict[str, Any]) -> dict[str, Any]:
    """Whatever was left by a run that broke off is done by the next one."""
    made = 0
    while True:
        context.check()
        with context.writing() as connection:
            marks = connection.execute(_due(context.now)).all()
            made += sum(_look(connection, mark, context.now) for mark in marks)
        if len(marks) < MANY:
            return {"notices": made, "letters": letters.send(context)}


def _due(now: int) -> Any:
    waits = journal_mark.c.since.is_not(None), journal_mark.c.due_at <= now
    return select(journal_mark).where(*waits).order_by(journal_mark.c.meter).limit(MANY).with_for_update()


def _look(connection: Connection, mark: Row[Any], now: int) -> int:
    """How many notices are new. What is left for later keeps the mark."""
    found, received = happened_at(connection, mark.meter, mark.since - REACH, now + DAY)
    tenures = tenures_of(connection, [mark.meter])
    made, later = 0, None
    for one in found:
        if max(one.since, one.until or 0) < mark.since:
            continue
        if one.case is Case.SWITCHED_OFF and one.until is None:
            continue
        if one.case is Case.RESTARTED and now - SETTLE < one.since:
            later = one.since if later is None else min(later, one.since)
            continue
        stood = next((its for its in tenures if its[3] <= one.since and (its[4] is None or one.since < its[4])), None)
        if stood is None:
            continue
        told = one.until if one.case is Case.SWITCHED_OFF and one.until is not None else one.since
        past = told < max(mark.first_at - PAST, now - OLDEST)
        values = {**_values(one), "point": stood[1], "meter": mark.meter, "received_at": received.get(_last(one))}
        made += keep(connection, values, stood[2], one.since, now, past=past)
    its = update(journal_mark).where(journal_mark.c.meter == mark.meter)
    connection.execute(its.values(since=later, due_at=0 if later is None else later + SETTLE))
    return made


def _values(one: Happened) -> dict[str, Any]:
    return {
        "kind": Kind(one.case).value,
        "since": one.since,
        "until": one.until,
        "journal": one.journal,
        "code": one.code,
    }


def _last(one: Happened) -> tuple[int, int, int]:
    """The line that says all that is told."""
    if one.case is Case.SWITCHED_OFF and one.until is not None:
        return one.until, SWITCHING, ON
    return one.since, one.journal, one.code
