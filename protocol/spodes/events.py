"""Journals of a СПОДЭС meter and the words for their codes (ГОСТ Р 58940-2020, app. Д; СТО 34.01-5.1-006-2021).

Codes that the standard does not define get a clear text with their number: an event is never hidden because its name
is not known. Who speaks another language than Russian translates TEXTS.
"""

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from protocol.obis import Obis
from protocol.spodes.data import load

QUALITY_JOURNAL = 9  # its «code» is a mask of bits
MAKERS_CODES = range(128, 256)  # left to the maker by the standard


@dataclass(frozen=True, slots=True)
class Journal:
    """Profile 0.0.99.98.e: columns are clock (8/2), `events` (1/2), `extra`, running time 0.0.96.8.0 (3/2)."""

    number: int  # e
    obis: Obis
    name: str
    events: tuple[Obis, ...]
    extra: tuple[Obis, ...]
    mandatory: bool


class _Line(msgspec.Struct, frozen=True):
    number: int
    obis: str
    name: str
    events: tuple[str, ...]
    extra: tuple[str, ...]
    mandatory: bool


class _File(msgspec.Struct, frozen=True):
    journals: tuple[_Line, ...]
    codes: dict[int, dict[int, str]]
    codes_v3: dict[int, dict[int, str]]
    quality_bits: dict[int, str]


_file = load("events.json", _File)

JOURNALS = {
    line.number: Journal(
        line.number,
        Obis.parse(line.obis),
        line.name,
        tuple(map(Obis.parse, line.events)),
        tuple(map(Obis.parse, line.extra)),
        line.mandatory,
    )
    for line in _file.journals
}

_OF_MAKER = "Событие изготовителя, код %(code)s"
_UNKNOWN = "Неизвестное событие, код %(code)s"
_IN_ORDER = "Качество сети в норме"
_UNKNOWN_BITS = "неизвестные признаки 0x%(bits)02X"
TEXTS = (
    *(text for table in (_file.codes, _file.codes_v3) for names in table.values() for text in names.values()),
    *_file.quality_bits.values(),
    *(_OF_MAKER, _UNKNOWN, _IN_ORDER, _UNKNOWN_BITS),
)


def event_text(journal: int, code: int, told: Callable[[str], str] = str) -> str:
    """Words for a line of a journal, whatever the numbers are. `told`: each of TEXTS in the language of who reads."""
    if journal == QUALITY_JOURNAL:
        return _quality_text(code, told)
    for table in (_file.codes, _file.codes_v3):
        text = table.get(journal, {}).get(code)
        if text is not None:
            return told(text)
    return told(_OF_MAKER if code in MAKERS_CODES else _UNKNOWN) % {"code": code}


def _quality_text(mask: int, told: Callable[[str], str]) -> str:
    if mask == 0:
        return told(_IN_ORDER)
    named = [told(text) for bit, text in _file.quality_bits.items() if mask & bit]
    rest = mask & ~sum(_file.quality_bits)
    return "; ".join([*named, told(_UNKNOWN_BITS) % {"bits": rest}] if rest else named)
