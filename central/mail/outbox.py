"""Mail becomes a job."""

import msgspec
from sqlalchemy import Connection, update

from central.jobs.asking import enqueue
from central.jobs.tables import State, job
from central.mail.message import Mail, compose

KIND = "mail"
_ANYONE = "uchet@localhost"


def queue(
    connection: Connection,
    to: str,
    subject: str,
    text: str,
    now: int,
    *,
    html: str | None = None,
    key: str | None = None,
) -> int:
    """Sent after the caller's transaction has committed, and only then; returns the job's id.

    With a `key`: once, however often it is queued. Raises ValueError for what no header can hold (a line break in the
    subject, an address that is none).
    """
    mail = Mail(to, subject, text, html)
    compose(mail, _ANYONE, KIND, now)
    return enqueue(connection, KIND, msgspec.to_builtins(mail), now, key=key)


def drop(connection: Connection, to: str, now: int) -> None:
    """Letters to this address that are not sent will not be, and what they said is forgotten."""
    unsent = (State.WAITING, State.RUNNING, State.DEAD)  # of one that is on its way its end is not waited for
    theirs = job.c.kind == KIND, job.c.state.in_(unsent), job.c.arguments["to"].as_string() == to
    connection.execute(update(job).where(*theirs).values(state=State.DROPPED, finished_at=now, arguments={}))
