"""Journals of a СПОДЭС meter and the words for their codes (ГОСТ Р 58940-2020, app. Д; СТО 34.01-5.1-006-2021).

Codes that the standard does not define get a clear text with their number: an event is never hidden because its name
is not known.
"""

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


def event_text(journal: int, code: int) -> str:
    """Russian words for a line of a journal, whatever the numbers are."""
    if journal == QUALITY_JOURNAL:
        return _quality_text(code)
    for table in (_file.codes, _file.codes_v3):
        text = table.get(journal, {}).get(code)
        if text is not None:
            return text
    if code in MAKERS_CODES:
        return f"Событие изготовителя, код {code}"
    return f"Неизвестное событие, код {code}"


def _quality_text(mask: int) -> str:
    if mask == 0:
        return "Качество сети в норме"
    named = [text for bit, text in _file.quality_bits.items() if mask & bit]
    rest = mask & ~sum(_file.quality_bits)
    return "; ".join([*named, f"неизвестные признаки 0x{rest:02X}"] if rest else named)
