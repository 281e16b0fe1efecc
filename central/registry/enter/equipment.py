"""Types of meters as the company knows them, meters, instrument transformers, and when each was verified."""

from datetime import date, timedelta
from decimal import Decimal

from flask_babel import lazy_gettext as _l
from sqlalchemy import Connection, or_, select

from central.registry.changes import Change
from central.registry.enter.checks import filled, found, not_future_day, one_of, rows_of, unique
from central.registry.periods import Held, refuse_overlap
from central.registry.refusals import Refused
from central.registry.tables import meter, meter_type, point, transformer, transformer_place, verification
from protocol.messages.topics import valid_name

RESOLUTION = 10_000  # mWh: meters of this kind show hundredths of a kWh
KINDS = ("current", "voltage")
PHASES = ("A", "B", "C", "ABC")
MWH_PER_KWH = 10**6
OLDEST = 1950  # year a meter may be made in


def add_meter_type(
    change: Change,
    maker: str,
    name: str,
    *,
    code: str | None = None,
    serial_form: str | None = None,
    digits: int | None = None,
    verified_for: int | None = None,
) -> int:
    """`serial_form`: # for a digit, several joined by «|»; `digits` before the comma; `verified_for`: years."""
    maker, name = filled("maker", maker, 100), filled("name", name, 100)
    same = select(meter_type.c.id).where(meter_type.c.maker == maker, meter_type.c.name == name)
    if change.connection.execute(same).first() is not None:
        raise Refused("name", _l("Тип «%(name)s» завода «%(maker)s» уже есть", name=name, maker=maker))
    if digits is not None and not 3 <= digits <= 12:
        raise Refused("digits", _l("Цифр до запятой — от 3 до 12"))
    if verified_for is not None and not 1 <= verified_for <= 40:
        raise Refused("verified_for", _l("Межповерочный интервал — от 1 до 40 лет"))
    values = {"code": code, "serial_form": serial_form, "digits": digits, "verified_for": verified_for}
    return int(change.add(meter_type, maker=maker, name=name, **values))


def add_meter(
    change: Change,
    id: str,
    *,
    serial: str,
    type: str,
    maker: str,
    register_end: int | None = None,
    resolution: int = RESOLUTION,
    made_in: int | None = None,
) -> str:
    """`id` = <meter> of the topics. `register_end`, `resolution`: mWh; of a known type the first follows from it."""
    if not valid_name(id):
        raise Refused("id", _l("«%(id)s»: 1–40 знаков из 0–9, A–Z, a–z и «-»: код завода и номер", id=id))
    unique(change.connection, "id", meter.c.id, id, _l("Счётчик %(id)s уже есть", id=id))
    serial = filled("serial", serial, 40)
    known = change.connection.execute(
        select(meter_type).where(meter_type.c.maker == maker, meter_type.c.name == type)
    ).first()
    if known is not None:
        if not has_form(serial, known.serial_form):
            raise Refused("serial", _foreign(change.connection, serial, maker, known.serial_form))
        if register_end is None and known.digits is not None:
            register_end = 10**known.digits * MWH_PER_KWH
    if made_in is not None:
        this = date.fromtimestamp(change.at).year
        if not OLDEST <= made_in <= this:
            raise Refused("made_in", _l("Год выпуска — от %(first)s до %(last)s", first=OLDEST, last=this))
    values = {"serial": serial, "type": type, "maker": maker, "register_end": register_end, "resolution": resolution}
    change.add(meter, id=id, made_in=made_in, **values)
    return id


def has_form(serial: str, form: str | None) -> bool:
    """Whether a serial looks like those of its type; no form = any."""
    if not form:
        return True
    return any(
        len(serial) == len(one)
        and all(
            sign == asked or (asked == "#" and sign.isascii() and sign.isdecimal())
            for sign, asked in zip(serial, one, strict=True)
        )
        for one in form.split("|")
    )


def _foreign(connection: Connection, serial: str, maker: str, form: str) -> object:
    """What to say of a serial that is no serial of this type: whose it may be."""
    others = connection.execute(select(meter_type.c.maker, meter_type.c.serial_form).where(meter_type.c.maker != maker))
    fitting = sorted({row.maker for row in others if row.serial_form and has_form(serial, row.serial_form)})
    if fitting:
        return _l(
            "Номер «%(serial)s» не похож на номера завода «%(maker)s» (%(form)s); такой вид у номеров «%(others)s»",
            serial=serial,
            maker=maker,
            form=form,
            others="», «".join(fitting),
        )
    return _l(
        "Номер «%(serial)s» не похож на номера завода «%(maker)s» (%(form)s)", serial=serial, maker=maker, form=form
    )


