"""Whole numbers of an address or a form: keys of objects, pages of lists. What no database holds is none."""

from werkzeug.routing import IntegerConverter

DIGITS = 15  # 64 bits hold them, and rows of that page too


class Key(IntegerConverter):
    """In a path: another is a page that there is not."""

    regex = f"[0-9]{{1,{DIGITS}}}"


def whole(text: str) -> int | None:
    """None when it is no number of its own digits, 0…9, without a sign."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= DIGITS else None
