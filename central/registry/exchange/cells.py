"""What stands in a cell <-> a value of the registry. PURE.

`parse` takes what openpyxl read (never None or empty) and raises Refused: a sentence that stands beside the cell;
`show` gives what is written into a cell. Numbers and dates are taken as Excel's own and as text.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from openpyxl.utils.datetime import from_excel

from central import typed
from central.registry.refusals import Refused

MWH_PER_KWH = 10**6
ENERGY_END = 2**63 // MWH_PER_KWH  # kWh: more does not fit into SQL
DAYS = range(32_874, 73_051)  # Excel's numbers of 1990 … 2100: a date in a cell that is not formatted as one
_DATE = re.compile(
    r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})"
    r"(?:\s+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?(?:\s*(?P<offset>[+-]\d{2}:\d{2}))?)?",
    re.ASCII,
)
_ISO = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})"
    r"(?:[ T](?P<hour>\d{2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?(?:\s*(?P<offset>[+-]\d{2}:\d{2}))?)?",
    re.ASCII,
)

Cell = str | int | float | bool | datetime | date  # as openpyxl gives it, and takes it


class Kind:
    """Of a column. `format`: of the cells of Excel."""

    format = "@"

    def parse(self, value: Any) -> Any:
        raise NotImplementedError

    def show(self, value: Any) -> Cell:
        return str(value)


@dataclass(frozen=True, slots=True)
class Text(Kind):
    """Without spaces around it; a number is its digits."""

    most: int = 300

    def parse(self, value: Any) -> str:
        text = _text(value)
        if len(text) > self.most:
            raise Refused(None, _l("длиннее %(most)s знаков", most=self.most))
        return text


@dataclass(frozen=True, slots=True)
class Path(Kind):
    """Names from the top, joined by «\\»; spaces around the names do not count."""

    def parse(self, value: Any) -> str:
        names = [name.strip() for name in _text(value).split("\\")]
        if not all(names):
            raise Refused(None, _l("В пути есть пустое название; пишется так: Подстанция\\Щит\\Фидер"))
        if any(len(name) > 200 for name in names):
            raise Refused(None, _l("В пути название длиннее 200 знаков"))
        path = "\\".join(names)
        if len(path) > 1000:
            raise Refused(None, _l("Путь длиннее 1000 знаков"))
        return path


@dataclass(frozen=True, slots=True)
class Choice(Kind):
    """`words`: value -> how people write it; the value itself is taken too, and capital letters do not matter."""

    words: Mapping[Any, str]
    _known: dict[str, Any] = field(init=False, repr=False, hash=False, compare=False)

    def __post_init__(self) -> None:
        known = {str(value).casefold(): value for value in self.words}
        object.__setattr__(self, "_known", known | {word.casefold(): value for value, word in self.words.items()})

    def parse(self, value: Any) -> Any:
        text = _text(value)
        if text.casefold() not in self._known:
            allowed = ", ".join(self.words.values())
            raise Refused(None, _l("«%(value)s» здесь не бывает; можно: %(allowed)s", value=text, allowed=allowed))
        return self._known[text.casefold()]

    def show(self, value: Any) -> Cell:
        return self.words.get(value, str(value))


@dataclass(frozen=True, slots=True)
class Whole(Kind):
    """A whole number."""

    format = "0"

    def parse(self, value: Any) -> int:
        number = _number(value)
        if number != number.to_integral_value() or abs(number) >= 2**31:
            raise Refused(None, _l("«%(value)s»: здесь целое число", value=value))
        return int(number)

    def show(self, value: Any) -> Cell:
        return int(value)


@dataclass(frozen=True, slots=True)
class Number(Kind):
    """A Decimal of so many digits before and after the comma."""

    before: int
    after: int
    format = "General"

    def parse(self, value: Any) -> Decimal:
        return _fitting(_number(value), self.before, self.after)

    def show(self, value: Any) -> Cell:
        return _shown(Decimal(value))


@dataclass(frozen=True, slots=True)
class Energy(Kind):
    """kWh in the cell, integer mWh in the registry, exactly."""

    format = "General"

    def parse(self, value: Any) -> int:
        number = _fitting(_number(value), 13, 6)
        if abs(number) >= ENERGY_END:
            raise Refused(None, _l("«%(value)s» кВт·ч: такого показания не бывает", value=value))
        return int(number * MWH_PER_KWH)

    def show(self, value: Any) -> Cell:
        return _shown(Decimal(value) / MWH_PER_KWH)


@dataclass(frozen=True, slots=True)
class Day(Kind):
    """A date without time."""

    format = "dd.mm.yyyy"

    def parse(self, value: Any) -> date:
        moment = _moment(value)
        if moment.time() != datetime.min.time():
            raise Refused(None, _l("«%(value)s»: здесь дата без времени", value=value))
        return moment.date()

    def show(self, value: Any) -> Cell:
        if value.year < 1900:  # Excel has no such days
            return f"{value:%d.%m.%Y}"
        day: date = value
        return day


@dataclass(frozen=True, slots=True)
class Moment(Kind):
    """`parse` gives a datetime, without zone unless its offset is written; `seconds` makes it an instant."""

    format = "dd.mm.yyyy hh:mm"

    def parse(self, value: Any) -> datetime:
        return _moment(value)

    def show(self, value: Any) -> Cell:
        """`value`: what `wall` gives."""
        shown: Cell = value
        return shown


@dataclass(frozen=True, slots=True)
class Ratio(Kind):
    """«150/5»: primary and secondary."""

    def parse(self, value: Any) -> tuple[Decimal, Decimal]:
        if isinstance(value, date):
            raise Refused(None, _l("Excel принял отношение за дату: задайте ячейке формат «Текстовый», напишите 150/5"))
        first, slash, second = _text(value).partition("/")
        try:
            if slash:
                return _fitting(_number(first), 11, 3), _fitting(_number(second), 11, 3)
        except Refused:
            pass
        raise Refused(None, _l("«%(value)s»: отношение пишется так: 150/5", value=value))

    def show(self, value: Any) -> Cell:
        return "/".join(plain(Decimal(one)) for one in value)


@dataclass(frozen=True, slots=True)
class Pairs(Kind):
    """«peak=1; night=2»: names and their values, each of the kind `of`."""

    of: Kind
    names: tuple[str, ...] = ()  # those that there can be; () = any

    def parse(self, value: Any) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for part in _text(value).rstrip(";").split(";"):
            name, sign, text = (one.strip() for one in part.partition("="))
            if not (name and sign and text) or name in found or (self.names and name not in self.names):
                raise Refused(None, _l("«%(value)s»: пишется так: имя=значение; имя=значение", value=value))
            found[name] = self.of.parse(text)
        return found

    def show(self, value: Any) -> Cell:
        return "; ".join(f"{name}={self._plain(one)}" for name, one in value.items())

    def _plain(self, value: Any) -> str:
        shown = self.of.show(value)
        return plain(Decimal(repr(shown))) if isinstance(shown, float | int) else str(shown)


def seconds(moment: datetime, tz: str) -> int:
    """The instant of what a cell says, on a clock of the zone. Raises Refused: that clock never showed it."""
    if moment.tzinfo is not None:
        return int(moment.timestamp())
    zone = _zone(tz)
    instant = int(moment.replace(tzinfo=zone).timestamp())
    if datetime.fromtimestamp(instant, zone).replace(tzinfo=None) != moment:
        raise Refused(None, _l("%(when)s не было: часы переводили вперёд", when=f"{moment:%d.%m.%Y %H:%M}"))
    return instant


def wall(instant: int, tz: str) -> datetime | str:
    """As the clock of the zone shows it; as text with its offset where it shows the same twice."""
    local = datetime.fromtimestamp(instant, UTC).astimezone(_zone(tz))
    if local.fold:
        return f"{local:%d.%m.%Y %H:%M:%S} {local:%z}"[:-2] + f":{local:%z}"[-2:]
    return local.replace(tzinfo=None)


def plain(number: Decimal) -> str:
    """With a comma, without zeros at the end."""
    text = format(number, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace(".", ",")


def listed(values: Iterable[object]) -> str:
    return ", ".join(str(value) for value in values)


@lru_cache(maxsize=64)
def _zone(tz: str) -> ZoneInfo:
    return ZoneInfo(tz)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        raise Refused(None, _l("здесь текст, а не ИСТИНА или ЛОЖЬ"))
    if isinstance(value, int | float | Decimal):
        return plain(Decimal(repr(value)))
    raise Refused(None, _l("здесь текст, а в ячейке дата или время: задайте ячейке формат «Текстовый»"))


def _number(value: Any) -> Decimal:
    if isinstance(value, bool | date | timedelta) or not isinstance(value, str | int | float):
        raise Refused(None, _l("«%(value)s»: здесь число", value=value))
    number = typed.number(value) if isinstance(value, str) else Decimal(repr(value))
    if number is None or not number.is_finite() or number.adjusted() > 30:
        raise Refused(None, _l("«%(value)s»: здесь число", value=value))
    return number


def _fitting(number: Decimal, before: int, after: int) -> Decimal:
    if number != 0 and number.adjusted() >= before:
        raise Refused(None, _l("«%(value)s»: слишком большое число", value=plain(number)))
    places = number.normalize().as_tuple().exponent
    if isinstance(places, int) and -places > after:
        raise Refused(None, _l("«%(value)s»: после запятой больше %(after)s знаков", value=plain(number), after=after))
    return number


def _shown(number: Decimal) -> Cell:
    """A number where Excel's holds it exactly, else its text."""
    if number == number.to_integral_value() and abs(number) < 10**15:
        return int(number)
    near = float(number)
    return near if Decimal(repr(near)) == number else plain(number)


def _moment(value: Any) -> datetime:
    if isinstance(value, datetime):
        return (value + timedelta(microseconds=500_000)).replace(microsecond=0)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    if isinstance(value, int | float) and not isinstance(value, bool) and int(value) in DAYS:
        return _moment(from_excel(value))
    if isinstance(value, str):
        text = value.strip()
        found = _DATE.fullmatch(text) or _ISO.fullmatch(text)
        if found is not None:
            parts = {name: int(part) for name, part in found.groupdict().items() if part and name != "offset"}
            try:
                return datetime(**parts, tzinfo=_offset(found["offset"]))
            except ValueError:
                pass  # the 31st of February
    raise Refused(None, _l("«%(value)s»: дата пишется так: 24.11.2026 или 24.11.2026 14:30", value=value))


def _offset(text: str | None) -> timezone | None:
    if text is None:
        return None
    shift = timedelta(hours=int(text[1:3]), minutes=int(text[4:]))
    return timezone(-shift if text[0] == "-" else shift)
