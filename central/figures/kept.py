"""All that is kept of a point for a consumer to take away: rows as their meter said them, in the time that was his.

Nothing is computed, decided or estimated here, and the coefficient is not applied: it is told. The series is read month
by month, so a point of many years takes no more memory than one of a month.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from sqlalchemy import select

from central.accounts.policy import Viewer, grants_of, policy
from central.accounts.tables import grant
from central.figures.source import Opened, Source, opened
from central.figures.views import Period
from central.metering.terms import Segment
from central.registry.tables import contract_point
from protocol.reading import Kind

PIECE = 31 * 86_400  # seconds that are read at once
REGISTERS = (Kind.DAILY, Kind.MONTHLY, Kind.NOW)


@dataclass(frozen=True, slots=True)
class Kept:
    """A row with the meter that said it. `values`: mWh, mvarh by field («ap», «ap1»), as it was said; `k`: what they
    are to be multiplied with. `start` is None of registers."""

    serial: str
    start: int | None
    end: int
    kind: Kind
    quality: int
    k: Fraction
    values: Mapping[str, int]


def kept_points(source: Source, viewer: Viewer) -> tuple[int, ...]:
    """Points that a grant of the viewer leads to, or led; staff have none of their own."""
    led = select(contract_point.c.point).join(grant, grant.c.contract == contract_point.c.contract)
    query = led.where(grants_of(viewer)).distinct().order_by(contract_point.c.point)
    with source.engine.connect() as connection:
        return () if viewer.staff else tuple(connection.scalars(query))


def kept_spans(source: Source, viewer: Viewer, point_id: int, now: int) -> tuple[Period, ...]:
    """The times in which it was the viewer's, oldest first; none, when there is no such."""
    found: list[Period] = []
    until = now + 1
    with source.engine.connect() as connection:
        while (span := policy(connection, viewer, point_id, (0, until))) is not None:
            found.append(Period(*span))
            until = span[0]
    return tuple(reversed(found))


def kept_registers(source: Source, viewer: Viewer, point_id: int, span: Period) -> Iterator[Kept]:
    """Those of its very beginning and end too. Raises NotFound, SeriesUnavailable."""
    with opened(source, viewer, point_id, span.since, span.until) as point:
        for segment, after, until in _pieces(point, first=-1):
            for row in point.series.registers(segment.meter, REGISTERS, after, until):
                yield Kept(segment.serial, None, row.time, row.kind, row.quality, segment.k, row.values)


def kept_intervals(source: Source, viewer: Viewer, point_id: int, span: Period) -> Iterator[Kept]:
    """Those that lie in it as a whole. Raises NotFound, SeriesUnavailable."""
    with opened(source, viewer, point_id, span.since, span.until) as point:
        for segment, after, until in _pieces(point):
            for row in point.series.load(segment.meter, after, until):
                start = row.end - row.span
                if start >= max(point.visible.since, segment.since):
                    yield Kept(segment.serial, start, row.end, Kind.LOAD, row.quality, segment.k, row.values)


def _pieces(point: Opened, first: int = 0) -> Iterator[tuple[Segment, int, int]]:
    """Who stood there, and (after, until] of what is read of him at once, oldest first."""
    for segment in point.entries.segments(point.visible.since, point.visible.until):
        since = max(point.visible.since, segment.since)
        until = point.visible.until if segment.until is None else min(point.visible.until, segment.until)
        for begin in range(since, until, PIECE):
            yield segment, begin + (first if begin == since else 0), min(begin + PIECE, until)
