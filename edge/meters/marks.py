"""PURE: what the journal of switching adds to rows: seconds really run, power off, filled days.

A record of the load profile is stamped with the END of its interval (ГОСТ Р 58940-2020, А.4). A stamp inside an
interval is the moment of switching off; whole intervals without power are not stored. A daily record that was missed is
filled with the registers at switching off. Outages come from the journal of switching (codes 1 off, 2 on).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from math import inf

from protocol.reading import Event, Quality, Row

POWER_JOURNAL = 2
_OFF, _ON = 1, 2

Outage = tuple[float, float]


def outages(events: Iterable[Event]) -> list[Outage]:
    """[off, on) of the switching journal, oldest first, apart from each other. An end that is not known is infinity.

    «On» without «off» tells nothing about when the power went, so it is no outage.
    """
    found: list[Outage] = []
    off: int | None = None
    power = (event for event in events if event.journal == POWER_JOURNAL and event.code in (_OFF, _ON))
    for event in sorted(power, key=lambda event: event.time):
        if event.code == _OFF:
            off = event.time if off is None else off
        elif off is not None:
            found.append((off, event.time))
            off = None
    return found if off is None else [*found, (off, inf)]


def has_holes(rows: Sequence[Row], period: int) -> bool:
    """Intervals are cut or missing: the journal of switching may say why."""
    cut = any(row.quality & Quality.PARTIAL for row in rows)
    return cut or any(after.end - before.end > period for before, after in pairwise(rows))


def with_outages(rows: Iterable[Row], period: int, off: Sequence[Outage]) -> Iterator[Row]:
    """Load rows whose spans leave out the time without power; `period` seconds."""
    for row in rows:
        begin = row.end - row.span
        lost = sum(max(0.0, min(on, row.end) - max(start, begin)) for start, on in off)
        cut = row.quality & Quality.PARTIAL and any(start <= row.end + 1 and on > row.end for start, on in off)
        span = round(row.span - lost)
        quality = row.quality | (Quality.PARTIAL if span < period else 0) | (Quality.POWER_OFF if lost or cut else 0)
        yield replace(row, span=span, quality=int(quality))


def with_fillings(rows: Iterable[Row], off: Sequence[Outage]) -> Iterator[Row]:
    """Rows of registers; FILLED: stamped while the power was off, so written later."""
    for row in rows:
        filled = any(start <= row.end < on for start, on in off)
        yield replace(row, quality=row.quality | Quality.FILLED) if filled else row
