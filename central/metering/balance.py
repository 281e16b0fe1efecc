"""Balance of a node: ΣW_in − ΣW_out − common needs − technical losses, against the limit that errors permit.

What is not known makes no figure: a point without energy no unbalance, one without an error no limit
(metering.md «Balance of a node»).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from central.metering.losses import Loss, lost
from central.metering.rounding import root


@dataclass(frozen=True, slots=True)
class Metered:
    """Energy (mWh) through a point of the node; `error` = ± percent permitted to its measuring complex.

    None = not known. An error of 0: the energy is reckoned, not measured.
    """

    point: int
    energy: int | None
    error: Fraction | int | None


@dataclass(frozen=True, slots=True)
class Balance:
    """`needs`: common ones (a house's lifts and stairs, a substation's own)."""

    incoming: tuple[Metered, ...]
    outgoing: tuple[Metered, ...]
    needs: tuple[Metered, ...]
    losses: tuple[Loss, ...]

    @property
    def received(self) -> int | None:
        """ΣW_in."""
        return _sum(self.incoming)

    @property
    def unbalance(self) -> int | None:
        """mWh; above 0: something is used and not metered."""
        received, given, needed = (_sum(points) for points in (self.incoming, self.outgoing, self.needs))
        if received is None or given is None or needed is None:
            return None
        return received - given - needed - lost(self.losses)

    @property
    def percent(self) -> Fraction | None:
        """Of ΣW_in."""
        return _percent(self.unbalance, self.received)

    @property
    def permitted_squared(self) -> Fraction | None:
        """Σ (δᵢ·Wᵢ/100)², mWh²: the same as Σ δᵢ²·dᵢ² with dᵢ = Wᵢ/ΣW_in, times ΣW_in²."""
        total = Fraction(0)
        for point in (*self.incoming, *self.outgoing, *self.needs):
            if point.energy is None or point.error is None:
                return None
            total += (Fraction(point.energy, 100) * point.error) ** 2
        return total

    @property
    def permitted(self) -> int | None:
        """± mWh, rounded; `holds` asks the exact one."""
        squared = self.permitted_squared
        return None if squared is None else root(squared)

    @property
    def permitted_percent(self) -> Fraction | None:
        """± of ΣW_in."""
        return _percent(self.permitted, self.received)

    @property
    def holds(self) -> bool | None:
        unbalance, squared = self.unbalance, self.permitted_squared
        return None if unbalance is None or squared is None else unbalance**2 <= squared


def balance(
    incoming: Sequence[Metered],
    outgoing: Sequence[Metered],
    needs: Sequence[Metered] = (),
    losses: Sequence[Loss] = (),
) -> Balance:
    return Balance(tuple(incoming), tuple(outgoing), tuple(needs), tuple(losses))


def _sum(points: Sequence[Metered]) -> int | None:
    total = 0
    for point in points:
        if point.energy is None:
            return None
        total += point.energy
    return total


def _percent(energy: int | None, whole: int | None) -> Fraction | None:
    return Fraction(100 * energy, whole) if energy is not None and whole else None
