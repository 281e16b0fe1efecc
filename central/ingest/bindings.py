"""Which edge may speak for which meter, and when.

A stamp belongs to a period with both ends included: an interval that ends when the period ends lies inside it, and so
does the register frozen at the moment it begins.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, select

from central.db import given, insert, keys_of
from central.ingest.tables import edge, edge_meter

Periods = Sequence[tuple[int, int | None]]  # since, until (null = open), seconds UTC


def bind(connection: Connection, name: str, meter: str, valid_from: int, valid_to: int | None, now: int) -> None:
    """The edge is entitled to the meter in this period. An edge not heard of yet is made; the same again is nothing."""
    known = insert(connection, edge).values(name=name, first_at=now, last_at=now)
    connection.execute(known.on_conflict_do_nothing())
    period = insert(connection, edge_meter).values(edge=name, meter=meter, valid_from=valid_from, valid_to=valid_to)
    connection.execute(period.on_conflict_do_nothing())


def periods_of(connection: Connection, pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Periods]:
    """Periods of these (edge, meter) pairs; a pair without any is not in the answer."""
    wanted = sorted(set(pairs))
    found: dict[tuple[str, str], list[tuple[int, int | None]]] = {}
    if wanted:
        for row in connection.execute(_periods(connection.dialect.name), keys_of(wanted)):
            found.setdefault((row.edge, row.meter), []).append((row.valid_from, row.valid_to))
    return dict(found)


@cache
def _periods(dialect: str) -> Select[Any]:
    ours = given(dialect, edge_meter.c.edge, edge_meter.c.meter)
    same = (edge_meter.c.edge == ours.c.edge) & (edge_meter.c.meter == ours.c.meter)
    return select(edge_meter).join_from(ours, edge_meter, same)


def entitled(periods: Periods, stamp: int) -> bool:
    return any(since <= stamp and (until is None or stamp <= until) for since, until in periods)
