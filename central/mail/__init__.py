"""Mail to people: queued in the transaction of what it tells of, sent by a worker.

    queue(connection, to, subject, text, now, html=None, key=None)     a job of kind `mail`; with a key it is sent once
    outbox.post(connection, mail, now, whom)                           the same of a letter that is written already

A temporary trouble is tried again for about three days, a refusal of the address or the message is final: the job is
dead. Without `[mail]` in central.toml mail waits. A server may take a message and break off before it says so: then it
is sent again, under the same Message-ID. No address and no text of a mail stands in a log; both leave SQL once it is
sent.
"""

from central.mail.message import Mail
from central.mail.outbox import queue

__all__ = ["Mail", "queue"]
