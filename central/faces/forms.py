"""Forms as data: fields in groups, one parser for what was typed, one macro that draws them.

What was typed is kept as it is, so a form that is refused comes back whole. Numbers may be typed with a comma or a
point, days as the browser writes them or as people do; a moment is a day and a time on the clock of its place.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from central import typed as typed_as
from central.accounts.people import is_mail, normal, phone_of
from central.metering.rounding import MWH_PER_KWH
from central.registry.refusals import Refused

Text: TypeAlias = LazyString | str
Typed = Mapping[str, str]  # name of an input -> what stands in it
Values = Mapping[str, Any]  # name of a field -> what it means; None = left empty

MOST_DIGITS = 12  # before the comma of anything that is typed
EARLIEST = date(2000, 1, 1)
_CLOCK = re.compile("(?:[01][0-9]|2[0-3])(?::[0-5][0-9]){1,2}")
KNOWN, NEW = "known", "new"  # of a radio `which`: something that the registry has, or has not
DAY, CLOCK = "-day", "-time"  # the two inputs of a moment


@dataclass(frozen=True, slots=True)
class Field:
    """`kind`: text | area | mail | phone | password | whole | number | energy | day | moment | choice | radio | check |
    file.

    `choices`: of a choice or radio (value, caption); of a text they are only proposed. `tz`: of a moment. `fills`: what
    a browser may fill in by itself (autocomplete).
    """

    name: str
    caption: Text
    kind: str = "text"
    help: Text = ""
    needed: bool = True
    choices: Sequence[tuple[str, Text]] = ()
    most: int = 200
    unit: Text = ""
    tz: str = "UTC"
    fills: str = "off"
    accept: str = ""  # of a file: endings that its window offers
    largest: int | None = None  # of a file: bytes

    @property
    def inputs(self) -> tuple[str, ...]:
        return (self.name + DAY, self.name + CLOCK) if self.kind == "moment" else (self.name,)


@dataclass(frozen=True, slots=True)
class Group:
    """Fields under one legend. `folded`: opened when needed. `when`: a radio and its value it belongs to."""

    legend: Text
    fields: Sequence[Field]
    folded: bool = False
    help: Text = ""
    when: tuple[str, str] | None = None


@dataclass(slots=True)
class Parsed:
    values: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, Text] = field(default_factory=dict)  # field -> sentence


def fields_of(groups: Sequence[Group]) -> Iterator[Field]:
    return (one for group in groups for one in group.fields)


def captions_of(groups: Sequence[Group]) -> dict[str, Text]:
    """Field -> its caption, for the summary of errors."""
    return {one.name: one.caption for one in fields_of(groups)}


def typed_in(groups: Sequence[Group], given: Typed) -> dict[str, str]:
    """What stands in the inputs of these fields."""
    return {name: given.get(name, "") for one in fields_of(groups) for name in one.inputs}


def parse(groups: Sequence[Group], typed: Typed) -> Parsed:
    """What was typed, understood; each field that was not has a sentence. Groups that were not chosen are left out."""
    found = Parsed()
    for group in groups:
        if group.when is not None and typed.get(group.when[0]) != group.when[1]:
            continue
        for one in group.fields:
            try:
                found.values[one.name] = _value(one, typed)
            except Refused as refused:
                found.errors[one.name] = refused.sentence
    return found


def _value(one: Field, typed: Typed) -> Any:
    if one.kind == "password":  # whatever it is, it is as it was typed
        texts = [typed.get(one.name, "")]
    else:
        texts = [typed.get(name, "").strip() for name in one.inputs]
    if not any(texts):
        if one.needed:
            raise Refused(one.name, _l("Заполните это поле"))
        return False if one.kind == "check" else None
    if any(len(text) > one.most for text in texts):
        raise Refused(one.name, _l("длиннее %(most)s знаков", most=one.most))
    return _moment(one, *texts) if one.kind == "moment" else _KINDS[one.kind](one, texts[0])


def _text(_one: Field, text: str) -> str:
    """One line; what is no letter of any is a space."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _area(_one: Field, text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable() or letter in "\n\t")


def _mail(one: Field, text: str) -> str:
    if not is_mail(text):
        raise Refused(one.name, _l("«%(text)s» — не адрес почты; пишется так: ivan@example.org", text=text))
    return normal(text)


def _phone(one: Field, text: str) -> str:
    found = phone_of(text)
    if found is None:
        raise Refused(one.name, _l("«%(text)s» — не номер телефона; пишется так: 8 912 345-67-89", text=text))
    return found


def _choice(one: Field, text: str) -> str:
    if text not in [value for value, _ in one.choices]:
        raise Refused(one.name, _l("«%(text)s» здесь не бывает: выберите одно из списка", text=text))
    return text


