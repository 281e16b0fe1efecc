"""Texts as words of the index, and what was typed as the beginnings that are looked for. Pure.

Words are without capital letters, ё is е. Of a number each end of three digits or more is a word too, so that the last
digits of a serial find it. A phone is its ten digits, however it is written.
"""

import re
from collections.abc import Iterable, Iterator

from central.registry.search.tables import LONGEST

SHORTEST = 3  # digits of an end
PHONE = 10  # digits without the country
_WORD = re.compile(r"[^\W_]+")
_NUMBER = re.compile(r"[0-9]+")
_PHONE = re.compile(r"[+0-9()\s-]{7,25}")


def words(texts: Iterable[str | None], phones: Iterable[str | None] = ()) -> set[str]:
    """All words of these texts and phones."""
    found = {end for text in texts if text for word in split(text) for end in ends(word)}
    return found | {end for phone in phones if phone for end in ends(digits(phone))} - {""}


def asked(text: str) -> list[str]:
    """The beginnings that a thing must have a word for, each; the one that tells most comes first."""
    if _PHONE.fullmatch(text.strip()) and len(digits(text)) >= PHONE:
        return [digits(text)]
    return sorted(set(split(text)), key=lambda word: (not word.isdecimal(), -len(word), word))


def split(text: str) -> Iterator[str]:
    for word in _WORD.findall(text.casefold().replace("ё", "е")):
        yield word[:LONGEST]


def ends(word: str) -> Iterator[str]:
    """The word, and of each number in it every end."""
    yield word
    for number in _NUMBER.findall(word):
        for start in range(len(number) - SHORTEST + 1):
            yield number[start:]


def digits(phone: str) -> str:
    """Ten digits of a phone with its country's 7 or 8; else all there are."""
    found = "".join(_NUMBER.findall(phone))[:LONGEST]
    return found[1:] if len(found) == PHONE + 1 and found[0] in "78" else found
