"""Mail becomes a job."""

import msgspec
from sqlalchemy import Connection

from central.jobs.asking import enqueue
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
