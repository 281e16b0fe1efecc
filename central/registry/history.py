"""Who changed what: the changes of an object, the journal of all, and what each did, row by row, before and after.

A change is seen by the organisation whose account made it; one of the command line by whom nothing foreign in it
hides from. `told` makes words of rows; what they refer to is looked up once.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, Select, case, cast, exists, func, or_, select

from central.accounts.policy import Viewer
from central.accounts.tables import account
from central.figures.views import NotFound
from central.registry.changes import SUBJECTS
from central.registry.tables import (
    change,
    change_line,
    change_subject,
    concentrator,
    contract,
    node,
    organisation,
    point,
    transformer,
    zone_scheme,
)

MANY = 200  # lines of a change that are still told on an object's own page
OWNED = {"point": point.c.id, "node": node.c.id, "contract": contract.c.id, "edge": concentrator.c.edge}


@dataclass(frozen=True, slots=True)
class Entry:
    """A change: `who` None = the command line; `lines` None = it did too much to be told here."""

    id: int
    at: int
    who: str | None
    kind: str
    reason: str
    undoes: int | None
    undone_by: int | None
    lines: Sequence[Row[Any]] | None = None


class Journal(NamedTuple):
    entries: Sequence[Entry]
    found: int
    page: int


_undoing = change.alias("undoing")


def _entries() -> Select[Any]:
    return (
        select(change, account.c.name.label("who"), _undoing.c.id.label("undone_by"))
        .outerjoin(account, account.c.id == change.c.account)
        .outerjoin(_undoing, _undoing.c.undoes == change.c.id)
    )


def visible(viewer: Viewer) -> ColumnElement[bool]:
    """Rows of `change`, joined with its `account`."""
    foreign = [
        exists().where(
            change_subject.c.change == change.c.id,
            change_subject.c.kind == kind,
            column == cast(case((change_subject.c.kind == kind, change_subject.c.key)), column.type),
            column.table.c.organisation != viewer.organisation,
        )
        for kind, column in OWNED.items()
    ]
    alone = ~exists().where(organisation.c.id != viewer.organisation)
    return or_(
        account.c.organisation == viewer.organisation,
        change.c.account.is_(None) & or_(alone, ~or_(*foreign)),
    )


def _entry(row: Row[Any], lines: Sequence[Row[Any]] | None = None) -> Entry:
    return Entry(row.id, row.at, row.who, row.kind, row.reason, row.undoes, row.undone_by, lines)


def journal(connection: Connection, viewer: Viewer, *, kind: str = "", page: int = 1, rows: int = 50) -> Journal:
    """The newest first; `kind` = only of this kind."""
    asked = _entries().where(visible(viewer))
    if kind:
        asked = asked.where(change.c.kind == kind)
    found = connection.execute(select(func.count()).select_from(asked.subquery())).scalar_one()
    page = min(max(page, 1), max(1, -(-found // rows)))
    query = asked.order_by(change.c.id.desc()).limit(rows).offset((page - 1) * rows)
    return Journal([_entry(row) for row in connection.execute(query)], found, page)


def kinds(connection: Connection) -> Sequence[str]:
    """Of changes that there are."""
    return connection.execute(select(change.c.kind).distinct().order_by(change.c.kind)).scalars().all()


def entry(connection: Connection, viewer: Viewer, key: int) -> Entry:
    """A change is of the company as a whole. Raises NotFound."""
    row = connection.execute(_entries().where(change.c.id == key, visible(viewer))).first()
    if row is None or not viewer.whole:
        raise NotFound(f"change {key}")
    return _entry(row)


def lines_of(connection: Connection, key: int, *, page: int = 1, rows: int = 50) -> tuple[Sequence[Row[Any]], int, int]:
    """Lines of one page, how many there are, the page."""
    count = select(func.count()).select_from(change_line).where(change_line.c.change == key)
    found = connection.execute(count).scalar_one()
    page = min(max(page, 1), max(1, -(-found // rows)))
    query = select(change_line).where(change_line.c.change == key).order_by(change_line.c.id)
    return connection.execute(query.limit(rows).offset((page - 1) * rows)).all(), found, page


def history(connection: Connection, viewer: Viewer, kind: str, key: str, *, limit: int = 20) -> tuple[Entry, ...]:
    """The newest changes of an object, with those of their lines that are about it. They name what is beside it: who
    sees branches alone sees none."""
    if not viewer.whole:
        return ()
    query = (
        _entries()
        .join(change_subject, change_subject.c.change == change.c.id)
        .where(change_subject.c.kind == kind, change_subject.c.key == key, visible(viewer))
        .order_by(change.c.id.desc())
        .limit(limit)
    )
    return tuple(_entry(row, _about(connection, row.id, kind, key)) for row in connection.execute(query).all())


def _about(connection: Connection, change_id: int, kind: str, key: str) -> Sequence[Row[Any]] | None:
    query = select(change_line).where(change_line.c.change == change_id).order_by(change_line.c.id).limit(MANY + 1)
    lines = connection.execute(query).all()
    return None if len(lines) > MANY else [line for line in lines if _names(line, kind, key)]


def _names(line: Row[Any], kind: str, key: str) -> bool:
    return any(
        str(row.get(column)) == key
        for column, subject in SUBJECTS[line.object]
        if subject == kind
        for row in (line.before or {}, line.after or {})
    )


@dataclass(frozen=True, slots=True)
class Names:
    """What keys of the registry are called, as far as some lines name them."""

    points: Mapping[str, Row[Any]]
    nodes: Mapping[str, str]
    contracts: Mapping[str, str]
    schemes: Mapping[str, str]
    organisations: Mapping[str, str]
    transformers: Mapping[str, str]

    def of(self, column: str, value: Any) -> str | None:
        """The name of what a column refers to; None when it refers to nothing that has one."""
        if column == "point" and str(value) in self.points:
            return str(self.points[str(value)].code)
        named = {
            "node": self.nodes,
            "parent": self.nodes,
            "contract": self.contracts,
            "scheme": self.schemes,
            "organisation": self.organisations,
            "transformer": self.transformers,
        }
        return named.get(column, {}).get(str(value))

    def tz(self, row: Mapping[str, Any], usual: str) -> str:
        """In whose time the moments of a row are told."""
        found = self.points.get(str(row.get("point")))
        return str(found.tz) if found is not None else str(row.get("tz") or usual)


def names(connection: Connection, lines: Iterable[Row[Any]]) -> Names:
    wanted: dict[str, set[int]] = defaultdict(set)
    for line in lines:
        for row in (line.before or {}, line.after or {}):
            for column in ("point", "node", "parent", "contract", "scheme", "organisation", "transformer"):
                if isinstance(row.get(column), int):
                    wanted["node" if column == "parent" else column].add(row[column])

    def named(table: Any, column: Any, kind: str) -> dict[str, str]:
        query = select(table.c.id, column).where(table.c.id.in_(wanted[kind]))
        return {str(key): name for key, name in connection.execute(query)}

    points: Select[Any] = select(point.c.id, point.c.code, point.c.tz).where(point.c.id.in_(wanted["point"]))
    return Names(
        {str(row.id): row for row in connection.execute(points)},
        named(node, node.c.path, "node"),
        named(contract, contract.c.number, "contract"),
        named(zone_scheme, zone_scheme.c.name, "scheme"),
        named(organisation, organisation.c.name, "organisation"),
        named(transformer, transformer.c.serial, "transformer"),
    )


def differing(line: Row[Any]) -> Sequence[tuple[str, Any, Any]]:
    """Columns of a line that are not the same before and after, without its own key; in the table's order."""
    before, after = line.before or {}, line.after or {}
    columns = [name for name in dict.fromkeys([*before, *after]) if name != "id" or line.object == "meter"]
    return [(name, before.get(name), after.get(name)) for name in columns if before.get(name) != after.get(name)]
