"""What every store of the series checks before it writes: the closed set of fields, one type per field for ever."""

from collections.abc import Sequence

from central.timeseries.base import AnyRow, LiveRow, LoadRow, RegisterRow, SeriesRefused
from protocol.messages.topics import valid_name
from protocol.quantities import QUANTITIES, Nature
from protocol.reading import Kind

LOAD_FIELDS = tuple(quantity.field for quantity in QUANTITIES if quantity.nature is Nature.INTERVAL)
REGISTER_FIELDS = tuple(quantity.field for quantity in QUANTITIES if quantity.nature is Nature.REGISTER)
LIVE_FIELDS = tuple(quantity.field for quantity in QUANTITIES if quantity.nature is Nature.INSTANT)

_FIELDS = {LoadRow: frozenset(LOAD_FIELDS), RegisterRow: frozenset(REGISTER_FIELDS), LiveRow: frozenset(LIVE_FIELDS)}
_WIDE = 2**63
_INT = {int}
REPEATS = 1000  # a repeat is n milliseconds, so that many fit into a second


def check(rows: Sequence[AnyRow]) -> None:
    """Raises SeriesRefused for a row that no store may take, before anything is written."""
    good: set[str] = set()
    for row in rows:
        if row.meter in good and _plainly_right(row):
            continue
        if not valid_name(row.meter):
            raise SeriesRefused(f"{row.meter!r} cannot name a meter")
        unknown = row.values.keys() - _FIELDS[type(row)]
        if unknown:
            raise SeriesRefused(f"meter {row.meter}: no field {', '.join(sorted(unknown))} in {type(row).__name__}")
        kind = float if isinstance(row, LiveRow) else int
        for name, value in row.values.items():
            if type(value) is not kind:
                raise SeriesRefused(f"meter {row.meter}: {name} = {value!r}: {kind.__name__} is the type of this field")
            if kind is int and not -_WIDE <= value < _WIDE:
                raise SeriesRefused(f"meter {row.meter}: {name} = {value}: beyond 64 bits")
            if value != value or value in (float("inf"), float("-inf")):
                raise SeriesRefused(f"meter {row.meter}: {name} = {value}: not a number")
        if isinstance(row, RegisterRow) and row.kind is Kind.LOAD:
            raise SeriesRefused(f"meter {row.meter}: a register is daily, monthly or now, not load")
        if isinstance(row, LiveRow) and not row.values:
            raise SeriesRefused(f"meter {row.meter}: a live row without values")
        if not isinstance(row, LiveRow) and not 0 <= row.repeat < REPEATS:
            raise SeriesRefused(f"meter {row.meter}: repeat {row.repeat}: 0 to {REPEATS - 1} is allowed")
        good.add(row.meter)


def _plainly_right(row: AnyRow) -> bool:
    """Nearly every row is, and this costs little; what is not is looked at closely."""
    if isinstance(row, LiveRow) or not _FIELDS[type(row)].issuperset(row.values):
        return False
    if isinstance(row, RegisterRow) and row.kind is Kind.LOAD:
        return False
    if not 0 <= row.repeat < REPEATS:
        return False
    values = row.values.values()
    return {type(value) for value in values} <= _INT and (not values or (min(values) >= -_WIDE and max(values) < _WIDE))
