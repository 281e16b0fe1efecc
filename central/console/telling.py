"""Rows of the registry before and after, in words: a caption and what stands there, as people read it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row

from central.console.room import TZ
from central.faces import registry_words as words
from central.faces.formats import NO_BREAK, NOTHING, day, moment
from central.faces.forms import written, written_kwh
from central.faces.words import zone
from central.registry.history import Names, differing, names

MOMENTS = frozenset({"valid_from", "valid_to", "hour", "read_at"})
W_PER_KW = 1000


class Told(NamedTuple):
    """A row that was added, changed or removed: `cells` = caption, before, after; None = there was nothing."""

    object: str
    key: str
    what: str
    how: str  # added | changed | removed
    cells: Sequence[tuple[str, str | None, str | None]]


def told(connection: Connection, lines: Sequence[Row[Any]], about: tuple[str, str] = ("", "")) -> list[Told]:
    """`about`: column and key of the object on whose page they stand, which is not told again."""
    known = names(connection, lines)
    return [_line(line, known, about) for line in lines]


def _line(line: Row[Any], known: Names, about: tuple[str, str]) -> Told:
    how = "added" if line.before is None else "removed" if line.after is None else "changed"
    cells = []
    for column, before, after in differing(line):
        if column == "path" and how != "changed":
            continue  # it is the names above and its own
        if column == about[0] and about[1] in (str(before), str(after)) and how != "changed":
            continue
        pair = (_said(column, before, line.before, known), _said(column, after, line.after, known))
        cells.append((words.caption(column), *pair))
    return Told(line.object, line.key, words.table(line.object), how, cells)


def _said(column: str, value: Any, row: Mapping[str, Any] | None, known: Names) -> str | None:
    if value is None:
        return None
    if column in MOMENTS and isinstance(value, int):
        return moment(value, known.tz(row or {}, TZ))
    name = known.of(column, value)
    if name is not None:
        return name
    if column in _SAID:
        return _SAID[column](value)
    if isinstance(value, str) and (found := _day(value)) is not None:
        return day(found)
    return words.value(column, str(value))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == len("2026-11-24") else None
    except ValueError:
        return None


def registers(found: Mapping[str, int] | None) -> str:
    """«A+ всего 1234,56 · A+ Т1 …»; nothing where an act has none."""
    if not found:
        return NOTHING
    return " · ".join(f"{words.register(name)}{NO_BREAK}{written_kwh(value)}" for name, value in sorted(found.items()))


def tariffs(found: Mapping[str, int]) -> str:
    """«пик Т1, ночь Т2» of a scheme or a point."""
    return ", ".join(f"{zone(name)}{NO_BREAK}{words.tariff(number)}" for name, number in found.items())


def clock_minutes(minute: int) -> str:
    """«07:30» of a minute of the day."""
    return f"{minute // 60:02}:{minute % 60:02}"


_SAID: Mapping[str, Callable[[Any], str]] = {
    "reg_start": registers,
    "reg_end": registers,
    "registers": registers,
    "tariffs": tariffs,
    "zone": zone,
    "power_max": lambda value: written(Decimal(value) / W_PER_KW),
    "register_end": written_kwh,
    "resolution": written_kwh,
    "above": written_kwh,
    "coefficient": lambda value: str(value).replace(".", ","),
    "amount": lambda value: str(value).replace(".", ","),
    "ki": lambda value: str(value).replace(".", ","),
    "ku": lambda value: str(value).replace(".", ","),
    "months": words.months,
    "start": clock_minutes,
    "end": clock_minutes,
    "settings": lambda value: ", ".join(f"{name} = {one}" for name, one in value.items()),
}
