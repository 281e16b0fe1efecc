"""The consumer's personal cabinet."""

from central.cabinet import (
    about,
    entry,
    family,
    hand_in,
    help,
    mail,
    me,
    news,
    notices,
    pages,
    person,
    phone,
    push,
    take_away,
    tokens,
)  # fmt: skip
from central.cabinet.room import cabinet

__all__ = [
    "about",
    "asking",
    "cabinet",
    "entry",
    "family",
    "hand_in",
    "help",
    "mail",
    "me",
    "news",
    "notices",
    "pages",
    "person",
    "phone",
    "push",
    "take_away",
    "tokens",
]