def _number(one: Field, text: str) -> Decimal:
    value = typed_as.number(text)
    if value is None:
        raise Refused(one.name, _l("«%(text)s» — не число; пишется так: 1234,56", text=text))
    if abs(value) >= 10**MOST_DIGITS:
        raise Refused(one.name, _l("«%(text)s» — слишком большое число", text=text))
    if value != round(value, 6):
        raise Refused(one.name, _l("Больше шести знаков после запятой"))
    return value


def _whole(one: Field, text: str) -> int:
    value = _number(one, text)
    if value != int(value):
        raise Refused(one.name, _l("«%(text)s» — нужно целое число", text=text))
    return int(value)


def _energy(one: Field, text: str) -> int:
    """kWh as on the meter's face -> mWh."""
    return int(_number(one, text) * MWH_PER_KWH)


def _day(one: Field, text: str) -> date:
    for pattern in ("%Y-%m-%d", "%d.%m.%Y") if text.isascii() else ():
        try:
            value = datetime.strptime(text, pattern).date()
        except ValueError:
            continue
        if value < EARLIEST:
            raise Refused(one.name, _l("Дата раньше %(day)s", day=f"{EARLIEST:%d.%m.%Y}"))
        return value
    raise Refused(one.name, _l("«%(text)s» — не дата; пишется так: 24.11.2026", text=text))


def _moment(one: Field, day: str, clock: str) -> int:
    if not day or not clock:
        raise Refused(one.name, _l("Укажите и дату, и время"))
    if not _CLOCK.fullmatch(clock):
        raise Refused(one.name, _l("«%(text)s» — не время; пишется так: 14:30", text=clock))
    return moment_of(one.name, datetime.combine(_day(one, day), time.fromisoformat(clock)), one.tz)


def moment_of(name: str, wall: datetime, tz: str) -> int:
    """Seconds UTC of a time on the clock of this zone. Raises Refused: the clock skipped it, or showed it twice."""
    zone = ZoneInfo(tz)
    found = {int(wall.replace(tzinfo=zone, fold=fold).timestamp()) for fold in (0, 1)}
    there = [
        moment for moment in found if datetime.fromtimestamp(moment, UTC).astimezone(zone).replace(tzinfo=None) == wall
    ]
    said = f"{wall:%d.%m.%Y %H:%M}"
    if not there:
        raise Refused(name, _l("%(when)s не было: часы перевели вперёд", when=said))
    if len(there) > 1:
        raise Refused(name, _l("%(when)s было дважды: часы перевели назад; укажите время вне этого часа", when=said))
    return there[0]


_KINDS: Mapping[str, Callable[[Field, str], Any]] = {
    "text": _text,
    "area": _area,
    "mail": _mail,
    "phone": _phone,
    "password": lambda _one, text: text,
    "whole": _whole,
    "number": _number,
    "energy": _energy,
    "day": _day,
    "choice": _choice,
    "radio": _choice,
    "file": _text,
    "check": lambda _one, _text: True,
}


def typed_words(groups: Sequence[Group], typed: Typed) -> list[tuple[Text, Text]]:
    """What was typed, to be read again: caption and words of each field that is filled in and counts."""
    told: list[tuple[Text, Text]] = []
    for group in groups:
        if group.when is None or typed.get(group.when[0]) == group.when[1]:
            for one in group.fields:
                text = " ".join(filter(None, (typed.get(name, "") for name in one.inputs)))
                if text and one.kind != "radio":
                    told.append((one.caption, _as_read(one, text)))
    return told


def _as_read(one: Field, text: str) -> Text:
    if one.kind == "choice":
        return dict(one.choices).get(text, text)
    if one.kind in ("day", "moment") and re.match(r"\d{4}-\d\d-\d\d", text):
        return f"{text[8:10]}.{text[5:7]}.{text[:4]}{text[10:]}"
    return f"{text} {one.unit}" if one.unit else text


def registers(values: Values, side: str) -> dict[str, int] | None:
    """«reg_end.ap0» … of a form as the registry takes them; None when no register was filled in."""
    found = {
        name.removeprefix(f"{side}."): value
        for name, value in values.items()
        if name.startswith(f"{side}.") and value is not None
    }
    return found or None


def written(value: Decimal | int) -> str:
    """A number as one types it."""
    return format(Decimal(value).normalize(), "f").replace(".", ",")


def written_kwh(energy: int) -> str:
    return written(Decimal(energy) / MWH_PER_KWH)


def written_moment(name: str, moment: int, tz: str) -> dict[str, str]:
    """The two inputs of a moment."""
    wall = datetime.fromtimestamp(moment, UTC).astimezone(ZoneInfo(tz))
    return {name + DAY: f"{wall:%Y-%m-%d}", name + CLOCK: f"{wall:%H:%M:%S}" if wall.second else f"{wall:%H:%M}"}
