"""The code of a document: 80 random bits in Crockford's base 32, in groups that a person can type."""

import re
import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH, GROUP = 16, 4
_LOOKS = str.maketrans("OILАВЕКМНОРСТХ", "011ABEKMH0PCTX")  # what is typed for another, also on a Russian keyboard


def new() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def shown(code: str) -> str:
    """«7KQ2-9XWM-D41T-0ZPA»."""
    return "-".join(code[place : place + GROUP] for place in range(0, len(code), GROUP))


def typed(text: str) -> str | None:
    """The code that a person means; None = it is none."""
    found = re.sub(r"[\s‐-―−_.-]+", "", text).upper().translate(_LOOKS)
    return found if len(found) == LENGTH and not set(found) - set(ALPHABET) else None
