"""The room of figures as the worker needs it."""

from collections.abc import Collection, Mapping
from typing import Protocol

from sqlalchemy import Connection, Engine

from central.figures import dirty, recompute
from central.jobs.leases import SLICE, Hold
from central.timeseries.base import Series


class Figures(Protocol):
    def mark(self, connection: Connection, stamps: Mapping[str, Collection[int]]) -> None:
        """Meter -> stamps whose days are to be computed anew."""

    def recompute(self, now: int, hold: Hold) -> int:
        """Computes some of what is marked in the slices held; returns how many days.

        Raises SeriesUnavailable, LeaseLost.
        """


class PointDays:
    """Days of points, by dirty.py and recompute.py."""

    def __init__(self, engine: Engine, series: Series) -> None:
        self._engine, self._series = engine, series

    def mark(self, connection: Connection, stamps: Mapping[str, Collection[int]]) -> None:
        """As in Figures."""
        dirty.mark(connection, stamps)

    def recompute(self, now: int, hold: Hold) -> int:
        """As in Figures."""
        slices = [number for number, name in enumerate(SLICE) if name in hold.terms]
        return recompute.run(self._engine, self._series, now, slices=slices, fence=hold.fence)
