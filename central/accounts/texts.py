"""What people agree to when they register: the licence, and the consent to the processing of personal data (152-ФЗ,
ст. 9), as the company's administrator wrote them. While one of the two is lacking nobody can register."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, func, select

from central.accounts.audit import note
from central.accounts.policy import Viewer
from central.accounts.tables import account, consent, legal_text
from central.db import alone

LONGEST = 100_000  # characters
SHORTEST = 200  # less is no licence and no consent, but a placeholder


class Kind(StrEnum):
    LICENCE = "licence"
    CONSENT = "consent"


@dataclass(frozen=True, slots=True)
class LegalText:
    id: int
    kind: Kind
    version: int
    text: str
    made_at: int
    author: str


Current = Mapping[Kind, LegalText]


class NotText(ValueError):
    """Too short or too long to be one."""


def current(connection: Connection, organisation: int) -> Current:
    """The newest version of each that there is."""
    newest = (
        select(legal_text.c.kind, func.max(legal_text.c.version).label("version"))
        .where(legal_text.c.organisation == organisation)
        .group_by(legal_text.c.kind)
        .subquery()
    )
    query = (
        select(legal_text, account.c.name.label("author"))
        .join(newest, (newest.c.kind == legal_text.c.kind) & (newest.c.version == legal_text.c.version))
        .join(account, account.c.id == legal_text.c.account)
        .where(legal_text.c.organisation == organisation)
    )
    return {
        Kind(row.kind): LegalText(row.id, Kind(row.kind), row.version, row.text, row.made_at, row.author)
        for row in connection.execute(query)
    }


def write(connection: Connection, viewer: Viewer, kind: Kind, text: str, now: int) -> int:
    """The next version; the same text again is none. Returns its number. Raises NotText."""
    text = text.replace("\r\n", "\n").strip()
    if not SHORTEST <= len(text) <= LONGEST:
        raise NotText(f"{SHORTEST} to {LONGEST} characters")
    alone(connection, f"texts of {viewer.organisation}")
    before = current(connection, viewer.organisation).get(kind)
    if before is not None and before.text == text:
        return before.version
    version = 1 if before is None else before.version + 1
    values = {"organisation": viewer.organisation, "kind": kind, "version": version, "text": text}
    connection.execute(legal_text.insert().values(**values, account=viewer.account, made_at=now))
    note(connection, now, viewer.account, "legal text", f"{kind} {version}")
    return version


def agreed(connection: Connection, account_id: int, shown: Iterable[LegalText], now: int, address: str) -> None:
    """To these, which were shown."""
    rows = [{"account": account_id, "legal_text": one.id, "at": now, "address": address} for one in shown]
    connection.execute(consent.insert(), rows)
