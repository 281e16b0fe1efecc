"""COSEM classes as a simulated meter serves them (IEC 62056-6-2): each attribute is a function of the moment.

An object is a table: attribute number -> function that gives the encoded value. Only reading is served.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Generic, Protocol, TypeAlias, TypeVar

from demo.meters.archive import Record
from protocol import cosem_time
from protocol.dlms import axdr
from protocol.dlms.axdr import Data, Tag
from protocol.errors import AccessRefused, Garbled
from protocol.obis import Obis
from protocol.spodes.objects import CLOCK

ReadAttribute: TypeAlias = Callable[[float], bytes]  # local moment -> A-XDR

DATA, REGISTER, CLOCK_CLASS, PROFILE, ASSOCIATION_LN, SAP, RELAY_CLASS = 1, 3, 8, 7, 15, 17, 70
_VERSIONS = {PROFILE: 1, ASSOCIATION_LN: 1}
_FIFO = 1

# Data-Access-Result (Green Book)
_REFUSALS = {
    "read-write-denied": 3,
    "object-undefined": 4,
    "object-class-inconsistent": 9,
    "type-unmatched": 12,
}


def refusal(name: str) -> AccessRefused:
    """The answer «no», by its name in the Green Book."""
    return AccessRefused(_REFUSALS[name], name)


@dataclass(frozen=True)
class CosemObject:
    """`attributes` always has 1, the logical name."""

    class_id: int
    obis: Obis
    attributes: dict[int, ReadAttribute] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.attributes[1] = constant(axdr.octets(bytes(self.obis)))

    @property
    def version(self) -> int:
        return _VERSIONS.get(self.class_id, 0)

    def read(self, attribute: int, m: float) -> bytes:
        """Raises AccessRefused when there is no such attribute."""
        found = self.attributes.get(attribute)
        if found is None:
            raise refusal("object-undefined")
        return found(m)


def constant(value: Data) -> ReadAttribute:
    encoded = axdr.encode(value)
    return lambda m: encoded


def data(obis: Obis, value: Data) -> CosemObject:
    """Class 1 with a value that never changes."""
    return CosemObject(DATA, obis, {2: constant(value)})


# --- registers ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Quantity:
    """A value that registers and columns show. `milli` gives it for a record, in thousandths of `unit`."""

    obis: Obis
    unit: int  # Blue Book: 27 W, 28 VA, 29 var, 30 Wh, 32 varh, 33 A, 35 V, 44 Hz, 7 s, 255 none
    scaler: int
    tag: Tag
    milli: Callable[[Record], int]

    def encoded(self, record: Record, scaler: int) -> bytes:
        """The value × 10^-scaler, cut down to whole steps."""
        return bytes([self.tag]) + axdr.NUMBERS[self.tag].pack(self.milli(record) // 10 ** (3 + scaler))


def scaler_unit(scaler: int, unit: int) -> Data:
    return axdr.structure(axdr.i8(scaler), axdr.enum(unit))


def register(quantity: Quantity, newest: Callable[[float], Record]) -> CosemObject:
    """Class 3; `newest` = the record that the register shows at a moment."""
    return CosemObject(
        REGISTER,
        quantity.obis,
        {
            2: lambda m: quantity.encoded(newest(m), quantity.scaler),
            3: constant(scaler_unit(quantity.scaler, quantity.unit)),
        },
    )


# --- profiles -------------------------------------------------------------------------------------------------


class Stamped(Hashable, Protocol):
    """A record of any profile: `end` is the moment of its stamp, local seconds."""

    @property
    def end(self) -> int: ...


R = TypeVar("R", bound=Stamped)
Rc = TypeVar("Rc", bound=Stamped, contravariant=True)


@dataclass(frozen=True)
class Column(Generic[Rc]):
    """One capture object: `cell` gives the encoded value of a record."""

    class_id: int
    obis: Obis
    attribute: int
    cell: Callable[[Rc], bytes]

    @property
    def definition(self) -> Data:
        return axdr.structure(
            axdr.u16(self.class_id), axdr.octets(bytes(self.obis)), axdr.i8(self.attribute), axdr.u16(0)
        )


class ProfileObject(CosemObject, Generic[R]):
    """Class 7. `records`: what is in the buffer at a moment, oldest first; `stamp`: what the clock column shows."""

    def __init__(
        self,
        obis: Obis,
        columns: Sequence[Column[R]],
        records: Callable[[float], list[R]],
        *,
        period: int,
        depth: int,
        stamp: Callable[[float], float] = float,
    ) -> None:
        self.columns = tuple(columns)
        self.records = records
        self._stamp = stamp
        self._row = lru_cache(20_000)(self._encode_row)
        nothing = axdr.structure(axdr.u16(0), axdr.octets(bytes(6)), axdr.i8(0), axdr.u16(0))
        attributes = {
            2: lambda m: self.buffer(m, None, Data(Tag.NULL)),
            3: constant(axdr.array(column.definition for column in columns)),
            4: constant(axdr.u32(period)),
            5: constant(axdr.enum(_FIFO)),
            6: constant(nothing),
            7: lambda m: axdr.encode(axdr.u32(len(records(m)))),
            8: constant(axdr.u32(depth)),
        }
        super().__init__(PROFILE, obis, attributes)

    def buffer(self, m: float, selector: int | None, parameters: Data) -> bytes:
        """Attribute 2, whole or by selector 1 (range of stamps) or 2 (entries). Raises AccessRefused."""
        found, columns = self.records(m), tuple(range(len(self.columns)))
        if selector == 1:
            found, columns = self._by_range(found, parameters)
        elif selector == 2:
            found, columns = self._by_entry(found, parameters)
        elif selector is not None:
            raise refusal("type-unmatched")
        rows = [self._row(record, columns) for record in found]
        return bytes([Tag.ARRAY]) + axdr.encode_length(len(rows)) + b"".join(rows)

    def _encode_row(self, record: R, columns: tuple[int, ...]) -> bytes:
        cells = [self.columns[number].cell(record) for number in columns]
        return bytes([Tag.STRUCTURE]) + axdr.encode_length(len(cells)) + b"".join(cells)

    def _by_range(self, records: list[R], parameters: Data) -> tuple[list[R], tuple[int, ...]]:
        """Selector 1 (range_descriptor): restricting object, from, to, selected columns (none = all)."""
        match axdr.plain(parameters):
            case [[8, clock, 2, 0], bytes(since), bytes(until), list(selected)] if clock == bytes(CLOCK):
                first, last = _moment(since), _moment(until)
            case _:
                raise refusal("type-unmatched")
        columns = tuple(
            number
            for number, column in enumerate(self.columns)
            if not selected or axdr.plain(column.definition) in selected
        )
        return [record for record in records if first <= self._stamp(record.end) <= last], columns

    def _by_entry(self, records: list[R], parameters: Data) -> tuple[list[R], tuple[int, ...]]:
        """Selector 2 (entry_descriptor): from, to entry, from, to column; numbers start at 1, «to» 0 = the last."""
        match axdr.plain(parameters):
            case [int(first), int(last), int(left), int(right)] if first > 0 and left > 0:
                return records[first - 1 : last or None], tuple(range(len(self.columns)))[left - 1 : right or None]
            case _:
                raise refusal("type-unmatched")


def _moment(raw: bytes) -> int:
    """The bound of a range as the meter's local seconds; the deviation in it is of no interest to the meter."""
    try:
        return cosem_time.decode(raw).to_utc(0)
    except Garbled:
        raise refusal("type-unmatched") from None


def scale_profile(obis: Obis, scales: Iterable[tuple[Quantity, int]]) -> CosemObject:
    """Scaler and unit of each column of another profile, one record."""
    columns: list[Column[Stamped]] = [
        Column(REGISTER, quantity.obis, 3, _always(scaler_unit(scaler, quantity.unit))) for quantity, scaler in scales
    ]
    return ProfileObject(obis, columns, lambda m: [Record(0, 0)], period=0, depth=1)


def _always(value: Data) -> Callable[[Stamped], bytes]:
    encoded = axdr.encode(value)
    return lambda record: encoded
