"""The tree of the network, read as far as it is open: children a page at a time, points below each counted already.

How many points hang where is kept in `node_points`: `count_points` is called by every change of the registry.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Row, Select, func, select, union_all

from central.db import insert
from central.registry.natural import natural
from central.registry.search.tables import node_points
from central.registry.tables import node, organisation, point

PAGE = 50  # children of a node that are shown at once
MOST = 30  # nodes that are open at once
CHUNK = 500


@dataclass(frozen=True, slots=True)
class Branch:
    """A node as the tree shows it. `page` of its children, from 1; `more`: there are further pages."""

    id: int
    kind: str
    name: str
    path: str
    points: int  # below it, its own included
    parent: int | None
    leaf: bool
    open: bool
    page: int
    more: bool
    children: "tuple[Branch, ...]"


@dataclass(frozen=True, slots=True)
class Network:
    """The tree of one organisation, its top nodes first. `cut`: a filter found more than is shown."""

    organisation: str
    branches: tuple[Branch, ...]
    page: int = 1
    more: bool = False
    cut: bool = False


def read(
    connection: Connection,
    organisation_id: int,
    opened: Collection[int],
    pages: Mapping[int, int] | None = None,
    tops: Collection[int] = (),
) -> Network:
    """Open: these nodes and all above them. `pages`: node -> which page of its children (0 = of the top nodes).
    `tops`: these stand at the top, and nothing is read but what is below them."""
    pages = pages or {}
    above = _with_ancestors(connection, organisation_id, list(opened)[:MOST], tops)
    rows: dict[int, Row[Any]] = {}
    below: dict[int, list[int]] = defaultdict(list)
    more: set[int] = set()
    for row in connection.execute(_children(organisation_id, above, pages, tops)):
        parent = _parent(row, tops)
        if len(below[parent]) == PAGE:
            more.add(parent)
        else:
            below[parent].append(row.id)
            rows[row.id] = row
    for row in above.values():  # an open one stands there, on whichever page of its parent it is
        if row.id not in rows:
            rows[row.id] = row
            below[_parent(row, tops)].append(row.id)

    def branches(parent: int) -> tuple[Branch, ...]:
        return tuple(
            _branch(
                row, branches(row.id) if row.id in above else (), row.id in above, pages.get(row.id, 1), row.id in more
            )
            for row in sorted((rows[key] for key in below[parent]), key=lambda row: natural(row.name))
        )

    return Network(_name(connection, organisation_id), branches(0), pages.get(0, 1), 0 in more)


def among(
    connection: Connection, organisation_id: int, found: Sequence[int], cut: bool = False, tops: Collection[int] = ()
) -> Network:
    """These nodes and all above them (up to `tops`), nothing else: the tree as a filter leaves it."""
    rows = _with_ancestors(connection, organisation_id, found, tops)
    below: dict[int, list[Row[Any]]] = defaultdict(list)
    for row in rows.values():
        below[_parent(row, tops)].append(row)

    def branches(parent: int) -> tuple[Branch, ...]:
        return tuple(
            _branch(row, branches(row.id), bool(below[row.id]), 1, False)
            for row in sorted(below[parent], key=lambda row: natural(row.name))
        )

    return Network(_name(connection, organisation_id), branches(0), cut=cut)


def _branch(row: Row[Any], children: tuple[Branch, ...], opened: bool, page: int, more: bool) -> Branch:
    return Branch(
        row.id, row.kind, row.name, row.path, row.below or 0, row.parent, row.leaf, opened, page, more, children
    )


def _name(connection: Connection, organisation_id: int) -> str:
    return str(connection.execute(select(organisation.c.name).where(organisation.c.id == organisation_id)).scalar_one())


def _parent(row: Row[Any], tops: Collection[int]) -> int:
    """0: it stands at the top."""
    return 0 if row.parent is None or row.id in tops else int(row.parent)


def _with_ancestors(
    connection: Connection, organisation_id: int, keys: Sequence[int], tops: Collection[int]
) -> dict[int, Row[Any]]:
    """Of `keys`, those below `tops`, if any are told."""
    if not keys:
        return {}
    up = (
        select(node.c.id, node.c.parent)
        .where(node.c.id.in_(keys), node.c.organisation == organisation_id)
        .cte("up", recursive=True)
    )
    up = up.union(select(node.c.id, node.c.parent).where(node.c.id == up.c.parent, up.c.id.not_in(tops)))
    rows = {row.id: row for row in connection.execute(_nodes().where(node.c.id.in_(select(up.c.id))))}
    if not tops:
        return rows

    def leads_up(key: int | None) -> bool:
        return key in tops or (key in rows and leads_up(rows[key].parent))

    return {key: row for key, row in rows.items() if leads_up(key)}


def _nodes() -> Select[Any]:
    child = node.alias("child")
    has = select(child.c.id).where(child.c.parent == node.c.id).exists()
    columns = (node.c.id, node.c.parent, node.c.kind, node.c.name, node.c.path, node_points.c.below)
    return select(*columns, (~has).label("leaf")).outerjoin(node_points, node_points.c.node == node.c.id)


def _children(organisation_id: int, opened: Iterable[int], pages: Mapping[int, int], tops: Collection[int]) -> Any:
    """A page of the children of each, one more than is shown, in one statement."""
    ours: ColumnElement[bool] = node.c.organisation == organisation_id
    parts = []
    for key in (0, *opened):
        top = node.c.id.in_(tops) if tops else node.c.parent.is_(None)
        under = node.c.parent == key if key else top
        page = _nodes().where(ours, under).order_by(node.c.name).limit(PAGE + 1).offset((pages.get(key, 1) - 1) * PAGE)
        parts.append(select(page.subquery()))
    return union_all(*parts)


def count_points(connection: Connection, nodes: Iterable[int]) -> None:
    """Points of these nodes and of all above them are counted anew.

    To be called after nodes were made, removed or put elsewhere, and after points came to them or left.
    """
    asked = set(nodes)
    parents = _parents_above(connection, asked)
    for part in chunks(asked - set(parents)):
        connection.execute(node_points.delete().where(node_points.c.node.in_(part)))
    levels: dict[int, list[int]] = defaultdict(list)
    for key in parents:
        levels[_depth(key, parents)].append(key)
    for level in sorted(levels, reverse=True):
        for part in chunks(levels[level]):
            own = _sums(connection, select(point.c.node, func.count()).where(point.c.node.in_(part)), point.c.node)
            child = select(node.c.parent, func.sum(node_points.c.below)).join(node, node.c.id == node_points.c.node)
            below = _sums(connection, child.where(node.c.parent.in_(part)), node.c.parent)
            counted = insert(connection, node_points)
            counted = counted.on_conflict_do_update(
                index_elements=["node"], set_={"own": counted.excluded.own, "below": counted.excluded.below}
            )
            rows = [{"node": key, "own": own.get(key, 0), "below": own.get(key, 0) + below.get(key, 0)} for key in part]
            connection.execute(counted, rows)


def _sums(connection: Connection, query: Select[Any], by: Column[Any]) -> dict[int, int]:
    return {key: int(count) for key, count in connection.execute(query.group_by(by))}


def _parents_above(connection: Connection, keys: Iterable[int]) -> dict[int, int | None]:
    """Node -> parent, of these and of all above them; one that is not there is left out."""
    parents: dict[int, int | None] = {}
    missing = set(keys)
    while missing:
        found: dict[int, int | None] = {}
        for part in chunks(missing):
            rows = connection.execute(select(node.c.id, node.c.parent).where(node.c.id.in_(part)))
            found |= {row.id: row.parent for row in rows}
        parents |= found
        missing = {parent for parent in found.values() if parent is not None and parent not in parents}
    return parents


def _depth(key: int, parents: Mapping[int, int | None]) -> int:
    depth, above = 0, parents[key]
    while above is not None:
        depth, above = depth + 1, parents[above]
    return depth


def chunks(keys: Iterable[int]) -> Iterator[list[int]]:
    found = iter(sorted(keys))
    while part := list(islice(found, CHUNK)):
        yield part
