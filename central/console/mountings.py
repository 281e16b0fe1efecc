"""Which meter stands at a point: forms of mounting, replacement, change of ratio, dismounting, and corrections."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from flask import url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Row, select

from central.accounts.objects import elsewhere, meters_of
from central.accounts.policy import Viewer
from central.console.deeds import Deed, done
from central.console.room import console
from central.faces import registry_words as words
from central.faces.forms import KNOWN, NEW, Field, Group, Values, registers, written, written_kwh, written_moment
from central.faces.here import here, viewer
from central.faces.words import zone
from central.figures import NotFound
from central.figures.around import readings_around
from central.metering.zones import local
from central.registry import enter, show
from central.registry.changes import Change
from central.registry.enter.equipment import ratio_of
from central.registry.refusals import Refused
from central.registry.show import PointPage
from central.registry.tables import meter, meter_type, mounting
from central.timeseries.base import SeriesUnavailable

OTHER_REGISTERS = ("am0", "rp0", "rm0")
PERIODS = ((1800, _l("30 минут")), (3600, _l("час")), (900, _l("15 минут")), (600, _l("10 минут")))
WIRES = (("4", _l("4 провода")), ("3", _l("3 провода")))
SIDES = ("reg_start", "reg_end")
KEPT = ("wires", "ki", "ku", "values_are", "clock_offset", "period")
USUAL = {"wires": "4", "ki": "1", "ku": "1", "values_are": "secondary", "clock_offset": "180", "period": "1800"}
RATIOS = (("ki", "current"), ("ku", "voltage"))
AT = {"valid_from": "at", "valid_to": "at", "new_meter": "meter"}  # field of a refusal -> of the form


def opened(key: int) -> PointPage:
    """The point of an act. Raises NotFound."""
    made = here()
    with made.source.engine.connect() as connection:
        return show.point_page(connection, viewer(), key, made.now)


@console.route("/points/<int:key>/mounting", methods=["GET", "POST"])
def mount(key: int) -> ResponseReturnValue:
    page = opened(key)
    tz = page.row.tz

    def enter_it(change: Change, values: Values) -> None:
        taken = chosen_meter(change, values)
        about = {"act": values["act"], "seals": values["seals"], "reason": values["reason"]}
        kept = installation(values)
        enter.mount(
            change,
            key,
            taken,
            values["at"],
            reg_start=registers(values, "reg_start"),
            first=values["first"],
            **about,
            **kept,
        )

    return done(
        Deed(
            kind="mounting",
            title=_l("Установка счётчика"),
            of=of_point(page),
            back=point_page(key),
            groups=(
                Group(_l("Акт"), (_at(tz, _l("Установлен")), _act(), _reason(_l("Почему устанавливается")), _seals())),
                *new_meter(),
                Group(_l("Показания при установке"), _registers(page, "reg_start", needed=True)),
                _others("reg_start"),
                installed(),
            ),
            initial=_now(tz) | _proposed(page) | {"which": KNOWN},
            look=lambda values: {"first": _first(values)},
            enter=enter_it,
            aliases=AT | {"new_meter": "meter"},
        )
    )


@console.route("/points/<int:key>/replacement", methods=["GET", "POST"])
def replacement(key: int) -> ResponseReturnValue:
    page = opened(key)
    if not page.mountings:
        raise NotFound("nothing to replace")
    tz, standing = page.row.tz, page.standing or page.mountings[0]

    def enter_it(change: Change, values: Values) -> None:
        taken = chosen_meter(change, values)
        enter.replace_meter(
            change,
            key,
            taken,
            values["at"],
            old_meter=values["old_meter"],
            act=values["act"],
            reason=values["reason"],
            seals=values["seals"],
            reg_end=registers(values, "reg_end"),
            reg_start=registers(values, "reg_start"),
            last=values["last"],
            first=values["first"],
            **installation(values),
        )

    return done(
        Deed(
            kind="replacement",
            title=_l("Замена счётчика"),
            of=of_point(page),
            back=point_page(key),
            groups=(
                Group(_l("Акт"), (_at(tz, _l("Заменён")), _act(), _reason(_l("Почему заменён")), _seals())),
                Group(_l("Снятый счётчик"), (_old(page), *_registers(page, "reg_end", needed=False)), help=_unread()),
                *new_meter(),
                Group(_l("Показания нового счётчика"), _registers(page, "reg_start", needed=True)),
                _others("reg_end", "reg_start"),
                installed(),
            ),
            initial=_now(tz) | {"which": KNOWN, "old_meter": standing.meter} | _as_stands(standing),
            look=lambda values: {"last": _last(values["old_meter"], values["at"]), "first": _first(values)},
            enter=enter_it,
            aliases=AT,
        )
    )


@console.route("/points/<int:key>/ratio", methods=["GET", "POST"])
def ratio(key: int) -> ResponseReturnValue:
    page = opened(key)
    if page.standing is None:
        raise NotFound("nothing stands there")
    tz, standing = page.row.tz, page.standing

    def enter_it(change: Change, values: Values) -> None:
        enter.change_ratio(
            change,
            key,
            values["at"],
            meter_id=values["old_meter"],
            ki=values["ki"],
            ku=values["ku"],
            act=values["act"],
            reason=values["reason"],
            seals=values["seals"],
            registers=registers(values, "reg_end"),
            last=values["last"],
        )

    return done(
        Deed(
            kind="ratio",
            title=_l("Смена коэффициента"),
            of=of_point(page),
            back=point_page(key),
            groups=(
                Group(_l("Акт"), (_at(tz, _l("Сменён")), _act(), _reason(_l("Почему сменён")), _seals())),
                Group(_l("Новые коэффициенты"), _ratio()),
                Group(_l("Показания в этот момент"), (_old(page), *_registers(page, "reg_end", needed=True))),
                _others("reg_end"),
            ),
            initial=_now(tz) | {"old_meter": standing.meter} | _as_stands(standing),
            look=lambda values: {"last": _last(values["old_meter"], values["at"])},
            enter=enter_it,
            aliases=AT,
        )
    )


@console.route("/points/<int:key>/reading", methods=["GET", "POST"])
def manual_reading(key: int) -> ResponseReturnValue:
    page = opened(key)
    if not page.mountings:
        raise NotFound("no meter has ever stood there")
    tz, standing = page.row.tz, page.standing or page.mountings[0]

    def enter_it(change: Change, values: Values) -> None:
        enter.add_reading(
            change,
            key,
            values["old_meter"],
            values["at"],
            registers(values, "reg_end") or {},
            last=values["last"],
            first=values["first"],
        )

    return done(
        Deed(
            kind="reading",
            title=_l("Показание вручную"),
            of=of_point(page),
            back=point_page(key),
            groups=(
                Group(
                    _l("Показание"),
                    (
                        _at(tz, _l("Снято")),
                        _old(page),
                        *_registers(page, "reg_end", needed=True),
                        _reason(_l("Кто снял и почему вручную")),
                    ),
                ),
                _others("reg_end"),
            ),
            initial=_now(tz) | {"old_meter": standing.meter},
            look=lambda values: dict(zip(("last", "first"), _around(values), strict=True)),
            enter=enter_it,
            aliases=AT | {"registers": "reg_end"},
            help=_l(
                "Где счётчик молчал, показание войдёт в счёт и закроет пропуск между соседними показаниями. Время "
                "относится к началу интервала. Показаний самого счётчика оно не заменяет."
            ),
        )
    )


@console.route("/points/<int:key>/dismounting", methods=["GET", "POST"])
def dismount(key: int) -> ResponseReturnValue:
    page = opened(key)
    if page.standing is None:
        raise NotFound("nothing stands there")
    tz, standing = page.row.tz, page.standing

    def enter_it(change: Change, values: Values) -> None:
        enter.dismount(
            change,
            key,
            values["at"],
            meter_id=values["old_meter"],
            act=values["act"],
            reason=values["reason"],
            reg_end=registers(values, "reg_end"),
            last=values["last"],
        )

    return done(
        Deed(
            kind="dismounting",
            title=_l("Снятие счётчика"),
            of=of_point(page),
            back=point_page(key),
            groups=(
                Group(_l("Акт"), (_at(tz, _l("Снят")), _act(), _reason(_l("Почему снят")))),
                Group(_l("Снятый счётчик"), (_old(page), *_registers(page, "reg_end", needed=False)), help=_unread()),
                _others("reg_end"),
            ),
            initial=_now(tz) | {"old_meter": standing.meter},
            look=lambda values: {"last": _last(values["old_meter"], values["at"])},
            enter=enter_it,
            aliases=AT,
            help=_l("После снятия в точке нет счётчика, пока не установлен другой. Если ставится другой — это замена."),
        )
    )


@console.route("/mountings/<int:key>/correction", methods=["GET", "POST"])
def correct_mounting(key: int) -> ResponseReturnValue:
    page, row = _mounting(key)
    tz = page.row.tz
    ends = row.valid_to is not None

    def enter_it(change: Change, values: Values) -> None:
        new = installation(values) | {
            name: values.get(name) for name in ("seals", "end_act", "end_reason") if name in values
        }
        new |= {"valid_from": values["valid_from"], "act": values["act"], "reason": values["why"]}
        if ends:
            new["valid_to"] = values["valid_to"]
        for side in SIDES:
            kept = {name: value for name, value in (getattr(row, side) or {}).items() if f"{side}.{name}" not in values}
            new[side] = kept | (registers(values, side) or {}) or None
        enter.correct_mounting(change, key, **new)

    fields = [Field("valid_from", _l("Установлен"), "moment", tz=tz), _act()]
    end_fields = [
        Field("valid_to", _l("Снят"), "moment", tz=tz),
        Field("end_act", _l("Акт снятия"), needed=False, most=100),
    ]
    initial = _as_stands(row) | written_moment("valid_from", row.valid_from, tz)
    initial |= {"act": row.act, "seals": row.seals or "", "why": row.reason or ""}
    initial |= {"end_act": row.end_act or "", "end_reason": row.end_reason or ""}
    initial |= written_moment("valid_to", row.valid_to, tz) if ends else {}
    initial |= {
        f"{side}.{name}": written_kwh(value) for side in SIDES for name, value in (getattr(row, side) or {}).items()
    }
    why = Field("why", _l("Причина установки"), needed=False)
    groups = [
        Group(_l("Установка"), (*fields, why, _seals(), *_registers(page, "reg_start", needed=False, hints=False)))
    ]
    if ends:
        end_why = Field("end_reason", _l("Причина снятия"), needed=False)
        groups.append(
            Group(_l("Снятие"), (*end_fields, end_why, *_registers(page, "reg_end", needed=False, hints=False)))
        )
    sides = SIDES if ends else SIDES[:1]
    return done(
        Deed(
            kind="mounting_correction",
            title=_l("Исправление установки"),
            of=f"{of_point(page)} · {row.meter}",
            back=point_page(page.row.id),
            groups=(*groups, _others(*sides), installed(folded=False), _because()),
            initial=initial,
            enter=enter_it,
            help=_l("Так исправляется ошибка ввода. Если счётчик заменили или сменили коэффициент, внесите это актом."),
        )
    )


@console.route("/mountings/<int:key>/removal", methods=["GET", "POST"])
def remove_mounting(key: int) -> ResponseReturnValue:
    page, row = _mounting(key)
    return done(
        Deed(
            kind="mounting_removal",
            title=_l("Удаление ошибочной установки"),
            of=f"{of_point(page)} · {row.meter}",
            back=point_page(page.row.id),
            groups=(_because(),),
            enter=lambda change, _values: enter.remove_mounting(change, key),
            button=_l("Удалить установку"),
            help=_l("Удаляется установка, которой не было. Снятый счётчик так не удаляют: внесите снятие или замену."),
        )
    )


def _mounting(key: int) -> tuple[PointPage, Row[Any]]:
    """A mounting at a point of the viewer. Raises NotFound."""
    with here().source.engine.connect() as connection:
        point_id = connection.execute(select(mounting.c.point).where(mounting.c.id == key)).scalar()
    page = opened(-1 if point_id is None else point_id)
    return page, next(one for one in page.mountings if one.id == key)


# what the forms are made of


def of_point(page: PointPage) -> str:
    """What a form is about."""
    return f"{page.row.code} · {page.row.name}, {page.row.address}"


def point_page(key: int) -> str:
    """Its address."""
    return url_for("console.point", key=key)


def _now(tz: str) -> dict[str, str]:
    return written_moment("at", here().now // 60 * 60, tz)


def _proposed(page: PointPage) -> dict[str, str]:
    """As the last meter stood, else as is usual in this time zone; the ratios that the transformers give."""
    if page.mountings:
        return _as_stands(page.mountings[0])
    now, tz = here().now, page.row.tz
    with here().source.engine.connect() as connection:
        ratios = {name: ratio_of(connection, page.row.id, kind, now) for name, kind in RATIOS}
    offset = local(now, tz).utcoffset() or timedelta()
    known = {name: written(ratio) for name, ratio in ratios.items() if ratio is not None}
    return USUAL | known | {"clock_offset": str(int(offset.total_seconds()) // 60)}


def _at(tz: str, caption: Any) -> Field:
    return Field("at", caption, "moment", tz=tz)


def _act() -> Field:
    return Field("act", _l("Номер акта"), most=100)


def _seals() -> Field:
    return Field("seals", _l("Пломбы"), needed=False, help=_l("Номера через запятую"))


def _reason(caption: Any) -> Field:
    return Field("reason", caption)


def _because() -> Group:
    needed = _l("Эти слова останутся в истории; их увидят все, чьи цифры изменятся.")
    return Group(
        _l("Причина исправления"), (Field("reason", _l("Почему исправляется"), "area", help=needed, most=500),)
    )


def _unread() -> Any:
    return _l("Чего нельзя прочесть на табло, оставьте пустым: возьмутся последние показания, которые пришли.")


def _old(page: PointPage) -> Field:
    meters = {one.meter: one for one in page.mountings}
    choices = [(one.meter, f"№ {one.serial}, {one.type}") for one in meters.values()]
    return Field("old_meter", _l("Счётчик по акту"), "choice", choices=choices)


def _tariffs(page: PointPage) -> Mapping[int, str]:
    """Tariff registers that the point is billed by, each with its zones; 0 = the total."""
    found: dict[int, list[str]] = {0: []}
    if page.terms:
        for name, number in (page.terms[0].tariffs or page.terms[0].usual).items():
            found.setdefault(number, []).append(zone(name))
    return {number: ", ".join(names) for number, names in sorted(found.items())}


def _registers(page: PointPage, side: str, *, needed: bool, hints: bool = True) -> Sequence[Field]:
    """A field for each register of active import that bills the point; the total of a mounting must be there."""
    last = _hints(page) if hints and side == "reg_end" else {}
    return [
        Field(
            f"{side}.ap{number}",
            words.register(f"ap{number}") + (f", {zones}" if zones and number else ""),
            "energy",
            needed=needed and number == 0,
            unit=_l("кВт·ч"),
            help=_("последнее: %(value)s", value=written_kwh(last[f"ap{number}"])) if f"ap{number}" in last else "",
        )
        for number, zones in _tariffs(page).items()
    ]


def _hints(page: PointPage) -> Mapping[str, int]:
    """The last readings of what stands there; a series that does not answer hints at nothing."""
    if page.standing is None:
        return {}
    try:
        return readings_around(here().source, page.standing.meter, here().now)[0]
    except SeriesUnavailable:
        return {}


def _others(*sides: str) -> Group:
    named = {"reg_start": _l("%(name)s, при установке"), "reg_end": _l("%(name)s, при снятии")}
    fields = [
        Field(
            f"{side}.{name}",
            str(named[side]) % {"name": words.register(name)},
            "energy",
            needed=False,
            unit=_l("кВт·ч") if name.startswith("a") else _l("квар·ч"),
        )
        for side in sides
        for name in OTHER_REGISTERS
    ]
    return Group(_l("Отдача и реактивная энергия"), fields, folded=True)


def _ratio() -> Sequence[Field]:
    return (
        Field("ki", _l("Ki, ток"), "number", help=_l("200/5 — это 40")),
        Field("ku", _l("Ku, напряжение"), "number", help=_l("без трансформаторов — 1")),
    )


def installed(*, folded: bool = True) -> Group:
    """How the meter is connected and counts."""
    return Group(
        _l("Коэффициенты, схема и часы"),
        (
            *_ratio(),
            Field(
                "values_are", words.FIELDS["values_are"], "choice", choices=tuple(words.VALUES["values_are"].items())
            ),
            Field("wires", _l("Схема"), "choice", choices=WIRES),
            Field("period", _l("Период профиля"), "choice", choices=[(str(value), said) for value, said in PERIODS]),
            Field("clock_offset", _l("Часы счётчика"), "whole", unit=_l("мин от UTC"), help=_l("Москва — 180")),
        ),
        folded=folded,
    )


def installation(values: Values) -> dict[str, Any]:
    """The columns of a mounting that `installed` asks for."""
    whole = {name: int(values[name]) for name in ("wires", "period", "clock_offset")}
    return whole | {name: values[name] for name in ("ki", "ku", "values_are")}


def _as_stands(row: Row[Any]) -> dict[str, str]:
    told = {name: str(getattr(row, name)) for name in KEPT}
    return told | {name: written(Decimal(getattr(row, name))) for name in ("ki", "ku")}


def new_meter() -> tuple[Group, ...]:
    """A meter that the registry has, or one that it has not."""
    made = here()
    with made.source.engine.connect() as connection:
        free = show.free_meters(connection, viewer(), made.now)
        types = show.meter_types(connection)
    which = ((KNOWN, _l("есть в реестре")), (NEW, _l("внести новый")))
    return (
        Group(_l("Устанавливаемый счётчик"), (Field("which", _l("Счётчик"), "radio", choices=which),)),
        Group(
            "",
            (
                Field(
                    "meter",
                    _l("Номер счётчика"),
                    choices=[(one.id, f"№ {one.serial}, {one.type}") for one in free],
                    help=_l("Заводской номер или имя в сообщениях; предлагаются те, что нигде не стоят"),
                    most=40,
                ),
            ),
            when=("which", KNOWN),
        ),
        Group("", described(types), when=("which", NEW)),
    )


def described(types: Sequence[Row[Any]]) -> tuple[Field, ...]:
    """What is entered of a meter that is new."""
    makers = [(name, "") for name in dict.fromkeys(one.maker for one in types)]
    return (
        Field("serial", _l("Заводской номер"), most=40),
        Field("type", _l("Тип"), choices=[(one.name, one.maker) for one in types], most=100),
        Field(
            "maker", _l("Завод"), choices=makers, needed=False, help=_l("Для типа из справочника не нужен"), most=100
        ),
        Field("made_in", _l("Год выпуска"), "whole", needed=False),
        Field(
            "id",
            _l("Имя в сообщениях"),
            needed=False,
            help=_l("Код завода и номер: MIL-04217795. Для типа из справочника составится само"),
            most=40,
        ),
    )


def chosen_meter(change: Change, values: Values) -> str:
    """The meter that the form names, made if it is new. Raises Refused."""
    return _known_meter(change, viewer(), values["meter"]) if "meter" in values else entered_meter(change, values)


def _known_meter(change: Change, who: Viewer, asked: str) -> str:
    same = select(meter.c.id).where(meters_of(who), ~elsewhere(who, here().now))
    exact = change.connection.execute(same.where(meter.c.id == asked)).scalar()
    if exact is not None:
        return str(exact)
    found = change.connection.execute(same.where(meter.c.serial == asked).limit(2)).scalars().all()
    if not found:
        raise Refused("meter", _l("Счётчика «%(asked)s» в реестре нет: внесите новый", asked=asked))
    if len(found) > 1:
        raise Refused("meter", _l("С номером %(asked)s счётчиков несколько: укажите имя в сообщениях", asked=asked))
    return str(found[0])


def entered_meter(change: Change, values: Values) -> str:
    """A new meter, as `described`. Raises Refused."""
    types = change.connection.execute(select(meter_type).where(meter_type.c.name == values["type"])).all()
    same = [one for one in types if values["maker"] in (None, one.maker)]
    maker = values["maker"] or (same[0].maker if len(same) == 1 else None)
    if maker is None:
        raise Refused("maker", _l("Укажите завод: по одному типу «%(type)s» он не ясен", type=values["type"]))
    code = same[0].code if len(same) == 1 else None
    name = values["id"] or (f"{code}-{values['serial']}" if code else None)
    if name is None:
        raise Refused("id", _l("Укажите имя счётчика в сообщениях: у этого типа нет кода завода в справочнике"))
    return enter.add_meter(
        change, name, serial=values["serial"], type=values["type"], maker=maker, made_in=values["made_in"]
    )


def _around(values: Values) -> tuple[Mapping[str, int], Mapping[str, int]]:
    return readings_around(here().source, values["old_meter"], values["at"])


def _last(meter_id: str, at: int) -> Mapping[str, int]:
    return readings_around(here().source, meter_id, at)[0]


def _first(values: Values) -> Mapping[str, int]:
    """The first readings of the meter that is mounted; of one that is typed by its serial too."""
    if "meter" not in values:
        name = values.get("id")
        return readings_around(here().source, name, values["at"])[1] if name else {}
    with here().source.engine.connect() as connection:
        query = select(meter.c.id).where((meter.c.id == values["meter"]) | (meter.c.serial == values["meter"])).limit(1)
        found = connection.execute(query).scalar()
    return readings_around(here().source, found, values["at"])[1] if found else {}
