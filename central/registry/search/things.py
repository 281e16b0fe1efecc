"""What was found, as a page shows it: each thing with the words by which a person knows it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, select

from central.accounts.objects import contracts_of, edges_of, meters_of
from central.accounts.policy import Viewer, own_nodes, own_points
from central.ingest.tables import edge
from central.registry.search.find import found
from central.registry.tables import concentrator, contract, contract_point, meter, mounting, node, point

LOOKED_AT = 1000  # keys found of a kind for whoever sees only branches: what is theirs is sought among them


@dataclass(frozen=True, slots=True)
class Thing:
    """`name` first, what tells it from others beneath it; `key` of its page."""

    key: Any
    name: str
    more: str


@dataclass(frozen=True, slots=True)
class Group:
    """Things of one kind; `further`: there are more than are shown."""

    kind: str
    things: tuple[Thing, ...]
    further: bool


def look_up(connection: Connection, viewer: Viewer, text: str, limit: int) -> tuple[Group, ...]:
    """At most `limit` things of each kind, the kinds in the order in which people ask for them."""
    groups = []
    for kind, describe in KINDS.items():
        keys = found(connection, kind, viewer.organisation, text, limit + 1 if viewer.whole else LOOKED_AT)
        things = describe(connection, viewer, keys[:limit] if viewer.whole else keys) if keys else {}
        if things:
            shown = [things[key] for key in keys if key in things]
            further = len(keys) > limit if viewer.whole else len(shown) > limit
            groups.append(Group(kind, tuple(shown[:limit]), further))
    return tuple(groups)


def _points(connection: Connection, viewer: Viewer, keys: Sequence[str]) -> dict[str, Thing]:
    ids = [int(key) for key in keys]
    serials, holders = _latest(connection, _SERIALS, mounting, ids), _latest(connection, _HOLDERS, contract_point, ids)
    found = {}
    for row in _own(connection, point, viewer, ids):
        serial = f"№ {serials[row.id]}" if row.id in serials else None
        more = _joined(row.address, serial, holders.get(row.id))
        found[str(row.id)] = Thing(row.id, f"{row.code} · {row.name}", more)
    return found


_SERIALS = select(mounting.c.point, meter.c.serial).join(meter, meter.c.id == mounting.c.meter)
_HOLDERS = select(contract_point.c.point, contract.c.holder).join(contract, contract.c.id == contract_point.c.contract)


def _meters(connection: Connection, viewer: Viewer, keys: Sequence[str]) -> dict[str, Thing]:
    rows = connection.execute(select(meter).where(meter.c.id.in_(keys), meters_of(viewer)))
    return {row.id: Thing(row.id, f"№ {row.serial}", _joined(row.type, row.maker)) for row in rows}


def _contracts(connection: Connection, viewer: Viewer, keys: Sequence[str]) -> dict[str, Thing]:
    ids = [int(key) for key in keys]
    rows = _own(connection, contract, viewer, ids)
    return {str(row.id): Thing(row.id, row.number, _joined(row.holder, row.phone)) for row in rows}


def _nodes(connection: Connection, viewer: Viewer, keys: Sequence[str]) -> dict[str, Thing]:
    ids = [int(key) for key in keys]
    rows = _own(connection, node, viewer, ids)
    return {str(row.id): Thing(row.id, row.name, row.path) for row in rows}


def _own(connection: Connection, table: Table, viewer: Viewer, ids: Sequence[int]) -> list[Row[Any]]:
    """Rows of the viewer's organisation. It is not asked for in SQL: for its sake SQLite would walk all that it has."""
    asked = select(table).where(table.c.id.in_(ids))
    rows = connection.execute(asked if viewer.whole else asked.where(_IN_BRANCHES[table.name](viewer)))
    return [row for row in rows if row.organisation == viewer.organisation]


_IN_BRANCHES = {point.name: own_points, contract.name: contracts_of, node.name: own_nodes}


def _edges(connection: Connection, viewer: Viewer, keys: Sequence[str]) -> dict[str, Thing]:
    entered = concentrator.alias()  # the condition below asks for concentrators of its own
    query = select(edge.c.name, entered.c.title, entered.c.address)
    query = query.outerjoin(entered, entered.c.edge == edge.c.name)
    rows = connection.execute(query.where(edge.c.name.in_(keys), edges_of(viewer)))
    return {row.name: Thing(row.name, row.title or row.name, _joined(row.name, row.address)) for row in rows}


def _latest(connection: Connection, query: Select[Any], table: Table, points: Sequence[int]) -> dict[int, str]:
    """Point -> the newest of what it has had."""
    rows = connection.execute(query.where(table.c.point.in_(points)).order_by(table.c.valid_from))
    return {key: value for key, value in rows}  # noqa: C416 rows, not tuples


def _joined(*texts: str | None) -> str:
    return " · ".join(text for text in texts if text)


KINDS: Mapping[str, Callable[[Connection, Viewer, Sequence[str]], dict[str, Thing]]] = {
    "point": _points,
    "meter": _meters,
    "contract": _contracts,
    "node": _nodes,
    "edge": _edges,
}
