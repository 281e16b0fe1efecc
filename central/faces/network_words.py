"""What instantaneous values of the network are called, and how their numbers are written: volts, amperes, kilowatts."""

from collections.abc import Callable, Mapping

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from central.commands.asking_now import Step
from central.faces.formats import decimals
from central.metering.network import OF_FIELD, By, Quantity
from protocol.messages.command import Status

SIGNS: Mapping[Quantity, str] = {
    Quantity.VOLTAGE: "U",
    Quantity.CURRENT: "I",
    Quantity.ACTIVE: "P",
    Quantity.REACTIVE: "Q",
    Quantity.APPARENT: "S",
    Quantity.FACTOR: "cos φ",
    Quantity.FREQUENCY: "f",
}
QUANTITIES: Mapping[Quantity, LazyString] = {
    Quantity.VOLTAGE: _l("напряжение"),
    Quantity.CURRENT: _l("ток"),
    Quantity.ACTIVE: _l("активная мощность"),
    Quantity.REACTIVE: _l("реактивная мощность"),
    Quantity.APPARENT: _l("полная мощность"),
    Quantity.FACTOR: _l("коэффициент мощности"),
    Quantity.FREQUENCY: _l("частота"),
}
NEUTRAL = _l("ток нулевого провода")
UNITS: Mapping[Quantity, LazyString | str] = {
    Quantity.VOLTAGE: _l("В"),
    Quantity.CURRENT: _l("А"),
    Quantity.ACTIVE: _l("кВт"),
    Quantity.REACTIVE: _l("квар"),
    Quantity.APPARENT: _l("кВ·А"),
    Quantity.FACTOR: "",
    Quantity.FREQUENCY: _l("Гц"),
}
STEPS: Mapping[Step, LazyString] = {  # of asking a meter now
    Step.MADE: _l("Запрос принят"),
    Step.SENT: _l("Передан концентратору"),
    Step.TAKEN: _l("Концентратор опрашивает счётчик"),
    Step.TOLD: _l("Ответ получен"),
    Step.EXPIRED: _l("Ответа не дождались"),
}
EXPIRED = ("look", _l("Концентратор не ответил вовремя. Последние значения, что есть, — в таблице."))
ANSWERS: Mapping[Status, tuple[str, LazyString]] = {  # badge · what the last word was
    Status.DONE: ("ok", _l("Счётчик ответил")),
    Status.PARTIAL: ("look", _l("Счётчик ответил не обо всём")),
    Status.WAITING: ("look", _l("Концентратор опрашивает счётчик")),
    Status.DENIED: ("look", _l("Концентратор отказал")),
    Status.UNSUPPORTED: ("look", _l("Этого концентратора так опросить нельзя")),
    Status.NO_METER: ("look", _l("Концентратор не знает этого счётчика")),
    Status.NO_ANSWER: ("look", _l("Счётчик не ответил")),
    Status.BAD_LINK: ("look", _l("Линия до счётчика не работает")),
}
ANGLES: Mapping[By, LazyString] = {  # out of what an angle was found
    By.POWERS: _l("φ — по активной и реактивной мощности с их знаками."),
    By.FACTOR: _l(
        "φ — по cos φ; отстаёт ток или опережает — по знаку всей реактивной мощности, без неё принято, что отстаёт."
    ),
    By.WHOLE: _l("Своего φ у фаз нет: у всех показан общий."),
}
LINES: Mapping[str, str] = {"u_a": "Uab", "u_b": "Ucb", "u_c": "Uac"}  # what a meter for three wires measures
KILO = (Quantity.ACTIVE, Quantity.REACTIVE, Quantity.APPARENT)
DIGITS = {Quantity.VOLTAGE: 1, Quantity.CURRENT: 2, Quantity.FACTOR: 3, Quantity.FREQUENCY: 2} | dict.fromkeys(KILO, 3)
GREAT = 1000  # from here on two decimals fewer


def number(quantity: Quantity, value: float) -> str:
    """The number alone."""
    return numbers(quantity)(value)


def numbers(quantity: Quantity) -> Callable[[float], str]:
    """The same for many of them."""
    write, digits, unit = decimals(), DIGITS[quantity], 1000 if quantity in KILO else 1
    few = max(0, digits - 2)

    def told(value: float) -> str:
        shown = value / unit
        return write(shown, digits if -GREAT < shown < GREAT else few)

    return told


def scaled(quantity: Quantity, value: float) -> float:
    """In the unit that it is shown in."""
    return value / 1000 if quantity in KILO else value


def name(field: str, *, three_wires: bool = False) -> str:
    """«Фаза A», «Uab», «Нулевой провод», «Всего»."""
    if three_wires and field in LINES:
        return LINES[field]
    phase = field.partition("_")[2]
    if phase == "n":
        return str(_("Нулевой провод"))
    return str(_("Фаза %(phase)s", phase=phase.upper())) if phase else str(_("Всего"))


def short(field: str, *, three_wires: bool = False) -> str:
    """«U A», «P», «cos φ B», «Uab»: heads of a file."""
    if three_wires and field in LINES:
        return LINES[field]
    phase = field.partition("_")[2].upper()
    sign = SIGNS[OF_FIELD[field]]
    return f"{sign} {phase}" if phase else sign
