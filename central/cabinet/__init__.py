"""The consumer's personal cabinet."""

from central.cabinet import me, pages
from central.cabinet.room import cabinet

__all__ = ["cabinet", "me", "pages"]
