"""Changing the registry: every row that is entered, replaced or removed is kept whole, before and after, for ever.

`Change` is the only writer of the registry's tables: one act of one person, in one transaction, written down in
`change_line`; nothing that ever stood is lost, and an act is undone as a whole (undo.py). What it does to figures is
collected meanwhile (`touch`): at the end their days are marked dirty, or, before anything is saved, told
(consequences.py).
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Connection, Date, Integer, Numeric, Table, func, select

from central.concentrators.versions import refresh_of
from central.db import alone, execute_many, metadata
from central.figures import recheck
from central.figures.limits import longest_of
from central.metering.hourly import HOUR
from central.metering.zones import day_of, midnight
from central.registry.consequences import mark_days
from central.registry.refusals import Refused
from central.registry.search.index import reindex
from central.registry.tables import change, change_line, change_subject, hour_price, point, point_terms

SUBJECTS: Mapping[str, Sequence[tuple[str, str]]] = {  # table -> (column, on the page of what it stands)
    "organisation": (("id", "organisation"),),
    "node": (("id", "node"), ("parent", "node")),
    "point": (("id", "point"), ("node", "node")),
    "point_terms": (("point", "point"),),
    "mounting": (("point", "point"), ("meter", "meter")),
    "manual_reading": (("point", "point"),),
    "meter": (("id", "meter"),),
    "meter_type": (("id", "meter_type"),),
    "transformer": (("id", "transformer"),),
    "transformer_place": (("transformer", "transformer"), ("point", "point")),
    "verification": (("meter", "meter"), ("transformer", "transformer")),
    "contract": (("id", "contract"),),
    "contract_point": (("contract", "contract"), ("point", "point")),
    "zone_scheme": (("id", "scheme"),),
    "zone_rule": (("scheme", "scheme"),),
    "price": (("scheme", "scheme"),),
    "monthly_line": (("scheme", "scheme"),),
    "hour_price": (("scheme", "scheme"),),
    "concentrator": (("edge", "edge"), ("node", "node")),
    "edge": (("name", "edge"),),
    "edge_line": (("edge", "edge"),),
    "edge_meter": (("edge", "edge"), ("meter", "meter")),
}
PRICED: Mapping[str, str] = {  # table whose rows make money of energy -> column of its scheme
    "zone_scheme": "id",
    "zone_rule": "scheme",
    "price": "scheme",
    "monthly_line": "scheme",
}
LINES = 2000  # kept in memory before they are written
FOREVER = 2**62

Values = Mapping[str, Any]


class Change:
    """One act, in the transaction of `connection`. Use `entering`."""

    def __init__(self, connection: Connection, id: int, at: int) -> None:
        self.connection = connection
        self.id = id
        self.at = at
        self.touched: dict[int, tuple[int, int]] = {}  # point -> [since, until) in which its figures may change
        self.left: dict[int, set[int]] = {}  # point -> contracts that it was in, in that time, and is no more
        self.priced: dict[int, date] = {}  # scheme -> first day on which money may be another
        self.subjects: set[tuple[str, str]] = set()
        self._lines: list[dict[str, Any]] = []
        self._hours: dict[int, int] = {}  # scheme -> first hour that got a price, or has none any more
        self._billed: dict[int, list[tuple[int, str, date, date | None]]] = {}  # by scheme: point, zone, days

    def add(self, table: Table, **values: Any) -> Any:
        """A new row; returns its primary key. Columns that are not given are null."""
        made = self.connection.execute(table.insert().values(**values)).inserted_primary_key
        assert made is not None
        column = _key_of(table)
        self._note(table, {column: made[0]} | values, None, {column: made[0]} | values)
        return made[0]

    def add_many(self, table: Table, rows: Sequence[Values]) -> None:
        """New rows of one shape, keys included."""
        if rows:
            self.connection.execute(table.insert(), rows)
            for row in rows:
                self._note(table, row, None, row)

    def replace(self, table: Table, key: Any, **values: Any) -> None:
        """The row as it stood is kept, this one stands in its place. The same values again are nothing."""
        column = table.c[_key_of(table)]
        before = dict(self.connection.execute(select(table).where(column == key)).mappings().one())
        after = before | values
        if before != after:
            self.connection.execute(table.update().where(column == key).values(**values))
            self._note(table, after, before, after)
            self._note_subjects(table, before)

    def remove(self, table: Table, key: Any) -> None:
        """The row stands no more; as it stood it is kept."""
        column = table.c[_key_of(table)]
        before = dict(self.connection.execute(select(table).where(column == key)).mappings().one())
        self.connection.execute(table.delete().where(column == key))
        self._note(table, before, before, None)

    def restore(self, table: Table, key: str, before: Values | None) -> None:
        """The row with this key, as `change_line` has it, stands as it stood `before`; null = it stands no more."""
        column = table.c[_key_of(table)]
        typed = column.type.python_type(key)
        there = self.connection.execute(select(table).where(column == typed)).first()
        if before is None:
            self.remove(table, typed)
        elif there is None:
            self.add(table, **unpacked(table, before))
        else:
            self.replace(table, typed, **unpacked(table, before))
        for row in (before, None if there is None else dict(there._mapping)):
            self._touch_row(table, row)

    def _touch_row(self, table: Table, row: Values | None) -> None:
        """Figures that a row decides on."""
        if row is not None and table.name in ("mounting", "contract_point"):
            self.touch(row["point"], row["valid_from"], row.get("valid_to"))
        elif row is not None and table.name == "manual_reading":
            self.touch(row["point"], row["read_at"] - 1, row["read_at"] + 1)
        elif row is not None and table.name == "point_terms":
            self.touch(row["point"], 0, None)
        elif row is not None and table.name == "hour_price":
            self.touch_billed(row["scheme"], row["hour"], row["hour"] + HOUR)

    def touch_billed(self, scheme: int, since: int, until: int) -> None:
        """The same of all points that a scheme bills in that time."""
        if scheme not in self._billed:
            query = select(point_terms.c.point, point.c.tz, point_terms.c.valid_from, point_terms.c.valid_to)
            query = query.join(point, point.c.id == point_terms.c.point).where(point_terms.c.scheme == scheme)
            self._billed[scheme] = [tuple(row) for row in self.connection.execute(query)]
        for key, tz, first, end in self._billed[scheme]:
            if midnight(first, tz) < until and (end is None or since < midnight(end, tz)):
                self.touch(key, since, until)

    def touch(self, point: int, since: int, until: int | None) -> None:
        """Figures of the point in this time (seconds UTC, null = open) may be others now."""
        old = self.touched.get(point, (FOREVER, 0))
        self.touched[point] = (min(old[0], since), max(old[1], FOREVER if until is None else until))

    def leave(self, point: int, contract: int) -> None:
        """The point is under this contract no more in the time that is touched."""
        self.left.setdefault(point, set()).add(contract)

    def close(self) -> None:
        """Writes down what is not yet."""
        self._flush()
        self._begin_hours()
        rows = [{"kind": kind, "key": key, "change": self.id} for kind, key in sorted(self.subjects)]
        if rows:
            execute_many(self.connection, change_subject.insert(), rows)

    def _note(self, table: Table, row: Values, before: Values | None, after: Values | None) -> None:
        line = {"change": self.id, "object": table.name, "key": str(row[_key_of(table)])}
        self._lines.append(line | {"before": packed(before), "after": packed(after)})
        self._note_subjects(table, row)
        self._note_price(table, before, after)
        self._note_hour(table, before, after)
        self._note_kind(table, before, after)
        if len(self._lines) >= LINES:
            self._flush()

    def _note_subjects(self, table: Table, row: Values) -> None:
        for column, kind in SUBJECTS[table.name]:
            if row.get(column) is not None:
                self.subjects.add((kind, str(row[column])))

    def _note_price(self, table: Table, before: Values | None, after: Values | None) -> None:
        if table.name in PRICED:
            column, (one, other) = PRICED[table.name], (before or after or {}, after or before or {})
            days = [row["valid_from"] for row in (one, other) if "valid_from" in row] or [date.min]
            if before and after and all(before[name] == after[name] for name in before if name != "valid_to"):
                days = [row["valid_to"] for row in (one, other) if row["valid_to"] is not None]  # its end alone
            self.priced[one[column]] = min(self.priced.get(one[column], date.max), *days)

    def _note_hour(self, table: Table, before: Values | None, after: Values | None) -> None:
        row = after or before
        if table is hour_price and row is not None and (before is None or after is None):
            self._hours[row["scheme"]] = min(self._hours.get(row["scheme"], row["hour"]), row["hour"])

    def _note_kind(self, table: Table, before: Values | None, after: Values | None) -> None:
        """A gap may be estimated as long as the kind of its point may."""
        if table is point and before is not None and after is not None and before["kind"] != after["kind"]:
            kinds = (before["kind"], after["kind"])
            if len({longest_of(self.connection, after["organisation"], kind) for kind in kinds}) > 1:
                self.touch(after["id"], 0, None)

    def _begin_hours(self) -> None:
        """Where the first priced hour of a scheme is another now, all that it bills from there on is."""
        for scheme, hour in self._hours.items():
            first = self.connection.scalar(select(func.min(hour_price.c.hour)).where(hour_price.c.scheme == scheme))
            if first is None or hour <= first:
                day = day_of(hour, "UTC") - timedelta(days=1)  # in whatever zone
                self.priced[scheme] = min(self.priced.get(scheme, day), day)

    def _flush(self) -> None:
        if self._lines:
            self.connection.execute(change_line.insert(), self._lines)
            self._lines = []


@contextmanager
def entering(
    connection: Connection,
    *,
    at: int,
    kind: str,
    account: int | None = None,
    reason: str = "",
    undoes: int | None = None,
) -> Iterator[Change]:
    """One act of someone (`account` None = the command line): what it enters is noted, days of figures are marked,
    concentrators whose meters it concerns are to be told, the search box finds it.

    Nothing but this act writes the registry meanwhile. The transaction is the caller's. Raises Refused: what it is to
    undo has been undone.
    """
    alone(connection, "registry")
    if undoes is not None:
        refuse_undone(connection, undoes)
    values = {"at": at, "kind": kind, "account": account, "reason": reason, "undoes": undoes}
    key = connection.execute(change.insert().values(**values)).inserted_primary_key
    assert key is not None
    made = Change(connection, key[0], at)
    yield made
    made.close()
    mark_days(connection, made.touched, made.id)
    recheck.by_registry(connection, made.touched, made.priced, made.id)
    reindex(connection, made.subjects)
    refresh_of(connection, made.subjects, at, f"change {made.id}")


def refuse_undone(connection: Connection, key: int, *, but: int | None = None) -> None:
    """Raises Refused: a change other than `but` has undone this one."""
    by = connection.execute(select(change.c.id).where(change.c.undoes == key)).scalar()
    if by is not None and by != but:
        raise Refused(None, _l("Это изменение уже отменено"))


def packed(row: Values | None) -> dict[str, Any] | None:
    """A row as JSON has it: days as text, money and ratios as text; null left out."""
    return None if row is None else {name: _text(value) for name, value in row.items() if value is not None}


def unpacked(table: Table, row: Values) -> dict[str, Any]:
    """The whole row again, as SQL takes it."""
    return {column.name: _value(column.type, row.get(column.name)) for column in table.columns}


def _text(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return value.isoformat() if isinstance(value, date) else value


def _value(kind: Any, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(kind, Date):
        return date.fromisoformat(value)
    return Decimal(value) if isinstance(kind, Numeric) and not isinstance(kind, Integer) else value


@cache
def _key_of(table: Table) -> str:
    return next(iter(table.primary_key.columns)).name


def table_of(name: str) -> Table:
    """By its name in `change_line`."""
    return metadata.tables[name]
