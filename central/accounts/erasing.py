"""A person goes, the measurement stays.

Of an account a stub is left, which the audit, changes and decisions name by its id: no name, mail, phone, password,
session, token, key, second factor, no unsent letter. Contract, points, readings and documents are the company's:
nothing of them is touched.
"""

from collections.abc import Mapping
from enum import StrEnum

from sqlalchemy import Connection, and_, delete, or_, select, update

from central.accounts.audit import note
from central.accounts.states import Stage, State
from central.accounts.tables import account, application, grant, withdrawal
from central.config import Keeping
from central.db import alone, metadata
from central.mail import outbox

NOBODY = "—"  # the name of a stub
DAY = 86_400


class Fate(StrEnum):
    """What becomes of the rows that point to an account."""

    GOES = "goes"
    EMPTIED = "emptied"  # it stays, without what a person said or where from
    STAYS = "stays"  # it tells of a deed, or of what may be seen, by the id alone


FATES: Mapping[str, Fate] = {  # every column that points to an account; a test knows when one is missing
    "pairing.account": Fate.GOES,
    "session.account": Fate.GOES,
    "token.account": Fate.GOES,
    "once_key.account": Fate.GOES,
    "second_factor.account": Fate.GOES,
    "mail_change.account": Fate.GOES,
    "withdrawal.account": Fate.GOES,
    "invitation.account": Fate.GOES,
    "operator_right.account": Fate.GOES,
    "operator_branch.account": Fate.GOES,
    "notice_reader.account": Fate.GOES,
    "notice_choice.account": Fate.GOES,
    "notice_quiet.account": Fate.GOES,
    "push_device.account": Fate.GOES,
    "push.account": Fate.GOES,
    "report_schedule.account": Fate.GOES,
    "report_file.account": Fate.GOES,  # the file itself goes with the next sweep
    "personal_report.account": Fate.GOES,
    "consent.account": Fate.EMPTIED,
    "application.account": Fate.EMPTIED,
    "grant.account": Fate.STAYS,
    "grant.given_by": Fate.STAYS,  # whose own has ended, so this one has
    "audit.account": Fate.STAYS,
    "hand_in.account": Fate.STAYS,  # what a meter showed is the company's
    "handed_in.decided_by": Fate.STAYS,
    # what people of the company did
    "application.decided_by": Fate.STAYS,
    "legal_text.account": Fate.STAYS,
    "news.made_by": Fate.STAYS,
    "change.account": Fate.STAYS,
    "check_limit.account": Fate.STAYS,
    "document.account": Fate.STAYS,
    "document.removed_by": Fate.STAYS,
    "upload.account": Fate.STAYS,
    "decision.account": Fate.STAYS,
    "decision.undone_by": Fate.STAYS,
    "period_run.account": Fate.STAYS,
    "period_close.account": Fate.STAYS,
    "period_close.undone_by": Fate.STAYS,
}
EMPTY: Mapping[str, Mapping[str, str]] = {  # what such a row is left with
    "consent.account": {"address": ""},
    "application.account": {"number": "", "reason": ""},
}


def due(connection: Connection, keeping: Keeping, now: int) -> list[int]:
    """Accounts whose time has come: withdrawn on the day that was told; consumers who were declined or blocked long
    enough ago."""
    old = [
        and_(account.c.state == state, account.c.state_at <= now - days * DAY)
        for state, days in ((State.REJECTED, keeping.rejected_days), (State.BLOCKED, keeping.blocked_days))
        if days
    ]
    told = select(withdrawal.c.account).where(withdrawal.c.erase_at <= now)
    withdrawn = and_(account.c.state == State.WITHDRAWN, account.c.id.in_(told))
    query = select(account.c.id).where(account.c.role == "consumer", or_(withdrawn, *old))
    return list(connection.scalars(query.order_by(account.c.id)))


def erase_due(connection: Connection, account_id: int, keeping: Keeping, now: int) -> bool:
    """If it is due still: somebody may have taken it back meanwhile."""
    alone(connection, f"account {account_id}")
    return account_id in due(connection, keeping, now) and erase(connection, account_id, now)


def erase(connection: Connection, account_id: int, now: int) -> bool:
    """False: there is nobody to be erased."""
    alone(connection, f"account {account_id}")
    mail = connection.scalar(select(account.c.mail).where(account.c.id == account_id, account.c.state != State.ERASED))
    if mail is None:
        return False
    outbox.drop(connection, mail, f"account {account_id}", now)
    _rows(connection, account_id, now)
    nobody = {"name": NOBODY, "mail": f"erased-{account_id}", "phone": None, "password": ""}
    stub = update(account).where(account.c.id == account_id)
    connection.execute(stub.values(state=State.ERASED, state_at=now, **nobody))
    note(connection, now, None, "erased", f"account {account_id}")
    return True


def _rows(connection: Connection, account_id: int, now: int) -> None:
    waiting = update(application).where(application.c.account == account_id, application.c.state == Stage.WAITING)
    connection.execute(waiting.values(state=Stage.WITHDRAWN))
    for where, fate in FATES.items():
        table, column = where.split(".")
        theirs = metadata.tables[table].c[column] == account_id
        if fate is Fate.GOES:
            connection.execute(delete(metadata.tables[table]).where(theirs))
        elif fate is Fate.EMPTIED:
            connection.execute(update(metadata.tables[table]).where(theirs).values(**EMPTY[where]))
    opened = update(grant).where(grant.c.account == account_id, grant.c.valid_to.is_(None), grant.c.valid_from <= now)
    connection.execute(opened.values(valid_to=now))
