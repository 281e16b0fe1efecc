"""The order of names that hold numbers, as people read them: КЛ-2 stands before КЛ-10, and both before РП-1."""

import re


def natural(name: str) -> list[tuple[str, int]]:
    """What a name is sorted by."""
    return [(text, int(digits or 0)) for text, digits in re.findall(r"(\D*)([0-9]{0,18})", name.casefold())]
