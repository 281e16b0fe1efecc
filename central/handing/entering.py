"""What was accepted becomes a reading of the registry: at once, or, handed in before its time, when that has come.

It is one change of the registry a receipt, in the name of who read the meters. It bills and closes gaps where the meter
said nothing, as any reading of a person does, and replaces nothing that the meter said.
"""

from collections.abc import Mapping

from sqlalchemy import Connection, select, update

from central.figures import dirty
from central.handing.receipts import number_of
from central.handing.states import Handed
from central.handing.tables import hand_in, handed_in
from central.jobs.asking import enqueue
from central.metering.slots import DUE_AFTER
from central.metering.zones import day_of
from central.registry.changes import entering
from central.registry.enter.readings import Registers, add_reading
from central.registry.refusals import Refused
from central.registry.tables import point

KIND = "handed_in"  # of the change
JOB = "handed_in"
MOST = 500  # receipts at a time


def enter_due(connection: Connection, now: int, key: int | None = None) -> int:
    """Of this receipt, or of all; how many meters. A reading that the registry refuses waits for somebody to look."""
    due = (handed_in.c.state == Handed.ACCEPTED, handed_in.c.enters_at <= now, handed_in.c.change.is_(None))
    which = select(handed_in, hand_in.c.made_at, hand_in.c.account).join(hand_in, hand_in.c.id == handed_in.c.hand_in)
    which = which.where(*due) if key is None else which.where(*due, hand_in.c.id == key)
    rows = connection.execute(which.order_by(handed_in.c.id).limit(MOST)).all()
    for row in rows:
        try:
            with connection.begin_nested():
                enter_one(connection, row.id, now)
        except Refused:
            waits = update(handed_in).where(handed_in.c.id == row.id)
            connection.execute(waits.values(state=Handed.REVIEW))
    return len(rows)


def enter_one(
    connection: Connection,
    key: int,
    now: int,
    around: tuple[Mapping[str, int], Mapping[str, int]] | None = None,
) -> None:
    """The reading of one meter. `around`: what the meter itself said before and after. Raises Refused."""
    query = select(handed_in, hand_in.c.made_at, hand_in.c.account).join(hand_in, hand_in.c.id == handed_in.c.hand_in)
    row = connection.execute(query.where(handed_in.c.id == key)).one()
    registers: Registers = row.registers
    last, first = around if around is not None else (None, None)
    reason = f"передал потребитель, квитанция {number_of(row.hand_in, row.made_at)}"  # kept, as all reasons are
    with entering(connection, at=now, kind=KIND, account=row.account, reason=reason) as change:
        add_reading(change, row.point, row.meter, row.read_at, registers, last=last, first=first)
    connection.execute(update(handed_in).where(handed_in.c.id == key).values(change=change.id))
    due = row.read_at + DUE_AFTER
    if now <= due:  # what the meter may still say of the last hour is not due: till then no gap ends there
        enqueue(connection, JOB, {"line": key}, now, key=f"line {key}", due_at=due + 1)


def mark_again(connection: Connection, key: int) -> None:
    """The days of a reading that has entered: nothing else would compute them anew when its gap can be closed."""
    query = select(handed_in, point.c.tz).join(point, point.c.id == handed_in.c.point)
    row = connection.execute(query.where(handed_in.c.id == key, handed_in.c.change.is_not(None))).first()
    if row is not None:
        found = {day_of(row.read_at - 1, row.tz), day_of(row.read_at, row.tz)}
        dirty.mark_days(connection, row.point, found, dirty.by_change(row.change))
