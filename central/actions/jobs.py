"""The jobs `seal_actions` (every hour) and `actions_letter` (every day).

The letter is what makes the chain worth something: whoever can rewrite rows and seals cannot rewrite what lies in the
mailboxes of people.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from central.accounts.states import State
from central.accounts.tables import account
from central.actions import seals
from central.actions.chain import Seal
from central.jobs.context import Context
from central.mail.outbox import post
from central.mail.rendering import rendered

LETTER = "sealed"  # the template
READERS = ("auditor", "administrator")  # who gets the letter: the first role that a company has


def seal(context: Context, _arguments: dict[str, Any]) -> dict[str, Any]:
    """All rows that are there when it begins."""
    with context.writing() as connection:
        end = seals.settled(connection)
    made = 0
    while True:
        context.check()
        with context.writing() as connection:
            if seals.make(connection, end, context.now) is None:
                return {"seals": made}
        made += 1


def letter(context: Context, _arguments: dict[str, Any]) -> dict[str, Any]:
    """The newest seal to everybody who is to keep it; once a run, whatever happens meanwhile."""
    with context.engine.connect() as connection:
        newest, readers = seals.newest(connection), _readers(connection)
    if newest is None:
        return {"seal": None, "letters": 0}
    about = _about(newest, context.config.worker.time_zone)
    with context.final({"seal": newest.number, "letters": len(readers)}) as connection:
        for key, mail, language in readers:
            post(connection, rendered(mail, LETTER, language, **about), context.now, key)
    return {"seal": newest.number, "letters": len(readers)}


def _about(newest: Seal, zone: str) -> dict[str, object]:
    when = datetime.fromtimestamp(newest.made_at, ZoneInfo(zone))
    return {
        "number": newest.number,
        "count": newest.count,
        "last": newest.last,
        "sha": newest.sha,
        "when": f"{when:%d.%m.%Y %H:%M}",
        "zone": zone,
    }


def _readers(connection: Connection) -> Sequence[tuple[int, str, str]]:
    """Ids, mails and languages of the auditors of each company; where it has none, of its administrators."""
    columns = account.c.organisation, account.c.role, account.c.id, account.c.mail, account.c.language
    query = (
        select(*columns).where(account.c.state == State.APPROVED, account.c.role.in_(READERS)).order_by(account.c.id)
    )
    found: dict[int, dict[str, list[tuple[int, str, str]]]] = {}
    for row in connection.execute(query):
        found.setdefault(row.organisation, {}).setdefault(row.role, []).append((row.id, row.mail, row.language))
    return [one for roles in found.values() for one in next(roles[name] for name in READERS if name in roles)]
