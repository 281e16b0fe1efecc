"""What SQL does with the statements that a program really sends: which tables a statement walks from end to end.

    with statements() as sent: …                             every statement meanwhile, with its values
    walks(engine, statement, values, large)                  -> names of large tables that its plan walks

A walk is a scan that no condition of an index narrows; in the order of an index up to a LIMIT it is none.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event, func, inspect, select, table, text

Values = Any  # as the driver got them: a tuple or a mapping


@contextmanager
def statements() -> Iterator[dict[str, Values]]:
    """Of every engine of this process; of one sent several times the values of the first."""
    sent: dict[str, Values] = {}

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, many: bool) -> None:
        sent.setdefault(statement, values[0] if many else values)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def large_tables(engine: Engine, rows: int) -> set[str]:
    """Those with at least so many rows; each partition is a table."""
    with engine.connect() as connection:
        names = inspect(connection).get_table_names()
        counts = {name: connection.scalar(select(func.count()).select_from(table(name))) for name in names}
    return {name for name, count in counts.items() if (count or 0) >= rows}


def plan(engine: Engine, statement: str, values: Values) -> list[str]:
    """Its lines as the database prints them."""
    how = "EXPLAIN" if engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
    with engine.connect() as connection:
        return [str(row[-1]) for row in connection.exec_driver_sql(f"{how} {statement}", values)]


def walks(
    engine: Engine, statement: str, values: Values, large: Collection[str], *, reluctantly: bool = False
) -> set[str]:
    """Names of the large tables that the statement would walk.

    PostgreSQL walks a small table though it has an index; `reluctantly`: only where it cannot do otherwise.
    """
    if not re.match(r"\s*(SELECT|WITH|UPDATE|DELETE|INSERT)", statement):
        return set()
    if engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            for walking in ("seqscan", "mergejoin", "hashjoin") if reluctantly else ():
                connection.execute(text(f"SET LOCAL enable_{walking} = off"))
            found = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", values).scalar_one()
        tree = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
        return set(_postgresql(tree, large, limited=False))
    lines = plan(engine, statement, values)
    return {name for line in lines if (name := _sqlite(line, "LIMIT" in statement)) in large}


def _postgresql(node: Mapping[str, Any], large: Collection[str], limited: bool) -> Iterator[str]:
    limited = limited or node["Node Type"] == "Limit"
    narrowed = "Index Cond" in node or node["Node Type"] == "Bitmap Heap Scan"
    ordered = "Index" in node["Node Type"] and limited
    if node.get("Relation Name") in large and not narrowed and not ordered and "Scan" in node["Node Type"]:
        yield node["Relation Name"]
    for below in node.get("Plans", ()):
        blocks = node["Node Type"] in ("Sort", "Aggregate", "Hash", "Materialize")  # reads all before it gives one
        yield from _postgresql(below, large, limited and not blocks)


def _sqlite(line: str, limited: bool) -> str | None:
    """`SCAN point`, `SCAN point USING COVERING INDEX …`, `SEARCH point` for its maximum; an alias has a number."""
    scan = re.match(r"(?P<how>SCAN|SEARCH) (?P<name>\w+?)(_\d+)?( (?P<using>USING .*))?$", line)
    if scan is None or (scan["using"] and (limited or scan["how"] == "SEARCH")):
        return None
    return scan["name"]
