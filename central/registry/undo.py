"""Undoing a change as a whole, while nothing depends on it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import groupby, islice
from typing import Any

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from sqlalchemy import Column, Connection, Row, Table, delete, select

from central.db import metadata
from central.figures.tables import exception, point_day
from central.ingest.tables import meter_seen
from central.registry.changes import Change, packed, refuse_undone, table_of
from central.registry.periods import overlap
from central.registry.refusals import Refused
from central.registry.tables import change_line, meter, point

CHUNK = 500
OTHERS: Mapping[Table, Sequence[Column[Any]]] = {  # what refers to a row without SQL knowing it
    meter: (meter_seen.c.meter,),
    point: (point_day.c.point,),
}
ALONE: Mapping[str, Sequence[tuple[str, ...]]] = {  # of one of these only one row is valid at a moment
    "mounting": (("point",), ("meter",)),
    "contract_point": (("point",),),
    "edge_meter": (("meter",),),
    "point_terms": (("point",),),
    "price": (("scheme", "zone", "above"),),
    "monthly_line": (("scheme", "name"),),
    "transformer_place": (("transformer",),),
}
CAPTIONS: Mapping[str, LazyString] = {  # of what depends on a row
    "point_day": _l("вычисленные сутки"),
    "meter_seen": _l("показания, которые уже пришли"),
    "dirty": _l("сутки, которые ждут вычисления"),
    "manual_reading": _l("показание, внесённое вручную"),
    "exception": _l("исключения, о которых уже решено"),
    "decision": _l("решения о значениях"),
    "period_close": _l("закрытый месяц"),
    "grant": _l("доступ потребителя"),
    "account": _l("учётная запись"),
    "mounting": _l("установка счётчика"),
    "contract_point": _l("точка в договоре"),
    "edge_meter": _l("счётчик у концентратора"),
    "edge_line": _l("линия концентратора"),
    "concentrator": _l("концентратор"),
    "point_terms": _l("условия точки"),
    "node": _l("узел сети"),
    "point": _l("точка учёта"),
    "contract": _l("договор"),
    "verification": _l("поверка"),
    "transformer_place": _l("место трансформатора"),
    "price": _l("цена"),
    "monthly_line": _l("ежемесячная плата"),
    "hour_price": _l("цена часа"),
}


def undo(made: Change, key: int) -> None:
    """Everything that change `key` entered, replaced or removed is as it was before. Raises Refused: what depends."""
    connection = made.connection
    refuse_undone(connection, key, but=made.id)
    restored: set[tuple[str, str]] = set()
    for name, lines in groupby(_backwards(connection, key), lambda line: line.object):
        table = table_of(name)
        while part := list(islice(lines, CHUNK)):
            _refuse_later(connection, table, part)
            added = [line.key for line in part if line.before is None]
            if table is point:
                _forget_exceptions(connection, added)
            _refuse_dependants(connection, table, added)
            for line in part:
                made.restore(table, line.key, line.before)
                if line.before is not None and name in ALONE:
                    restored.add((name, line.key))
    for name, row_key in sorted(restored):
        _refuse_two(connection, table_of(name), row_key)


def _backwards(connection: Connection, key: int) -> Iterator[Row[Any]]:
    """Its lines, the last first, a few at a time."""
    last = None
    while True:
        query = select(change_line).where(change_line.c.change == key)
        if last is not None:
            query = query.where(change_line.c.id < last)
        rows = connection.execute(query.order_by(change_line.c.id.desc()).limit(CHUNK)).all()
        yield from rows
        if len(rows) < CHUNK:
            return
        last = rows[-1].id


def _refuse_later(connection: Connection, table: Table, lines: Sequence[Row[Any]]) -> None:
    """A row that is not any more what this change made of it was changed later."""
    column = next(iter(table.primary_key.columns))
    keys = [_typed(column, line.key) for line in lines]
    found = connection.execute(select(table).where(column.in_(keys))).mappings()
    there = {str(row[column.name]): packed(dict(row)) for row in found}
    for line in lines:
        if there.get(line.key) != line.after:
            raise Refused(None, _l("%(what)s с тех пор изменено: сначала отмените то изменение", what=_caption(table)))
        there[line.key] = line.before


def _refuse_dependants(connection: Connection, table: Table, keys: Iterable[str]) -> None:
    mine = next(iter(table.primary_key.columns))
    wanted = [_typed(mine, key) for key in keys]
    if not wanted:
        return
    for column in (*_referring(table), *OTHERS.get(table, ())):
        query = select(column).where(column.in_(wanted))
        if column.table is table:  # of those that go together the last one goes first
            query = query.where(mine.not_in(wanted))
        if connection.execute(query.limit(1)).first() is not None:
            sentence = _l("От этого уже зависит: %(what)s", what=_caption(column.table))
            raise Refused(None, sentence)


def _forget_exceptions(connection: Connection, keys: Iterable[str]) -> None:
    """What the checks found at points that go; what somebody has decided about one stands, and so does the point."""
    open_ = exception.c.decision.is_(None)
    connection.execute(delete(exception).where(exception.c.point.in_([int(key) for key in keys]), open_))


@cache
def _referring(table: Table) -> tuple[Column[Any], ...]:
    return tuple(
        column
        for other in metadata.tables.values()
        for column in other.columns
        if any(key.column.table is table for key in column.foreign_keys)
    )


def _refuse_two(connection: Connection, table: Table, key: str) -> None:
    """A row that stands again must not be valid beside one that was entered meanwhile."""
    column = next(iter(table.primary_key.columns))
    row = connection.execute(select(table).where(column == _typed(column, key))).mappings().first()
    if row is None:
        return
    for names in ALONE[table.name]:
        same = select(table).where(*(table.c[name] == row[name] for name in names), column != row[column.name])
        for other in connection.execute(same):
            if overlap(row["valid_from"], row["valid_to"], other.valid_from, other.valid_to):
                sentence = _l("%(what)s: на это время с тех пор внесено другое", what=_caption(table))
                raise Refused(None, sentence)


def _typed(column: Column[Any], key: str) -> Any:
    return column.type.python_type(key)


def _caption(table: Any) -> LazyString | str:
    return CAPTIONS.get(table.name, table.name)
