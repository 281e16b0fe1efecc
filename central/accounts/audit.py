"""What was done, by whom, when. Rows are only added; `central.actions` seals them.

A row names people and things by their ids («account 17»): it stands for ever, and a name, a mail or a phone must not.
"""

from sqlalchemy import Connection

from central.accounts.tables import audit


def note(connection: Connection, at: int, account: int | None, action: str, subject: str, detail: str = "") -> None:
    """`action`: a word («login», «revoke»); `subject`: on what or whom; `account` None = nobody is logged in."""
    values = {"at": at, "account": account, "action": action, "subject": subject[:200], "detail": detail}
    connection.execute(audit.insert().values(**values))
