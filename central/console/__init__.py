"""The operator's pages: pages.py the lists of points and concentrators, audit.py the way of a reading."""

from central.console import audit, pages
from central.console.room import console

__all__ = ["audit", "console", "pages"]
