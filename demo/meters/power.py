"""When there was power at a place: the outages of its seed, and those that were brought about."""

from demo.meters.incidents import Incidents
from demo.meters.outages import BLOCK, Outage, Outages


class Power:
    def __init__(self, outages: Outages, incidents: Incidents) -> None:
        self._outages = outages
        self._incidents = incidents

    def within(self, start: float, end: float) -> tuple[Outage, ...]:
        """The outages that overlap [start, end), oldest first, apart from each other."""
        blocks = range(int(start // BLOCK), int(end // BLOCK) + 1)
        found = [outage for number in blocks if (outage := self._outages.block(number)) is not None]
        made = self._incidents.outages()
        found = [outage for outage in (*found, *made) if outage.off < end and outage.on > start]
        return tuple(_apart(found)) if made else tuple(found)

    def at(self, m: float) -> Outage | None:
        """The outage in which the moment lies."""
        return next((outage for outage in self.within(m, m + 1) if outage.off <= m < outage.on), None)

    def lost(self, m: float) -> int:
        """Seconds without power from the beginning until the moment."""
        lost = self._outages.lost(m)
        for off, on in self._incidents.outages():
            if off < m:
                until = int(min(m, on))
                lost += until - off - (self._outages.lost(until) - self._outages.lost(off))
        return lost


def _apart(outages: list[Outage]) -> list[Outage]:
    """Those that overlap made one."""
    found: list[Outage] = []
    for outage in sorted(outages):
        if found and outage.off <= found[-1].on:
            found[-1] = Outage(found[-1].off, max(found[-1].on, outage.on))
        else:
            found.append(outage)
    return found
