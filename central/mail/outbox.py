"""Mail becomes a job, and how many of them there are."""

import logging
from dataclasses import dataclass

import msgspec
from sqlalchemy import Connection, func, or_, select, update

from central.jobs.asking import enqueue
from central.jobs.tables import State, job
from central.mail.message import Attached, Mail, compose

log = logging.getLogger(__name__)

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
    attached: Attached | None = None,
    due_at: int | None = None,
) -> int:
    """Sent after the caller's transaction has committed, and only then, from `due_at` (default: now) on; returns the
    job's id.

    With a `key`: once, however often it is queued. Raises ValueError for what no header can hold (a line break in the
    subject, an address that is none).
    """
    return _put(connection, Mail(to, subject, text, html, about, attached), now, key, due_at)


def post(
    connection: Connection, mail: Mail, now: int, whom: int, key: str | None = None, due_at: int | None = None
) -> bool:
    """The same of a letter that is written. `whom`: the account. False: no header can hold its address, which the log
    says, and nothing goes."""
    try:
        _put(connection, mail, now, key, due_at)
    except ValueError:
        log.warning("account %d gets no letter: its mail is none that a header can hold", whom)
        return False
    return True


def _put(connection: Connection, mail: Mail, now: int, key: str | None, due_at: int | None) -> int:
    compose(mail, _ANYONE, KIND, now)
    return enqueue(connection, KIND, msgspec.to_builtins(mail), now, key=key, due_at=due_at)


def drop(connection: Connection, to: str, about: str, now: int) -> None:
    """Letters to this address, or about this, that are not sent will not be, and what they said is forgotten."""
    to_it, about_it = (job.c.arguments[name].as_string() for name in ("to", "about"))
    unsent = job.c.state.in_((State.WAITING, State.RUNNING, State.DEAD))  # the end of one on its way is not waited for
    theirs = update(job).where(job.c.kind == KIND, unsent, or_(to_it == to, about_it == about))
    connection.execute(theirs.values(state=State.DROPPED, finished_at=now, arguments={}))


@dataclass(frozen=True, slots=True)
class Outbox:
    """`dead`: will not be tried again by themselves; `sent_at`: when the last one went."""

    waiting: int
    dead: int
    sent_at: int | None


def outbox(connection: Connection) -> Outbox:
    open_states = (State.WAITING, State.RUNNING, State.DEAD)
    query = select(job.c.state, func.count()).where(job.c.kind == KIND, job.c.state.in_(open_states))
    counts = {row[0]: row[1] for row in connection.execute(query.group_by(job.c.state))}
    done = (job.c.kind == KIND, job.c.state == State.DONE)
    last = connection.scalar(select(job.c.finished_at).where(*done).order_by(job.c.finished_at.desc()).limit(1))
    return Outbox(counts.get(State.WAITING, 0) + counts.get(State.RUNNING, 0), counts.get(State.DEAD, 0), last)
