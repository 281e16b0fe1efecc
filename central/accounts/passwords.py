"""Argon2 hashes of passwords. At most two are computed at once: each takes 64 MiB and a core for 0.1 s."""

import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 8
LONGEST = 200
_slots = threading.BoundedSemaphore(2)


class WeakPassword(ValueError):
    """The message says what a password must be."""


class Passwords:
    """`hasher`: its costs; the default ones are those of the argon2 library (64 MiB, 3 passes)."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._dummy = self.hash("no account has this password")

    def hash(self, password: str) -> str:
        """Raises WeakPassword."""
        if not SHORTEST <= len(password) <= LONGEST:
            raise WeakPassword(f"a password has {SHORTEST} to {LONGEST} characters")
        with _slots:
            return self._hasher.hash(password)

    def verify(self, hashed: str | None, password: str) -> bool:
        """`hashed` None = no such account: takes as long, and is False."""
        with _slots:
            try:
                self._hasher.verify(self._dummy if hashed is None else hashed, password[:LONGEST])
            except (VerificationError, InvalidHashError):
                return False
        return hashed is not None
