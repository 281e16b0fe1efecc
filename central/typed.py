"""PURE: a number as a person types it. Plain digits, and what stands for anything else is no number.

«1 234,56»: 0…9, a comma or a point with digits on both sides, spaces of any width between groups of three, a minus.
Python takes far more («1e5», «1_000», «NaN», digits of other scripts), which nobody means who types it.
"""

import re
from decimal import Decimal

_SPACE = "[ \u00a0\u2009\u202f]"
_NUMBER = re.compile(rf"([-\u2212])?([0-9]+|[0-9]{{1,3}}(?:{_SPACE}[0-9]{{3}})+)(?:[.,]([0-9]+))?")


def number(text: str) -> Decimal | None:
    """None: it is no number."""
    found = _NUMBER.fullmatch(text.strip())
    if found is None:
        return None
    minus, whole, parts = found.groups()
    return Decimal(f"{'-' if minus else ''}{re.sub(_SPACE, '', whole)}.{parts or '0'}")
