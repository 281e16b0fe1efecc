"""A small journal, and somebody with the password of the database."""

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, func, select, text

from central.accounts.audit import note
from central.accounts.tables import audit, audit_seal
from central.actions import chain, seals
from central.actions.verify import Checked, verify
from central.db import writing
from tests.central import sql
from tests.central.parts import NOW


class Journal:
    """Three seals of four, three and five rows."""

    def __init__(self, folder: Path) -> None:
        self.engine: Engine = sql.migrated(folder)
        self.now = NOW
        for rows in (4, 3, 5):
            self.write(rows)
            self.seal()

    def write(self, rows: int = 1) -> None:
        with writing(self.engine).begin() as connection:
            for number in range(rows):
                note(connection, self.now, None, "login refused", f"объект {number}", "10.0.0.1")
                self.now += 1

    def seal(self, most: int = 10**9) -> None:
        with writing(self.engine).begin() as connection:
            seals.make(connection, min(seals.settled(connection), most), self.now)

    def checked(self) -> Checked:
        with self.engine.connect() as connection:
            return verify(connection)

    def wrong(self) -> list[tuple[int, str]]:
        """Number of the seal, name of what is wrong."""
        return [(fault.seal, fault.wrong.name) for fault in self.checked().faults]

    def head(self) -> str:
        with self.engine.connect() as connection:
            newest = seals.newest(connection)
        assert newest is not None
        return newest.sha

    def ids(self) -> list[int]:
        with self.engine.connect() as connection:
            return list(connection.scalars(select(audit.c.id).order_by(audit.c.id)))

    def force(self, *statements: Any) -> None:
        """As somebody with the password of the database would: the triggers are taken away first."""
        with writing(self.engine).begin() as connection:
            disarm(connection)
            for statement in statements:
                connection.execute(statement)

    def make_anew(self) -> None:
        """All seals over the rows as they are now: nobody who looks at the tables alone can tell."""
        with writing(self.engine).begin() as connection:
            disarm(connection)
            ends = [(row.last, row.made_at) for row in connection.execute(select(audit_seal).order_by("number"))]
            connection.execute(audit_seal.delete())
            for last, made_at in ends:
                seals.make(connection, last, made_at)

    def count(self) -> int:
        with self.engine.connect() as connection:
            return connection.scalar(select(func.count()).select_from(audit)) or 0


def disarm(connection: Connection) -> None:
    for table in ("audit", "audit_seal"):
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        else:
            for word in ("update", "delete", "replace"):
                connection.execute(text(f"DROP TRIGGER IF EXISTS {table}_no_{word}"))


def sha_of(connection: Connection, number: int, **changed: Any) -> str:
    """Of this seal over the rows that are there, with these values instead of its own."""
    row = connection.execute(select(audit_seal).where(audit_seal.c.number == number)).one()
    about = {name: getattr(row, name) for name in chain.Seal.__slots__ if name != "sha"} | changed
    before = select(func.coalesce(func.max(audit_seal.c.last), 0)).where(audit_seal.c.number < number)
    under = audit.c.id > before.scalar_subquery(), audit.c.id <= row.last
    rows = connection.execute(select(audit).where(*under).order_by(audit.c.id)).all()
    return chain.ended(chain.begun(rows), **about)
