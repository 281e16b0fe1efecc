"""What people agree to when they register: the licence, and the consent to the processing of personal data (152-ФЗ,
ст. 9), as the company's administrator wrote them. While one of the two is lacking nobody can register."""

from collections.abc import Iterable, Mapping, Sequence
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


@dataclass(frozen=True, slots=True)
class Given:
    """A consent of a person, to one version of a text."""

    legal_text: int
    kind: Kind
    version: int
    at: int
    address: str
    withdrawn_at: int | None


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


def one(connection: Connection, organisation: int, key: int) -> LegalText | None:
    """Any version. None: there is none of this company."""
    query = select(legal_text, account.c.name.label("author")).join(account, account.c.id == legal_text.c.account)
    row = connection.execute(query.where(legal_text.c.id == key, legal_text.c.organisation == organisation)).first()
    if row is None:
        return None
    return LegalText(row.id, Kind(row.kind), row.version, row.text, row.made_at, row.author)


def given(connection: Connection, account_id: int) -> Sequence[Given]:
    """All consents of a person, the newest first."""
    query = (
        select(consent, legal_text.c.kind, legal_text.c.version)
        .join(legal_text, legal_text.c.id == consent.c.legal_text)
        .where(consent.c.account == account_id)
        .order_by(consent.c.at.desc(), consent.c.id.desc())
    )
    return [
        Given(row.legal_text, Kind(row.kind), row.version, row.at, row.address, row.withdrawn_at)
        for row in connection.execute(query)
    ]


def lacking(connection: Connection, viewer: Viewer) -> Sequence[LegalText]:
    """The newest versions that the viewer has not agreed to."""
    known = {one.legal_text for one in given(connection, viewer.account) if one.withdrawn_at is None}
    return [found for found in current(connection, viewer.organisation).values() if found.id not in known]


def agreed(connection: Connection, account_id: int, shown: Iterable[LegalText], now: int, address: str) -> None:
    """To these, which were shown."""
    rows = [{"account": account_id, "legal_text": one.id, "at": now, "address": address} for one in shown]
    connection.execute(consent.insert(), rows)
