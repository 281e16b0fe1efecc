"""The consumer's personal cabinet."""

from central.cabinet import entry, family, mail, me, news, pages, person, take_away
from central.cabinet.room import cabinet

__all__ = ["cabinet", "entry", "family", "mail", "me", "news", "pages", "person", "take_away"]
