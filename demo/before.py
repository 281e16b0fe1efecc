"""The two days before the demo began: instantaneous values, which no archive of a meter holds, put where they would be.

They are what the meters of one street would have said, had somebody asked them; each minute from now on they are asked.
"""

from collections.abc import Iterator, Sequence

from central.timeseries.base import LiveRow, Series
from demo.meters.model import Site
from demo.site import Stand

LENGTH, STEP = 2 * 86_400, 300  # seconds
PHASES = ("a", "b", "c")


def write(series: Series, stands: Sequence[Stand], now: int) -> None:
    """Raises SeriesUnavailable."""
    series.write([row for stand in stands for row in _rows(stand, now)])


def _rows(stand: Stand, now: int) -> Iterator[LiveRow]:
    site = stand.site
    for moment in range(now // STEP * STEP - LENGTH, now, STEP):
        m = moment + site.offset * 60
        if not site.outages.at(m):  # a meter without power says nothing
            yield LiveRow(stand.id, moment, said(site, m))


def said(site: Site, m: float) -> dict[str, float]:
    """By field, at the moment `m` of the meter's clock."""
    phases = site.mains.phases(m)
    active, reactive, apparent = (
        sum(getattr(phase, name) for phase in phases) for name in ("active", "reactive", "apparent")
    )
    found = {"p": active, "q": reactive, "s": apparent, "pf": abs(active) / apparent if apparent else 1.0}
    found["f"] = site.mains.frequency(m)
    for letter, phase in zip(PHASES, phases, strict=False):
        found |= {f"u_{letter}": phase.voltage, f"i_{letter}": phase.current}
        if len(phases) > 1:
            found |= {f"p_{letter}": phase.active, f"q_{letter}": phase.reactive, f"s_{letter}": phase.apparent}
            found[f"pf_{letter}"] = phase.factor
    if len(phases) == 1:
        found["i_n"] = phases[0].current
    return {field: round(float(value), 3) for field, value in found.items()}
