"""What a meter's registers said on both sides of a moment: an act of that moment must lie between the two."""

from central.figures.material import FIXED
from central.figures.registers import ALL_KINDS, WIDTHS
from central.figures.source import Source

Registers = dict[str, int]  # field of the series («ap0», «ap1» …) -> mWh


def readings_around(source: Source, meter: str, at: int) -> tuple[Registers, Registers]:
    """The last readings at or before the moment (seconds UTC), and the first after it; {} where there are none.

    Wherever the meter stood: its registers count on. Raises SeriesUnavailable.
    """
    return _last(source, meter, at), _first(source, meter, at)


def _last(source: Source, meter: str, at: int) -> Registers:
    """The newest snapshot has every register; what was read since then has some of them, later."""
    found: Registers = {}
    for kinds in (FIXED, ALL_KINDS):
        newest = source.series.last_register(meter, kinds, at)
        if newest is not None:
            for row in source.series.registers(meter, kinds, newest.time - 1, newest.time):
                found |= row.values
    return found


def _first(source: Source, meter: str, at: int) -> Registers:
    for width in WIDTHS:  # `now` rows may come each minute: not all of them are wanted
        found: Registers = {}
        for row in source.series.registers(meter, ALL_KINDS, at, at + width):
            found = dict(row.values) | found
        if found:
            return found
    return {}
