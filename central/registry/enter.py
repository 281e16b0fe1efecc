"""Entering the registry: every function takes a connection in a transaction and returns the id of the new row.

A validity that overlaps another is refused (Overlap) with a sentence that names both sides; a value that is not
allowed is a ValueError that names it and what is. Instants are seconds UTC.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import ColumnElement, Connection, Row, Table, select

from central.db import alone
from central.registry.periods import refuse_overlap
from central.registry.schemes import SchemeSpec
from central.registry.tables import (
    contract,
    contract_point,
    meter,
    mounting,
    node,
    organisation,
    point,
    price,
    zone_rule,
    zone_scheme,
)
from protocol.messages.topics import valid_name

NODE_KINDS = ("site", "substation", "switchboard", "feeder")
ZONE_SOURCES = ("registers", "profile")
VALUES_ARE = ("secondary", "primary")
BILLING_READINGS = ("exact", "whole_kwh")
RESOLUTION = 10_000  # mWh: meters of this kind show hundredths of a kWh


def add_organisation(connection: Connection, name: str) -> int:
    return _add(connection, organisation, name=name)


def add_node(connection: Connection, organisation: int, kind: str, name: str, parent: int | None = None) -> int:
    """`path` = names from the top, joined by «\\»."""
    _one_of("kind", kind, NODE_KINDS)
    path = name
    if parent is not None:
        path = f"{connection.execute(select(node.c.path).where(node.c.id == parent)).scalar_one()}\\{name}"
    return _add(connection, node, organisation=organisation, parent=parent, kind=kind, name=name, path=path)


def add_scheme(
    connection: Connection, name: str, spec: SchemeSpec, valid_from: date, *, billing_reading: str = "exact"
) -> int:
    """A calendar of zones, as `schemes.THREE_ZONES`. Raises ValueError when it leaves a minute without zone."""
    _one_of("billing_reading", billing_reading, BILLING_READINGS)
    gap = spec.gap()
    if gap is not None:
        raise ValueError(f"scheme «{name}» has no zone for {gap // 60:02}:{gap % 60:02}")
    scheme = _add(connection, zone_scheme, name=name, tariffs=spec.tariffs, billing_reading=billing_reading)
    for rule in spec.rules:
        values = {name: getattr(rule, name) for name in ("months", "day_kind", "start", "end", "zone", "tz")}
        _add(connection, zone_rule, scheme=scheme, valid_from=valid_from, **values)
    return scheme


def set_price(
    connection: Connection, scheme: int, zone: str, amount: Decimal, valid_from: date, valid_to: date | None = None
) -> int:
    """Roubles per kWh. An open price of the zone that began before ends where this one begins."""
    alone(connection, "prices")
    tariffs = connection.execute(select(zone_scheme.c.tariffs).where(zone_scheme.c.id == scheme)).scalar_one()
    _one_of("zone", zone, tuple(tariffs))
    same = (price.c.scheme == scheme) & (price.c.zone == zone)
    ended = price.update().where(same, price.c.valid_to.is_(None), price.c.valid_from < valid_from)
    connection.execute(ended.values(valid_to=valid_from))
    others = [(f"the price {row.amount}", row.valid_from, row.valid_to) for row in _rows(connection, price, same)]
    refuse_overlap(f"the price {amount} of zone {zone}", valid_from, valid_to, others)
    values = {"scheme": scheme, "zone": zone, "valid_from": valid_from, "valid_to": valid_to, "amount": amount}
    return _add(connection, price, **values)


def add_point(
    connection: Connection,
    organisation: int,
    code: str,
    *,
    name: str,
    address: str,
    tz: str,
    scheme: int,
    node: int | None = None,
    zone_source: str = "registers",
    tariffs: Mapping[str, int] | None = None,
    power_max: int | None = None,
) -> int:
    """`tz`: IANA zone. `tariffs`: zone -> tariff register, where this point differs from its scheme. `power_max`: W."""
    _one_of("zone_source", zone_source, ZONE_SOURCES)
    try:
        ZoneInfo(tz)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"tz = {tz!r}: an IANA time zone is allowed, for instance Europe/Moscow") from None
    return _add(
        connection,
        point,
        organisation=organisation,
        code=code,
        name=name,
        address=address,
        tz=tz,
        scheme=scheme,
        node=node,
        zone_source=zone_source,
        tariffs=dict(tariffs) if tariffs is not None else None,
        power_max=power_max,
    )


def add_meter(
    connection: Connection,
    id: str,
    *,
    serial: str,
    type: str,
    maker: str,
    register_end: int | None = None,
    resolution: int = RESOLUTION,
) -> str:
    """`id` = <meter> of the topics. `register_end`, `resolution`: mWh."""
    if not valid_name(id):
        raise ValueError(f"meter {id!r}: 1-40 of 0-9 A-Z a-z «-» are allowed")
    values = {"serial": serial, "type": type, "maker": maker, "register_end": register_end, "resolution": resolution}
    connection.execute(meter.insert().values(id=id, **values))
    return id


def mount(
    connection: Connection,
    point: int,
    meter: str,
    valid_from: int,
    valid_to: int | None = None,
    *,
    wires: int = 4,
    ki: Decimal = Decimal(1),
    ku: Decimal = Decimal(1),
    values_are: str = "secondary",
    clock_offset: int = 180,
    period: int = 1800,
    reg_start: Mapping[str, int] | None = None,
    reg_end: Mapping[str, int] | None = None,
    act: str = "",
) -> int:
    """The meter stands at the point in this time. One point has one meter at a time, one meter stands at one point.

    `clock_offset` in minutes, `period` in seconds; `reg_start`, `reg_end`: field of the series -> mWh, from the act.
    """
    _one_of("values_are", values_are, VALUES_ARE)
    if wires not in (3, 4):
        raise ValueError(f"wires = {wires}: 3 or 4 are allowed")
    if ki <= 0 or ku <= 0:
        raise ValueError(f"ki = {ki}, ku = {ku}: ratios are greater than 0")
    if period <= 0 or 86_400 % period:
        raise ValueError(f"period = {period} s: a part of a day is allowed")
    alone(connection, "mountings")
    rows = _rows(connection, mounting, (mounting.c.point == point) | (mounting.c.meter == meter))
    others = [(f"meter {row.meter} at point {row.point}", row.valid_from, row.valid_to) for row in rows]
    refuse_overlap(f"meter {meter} at point {point}", valid_from, valid_to, others)
    return _add(
        connection,
        mounting,
        point=point,
        meter=meter,
        valid_from=valid_from,
        valid_to=valid_to,
        wires=wires,
        ki=ki,
        ku=ku,
        values_are=values_are,
        clock_offset=clock_offset,
        period=period,
        reg_start=dict(reg_start) if reg_start is not None else None,
        reg_end=dict(reg_end) if reg_end is not None else None,
        act=act,
    )


def add_contract(connection: Connection, organisation: int, number: str, holder: str) -> int:
    return _add(connection, contract, organisation=organisation, number=number, holder=holder)


def attach(connection: Connection, contract: int, point: int, valid_from: int, valid_to: int | None = None) -> int:
    """The point is supplied under the contract in this time; under one contract at a time."""
    alone(connection, "contracts")
    rows = _rows(connection, contract_point, contract_point.c.point == point)
    others = [(f"contract {row.contract} of point {row.point}", row.valid_from, row.valid_to) for row in rows]
    refuse_overlap(f"contract {contract} of point {point}", valid_from, valid_to, others)
    values = {"contract": contract, "point": point, "valid_from": valid_from, "valid_to": valid_to}
    return _add(connection, contract_point, **values)


def _add(connection: Connection, table: Table, **values: object) -> int:
    key = connection.execute(table.insert().values(**values)).inserted_primary_key
    assert key is not None
    return int(key[0])


def _rows(connection: Connection, table: Table, where: ColumnElement[bool]) -> Sequence[Row[Any]]:
    return connection.execute(select(table).where(where)).all()


def _one_of(key: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{key} = {value!r}: {', '.join(allowed)} are allowed")
