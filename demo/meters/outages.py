"""When the power was off: a function of the seed.

Time is cut into blocks of ten days; a block has at most one outage, which lies well inside it. So outages never
touch, and the one that concerns a moment is found without looking back.
"""

from functools import lru_cache
from typing import NamedTuple

from demo.meters.calendar import DAY
from demo.meters.chance import chance

BLOCK = 10 * DAY
FAR = 1 << 40  # the end of an outage that lasts


class Outage(NamedTuple):
    """Power is off in [off, on), local seconds."""

    off: int
    on: int


class Outages:
    """The outages of one place from day `born` on; `often` = chance of one in ten days."""

    def __init__(self, seed: str, born: int, often: float) -> None:
        self._seed = seed
        self._first = -(-born * DAY // BLOCK)  # the block in which the meter was mounted stays whole
        self._often = often
        self._lost = [0]  # seconds without power before each block
        self.block = lru_cache(None)(self._block)

    def _block(self, number: int) -> Outage | None:
        dice = chance(self._seed, "outage", number)
        if number < self._first or dice.random() >= self._often:
            return None
        off = number * BLOCK + dice.randrange(DAY, 7 * DAY)
        long = dice.random() < 0.08
        return Outage(off, off + (dice.randrange(26 * 3600, 50 * 3600) if long else dice.randrange(180, 3 * 3600)))

    def touching(self, start: float, end: float) -> Outage | None:
        """The outage that overlaps [start, end); a day or less has at most one."""
        for number in range(int(start // BLOCK), int(end // BLOCK) + 1):
            outage = self.block(number)
            if outage and outage.off < end and outage.on > start:
                return outage
        return None

    def at(self, m: float) -> Outage | None:
        """The outage in which the moment lies."""
        outage = self.block(int(m // BLOCK))
        return outage if outage and outage.off <= m < outage.on else None

    def lost(self, m: float) -> int:
        """Seconds without power from the beginning until the moment."""
        number = max(int(m // BLOCK) - self._first, 0)
        while len(self._lost) <= number:
            outage = self.block(self._first + len(self._lost) - 1)
            self._lost.append(self._lost[-1] + (outage.on - outage.off if outage else 0))
        outage = self.block(self._first + number)
        return self._lost[number] + (int(max(min(m, outage.on) - outage.off, 0)) if outage else 0)
