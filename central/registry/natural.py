"""The order of names that hold numbers, as people read them: КЛ-2 stands before КЛ-10, and both before РП-1."""

import re
from typing import Any


def natural(name: str) -> list[tuple[str, int]]:
    """What a name is sorted by."""
    return [(text, int(digits or 0)) for text, digits in re.findall(r"(\D*)([0-9]{0,18})", name.casefold())]


def by_code(point: Any) -> tuple[list[tuple[str, int]], str, int]:
    """What points are sorted by: rows of the table, or views of them."""
    return natural(point.code), point.code, point.id
