"""Load factor and tg φ: how evenly a point uses its power, and how much reactive energy it takes beside the active."""

from dataclasses import dataclass
from fractions import Fraction

from central.metering.rounding import half_away
from central.metering.slots import Maximum


@dataclass(frozen=True, slots=True)
class LoadFactor:
    """kз = mean power / greatest power (коэффициент заполнения графика нагрузки)."""

    energy: int  # mWh
    seconds: int
    maximum: Maximum | None

    @property
    def ratio(self) -> Fraction | None:
        """None without a maximum above 0, or where the energy is more than it allows: it is not of all that time."""
        if self.maximum is None or self.maximum.power <= 0 or self.seconds <= 0:
            return None
        ratio = Fraction(self.energy * 3600, self.maximum.power * self.seconds)
        return ratio if ratio <= 1 else None


def load_factor(energy: int, seconds: int, maximum: Maximum | None) -> LoadFactor:
    """Of the energy of so many seconds and of the greatest power within them."""
    return LoadFactor(energy, seconds, maximum)


@dataclass(frozen=True, slots=True)
class TanPhi:
    """tg φ = Wr/Wa, against the greatest that the contract permits (None = it permits any)."""

    active: int  # mWh
    reactive: int  # mvarh
    limit: Fraction | int | None

    @property
    def ratio(self) -> Fraction | None:
        """None where no active energy was used."""
        return Fraction(self.reactive, self.active) if self.active > 0 else None

    @property
    def holds(self) -> bool | None:
        ratio = self.ratio
        return None if ratio is None or self.limit is None else ratio <= self.limit

    @property
    def excess(self) -> int | None:
        """mvarh beyond the limit."""
        return None if self.limit is None else max(0, half_away(self.reactive - self.limit * self.active))


def tan_phi(active: int, reactive: int, limit: Fraction | int | None = None) -> TanPhi:
    """Of the energy of one direction and the same time."""
    return TanPhi(active, reactive, limit)
