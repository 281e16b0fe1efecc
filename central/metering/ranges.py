"""Monthly ranges («диапазоны»): the dearer a kWh, the more was used in its calendar month before it.

Limits are mWh of one calendar month, all zones together; a range is [limit, next limit). What is used fills them in
order of time, and zones that were read together share each range in proportion to what they used.
"""

from collections.abc import Sequence
from itertools import pairwise

from central.metering.rounding import shares


def split(energies: Sequence[int], limits: Sequence[int], filled: int) -> list[list[int]]:
    """Range -> what it holds of each zone; sums of ranges and of zones are exact.

    `limits` begin with 0 and rise; `filled`: of the same month, before.
    """
    rest, upto = list(energies), filled + sum(energies)
    found = []
    for lower, upper in pairwise([*limits, max(upto, *limits)]):
        size = max(min(upto, upper) - max(filled, lower), 0)
        taken = shares(size, rest) if size else [0] * len(rest)
        rest = [left - one for left, one in zip(rest, taken, strict=True)]
        found.append(taken)
    return found
