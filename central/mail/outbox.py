"""Mail becomes a job."""

import msgspec
from sqlalchemy import Connection, or_, update

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
    about: str = "",
) -> int:
    """Sent after the caller's transaction has committed, and only then; returns the job's id.

    With a `key`: once, however often it is queued. Raises ValueError for what no header can hold (a line break in the
    subject, an address that is none).
    """
    mail = Mail(to, subject, text, html, about)
    compose(mail, _ANYONE, KIND, now)
    return enqueue(connection, KIND, msgspec.to_builtins(mail), now, key=key)


def drop(connection: Connection, to: str, about: str, now: int) -> None:
    """Letters to this address, or about this, that are not sent will not be, and what they said is forgotten."""
    to_it, about_it = (job.c.arguments[name].as_string() for name in ("to", "about"))
    unsent = job.c.state.in_((State.WAITING, State.RUNNING, State.DEAD))  # the end of one on its way is not waited for
    theirs = update(job).where(job.c.kind == KIND, unsent, or_(to_it == to, about_it == about))
    connection.execute(theirs.values(state=State.DROPPED, finished_at=now, arguments={}))
