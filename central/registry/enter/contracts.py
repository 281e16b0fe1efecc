"""Contracts, and which point is supplied under which of them since when."""

from datetime import date
from typing import Any

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from sqlalchemy import Connection, select

from central.registry.changes import Change
from central.registry.enter.checks import filled, found, not_future, rows_of
from central.registry.periods import Held, refuse_overlap, said
from central.registry.refusals import Refused
from central.registry.tables import contract, contract_point, point


def add_contract(
    change: Change,
    organisation: int,
    number: str,
    holder: str,
    *,
    phone: str | None = None,
    mail: str | None = None,
    signed_on: date | None = None,
) -> int:
    number, holder = filled("number", number, 60), filled("holder", holder, 200)
    same = select(contract.c.id).where(contract.c.organisation == organisation, contract.c.number == number)
    if change.connection.execute(same).first() is not None:
        raise Refused("number", _l("Договор %(number)s уже есть", number=number))
    values = {"organisation": organisation, "number": number, "holder": holder}
    return int(change.add(contract, **values, phone=phone, mail=mail, signed_on=signed_on))


def attach(change: Change, contract_id: int, point_id: int, valid_from: int, valid_to: int | None = None) -> int:
    """The point is supplied under the contract in this time; under one contract at a time."""
    values = {"contract": contract_id, "point": point_id, "valid_from": valid_from, "valid_to": valid_to}
    _check(change.connection, values, change.at)
    return int(change.add(contract_point, **values))


def hand_over(change: Change, point_id: int, contract_id: int, at: int) -> int:
    """From this moment on the point is supplied under this contract, and under the one before no more."""
    tz = found(change.connection, "point", point, point_id, _l("Такой точки учёта нет")).tz
    not_future("valid_from", at, change.at, tz)
    rows = rows_of(change.connection, contract_point, contract_point.c.point == point_id)
    old = next((row for row in rows if row.valid_from < at and (row.valid_to is None or at < row.valid_to)), None)
    if old is None:
        sentence = _l("%(when)s точка ни за кем не числится: внесите её в договор, а не передачу", when=said(at, tz))
        raise Refused("valid_from", sentence)
    if old.contract == contract_id:
        raise Refused("contract", _l("Точка уже числится в этом договоре"))
    change.replace(contract_point, old.id, valid_to=at)
    change.touch(point_id, at, old.valid_to)
    change.leave(point_id, old.contract)
    return attach(change, contract_id, point_id, at, old.valid_to)


def detach(change: Change, key: int, at: int) -> None:
    """The point is supplied under this contract no more."""
    correct_attachment(change, key, valid_to=at)


def correct_attachment(change: Change, key: int, **values: Any) -> None:
    """`contract`, `valid_from`, `valid_to` that were entered wrongly."""
    old = found(change.connection, "contract", contract_point, key, _l("Точка в этом договоре не числится"))
    new = dict(old._mapping) | values
    _check(change.connection, new, change.at)
    change.replace(contract_point, key, **values)
    change.touch(old.point, min(old.valid_from, new["valid_from"]), None)
    change.leave(old.point, old.contract)


def _check(connection: Connection, values: dict[str, Any], now: int) -> None:
    ours = found(connection, "contract", contract, values["contract"], _l("Такого договора нет"))
    where = found(connection, "point", point, values["point"], _l("Такой точки учёта нет"))
    if ours.organisation != where.organisation:
        raise Refused("contract", _l("Договор %(number)s другой организации", number=ours.number))
    rows = rows_of(connection, contract_point, contract_point.c.point == values["point"])
    numbers = select(contract.c.id, contract.c.number).where(contract.c.id.in_({row.contract for row in rows}))
    known = {row.id: row.number for row in connection.execute(numbers)}
    others = [
        Held(_name(known[row.contract], where.code), row.valid_from, row.valid_to)
        for row in rows
        if row.id != values.get("id")
    ]
    refuse_overlap(_name(ours.number, where.code), values["valid_from"], values["valid_to"], others, where.tz)


def _name(number: str, code: str) -> LazyString:
    return _l("договор %(number)s на точку %(code)s", number=number, code=code)
