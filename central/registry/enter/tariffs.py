"""Zone calendars, prices, monthly lines; and the terms of a point: by which scheme it is billed since when.

A price, and the terms of a point, follow one another without a gap: the new one ends the open one before it. Prices of
a zone that begin on one day, each above another monthly consumption, are one set: the next set ends it as a whole.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from sqlalchemy import Table, select

from central.metering.hourly import HOUR
from central.metering.zones import midnight
from central.registry.changes import Change
from central.registry.enter.checks import filled, found, one_of, rows_of, unique
from central.registry.periods import Held, refuse_gap, refuse_overlap
from central.registry.refusals import Refused
from central.registry.schemes import SchemeSpec
from central.registry.tables import hour_price, monthly_line, point, point_terms, price, zone_rule, zone_scheme

ZONE_SOURCES = ("registers", "profile")
BILLING_READINGS = ("exact", "whole_kwh")
MOST = Decimal(10_000)  # roubles per kWh: beyond it a comma is missing
MOST_TIMES = 10  # of a coefficient: the same


def add_scheme(change: Change, name: str, spec: SchemeSpec, valid_from: date, *, billing_reading: str = "exact") -> int:
    """A calendar of zones, as `schemes.THREE_ZONES`. Refused when it leaves a minute without zone."""
    name = filled("name", name, 200)
    unique(change.connection, "name", zone_scheme.c.name, name, _l("Тарифная схема «%(name)s» уже есть", name=name))
    one_of("billing_reading", billing_reading, BILLING_READINGS)
    gap = spec.gap()
    if gap is not None:
        minute = f"{gap // 60:02}:{gap % 60:02}"
        raise Refused("rules", _l("В схеме «%(name)s» нет зоны для %(minute)s", name=name, minute=minute))
    scheme = int(change.add(zone_scheme, name=name, tariffs=spec.tariffs, billing_reading=billing_reading))
    for rule in spec.rules:
        values = {name: getattr(rule, name) for name in ("months", "day_kind", "start", "end", "zone", "tz")}
        change.add(zone_rule, scheme=scheme, valid_from=valid_from, **values)
    return scheme


def set_price(
    change: Change,
    scheme: int,
    zone: str,
    amount: Decimal,
    valid_from: date,
    valid_to: date | None = None,
    *,
    above: int | None = None,
) -> int:
    """Roubles per kWh. Open prices of the zone that began before end where this one begins.

    `above`: from so many mWh of a calendar month on, beside the price from the first, which is entered before it.
    """
    head = found(change.connection, "scheme", zone_scheme, scheme, _l("Такой тарифной схемы нет"))
    one_of("zone", zone, tuple(head.tariffs))
    if not 0 <= amount <= MOST:
        raise Refused("amount", _l("Цена %(amount)s ₽ за кВт·ч невозможна", amount=amount))
    of_zone, begins = (price.c.scheme == scheme) & (price.c.zone == zone), price.c.valid_from == valid_from
    if above is not None:
        _check_above(change, above, of_zone & begins)
    same = of_zone & (~begins | price.c.above.is_not_distinct_from(above))
    return _follow(
        change,
        price,
        same,
        _l("цена"),
        lambda row: _l("цена %(amount)s ₽", amount=_plain(row.amount)),
        {
            "scheme": scheme,
            "zone": zone,
            "valid_from": valid_from,
            "valid_to": valid_to,
            "amount": amount,
            "above": above,
        },
    )


def _check_above(change: Change, above: int, of_that_day: Any) -> None:
    """Raises Refused."""
    if above <= 0:
        raise Refused("above", _l("Диапазон начинается выше нуля: цена с первого кВт·ч вносится без него"))
    if not rows_of(change.connection, price, of_that_day & price.c.above.is_(None)):
        raise Refused("above", _l("Сначала внесите цену с первого кВт·ч, с той же даты"))


def set_monthly_line(
    change: Change, scheme: int, name: str, amount: Decimal, valid_from: date, valid_to: date | None = None
) -> int:
    """Roubles a month, whatever was used. An open line of this name that began before ends where this one begins."""
    found(change.connection, "scheme", zone_scheme, scheme, _l("Такой тарифной схемы нет"))
    name = filled("name", name, 100)
    if amount < 0:
        raise Refused("amount", _l("Сумма %(amount)s ₽ меньше нуля", amount=amount))
    same = (monthly_line.c.scheme == scheme) & (monthly_line.c.name == name)
    return _follow(
        change,
        monthly_line,
        same,
        _l("ежемесячная плата"),
        lambda row: _l("%(amount)s ₽", amount=_plain(row.amount)),
        {"scheme": scheme, "name": name, "valid_from": valid_from, "valid_to": valid_to, "amount": amount},
    )


def set_hour_price(change: Change, scheme: int, hour: int, amount: Decimal) -> bool:
    """Roubles per kWh in the hour that begins at this moment; whether it is another than before.

    A price that stood is corrected: it is kept as it was, and who is billed by it is told.
    """
    found(change.connection, "scheme", zone_scheme, scheme, _l("Такой тарифной схемы нет"))
    if hour % HOUR:
        raise Refused("hour", _l("Час начинается ровно: 14:00"))
    if not -MOST <= amount <= MOST:
        raise Refused("amount", _l("Цена %(amount)s ₽ за кВт·ч невозможна", amount=amount))
    same = (hour_price.c.scheme == scheme) & (hour_price.c.hour == hour)
    there = change.connection.execute(select(hour_price).where(same)).first()
    if there is None:
        change.add(hour_price, scheme=scheme, hour=hour, amount=amount)
        return True
    if there.amount == amount:
        return False
    change.replace(hour_price, there.id, amount=amount)
    change.touch_billed(scheme, hour, hour + HOUR)
    return True


def set_terms(
    change: Change,
    point_id: int,
    valid_from: date,
    valid_to: date | None = None,
    *,
    scheme: int,
    zone_source: str = ZONE_SOURCES[0],
    tariffs: Mapping[str, int] | None = None,
    power_max: int | None = None,
    coefficient: Decimal | None = None,
) -> int:
    """The point is billed so from this day on; the terms in force before end there.

    `coefficient`: of the consumer's category, to every price per kWh; None = 1.
    """
    there = found(change.connection, "point", point, point_id, _l("Такой точки учёта нет"))
    _check_terms(change, scheme, zone_source, tariffs, power_max, coefficient)
    values = {
        "point": point_id,
        "valid_from": valid_from,
        "valid_to": valid_to,
        "scheme": scheme,
        "zone_source": zone_source,
        "tariffs": dict(tariffs) if tariffs is not None else None,
        "power_max": power_max,
        "coefficient": coefficient,
    }
    key = _follow(change, point_terms, point_terms.c.point == point_id, _l("условия точки"), _terms_name, values)
    change.touch(point_id, midnight(valid_from, there.tz), midnight(valid_to, there.tz) if valid_to else None)
    return key


def correct_terms(change: Change, key: int, **values: Any) -> None:
    """Terms that were entered wrongly: `scheme`, `zone_source`, `tariffs`, `power_max`, `coefficient`,
    `valid_from`.

    Where another beginning is given, the terms before it end there.
    """
    old = found(change.connection, "terms", point_terms, key, _l("Таких условий нет"))
    new = dict(old._mapping) | values
    _check_terms(change, *(new[name] for name in ("scheme", "zone_source", "tariffs", "power_max", "coefficient")))
    tz = found(change.connection, "point", point, old.point, _l("Такой точки учёта нет")).tz
    others = [row for row in rows_of(change.connection, point_terms, point_terms.c.point == old.point) if row.id != key]
    before = next((row for row in others if row.valid_to == old.valid_from), None)
    if before is not None and before.valid_to != new["valid_from"]:
        if before.valid_from >= new["valid_from"]:
            _refuse(_l("условия точки"), new["valid_from"], new["valid_to"], [before], _terms_name)
        change.replace(point_terms, before.id, valid_to=new["valid_from"])
        others = [row for row in others if row.id != before.id]
    _refuse(_l("условия точки"), new["valid_from"], new["valid_to"], others, _terms_name)
    change.replace(point_terms, key, **values)
    first = min(old.valid_from, new["valid_from"])
    change.touch(old.point, midnight(first, tz), midnight(new["valid_to"], tz) if new["valid_to"] else None)


def _check_terms(
    change: Change,
    scheme: int,
    zone_source: str,
    tariffs: Mapping[str, int] | None,
    power_max: int | None,
    coefficient: Decimal | None,
) -> None:
    head = found(change.connection, "scheme", zone_scheme, scheme, _l("Такой тарифной схемы нет"))
    one_of("zone_source", zone_source, ZONE_SOURCES)
    if tariffs is not None and set(tariffs) != set(head.tariffs):
        sentence = _l("У схемы «%(name)s» зоны: %(zones)s", name=head.name, zones=", ".join(head.tariffs))
        raise Refused("tariffs", sentence)
    if power_max is not None and power_max <= 0:
        raise Refused("power_max", _l("Мощность больше нуля"))
    if coefficient is not None and not 0 < coefficient <= MOST_TIMES:
        raise Refused("coefficient", _l("Коэффициент больше нуля и не больше %(most)s", most=MOST_TIMES))


def _follow(change: Change, table: Table, same: Any, what: LazyString, name: Any, values: dict[str, Any]) -> int:
    """A new row after those of the same thing: the open one before it ends where it begins, no gap is left."""
    rows = rows_of(change.connection, table, same)
    for row in rows:
        if row.valid_to is None and row.valid_from < values["valid_from"]:
            change.replace(table, row.id, valid_to=values["valid_from"])
    rows = rows_of(change.connection, table, same)
    _refuse(what, values["valid_from"], values["valid_to"], rows, name)
    key = int(change.add(table, **values))
    held = [Held(name(row), row.valid_from, row.valid_to) for row in rows_of(change.connection, table, same)]
    refuse_gap(what, held)
    return key


def _refuse(what: LazyString, since: date, until: date | None, others: Any, name: Any) -> None:
    refuse_overlap(what, since, until, [Held(name(row), row.valid_from, row.valid_to) for row in others])


def _terms_name(row: Any) -> LazyString:
    return _l("условия точки")


def _plain(amount: Decimal) -> str:
    return format(amount.normalize(), "f").replace(".", ",")
