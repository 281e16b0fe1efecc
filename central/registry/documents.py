"""Documents of the registry: an act, a photo, attached to a point, meter, mounting, contract or change.

A file lies in the documents' folder under the SHA-256 of its content, once however often it is attached, written
whole or not at all, outside of anything a web server hands out. What it is is told by its content, never by its name.
Removed = marked: it stays, with who removed it and when.
"""

import os
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Connection, Row, and_, func, or_, select

from central.accounts.audit import note
from central.accounts.policy import Viewer
from central.accounts.states import State
from central.accounts.tables import account
from central.figures.views import NotFound
from central.registry import history, show
from central.registry.refusals import Refused
from central.registry.tables import contract, document, mounting, point

LONGEST_NAME = 200
MEGABYTE = 1024 * 1024
SUFFIXES: Mapping[str, Sequence[str]] = {  # type -> how its names end; the first is given where there is none
    "application/pdf": (".pdf",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    "image/webp": (".webp",),
}
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Keeping:
    """Where files lie, and how much of them: bytes of one, number at one object."""

    folder: Path
    largest: int
    most: int


def type_of(content: bytes) -> str | None:
    """By its first bytes; None = nothing that is taken."""
    if content.startswith(b"%PDF-"):
        return "application/pdf"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return None


def add(
    connection: Connection, keeping: Keeping, viewer: Viewer, kind: str, key: str, name: str, content: bytes, now: int
) -> int:
    """Attaches a file; the same one again is the same. Raises NotFound: there is no such object for this viewer;
    Refused; OSError: it could not be kept, and nothing is attached."""
    may_attach(connection, viewer, kind, key)
    name = checked_name(name)
    found = _checked(keeping, content, name)
    there = and_(document.c.kind == kind, document.c.key == key, document.c.removed_at.is_(None))
    digest = sha256(content).hexdigest()
    same = connection.execute(select(document.c.id).where(there, document.c.sha256 == digest)).scalar()
    if same is not None:
        return int(same)
    count = connection.execute(select(func.count()).select_from(document).where(there)).scalar_one()
    if count >= keeping.most:
        raise Refused("file", _l("Здесь уже %(most)s документов, больше не хранится", most=keeping.most))
    keep(keeping.folder, digest, content)
    values = {"organisation": viewer.organisation, "kind": kind, "key": key, "name": name, "type": found}
    values |= {"size": len(content), "sha256": digest, "added_at": now, "account": viewer.account}
    made = connection.execute(document.insert().values(**values)).inserted_primary_key
    assert made is not None
    note(connection, now, viewer.account, "document added", f"{kind} {key}", f"{made[0]} {digest}")
    return int(made[0])


def checked_name(name: str) -> str:
    """A file's own name, to be shown to others. Raises Refused."""
    if not name.strip():
        raise Refused("file", _l("Выберите файл"))
    if re.search(r"[/\\]", name) or name in (".", "..") or not name.isprintable():
        raise Refused("file", _l("Имя файла содержит путь или невидимые знаки: переименуйте файл"))
    if len(name) > LONGEST_NAME:
        raise Refused("file", _l("Имя файла длиннее %(most)s знаков: переименуйте файл", most=LONGEST_NAME))
    return name.strip()


def _checked(keeping: Keeping, content: bytes, name: str) -> str:
    """The type of a file that is taken."""
    if not content:
        raise Refused("file", _l("Файл «%(name)s» пуст", name=name))
    if len(content) > keeping.largest:
        sentence = _l("Файл «%(name)s» больше %(most)s МБ", name=name, most=keeping.largest // MEGABYTE)
        raise Refused("file", sentence)
    found = type_of(content)
    if found is None:
        sentence = _l("«%(name)s» по содержимому не PDF, JPEG, PNG или WebP: такие файлы не хранятся", name=name)
        raise Refused("file", sentence)
    return found


def keep(folder: Path, digest: str, content: bytes) -> Path:
    """The file lies there when this returns, through a power cut too. Raises OSError."""
    place = path_of(folder, digest)
    if place.exists():
        return place
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = place.with_name(f".{digest}.{secrets.token_hex(4)}")
    try:
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        partial.rename(place)
    finally:
        partial.unlink(missing_ok=True)
    handle = os.open(place.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    return place


def path_of(folder: Path, digest: str) -> Path:
    """Where a file of this hash lies; a folder has a 256th of all. Raises ValueError: it is no hash."""
    if _HASH.fullmatch(digest) is None:
        raise ValueError(f"{digest!r} is no SHA-256")
    return folder / digest[:2] / digest


def remove(connection: Connection, viewer: Viewer, key: int, now: int) -> Row[Any]:
    """Marks it; twice is once. Returns what it is attached to. Raises NotFound."""
    row = one(connection, viewer, key)
    if row.removed_at is None:
        marked = document.update().where(document.c.id == key)
        connection.execute(marked.values(removed_at=now, removed_by=viewer.account))
        note(connection, now, viewer.account, "document removed", f"{row.kind} {row.key}", str(key))
    return row


def one(connection: Connection, viewer: Viewer, key: int) -> Row[Any]:
    """Of the viewer's organisation, for its staff alone, at what they may see. Raises NotFound."""
    ours = (document.c.id == key) & (document.c.organisation == viewer.organisation)
    row = connection.execute(select(document).where(ours)).first()
    if row is None or not viewer.staff or viewer.state != State.APPROVED:
        raise NotFound(f"document {key}")
    if not viewer.whole:
        may_attach(connection, viewer, row.kind, row.key)
    return row


def download_name(row: Row[Any]) -> str:
    """Its own name, with an ending that is true."""
    endings = SUFFIXES[row.type]
    return str(row.name if row.name.lower().endswith(tuple(endings)) else row.name + endings[0])


def attached(connection: Connection, viewer: Viewer, *objects: tuple[str, str]) -> Sequence[Row[Any]]:
    """Documents of these objects (kind, key), the newest first; removed ones stand at the end."""
    gone = account.alias("gone")
    named = or_(*(and_(document.c.kind == kind, document.c.key == key) for kind, key in objects))
    query = (
        select(document, account.c.name.label("who"), gone.c.name.label("remover"))
        .outerjoin(account, account.c.id == document.c.account)
        .outerjoin(gone, gone.c.id == document.c.removed_by)
        .where(named, document.c.organisation == viewer.organisation)
        .order_by(document.c.removed_at.is_not(None), document.c.id.desc())
    )
    return connection.execute(query).all()


def may_attach(connection: Connection, viewer: Viewer, kind: str, key: str) -> None:
    """Raises NotFound: there is no such object for this viewer."""
    if kind not in _THERE or not viewer.staff:
        raise NotFound(f"{kind} {key}")
    _THERE[kind](connection, viewer, key)


def _number(key: str) -> int:
    return int(key) if key.isascii() and key.isdecimal() and len(key) < 16 else -1


def _mounting(connection: Connection, viewer: Viewer, key: str) -> object:
    where = connection.execute(select(mounting.c.point).where(mounting.c.id == _number(key))).scalar()
    return show.own(connection, point, viewer, -1 if where is None else where)


_THERE: Mapping[str, Callable[[Connection, Viewer, str], object]] = {
    "point": lambda connection, viewer, key: show.own(connection, point, viewer, _number(key)),
    "contract": lambda connection, viewer, key: show.own(connection, contract, viewer, _number(key)),
    "meter": lambda connection, viewer, key: show.meter_row(connection, viewer, key),
    "mounting": _mounting,
    "change": lambda connection, viewer, key: history.entry(connection, viewer, _number(key)),
}
