"""The consumer's personal cabinet."""

from central.cabinet import about, entry, family, help, mail, me, news, pages, person, take_away, tokens
from central.cabinet.room import cabinet

__all__ = [
    "about",
    "cabinet",
    "entry",
    "family",
    "help",
    "mail",
    "me",
    "news",
    "pages",
    "person",
    "take_away",
    "tokens",
]
