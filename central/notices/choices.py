"""What a person wants to be told, and how: until he chooses, all of it by every way."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, delete, select

from central.accounts.policy import Viewer
from central.notices.kinds import Kind
from central.notices.tables import notice_choice


@dataclass(frozen=True, slots=True)
class Choice:
    letter: bool = True
    cabinet: bool = True
    push: bool = True  # to a phone, where he has turned it on


def choices(connection: Connection, account_id: int) -> Mapping[Kind, Choice]:
    """Of each kind."""
    query = select(notice_choice).where(notice_choice.c.account == account_id)
    chosen = {row.kind: Choice(row.letter, row.cabinet, row.push) for row in connection.execute(query)}
    return {kind: chosen.get(kind, Choice()) for kind in Kind}


def choices_of(connection: Connection, accounts: Collection[int], kind: Kind) -> Mapping[int, Choice]:
    """Of these accounts about one kind."""
    query = select(notice_choice).where(notice_choice.c.account.in_(accounts), notice_choice.c.kind == kind)
    chosen = {row.account: Choice(row.letter, row.cabinet, row.push) for row in connection.execute(query)}
    return {account: chosen.get(account, Choice()) for account in accounts}


def choose(connection: Connection, viewer: Viewer, chosen: Mapping[Kind, Choice]) -> None:
    """All of them at once, his own."""
    connection.execute(delete(notice_choice).where(notice_choice.c.account == viewer.account))
    rows = [{"account": viewer.account, "kind": kind.value} | asdict(one) for kind, one in chosen.items()]
    connection.execute(notice_choice.insert(), rows)
