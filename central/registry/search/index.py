"""Which words a thing is found by. Every change of the registry ends here (`reindex`); `rebuild` makes it all anew."""

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import click
from sqlalchemy import Connection, Engine, Row, Select, select

from central.config import load
from central.db import connect, execute_many, writing
from central.ingest.tables import edge, edge_meter
from central.registry.search.tables import search_word
from central.registry.search.words import words
from central.registry.tables import concentrator, contract, contract_point, meter, mounting, node, point
from central.registry.tree import count_points

CHUNK = 500
ANYBODY = 0  # organisation of what is nobody's: staff of any may find it
Subjects = Collection[tuple[str, str]]


class Found(NamedTuple):
    """A thing: who may find it, and by which words."""

    organisations: Collection[int]
    words: Collection[str]


def reindex(connection: Connection, subjects: Subjects) -> None:
    """These things (kind, key) and those that are found by their words, as they stand now."""
    keys: dict[str, set[Any]] = defaultdict(set)
    for kind, key in subjects:
        if kind in KINDS:
            keys[kind].add(KINDS[kind].typed(key))
    for part in _chunks(keys["contract"]):  # its number, holder and phone find its points
        query = select(contract_point.c.point).where(contract_point.c.contract.in_(part))
        keys["point"] |= set(connection.scalars(query))
    for part in _chunks(keys["meter"]):  # so do a meter and the concentrator that reads it
        keys["point"] |= set(connection.scalars(select(mounting.c.point).where(mounting.c.meter.in_(part))))
    for part in _chunks(keys["node"]):  # and the names above it
        keys["point"] |= set(connection.scalars(select(point.c.id).where(point.c.node.in_(part))))
    for kind in KINDS:
        for part in _chunks(keys[kind]):
            _write(connection, kind, part, KINDS[kind].read(connection, part))
    hung = set(keys["node"])
    for part in _chunks(keys["point"]):
        hung |= set(connection.scalars(select(point.c.node).where(point.c.id.in_(part), point.c.node.is_not(None))))
    count_points(connection, hung)


def rebuild(engine: Engine, say: Callable[[str, int], None] = lambda _kind, _count: None) -> None:
    """All of it, in pieces: changes of the registry go on meanwhile. `say`: kind, how many so far."""
    with writing(engine).begin() as connection:
        connection.execute(search_word.delete())
    for kind, of in KINDS.items():
        last, count = None, 0
        while True:
            query = select(of.key).order_by(of.key).limit(CHUNK)
            with writing(engine).begin() as connection:
                part = connection.scalars(query if last is None else query.where(of.key > last)).all()
                reindex(connection, [(kind, str(key)) for key in part])
            if not part:
                break
            last, count = part[-1], count + len(part)
            say(kind, count)


def is_empty(connection: Connection) -> bool:
    """Nothing was indexed yet."""
    return connection.execute(select(search_word.c.word).limit(1)).first() is None


def _write(connection: Connection, kind: str, keys: Sequence[Any], found: Mapping[Any, Found]) -> None:
    texts = [str(key) for key in keys]
    connection.execute(search_word.delete().where(search_word.c.kind == kind, search_word.c.key.in_(texts)))
    rows = [
        {"organisation": organisation, "kind": kind, "word": word, "key": str(key)}
        for key, thing in found.items()
        for organisation in thing.organisations
        for word in thing.words
    ]
    if rows:
        execute_many(connection, search_word.insert(), rows)


def _points(connection: Connection, keys: Sequence[int]) -> dict[int, Found]:
    """By themselves and where they hang, and by every meter, contract and concentrator they have or had."""
    meters, contracts, edges = (_by(connection, query, keys) for query in (_METERS, _CONTRACTS, _READERS))
    found = {}
    placed = select(point, node.c.path).outerjoin(node, node.c.id == point.c.node).where(point.c.id.in_(keys))
    for row in connection.execute(placed):
        stood, held = meters.get(row.id, ()), contracts.get(row.id, ())
        texts = [row.code, row.order_code, row.name, row.address, row.path]
        texts += [one.edge for one in edges.get(row.id, ())]
        texts += [text for one in stood for text in (one.serial, one.id)]
        texts += [text for one in held for text in (one.number, one.holder)]
        found[row.id] = Found((row.organisation,), words(texts, [one.phone for one in held]))
    return found