def add_transformer(
    change: Change, kind: str, *, serial: str, type: str, primary: Decimal, secondary: Decimal, accuracy: str = ""
) -> int:
    """`primary`, `secondary`: A of a current transformer, V of a voltage transformer."""
    one_of("kind", kind, KINDS)
    serial, type = filled("serial", serial, 40), filled("type", type, 100)
    if secondary <= 0 or primary < secondary:
        sentence = _l(
            "%(primary)s/%(secondary)s: первичное значение не меньше вторичного, оба больше нуля",
            primary=primary,
            secondary=secondary,
        )
        raise Refused("primary", sentence)
    same = (transformer.c.kind == kind) & (transformer.c.type == type) & (transformer.c.serial == serial)
    if change.connection.execute(select(transformer.c.id).where(same)).first() is not None:
        raise Refused("serial", _l("Трансформатор %(type)s № %(serial)s уже есть", type=type, serial=serial))
    values = {"primary": primary, "secondary": secondary, "accuracy": accuracy}
    return int(change.add(transformer, kind=kind, serial=serial, type=type, **values))


def place_transformer(
    change: Change, transformer_id: int, point_id: int, phase: str, valid_from: int, valid_to: int | None = None
) -> int:
    """It stands in this phase of the point in this time; a phase has one of a kind, one stands in one place."""
    one_of("phase", phase, PHASES)
    connection = change.connection
    ours = found(connection, "transformer", transformer, transformer_id, _l("Такого трансформатора нет"))
    tz = found(connection, "point", point, point_id, _l("Такой точки учёта нет")).tz
    kinds = select(transformer.c.id).where(transformer.c.kind == ours.kind)
    in_way = (transformer_place.c.point == point_id) & transformer_place.c.transformer.in_(kinds)
    if phase != "ABC":
        in_way &= transformer_place.c.phase.in_((phase, "ABC"))
    rows = rows_of(connection, transformer_place, in_way | (transformer_place.c.transformer == transformer_id))
    name = _l("трансформатор № %(serial)s в фазе %(phase)s", serial=ours.serial, phase=phase)
    held = [Held(_l("трансформатор в фазе %(phase)s", phase=row.phase), row.valid_from, row.valid_to) for row in rows]
    refuse_overlap(name, valid_from, valid_to, held, tz)
    values = {"transformer": transformer_id, "point": point_id, "phase": phase}
    return int(change.add(transformer_place, **values, valid_from=valid_from, valid_to=valid_to))


def take_transformer(change: Change, place_id: int, at: int) -> None:
    """It is taken down."""
    row = found(change.connection, "place", transformer_place, place_id, _l("Такого места нет"))
    refuse_overlap(_l("трансформатор в фазе %(phase)s", phase=row.phase), row.valid_from, at, ())
    change.replace(transformer_place, place_id, valid_to=at)


def ratio_of(connection: Connection, point_id: int, kind: str, moment: int) -> Decimal | None:
    """What the transformers of a kind that stand at the point give; None when none is entered."""
    query = (
        select(transformer.c.primary, transformer.c.secondary)
        .join(transformer_place, transformer_place.c.transformer == transformer.c.id)
        .where(transformer.c.kind == kind, transformer_place.c.point == point_id)
        .where(transformer_place.c.valid_from <= moment)
        .where(or_(transformer_place.c.valid_to.is_(None), transformer_place.c.valid_to > moment))
        .limit(1)
    )
    row = connection.execute(query).first()
    return None if row is None else row.primary / row.secondary


def verified(
    change: Change,
    verified_on: date,
    valid_until: date,
    document: str,
    *,
    meter_id: str | None = None,
    transformer_id: int | None = None,
) -> int:
    """A verification of one of the two. `valid_until`: the first day on which it holds no more."""
    not_future_day("verified_on", verified_on, date.fromtimestamp(change.at) + timedelta(days=1))
    if valid_until <= verified_on:
        raise Refused("valid_until", _l("Срок поверки кончается раньше, чем она сделана"))
    values = {"verified_on": verified_on, "valid_until": valid_until, "document": document}
    return int(change.add(verification, meter=meter_id, transformer=transformer_id, **values))
