"""The consumer's personal cabinet."""

from central.cabinet import family, me, pages
from central.cabinet.room import cabinet

__all__ = ["cabinet", "family", "me", "pages"]
