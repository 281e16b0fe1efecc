"""The language of letters and of messages to a phone: the one in which a person reads the cabinet.

A browser keeps what was chosen in it; here stands what was chosen last, or what the last login came with.
"""

from sqlalchemy import Connection, select, update

from central.accounts.tables import account


def of(connection: Connection, account_id: int) -> str:
    found: str = connection.execute(select(account.c.language).where(account.c.id == account_id)).scalar_one()
    return found


def of_mail(connection: Connection, mail: str) -> str | None:
    """None: nobody has an account with it."""
    return connection.scalar(select(account.c.language).where(account.c.mail == mail))


def choose(connection: Connection, account_id: int, language: str) -> None:
    connection.execute(update(account).where(account.c.id == account_id).values(language=language))
