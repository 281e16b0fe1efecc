"""Registers that a person read off a meter: they bill where the meter said nothing, and close its gaps."""

from collections.abc import Mapping
from datetime import timedelta

from flask_babel import lazy_gettext as _l
from sqlalchemy import or_, select

from central.figures import dirty
from central.metering.zones import day_of, days, midnight
from central.registry.changes import Change
from central.registry.enter.checks import found, not_future
from central.registry.enter.mountings import not_less, not_more
from central.registry.periods import said
from central.registry.refusals import Refused
from central.registry.tables import manual_reading, meter, mounting, point

ONE_DAY = timedelta(days=1)
Registers = Mapping[str, int]


def add_reading(
    change: Change,
    point_id: int,
    meter_id: str,
    at: int,
    registers: Registers,
    *,
    last: Registers | None = None,
    first: Registers | None = None,
) -> int:
    """mWh by field of the series («ap0» …), as the meter showed them at this moment; it is of the beginning of the
    interval of the profile that it lies in. `last`, `first`: what the meter itself said before and after.

    Returns its key. Raises Refused.
    """
    tz = found(change.connection, "point", point, point_id, _l("Такой точки учёта нет")).tz
    not_future("at", at, change.at, tz)
    if not registers:
        raise Refused("reg_end.ap0", _l("Внесите хотя бы одно показание"))
    stands = change.connection.execute(
        select(mounting.c.id, mounting.c.period, mounting.c.valid_from, meter.c.register_end)
        .join(meter, meter.c.id == mounting.c.meter)
        .where(mounting.c.point == point_id, mounting.c.meter == meter_id, mounting.c.valid_from <= at)
        .where(or_(mounting.c.valid_to.is_(None), mounting.c.valid_to >= at))
        .order_by(mounting.c.valid_from.desc())
    ).first()
    if stands is None:
        sentence = _l("%(when)s счётчик %(meter)s здесь не стоял", when=said(at, tz), meter=meter_id)
        raise Refused("at", sentence)
    not_less("reg_end", registers, last, stands.register_end)
    not_more("reg_end", registers, first)
    moment = max(beginning(at, stands.period, tz), stands.valid_from)
    by_hand = select(manual_reading.c.registers).where(manual_reading.c.mounting == stands.id)
    before = by_hand.where(manual_reading.c.read_at < moment).order_by(manual_reading.c.read_at.desc()).limit(1)
    after = by_hand.where(manual_reading.c.read_at > moment).order_by(manual_reading.c.read_at).limit(1)
    not_less("reg_end", registers, change.connection.scalar(before), stands.register_end)
    not_more("reg_end", registers, change.connection.scalar(after))
    same = manual_reading.c.mounting == stands.id, manual_reading.c.read_at == moment
    if change.connection.execute(select(manual_reading.c.id).where(*same)).first() is not None:
        raise Refused("at", _l("Показание на %(when)s уже внесено", when=said(moment, tz)))
    values = {"point": point_id, "mounting": stands.id, "read_at": moment, "registers": dict(registers)}
    key = int(change.add(manual_reading, **values))
    change.touch(point_id, moment - 1, moment + 1)
    touched = days(day_of(moment - 1, tz), day_of(moment, tz) + ONE_DAY)
    dirty.mark_days(change.connection, point_id, touched, dirty.by_change(change.id))
    return key


def beginning(at: int, period: int, tz: str) -> int:
    """Of the interval of the profile that this moment lies in, by the local day."""
    origin = midnight(day_of(at, tz), tz)
    return origin + (at - origin) // period * period
