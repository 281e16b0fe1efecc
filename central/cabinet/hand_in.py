"""«Ввод показаний»: all meters of a person in one form, what is doubtful told once, a receipt, the ones before.

The form works without scripts; sent twice it is one (a token of its page and of what was typed).
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from central import figures
from central.accounts.policy import Viewer
from central.cabinet import photo
from central.cabinet.asked import MOST_TOGETHER
from central.cabinet.chosen import no_point, several_points
from central.cabinet.room import cabinet
from central.faces import energy
from central.faces.formats import moment
from central.faces.forms import Field, Group, Text, parse
from central.faces.here import here, viewer
from central.figures import NotFound
from central.figures.meter_faces import FaceRegister, MeterFace
from central.figures.views import PointView
from central.handing import receipts
from central.handing.handing import AlreadyHanded, Gone, Weighed, handed, opened_by_silence, sent, taken, weigh
from central.metering.handed import DAY, Taken
from central.metering.rounding import MWH_PER_KWH
from central.metering.zones import day_of
from central.registry.periods import COMPANY
from central.registry.reading_days import Terms, terms

MOST_TYPED = 20  # characters


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


@cabinet.route("/entry", methods=["GET", "POST"], endpoint="hand_in")
def hand_in() -> ResponseReturnValue:
    """`point`: those alone; without it all, MOST_TOGETHER at most."""
    points, chosen = several_points(usual=MOST_TOGETHER)
    if not chosen:
        return no_point()
    meters, held = _meters(chosen)
    if request.method == "GET" or not meters:
        return _page(points, chosen, meters, held, {}, {}), 200
    token = _token()
    with here().source.engine.connect() as connection:
        earlier = sent(connection, viewer(), token)
    if earlier is not None:
        return _to_receipt(earlier)
    return _sent(points, chosen, meters, held, token)


@cabinet.get("/entry/<number>", endpoint="receipt")
def receipt(number: str) -> str:
    """What was handed in, and what became of it."""
    with here().source.engine.connect() as connection:
        found = receipts.receipt(connection, viewer(), number)
    if found is None:
        raise NotFound("receipt")
    return photo.shown(found, {})


def _sent(
    points: Sequence[PointView],
    chosen: Sequence[PointView],
    meters: Sequence[Meter],
    held: Terms,
    token: str,
) -> ResponseReturnValue:
    made = here()
    typed = {one.name: request.form.get(one.name, "") for meter in meters for one in meter.registers}
    read, errors = _read(meters, typed)
    if errors:
        return _page(points, chosen, meters, held, typed, errors), 422
    weighed = [weigh(meter.face, read[meter.face.mounting], held, made.now) for meter in meters if _has(meter, read)]
    doubtful = {f"{one.face.mounting}.{field}": found for one in weighed for field, found in one.doubts.items()}
    told = _digest(weighed)
    if doubtful and request.form.get("confirmed") != told:
        return _page(points, chosen, meters, held, typed, {}, doubtful, told), 200
    try:
        return _to_receipt(handed(made.source, viewer(), token, weighed, made.now))
    except AlreadyHanded as found:
        return _page(points, chosen, meters, held, typed, {"": _already(found)}), 422
    except Gone:
        sentence = _l("Счётчик сменился, или договор теперь не ваш. Откройте страницу заново.")
        return _page(points, chosen, meters, held, typed, {"": sentence}), 422


def _already(found: AlreadyHanded) -> Text:
    about = {"serial": found.face.serial, "since": moment(found.since, found.face.point.tz, year=False)}
    if found.number:
        sentence = _(
            "Показание счётчика № %(serial)s только что передано: квитанция %(number)s.", **about, number=found.number
        )
    else:
        sentence = _("Показание счётчика № %(serial)s только что передал другой владелец договора.", **about)
    return f"{sentence} " + _("Следующее можно передать с %(since)s.", **about)


def _page(
    points: Sequence[PointView],
    chosen: Sequence[PointView],
    meters: Sequence[Meter],
    held: Terms,
    typed: Mapping[str, str],
    errors: Mapping[str, Text],
    doubtful: Mapping[str, Sequence[str]] | None = None,
    confirmed: str = "",
) -> str:
    who: Viewer = viewer()
    with here().source.engine.connect() as connection:
        before = receipts.receipts(connection, who)
    return render_template(
        "cabinet/entry.html",
        points=points,
        chosen=chosen,
        most_together=MOST_TOGETHER,
        meters=meters,
        window=held.window,
        silent_days=held.silent_days,
        usual=_usual(meters),
        typed=typed,
        errors=errors,
        captions={one.name: f"{one.caption}, № {meter.face.serial}" for meter in meters for one in meter.registers},
        doubtful=doubtful or {},
        confirmed=confirmed,
        once=request.form.get("once", "")[:32] or secrets.token_hex(16),
        account=who.account,
        before=before,
        tz=COMPANY,
        now=here().now,
        kwh=MWH_PER_KWH,
    )


def _usual(meters: Sequence[Meter]) -> Taken | None:
    """The days on which the company takes readings, where silence opens nothing."""
    return next((one.taken for one in meters if not one.opened), None)


def _meters(chosen: Sequence[PointView]) -> tuple[Sequence[Meter], Terms]:
    made, who = here(), viewer()
    faces = figures.meter_faces(made.source, who, [one.id for one in chosen], made.now)
    with made.source.engine.connect() as connection:
        held = terms(connection, who.organisation)
    return [_meter(face, held, made.now) for face in faces], held


def _meter(face: MeterFace, held: Terms, now: int) -> Meter:
    zones = {zone.name: zone for zone in energy.zones_of(face.point.zones)}
    asked = []
    for one in face.registers:
        counted = [zones[name] for name in one.zones if name in zones]
        caption = " ".join([_("Т%(number)s", number=one.tariff), *(zone.word for zone in counted)])
        colour = counted[0].colour if len(counted) == 1 else ""
        asked.append(Asked(f"{face.mounting}.{one.field}", colour, caption if one.tariff else _("Всего"), one))
    opens = taken(face, held, now)
    unopened = not held.window.taken(day_of(now, face.point.tz)).open
    silent = (now - (face.silent_since or now)) // DAY
    return Meter(face, asked, opens, silent if unopened and opened_by_silence(face, held, now) else 0)


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
    typed = sorted((name, value) for name, value in request.form.items() if name not in ("csrf_token", "confirmed"))
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
    return redirect(url_for("cabinet.receipt", number=number, done=1), 303)
