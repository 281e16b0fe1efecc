"""«Ввод показаний счетчика»: all meters of a person in one form, doubts told once, a receipt, the ones before.

The form works without scripts; sent twice it is one (a token of its page and of what was typed). A phone that had no
network sends what it kept later, with the moment when it was read (`noted_at`), and is answered as a program: JSON.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from flask import jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from central import figures
from central.cabinet import photo
from central.cabinet.asked import MOST_TOGETHER
from central.cabinet.chosen import no_point, several_points
from central.cabinet.room import cabinet
from central.faces import energy, words
from central.faces.formats import moment
from central.faces.forms import Field, Group, Text, parse
from central.faces.here import here, viewer
from central.faces.registry_words import tariff
from central.figures import NotFound
from central.figures.around import readings_around
from central.figures.meter_faces import FaceRegister, MeterFace
from central.figures.views import PointView
from central.handing import receipts
from central.handing.handing import (
    KEPT_HOURS,
    AlreadyHanded,
    Gone,
    Weighed,
    handed,
    in_time,
    opened_by_silence,
    sent,
    taken,
    weigh,
)
from central.metering.handed import DAY, Doubt, Taken
from central.metering.rounding import MWH_PER_KWH
from central.metering.zones import day_of
from central.registry.periods import COMPANY
from central.registry.reading_days import Terms, terms

MOST_TYPED = 20  # characters
UNCOUNTED = ("csrf_token", "confirmed", "noted_at")  # may differ when the same form is sent again
NOTHING_TO_HAND = _l("Передать здесь нечего")


@dataclass(frozen=True, slots=True)
class Asked:
    """A register as the form asks for it. `name`: of its field; `colour`: of its zone, "" = all zones."""

    name: str
    colour: str
    caption: str
    register: FaceRegister

    @property
    def field(self) -> Field:
        return Field(self.name, self.caption, "energy", needed=False, most=MOST_TYPED)


@dataclass(frozen=True, slots=True)
class Meter:
    """One meter of the form. `opened`: its days of silence, where they opened the form for it; 0 = they did not."""

    face: MeterFace
    registers: Sequence[Asked]
    taken: Taken
    opened: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """The form. `noted_at`: when it was read, by a phone; its meters are as they stood then; None: now."""

    points: Sequence[PointView]
    chosen: Sequence[PointView]
    meters: Sequence[Meter]
    held: Terms
    noted_at: int | None

    @property
    def at(self) -> int:
        return here().now if self.noted_at is None else self.noted_at

    @property
    def captions(self) -> Mapping[str, str]:
        return {
            one.name: f"{one.caption}, {_('№')} {meter.face.serial}" for meter in self.meters for one in meter.registers
        }


@cabinet.route("/entry", methods=["GET", "POST"], endpoint="hand_in")
def hand_in() -> ResponseReturnValue:
    """`point`: those alone; without it all, MOST_TOGETHER at most."""
    token = _token()
    with here().source.engine.connect() as connection:
        earlier = sent(connection, viewer(), token) if request.method == "POST" else None
    if earlier is not None:
        return _to_receipt(earlier)
    points, chosen = several_points(usual=MOST_TOGETHER)
    if not chosen:
        if _by_program():
            raise NotFound("point")
        return no_point()
    noted_at, wrong = _noted()
    sheet = Sheet(points, chosen, *_meters(chosen, here().now if noted_at is None else noted_at), noted_at)
    if request.method == "GET" or not (sheet.meters or _by_program()):
        return _page(sheet, {}, {})
    if wrong is not None:
        return _back(sheet, _typed(sheet), {"": wrong})
    if not sheet.meters:
        return _back(sheet, {}, {"": NOTHING_TO_HAND})
    return _sent(sheet, token)


@cabinet.get("/entry/<number>", endpoint="receipt")
def receipt(number: str) -> str:
    """What was handed in, and what became of it."""
    with here().source.engine.connect() as connection:
        found = receipts.receipt(connection, viewer(), number)
    if found is None:
        raise NotFound("receipt")
    return photo.shown(found, {})


def _noted() -> tuple[int | None, Text | None]:
    """When a phone says that it was read; None: now. And what is wrong with that."""
    text, now = request.form.get("noted_at", ""), here().now
    if not text:
        return None, None
    if not (text.isascii() and text.isdecimal() and len(text) <= 12):
        return None, _l("Не понять, когда снято показание. Снимите его ещё раз.")
    if in_time(int(text), now):
        return int(text), None
    if int(text) > now:
        return None, _l("Показание снято позже, чем сейчас. Проверьте часы телефона и снимите его ещё раз.")
    return None, _l("Показание снято больше %(hours)s ч назад. Снимите его ещё раз.", hours=KEPT_HOURS)


def _typed(sheet: Sheet) -> dict[str, str]:
    return {one.name: request.form.get(one.name, "") for meter in sheet.meters for one in meter.registers}


def _sent(sheet: Sheet, token: str) -> ResponseReturnValue:
    made, typed = here(), _typed(sheet)
    read, errors = _read(sheet.meters, typed)
    if errors:
        return _back(sheet, typed, errors)
    weighed = [
        weigh(meter.face, read[meter.face.mounting], sheet.held, sheet.at, _later(sheet, meter.face))
        for meter in sheet.meters
        if _has(meter, read)
    ]
    doubtful = {f"{one.face.mounting}.{field}": found for one in weighed for field, found in one.doubts.items()}
    told = _digest(weighed)
    if doubtful and request.form.get("confirmed") != told:
        return _back(sheet, typed, {}, doubtful, told)
    try:
        return _to_receipt(handed(made.source, viewer(), token, weighed, made.now, sheet.noted_at))
    except AlreadyHanded as found:
        return _back(sheet, typed, {"": _already(found)})
    except Gone:
        sentence = _l("Счётчик сменился, или договор теперь не ваш. Откройте страницу заново.")
        return _back(sheet, typed, {"": sentence})


def _later(sheet: Sheet, face: MeterFace) -> Mapping[str, int]:
    """What the meter itself said since it was read."""
    return {} if sheet.noted_at is None else readings_around(here().source, face.meter, sheet.noted_at)[1]


def _already(found: AlreadyHanded) -> Text:
    about = {"serial": found.face.serial, "since": moment(found.since, found.face.point.tz, year=False)}
    if found.number:
        sentence = _(
            "Показание счётчика № %(serial)s только что передано: квитанция %(number)s.", **about, number=found.number
        )
    else:
        sentence = _("Показание счётчика № %(serial)s только что передал другой владелец договора.", **about)
    return f"{sentence} " + _("Следующее можно передать с %(since)s.", **about)


def _back(
    sheet: Sheet,
    typed: Mapping[str, str],
    errors: Mapping[str, Text],
    doubtful: Mapping[str, Sequence[Doubt]] | None = None,
    confirmed: str = "",
) -> ResponseReturnValue:
    """It is not taken so: what is wrong with it, or doubtful."""
    if not _by_program():
        return _page(sheet, typed, errors, doubtful, confirmed), 422 if errors else 200
    found = [(name, str(sentence)) for name, sentence in errors.items()]
    found += [(name, " ".join(str(words.DOUBTS[one]) for one in more)) for name, more in (doubtful or {}).items()]
    return jsonify(said=[f"{sheet.captions[name]}: {text}" if name else text for name, text in found]), 422


def _by_program() -> bool:
    return request.accept_mimetypes.best == "application/json"


def _page(
    sheet: Sheet,
    typed: Mapping[str, str],
    errors: Mapping[str, Text],
    doubtful: Mapping[str, Sequence[Doubt]] | None = None,
    confirmed: str = "",
) -> str:
    with here().source.engine.connect() as connection:
        before = receipts.receipts(connection, viewer())
    return render_template(
        "cabinet/entry.html",
        sheet=sheet,
        points=sheet.points,
        chosen=sheet.chosen,
        most_together=MOST_TOGETHER,
        meters=sheet.meters,
        window=sheet.held.window,
        silent_days=sheet.held.silent_days,
        usual=_usual(sheet.meters),
        typed=typed,
        errors=errors,
        captions=sheet.captions,
        doubtful=doubtful or {},
        confirmed=confirmed,
        once=request.form.get("once", "")[:32] or secrets.token_hex(16),
        before=before,
        tz=COMPANY,
        now=sheet.at,
        kwh=MWH_PER_KWH,
    )


def _usual(meters: Sequence[Meter]) -> Taken | None:
    """The days on which the company takes readings, where silence opens nothing."""
    return next((one.taken for one in meters if not one.opened), None)


def _meters(chosen: Sequence[PointView], at: int) -> tuple[Sequence[Meter], Terms]:
    made, who = here(), viewer()
    faces = figures.meter_faces(made.source, who, [one.id for one in chosen], at)
    with made.source.engine.connect() as connection:
        held = terms(connection, who.organisation)
    return [_meter(face, held, at) for face in faces], held


def _meter(face: MeterFace, held: Terms, at: int) -> Meter:
    opens = taken(face, held, at)
    unopened = not held.window.taken(day_of(at, face.point.tz)).open
    silent = (at - (face.silent_since or at)) // DAY
    return Meter(face, asked_of(face), opens, silent if unopened and opened_by_silence(face, held, at) else 0)


def asked_of(face: MeterFace) -> Sequence[Asked]:
    """Its registers, as a form asks for them."""
    zones = {zone.name: zone for zone in energy.zones_of(face.point.zones)}
    asked = []
    for one in face.registers:
        counted = [zones[name] for name in one.zones if name in zones]
        caption = " ".join([tariff(one.tariff), *(zone.word for zone in counted)])
        colour = counted[0].colour if len(counted) == 1 else ""
        asked.append(Asked(f"{face.mounting}.{one.field}", colour, caption if one.tariff else _("Всего"), one))
    return asked


def _has(meter: Meter, read: Mapping[int, Mapping[str, int]]) -> bool:
    return bool(read.get(meter.face.mounting))


def _read(meters: Sequence[Meter], typed: Mapping[str, str]) -> tuple[dict[int, dict[str, int]], dict[str, Text]]:
    """Mounting -> field -> mWh of those that were read, and what is impossible, by field."""
    read: dict[int, dict[str, int]] = {}
    errors: dict[str, Text] = {}
    for meter in meters:
        found = parse((Group("", [one.field for one in meter.registers]),), typed)
        errors |= found.errors
        values = {one: found.values.get(one.name) for one in meter.registers if one.name not in found.errors}
        if all(value is None for value in values.values()):
            continue
        for one, value in values.items():
            sentence = _impossible(value, meter.face.digits)
            if sentence is not None:
                errors[one.name] = sentence
        read[meter.face.mounting] = {one.register.field: value or 0 for one, value in values.items()}
    if not read and not errors:
        errors[""] = _l("Внесите хотя бы одно показание")
    return read, errors


def _impossible(value: int | None, digits: int | None) -> Text | None:
    if value is None:
        return _l("Внесите и этот регистр: у счётчика их несколько, все на один момент")
    if value < 0:
        return _l("Показание не бывает меньше нуля")
    if digits is not None and value >= 10**digits * MWH_PER_KWH:
        return _l("На счётчике %(digits)s цифр до запятой, а здесь больше", digits=digits)
    return None


def _token() -> str:
    """What makes this form the same one sent again."""
    typed = sorted((name, value) for name, value in request.form.items() if name not in UNCOUNTED)
    return sha256(repr(typed).encode()).hexdigest()[:32]


def _digest(weighed: Sequence[Weighed]) -> str:
    """Of what is doubtful, as it was told."""
    found = [
        (one.face.mounting, field, one.registers[field], [doubt.value for doubt in doubts])
        for one in weighed
        for field, doubts in one.doubts.items()
    ]
    return sha256(repr(found).encode()).hexdigest()[:32]


def _to_receipt(key: int) -> ResponseReturnValue:
    with here().source.engine.connect() as connection:
        number = receipts.number(connection, key)
    address = url_for("cabinet.receipt", number=number, done=1)
    return jsonify(number=number, address=address) if _by_program() else redirect(address, 303)
