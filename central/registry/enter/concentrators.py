"""Concentrators, their lines, and which meters each may speak for in which time."""

from collections.abc import Mapping
from typing import Any

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from sqlalchemy import Connection, select

from central.db import insert
from central.ingest.tables import edge, edge_line, edge_meter
from central.registry.changes import Change
from central.registry.enter.checks import filled, found, one_of, rows_of, unique
from central.registry.periods import COMPANY, Held, refuse_overlap
from central.registry.refusals import Refused
from central.registry.tables import concentrator, meter
from protocol.errors import LocalError
from protocol.messages.topics import check_edge

DRIVERS = ("spodes", "modbus")


def add_concentrator(
    change: Change,
    organisation: int,
    name: str,
    *,
    title: str,
    address: str,
    node: int | None = None,
    serial: str | None = None,
    phone: str | None = None,
) -> str:
    """`name` as in its certificate or account at the broker; it need not have been heard yet."""
    try:
        check_edge(name)
    except LocalError:
        sentence = _l("«%(name)s»: 1–40 знаков из 0–9, A–Z, a–z и «-», кроме «to» и «self»", name=name)
        raise Refused("edge", sentence) from None
    unique(change.connection, "edge", concentrator.c.edge, name, _l("Концентратор %(name)s уже есть", name=name))
    make_known(change.connection, name, change.at)
    values = {"title": filled("title", title, 200), "address": address, "serial": serial, "phone": phone}
    change.add(concentrator, edge=name, organisation=organisation, node=node, **values)
    return name


def make_known(connection: Connection, name: str, at: int) -> None:
    """Ingest's own row of the concentrator, which may not have been heard yet."""
    known = insert(connection, edge).values(name=name, first_at=at, last_at=0)
    connection.execute(known.on_conflict_do_nothing())


def add_line(change: Change, name: str, line: str, url: str) -> int:
    """A line of the concentrator `name`; `url` as in edge.toml: serial:/dev/ttyUSB0?baud=9600, tcp://host:port."""
    line = filled("name", line, 100)
    same = select(edge_line.c.id).where(edge_line.c.edge == name, edge_line.c.name == line)
    if change.connection.execute(same).first() is not None:
        raise Refused("name", _l("У концентратора %(edge)s уже есть линия «%(line)s»", edge=name, line=line))
    url = filled("url", url, 200)
    if not url.startswith(("serial:", "tcp://")):
        raise Refused("url", _l("«%(url)s»: serial:/dev/ttyUSB0?baud=9600 или tcp://192.168.0.7:4059", url=url))
    return int(change.add(edge_line, edge=name, name=line, url=url))


def entitle(
    change: Change,
    name: str,
    meter_id: str,
    valid_from: int,
    valid_to: int | None = None,
    *,
    line: int | None = None,
    driver: str | None = None,
    settings: Mapping[str, Any] | None = None,
) -> int:
    """The concentrator may speak for the meter in this time; a meter has one at a time.

    `line`, `driver`, `settings` say how it is read; without them its own edge.toml does.
    """
    values = {
        "edge": name,
        "meter": meter_id,
        "valid_from": valid_from,
        "valid_to": valid_to,
        "line": line,
        "driver": driver,
        "settings": dict(settings) if settings is not None else None,
    }
    _check(change.connection, values)
    return int(change.add(edge_meter, **values))


def release(change: Change, key: int, at: int) -> None:
    """From this moment on the concentrator may not speak for the meter."""
    correct_entitlement(change, key, valid_to=at)


def correct_entitlement(change: Change, key: int, **values: Any) -> None:
    """Any of its columns but `edge` and `meter`."""
    old = found(change.connection, "meter", edge_meter, key, _l("Концентратор этот счётчик не читает"))
    _check(change.connection, dict(old._mapping) | values)
    change.replace(edge_meter, key, **values)


def _check(connection: Connection, values: Mapping[str, Any]) -> None:
    found(connection, "edge", edge, values["edge"], _l("Концентратора %(name)s нет", name=values["edge"]))
    found(connection, "meter", meter, values["meter"], _l("Счётчика %(id)s нет", id=values["meter"]))
    if values["line"] is not None:
        hung = found(connection, "line", edge_line, values["line"], _l("Такой линии нет"))
        if hung.edge != values["edge"]:
            raise Refused(
                "line", _l("Линия «%(line)s» другого концентратора: %(edge)s", line=hung.name, edge=hung.edge)
            )
        one_of("driver", values["driver"] or "", DRIVERS)
    rows = rows_of(connection, edge_meter, edge_meter.c.meter == values["meter"])
    others = [
        Held(_name(row.meter, row.edge), row.valid_from, row.valid_to) for row in rows if row.id != values.get("id")
    ]
    refuse_overlap(_name(values["meter"], values["edge"]), values["valid_from"], values["valid_to"], others, COMPANY)


def _name(meter_id: str, name: str) -> LazyString:
    return _l("счётчик %(meter)s у концентратора %(edge)s", meter=meter_id, edge=name)
