"""Organisations, the tree of the network, metering points."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Table, select

from central.metering.checks.catalogue import PointKind
from central.registry.changes import Change
from central.registry.enter.checks import filled, found, one_of, time_zone, unique
from central.registry.enter.tariffs import ZONE_SOURCES, set_terms
from central.registry.refusals import Refused
from central.registry.tables import node, organisation, point

NODE_KINDS = ("branch", "site", "substation", "switchboard", "feeder")
POINT_KINDS = tuple(kind.value for kind in PointKind)
EARLIEST = date(2000, 1, 1)
LAST_DAY = 31  # of a month
MOST_SILENT = 365


def add_organisation(
    change: Change,
    name: str,
    *,
    inn: str | None = None,
    phone: str | None = None,
    mail: str | None = None,
    address: str | None = None,
    hours: str | None = None,
) -> int:
    """`inn`: 10 or 12 digits; the others are its contacts, `hours`: when it is there for people."""
    name = filled("name", name, 200)
    unique(change.connection, "name", organisation.c.name, name, _l("Организация «%(name)s» уже есть", name=name))
    if inn is not None and not (inn.isascii() and inn.isdecimal() and len(inn) in (10, 12)):
        raise Refused("inn", _l("ИНН — 10 или 12 цифр, а не «%(inn)s»", inn=inn))
    contacts = {"phone": phone, "mail": mail, "address": address, "hours": hours}
    return int(change.add(organisation, name=name, inn=inn, **contacts))


def add_node(change: Change, organisation: int, kind: str, name: str, parent: int | None = None) -> int:
    """`path` = names from the top, joined by «\\»; names beside each other differ."""
    one_of("kind", kind, NODE_KINDS)
    name = filled("name", name, 200)
    path = path_of(change, organisation, name, parent)
    return int(change.add(node, organisation=organisation, parent=parent, kind=kind, name=name, path=path))


def path_of(change: Change, organisation: int, name: str, parent: int | None) -> str:
    """Of a node with this name there. Raises Refused: the parent is another organisation's, or the name is taken."""
    if "\\" in name:
        raise Refused("name", _l("«\\» разделяет части пути и в названии не бывает"))
    path = name
    if parent is not None:
        above = found(change.connection, "parent", node, parent, _l("Такого узла сети нет"))
        if above.organisation != organisation:
            raise Refused("parent", _l("Узел «%(path)s» принадлежит другой организации", path=above.path))
        path = f"{above.path}\\{name}"
    if len(path) > 1000:
        raise Refused("name", _l("Путь длиннее 1000 знаков"))
    same = select(node.c.id).where(node.c.organisation == organisation, node.c.path == path)
    if change.connection.execute(same).first() is not None:
        raise Refused("name", _l("«%(path)s» уже есть", path=path))
    return path


def rename_node(change: Change, key: int, name: str) -> None:
    """The paths below it change too."""
    name = filled("name", name, 200)
    old = found(change.connection, "name", node, key, _l("Такого узла сети нет"))
    if name == old.name:
        return
    path = path_of(change, old.organisation, name, old.parent)
    below = select(node).where(
        node.c.organisation == old.organisation, node.c.path.startswith(f"{old.path}\\", autoescape=True)
    )
    for row in change.connection.execute(below).all():
        change.replace(node, row.id, path=path + row.path[len(old.path) :])
    change.replace(node, key, name=name, path=path)


def add_point(
    change: Change,
    organisation: int,
    code: str,
    *,
    name: str,
    address: str,
    tz: str,
    scheme: int,
    node: int | None = None,
    zone_source: str = ZONE_SOURCES[0],
    tariffs: Mapping[str, int] | None = None,
    power_max: int | None = None,
    coefficient: Decimal | None = None,
    order_code: str | None = None,
    kind: str = POINT_KINDS[0],
    terms_from: date = EARLIEST,
) -> int:
    """`tz`: IANA zone. `tariffs`: zone -> tariff register, where this point differs from its scheme. `power_max`: W.

    `coefficient`: of the consumer's category, to every price; `order_code`: of the place of metering by order № 1021;
    `kind`: decides on the limits of the checks; `terms_from`: since when the scheme holds.
    """
    code = filled("code", code, 40)
    unique(change.connection, "code", point.c.code, code, _l("Точка учёта с кодом %(code)s уже есть", code=code))
    if order_code is not None:
        taken = _l("Код %(code)s по приказу № 1021 уже есть у другой точки", code=order_code)
        unique(change.connection, "order_code", point.c.order_code, order_code, taken)
    time_zone("tz", tz)
    one_of("kind", kind, POINT_KINDS)
    address = filled("address", address, 300)
    key = int(
        change.add(
            point,
            organisation=organisation,
            node=node,
            code=code,
            name=filled("name", name, 200),
            address=address,
            tz=tz,
            order_code=order_code,
            kind=kind,
        )
    )
    set_terms(
        change,
        key,
        terms_from,
        scheme=scheme,
        zone_source=zone_source,
        tariffs=tariffs,
        power_max=power_max,
        coefficient=coefficient,
    )
    return key


def correct(change: Change, table: Table, key: Any, **values: Any) -> None:
    """Other plain words of a row: name, address, phone. What decides on figures has functions of its own."""
    plain = PLAIN[table.name]
    for name in values:
        one_of("field", name, plain)
    if table is point and "kind" in values:
        one_of("kind", values["kind"], POINT_KINDS)
    change.replace(table, key, **values)


def set_reading_days(change: Change, key: int, first: int | None, last: int | None, silent_days: int) -> None:
    """On which days of a month a company takes readings of its consumers (both None = on any), and after how many days
    of a meter's silence on any. Raises Refused."""
    for name, day in (("reading_first_day", first), ("reading_last_day", last)):
        if day is not None and not 1 <= day <= LAST_DAY:
            raise Refused(name, _l("День месяца — от 1 до 31"))
    if (first is None) is not (last is None):
        lacking = "reading_first_day" if first is None else "reading_last_day"
        raise Refused(lacking, _l("Назовите оба дня, или ни одного: тогда показания принимают в любой день"))
    if not 1 <= silent_days <= MOST_SILENT:
        raise Refused("silent_days", _l("От 1 до %(most)s дней", most=MOST_SILENT))
    values = {"reading_first_day": first, "reading_last_day": last, "silent_days": silent_days}
    change.replace(organisation, key, **values)


PLAIN: Mapping[str, tuple[str, ...]] = {  # table -> columns that are only words
    "organisation": ("inn", "phone", "mail", "address", "hours"),
    "point": ("name", "address", "kind", "order_code", "node"),
    "meter": ("type", "maker", "made_in"),
    "meter_type": ("code", "serial_form", "digits", "verified_for"),
    "transformer": ("accuracy",),
    "contract": ("holder", "phone", "mail", "signed_on"),
    "concentrator": ("title", "address", "serial", "phone", "node"),
    "edge_line": ("url",),
}
