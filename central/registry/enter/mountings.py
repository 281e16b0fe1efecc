"""Which meter stands at which point, since when, with which ratio: acts of mounting, replacement, change of ratio.

One point has one meter at a time, one meter stands at one point; a change of ratio is a new tenure of the same meter.
Registers of an act are mWh by field of the series («ap0» the total of active import, «ap1» … its tariffs). What a
reading says of an act (`last`, `first`) is given by the caller: the registry keeps no readings.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from sqlalchemy import Connection, Row, or_, select

from central.registry.changes import Change
from central.registry.enter.checks import found, not_future, one_of, rows_of
from central.registry.enter.equipment import ratio_of
from central.registry.periods import Held, refuse_overlap, said
from central.registry.refusals import Refused
from central.registry.tables import meter, mounting, point

VALUES_ARE = ("secondary", "primary")
MWH_PER_KWH = 10**6
NEAR_END, NEAR_START = Decimal("0.9"), Decimal("0.1")  # of a register that begins anew

Registers = Mapping[str, int]


def mount(
    change: Change,
    point_id: int,
    meter_id: str,
    valid_from: int,
    valid_to: int | None = None,
    *,
    wires: int = 4,
    ki: Decimal = Decimal(1),
    ku: Decimal = Decimal(1),
    values_are: str = VALUES_ARE[0],
    clock_offset: int = 180,
    period: int = 1800,
    reg_start: Registers | None = None,
    reg_end: Registers | None = None,
    act: str = "",
    seals: str | None = None,
    reason: str | None = None,
    end_act: str | None = None,
    end_reason: str | None = None,
    first: Registers | None = None,
) -> int:
    """The meter stands at the point in this time. `clock_offset` in minutes, `period` in seconds.

    `first`: the meter's first readings after the mounting, where some came: the act cannot say more than they.
    """
    values = {
        "point": point_id,
        "meter": meter_id,
        "valid_from": valid_from,
        "valid_to": valid_to,
        "wires": wires,
        "ki": ki,
        "ku": ku,
        "values_are": values_are,
        "clock_offset": clock_offset,
        "period": period,
        "reg_start": _kept(reg_start),
        "reg_end": _kept(reg_end),
        "act": act,
        "seals": seals,
        "reason": reason,
        "end_act": end_act,
        "end_reason": end_reason,
    }
    check(change.connection, values, change.at)
    not_more("reg_start", reg_start, first)
    key = int(change.add(mounting, **values))
    change.touch(point_id, valid_from, valid_to)
    return key


def replace_meter(
    change: Change,
    point_id: int,
    new_meter: str,
    at: int,
    *,
    old_meter: str,
    act: str,
    reason: str,
    reg_end: Registers | None = None,
    reg_start: Registers | None = None,
    seals: str | None = None,
    last: Registers | None = None,
    first: Registers | None = None,
    **others: Any,
) -> int:
    """The act of a replacement: the old meter is taken down and the new one stands from that moment on.

    `old_meter`: the one that the act names. `others` as of `mount`; what is not given stays as it was.
    """
    if new_meter == old_meter:
        raise Refused("new_meter", _l("Ставится тот же счётчик, что снят; другой коэффициент — это смена коэффициента"))
    old = _ended(change, point_id, old_meter, at, reg_end, last, act, reason)
    kept = {name: getattr(old, name) for name in ("wires", "ki", "ku", "values_are", "clock_offset", "period")}
    about = {"act": act, "reason": reason, "seals": seals, "reg_start": reg_start, "first": first}
    return mount(change, point_id, new_meter, at, old.valid_to, **(kept | others), **about)  # type: ignore[arg-type]


def change_ratio(
    change: Change,
    point_id: int,
    at: int,
    *,
    meter_id: str,
    ki: Decimal,
    ku: Decimal,
    act: str,
    reason: str,
    registers: Registers | None = None,
    seals: str | None = None,
    last: Registers | None = None,
) -> int:
    """From this moment on the same meter counts with another ratio; `registers` as the act reads them then."""
    old = _ended(change, point_id, meter_id, at, registers, last, act, reason)
    if (old.ki, old.ku) == (ki, ku):
        raise Refused("ki", _l("Ki = %(ki)s и Ku = %(ku)s уже стоят", ki=_plain(ki), ku=_plain(ku)))
    kept = {name: getattr(old, name) for name in ("wires", "values_are", "clock_offset", "period")}
    return mount(
        change,
        point_id,
        old.meter,
        at,
        old.valid_to,
        ki=ki,
        ku=ku,
        act=act,
        reason=reason,
        seals=seals,
        reg_start=registers,
        **kept,
    )


def dismount(
    change: Change,
    point_id: int,
    at: int,
    *,
    meter_id: str,
    act: str,
    reason: str,
    reg_end: Registers | None = None,
    last: Registers | None = None,
) -> None:
    """The meter is taken down, and no other stands there until one is mounted."""
    old = _ended(change, point_id, meter_id, at, reg_end, last, act, reason)
    change.touch(point_id, at, old.valid_to)


def correct_mounting(change: Change, key: int, **values: Any) -> None:
    """A tenure that was entered wrongly: any of its columns. Figures of both its times change."""
    old = found(change.connection, "mounting", mounting, key, _l("Такой установки нет"))
    new = dict(old._mapping) | values
    check(change.connection, new, change.at)
    change.replace(mounting, key, **values)
    change.touch(old.point, old.valid_from, old.valid_to)
    change.touch(new["point"], new["valid_from"], new["valid_to"])


def remove_mounting(change: Change, key: int) -> None:
    """A tenure that never was."""
    old = found(change.connection, "mounting", mounting, key, _l("Такой установки нет"))
    change.remove(mounting, key)
    change.touch(old.point, old.valid_from, old.valid_to)


def check(connection: Connection, values: Mapping[str, Any], now: int) -> None:
    """Whether a tenure may stand among the others; `values` = columns of `mounting`, with `id` if it stands."""
    where = found(connection, "point", point, values["point"], _l("Такой точки учёта нет"))
    ours = found(connection, "meter", meter, values["meter"], _l("Счётчика %(id)s нет", id=values["meter"]))
    one_of("values_are", values["values_are"], VALUES_ARE)
    if values["wires"] not in (3, 4):
        raise Refused("wires", _l("Схема — 3 или 4 провода, а не %(wires)s", wires=values["wires"]))
    if values["period"] <= 0 or 86_400 % values["period"]:
        raise Refused("period", _l("Период профиля %(period)s с не делит сутки нацело", period=values["period"]))
    if not -14 * 60 <= values["clock_offset"] <= 14 * 60:
        raise Refused("clock_offset", _l("Часы счётчика отстоят от UTC не больше чем на 14 часов"))
    _check_ratio(connection, values)
    for field in ("valid_from", "valid_to"):
        if values[field] is not None:
            not_future(field, values[field], now, where.tz)
    _check_registers(values, ours.register_end)
    rows = rows_of(connection, mounting, or_(mounting.c.point == values["point"], mounting.c.meter == values["meter"]))
    codes = {
        row.id: row.code
        for row in connection.execute(
            select(point.c.id, point.c.code).where(point.c.id.in_({row.point for row in rows}))
        )
    }
    others = [
        Held(_name(row.meter, codes[row.point]), row.valid_from, row.valid_to)
        for row in rows
        if row.id != values.get("id")
    ]
    refuse_overlap(_name(values["meter"], where.code), values["valid_from"], values["valid_to"], others, where.tz)


def not_more(field: str, registers: Registers | None, first: Registers | None) -> None:
    """A reading that came later is not below that of the act."""
    for name, value in (registers or {}).items():
        if first is not None and name in first and value > first[name]:
            sentence = _l(
                "%(act)s кВт·ч, а следующее показание меньше: %(read)s кВт·ч",
                act=_kwh(value),
                read=_kwh(first[name]),
            )
            raise Refused(f"{field}.{name}", sentence)


def not_less(field: str, registers: Registers | None, last: Registers | None, register_end: int | None) -> None:
    """The act is not below a reading that came before it, unless the register began anew in between."""
    for name, value in (registers or {}).items():
        if last is not None and name in last and value < last[name] and not _anew(last[name], value, register_end):
            sentence = _l(
                "%(act)s кВт·ч — меньше предыдущего показания: %(read)s кВт·ч",
                act=_kwh(value),
                read=_kwh(last[name]),
            )
            raise Refused(f"{field}.{name}", sentence)


def _ended(
    change: Change,
    point_id: int,
    meter_id: str,
    at: int,
    reg_end: Registers | None,
    last: Registers | None,
    act: str,
    reason: str,
) -> Row[Any]:
    """The tenure that an act of this moment ends, as it stood; it is ended."""
    tz = found(change.connection, "point", point, point_id, _l("Такой точки учёта нет")).tz
    not_future("valid_from", at, change.at, tz)
    rows = rows_of(change.connection, mounting, mounting.c.point == point_id)
    old = next((row for row in rows if row.valid_from < at and (row.valid_to is None or at < row.valid_to)), None)
    if old is None:
        raise Refused("valid_from", _nobody(rows, at, tz))
    if old.meter != meter_id:
        sentence = _l(
            "%(when)s здесь стоит счётчик %(other)s, а не %(meter)s", when=said(at, tz), other=old.meter, meter=meter_id
        )
        raise Refused("old_meter", sentence)
    register_end = change.connection.execute(select(meter.c.register_end).where(meter.c.id == old.meter)).scalar_one()
    not_less("reg_end", reg_end, last, register_end)
    ended = {"valid_to": at, "reg_end": _kept(reg_end), "end_act": act, "end_reason": reason}
    check(change.connection, dict(old._mapping) | ended, change.at)
    change.replace(mounting, old.id, **ended)
    return old


def _nobody(rows: Any, at: int, tz: str) -> LazyString:
    """What to say of an act at a moment at which no meter stands."""
    same = next((row for row in rows if row.valid_from == at), None)
    later = next((row for row in rows if row.valid_from > at), None)
    if same is not None:
        return _l(
            "Акт на %(when)s уже внесён: с этого момента стоит счётчик %(meter)s", when=said(at, tz), meter=same.meter
        )
    if later is not None and not any(row.valid_from < at for row in rows):
        return _l(
            "Акт от %(when)s раньше первого: счётчик %(meter)s стоит с %(since)s",
            when=said(at, tz),
            meter=later.meter,
            since=said(later.valid_from, tz),
        )
    return _l("%(when)s в этой точке счётчика нет: внесите установку, а не замену", when=said(at, tz))


def _check_ratio(connection: Connection, values: Mapping[str, Any]) -> None:
    for field, kind, name in (("ki", "current", "Ki"), ("ku", "voltage", "Ku")):
        ratio = values[field]
        if ratio < 1 or ratio > 1_000_000:
            raise Refused(
                field, _l("%(name)s = %(ratio)s: коэффициент — от 1 до 1 000 000", name=name, ratio=_plain(ratio))
            )
        given = ratio_of(connection, values["point"], kind, values["valid_from"])
        if given is not None and abs(given - ratio) > given / 1000:
            sentence = _l(
                "%(name)s = %(ratio)s, а трансформаторы этой точки дают %(given)s",
                name=name,
                ratio=_plain(ratio),
                given=_plain(given),
            )
            raise Refused(field, sentence)


def _check_registers(values: Mapping[str, Any], register_end: int | None) -> None:
    for field in ("reg_start", "reg_end"):
        for name, value in (values[field] or {}).items():
            if value < 0:
                raise Refused(f"{field}.{name}", _l("Показание меньше нуля"))
            if register_end is not None and value >= register_end:
                sentence = _l("У этого счётчика показание меньше %(end)s кВт·ч", end=_kwh(register_end))
                raise Refused(f"{field}.{name}", sentence)
    for name, value in (values["reg_end"] or {}).items():
        start = (values["reg_start"] or {}).get(name)
        if start is not None and value < start and not _anew(start, value, register_end):
            sentence = _l(
                "Показание при снятии %(end)s кВт·ч меньше, чем при установке: %(start)s кВт·ч",
                end=_kwh(value),
                start=_kwh(start),
            )
            raise Refused(f"reg_end.{name}", sentence)


def _anew(before: int, after: int, register_end: int | None) -> bool:
    """A register that may have begun anew between the two."""
    return register_end is not None and before >= register_end * NEAR_END and after <= register_end * NEAR_START


def _kept(registers: Registers | None) -> dict[str, int] | None:
    return dict(registers) if registers else None


def _name(meter_id: str, code: str) -> LazyString:
    return _l("счётчик %(meter)s в точке %(code)s", meter=meter_id, code=code)


def _kwh(energy: int) -> str:
    return _plain(Decimal(energy) / MWH_PER_KWH)


def _plain(value: Decimal) -> str:
    return format(value.normalize(), "f").replace(".", ",")
