"""Argon2 hashes of passwords. At most two are computed at once: each takes 64 MiB and a core for 0.1 s.

A password is long enough, none of the 30,000 that everybody tries first, and not the mail or name of its owner; it may
be made of anything (NIST SP 800-63B, 5.1.1.2).
"""

import threading
from collections.abc import Iterable
from enum import StrEnum
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn.frequency_lists import FREQUENCY_LISTS

SHORTEST = 8
LONGEST = 200
_slots = threading.BoundedSemaphore(2)


class Weakness(StrEnum):
    SHORT = "short"
    LONG = "long"
    COMMON = "common"
    OWN = "own"  # it is the owner's mail or name, or begins it


WORDS = {
    Weakness.SHORT: f"a password has at least {SHORTEST} characters",
    Weakness.LONG: f"a password has at most {LONGEST} characters",
    Weakness.COMMON: "this password is among the first that are tried",
    Weakness.OWN: "a password is not its owner's mail or name",
}


class WeakPassword(ValueError):
    """The message says what a password must be."""

    def __init__(self, why: Weakness) -> None:
        super().__init__(WORDS[why])
        self.why = why


@cache
def _common() -> frozenset[str]:
    return frozenset(FREQUENCY_LISTS["passwords"])


def weakness(password: str, about: Iterable[str] = ()) -> Weakness | None:
    """`about`: mail, name of its owner. None: it will do."""
    if len(password) < SHORTEST:
        return Weakness.SHORT
    if len(password) > LONGEST:
        return Weakness.LONG
    plain = password.casefold()
    if plain in _common() or len(set(plain)) == 1:
        return Weakness.COMMON
    own = {one for text in about for one in (text.casefold(), text.casefold().partition("@")[0]) if one}
    return Weakness.OWN if plain in own or plain in {"".join(one.split()) for one in own} else None


class Passwords:
    """`hasher`: its costs; the default ones are those of the argon2 library (64 MiB, 3 passes)."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._dummy = self.hash("no account has this password")

    def hash(self, password: str, about: Iterable[str] = ()) -> str:
        """`about`: mail, name of its owner. Raises WeakPassword."""
        why = weakness(password, about)
        if why is not None:
            raise WeakPassword(why)
        with _slots:
            return self._hasher.hash(password)

    def verify(self, hashed: str | None, password: str) -> bool:
        """`hashed` None or "" = no such account, or no password yet: takes as long, and is False."""
        with _slots:
            try:
                self._hasher.verify(hashed or self._dummy, password[:LONGEST])
            except (VerificationError, InvalidHashError):
                return False
        return bool(hashed)