_METERS = select(mounting.c.point, meter.c.id, meter.c.serial).join(meter, meter.c.id == mounting.c.meter)
_READERS = select(mounting.c.point, edge_meter.c.edge).join(edge_meter, edge_meter.c.meter == mounting.c.meter)
_CONTRACTS = select(contract_point.c.point, contract.c.number, contract.c.holder, contract.c.phone).join(
    contract, contract.c.id == contract_point.c.contract
)


def _by(connection: Connection, query: Select[Any], keys: Sequence[int]) -> dict[int, list[Row[Any]]]:
    column = next(iter(query.selected_columns))
    found: dict[int, list[Row[Any]]] = defaultdict(list)
    for row in connection.execute(query.where(column.in_(keys))):
        found[row.point].append(row)
    return found


def _meters(connection: Connection, keys: Sequence[str]) -> dict[str, Found]:
    whose: dict[str, set[int]] = defaultdict(set)
    at = select(mounting.c.meter, point.c.organisation).join(point, point.c.id == mounting.c.point)
    for row in connection.execute(at.where(mounting.c.meter.in_(keys))):
        whose[row.meter].add(row.organisation)
    return {
        row.id: Found(whose[row.id] or {ANYBODY}, words((row.id, row.serial, row.type, row.maker)))
        for row in connection.execute(select(meter).where(meter.c.id.in_(keys)))
    }


def _plain_contracts(connection: Connection, keys: Sequence[int]) -> dict[int, Found]:
    rows = connection.execute(select(contract).where(contract.c.id.in_(keys)))
    return {row.id: Found((row.organisation,), words((row.number, row.holder, row.mail), (row.phone,))) for row in rows}


def _nodes(connection: Connection, keys: Sequence[int]) -> dict[int, Found]:
    rows = connection.execute(select(node).where(node.c.id.in_(keys)))
    return {row.id: Found((row.organisation,), words((row.name,))) for row in rows}


def _edges(connection: Connection, keys: Sequence[str]) -> dict[str, Found]:
    query = select(edge.c.name, concentrator).outerjoin(concentrator, concentrator.c.edge == edge.c.name)
    return {
        row.name: Found(
            (row.organisation or ANYBODY,), words((row.name, row.title, row.address, row.serial), (row.phone,))
        )
        for row in connection.execute(query.where(edge.c.name.in_(keys)))
    }


class Kind(NamedTuple):
    key: Any  # column
    typed: Callable[[str], Any]
    read: Callable[[Connection, Sequence[Any]], Mapping[Any, Found]]


KINDS: Mapping[str, Kind] = {
    "point": Kind(point.c.id, int, _points),
    "meter": Kind(meter.c.id, str, _meters),
    "contract": Kind(contract.c.id, int, _plain_contracts),
    "node": Kind(node.c.id, int, _nodes),
    "edge": Kind(edge.c.name, str, _edges),
}


def _chunks(keys: Iterable[Any]) -> Iterator[list[Any]]:
    found = iter(sorted(keys))
    while part := list(islice(found, CHUNK)):
        yield part


@click.group()
def search() -> None:
    """The index of the console's search box."""


@search.command("rebuild")
@click.pass_obj
def rebuild_command(path: Path) -> None:
    """Make the index anew; the registry may be changed meanwhile."""
    engine, begun = connect(load(path).sql_url), time.monotonic()
    rebuild(engine, lambda kind, count: click.echo(f"{kind}: {count}", err=True))
    engine.dispose()
    click.echo(f"done in {time.monotonic() - begun:.0f} s")
