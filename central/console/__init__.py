"""The operator's pages: pages.py the lists of points and concentrators, audit.py the way of a reading,
network.py the tree of the network and the search."""

from central.console import audit, network, pages
from central.console.room import console

__all__ = ["audit", "console", "network", "pages"]
