"""THE description of a report: what its table is before it is a page, a document or a workbook."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias

from flask_babel.speaklater import LazyString
from msgspec import Struct

from central.faces.charts import Bar, Captions

if TYPE_CHECKING:
    from central.figures.views import PointView
    from central.reports.asked import Asked
    from central.reports.making import Making, Sum

Words: TypeAlias = str | LazyString


class Kind(StrEnum):
    """What stands in the cells of a column. A `str` is text in any of them, None = nothing stands there."""

    TEXT = "text"
    ENERGY = "energy"  # int mWh (mvarh); shown in kWh (kvarh) with the precision that was asked for
    POWER = "power"  # int mW; shown in kW
    RATIO = "ratio"  # int, Decimal or Fraction; as it is
    SHARE = "share"  # Fraction of one; shown as per cent with one decimal
    COUNT = "count"  # int
    DAY = "day"  # date
    MOMENT = "moment"  # datetime with the zone of its point
    MARKS = "marks"  # Marked; filled by `making` from the row's own
    STRIP = "strip"  # str, a letter of `Place` for each place of a day; only where it can be drawn


ENERGIES = (Kind.ENERGY, Kind.POWER)  # what the precision is of


class Mark(StrEnum):
    """What is not simply measured in a row; letters and words of them: faces.report_words."""

    COMPUTED = "computed"
    ESTIMATED = "estimated"
    MANUAL = "manual"
    SUBSTITUTED = "substituted"
    SUSPECT = "suspect"
    POWER_OFF = "power_off"
    MISSING = "missing"
    NOT_DUE = "not_due"
    REPLACED = "replaced"


class Place(StrEnum):
    """A letter of a strip."""

    THERE = "x"
    ESTIMATED = "e"
    OFF = "o"
    MISSING = "-"
    NOT_DUE = "."
    ABSENT = " "  # no meter stood there, or it is not for this viewer


class Marked(Struct, frozen=True):
    """`remark`: what is said besides, «замена 14.10»."""

    marks: tuple[Mark, ...] = ()
    remark: str = ""

    def __bool__(self) -> bool:
        return bool(self.marks or self.remark)


Cell: TypeAlias = str | int | Decimal | Fraction | date | datetime | Marked | None


class Role(StrEnum):
    """What a row is in its table."""

    ROW = "row"  # what is added up
    PART = "part"  # of the row below it, and in no sum: one meter of two
    LINE = "line"  # under the rows of a group: its total, its maximum …
    TOTAL = "total"  # of the whole table


class Line(StrEnum):
    """What may stand under the rows of a group, of each column that is `summed`."""

    TOTAL = "total"
    MOST = "most"
    LEAST = "least"
    MEAN = "mean"
    LOAD = "load"  # factor of load: mean ÷ most


@dataclass(frozen=True, slots=True)
class Address:
    """A page that explains a figure: an endpoint and what it is asked with."""

    endpoint: str
    query: Mapping[str, object]


class Row(Struct, frozen=True):
    """`cells`: one a column that the report has, in their order, those that are not shown too; None = it is not known,
    "" = nothing is to be there. `group`: caption of the rows that stand together. `zone`: its colour's class (t1…t4),
    where the row is of one zone. `opens`: name of a column -> what explains its figure; `sums`: the same of the sum of
    its group. `compared`: whether it may be the greatest, the least and part of a mean. `shares`: what of its energy a
    mark is of, where that is not all of it."""

    cells: tuple[Cell, ...]
    role: Role = Role.ROW
    group: str = ""
    zone: str = ""
    marks: tuple[Mark, ...] = ()
    remark: str = ""
    opens: Mapping[str, Address] = {}
    sums: Mapping[str, Address] = {}
    compared: bool = True
    shares: Mapping[Mark, int] = {}


@dataclass(frozen=True, slots=True)
class Column:
    """`name`: in addresses and in personal reports, never changed. `summed`: its cells are added up, in whole mWh.
    `fixed`: it cannot be left out. `width`: characters in a workbook. `over`: caption above it and its neighbours.
    `derived`: what stands in a line under its rows, out of the sums of others by their names. `beside`: a column that
    is summed; under the rows, at its greatest and its least, stands the cell of the row where that was."""

    name: str
    caption: Words
    kind: Kind = Kind.TEXT
    unit: Words = ""
    summed: bool = False
    fixed: bool = False
    width: int = 14
    over: Words = ""
    derived: "Callable[[Line, Mapping[str, Sum]], Cell] | None" = None
    beside: str = ""

    @property
    def head(self) -> str:
        """With its unit, as every format shows it."""
        return f"{self.caption}, {self.unit}" if self.unit else str(self.caption)


class Parameter(StrEnum):
    """What may be asked of a report beside points, period and precision."""

    CHANNEL = "channel"
    TARIFFS = "tariffs"
    FIXED = "fixed"
    REPLACED = "replaced"
    STEP = "step"


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars for a page and for paper, by `central.faces.charts`."""

    bars: Sequence[Bar]
    captions: Captions


@dataclass(frozen=True, slots=True)
class Report:
    """A standard report: one file of `standard/`, with its `REPORT`.

    `columns`: of what was asked, for these points. `rows`: in groups, ROWs and their PARTs only: sums are made of them.
    `lines`: under each group. `total`: under all of it. `size`: how many rows are to be expected, about, rows of lines
    not counted. `lengths`: of periods; the first is the usual. `notes`: of this report beside those of its marks.
    """

    word: str
    title: Words
    about: Words
    order: int
    columns: "Callable[[Asked, Sequence[PointView]], Sequence[Column]]"
    rows: "Callable[[Making], Iterator[Row]]"
    size: "Callable[[Making], int]"
    parameters: frozenset[Parameter] = frozenset()
    lengths: tuple[str, ...] = ("month", "day", "week", "quarter", "year", "own")
    lines: tuple[Line, ...] = ()
    total: bool = True
    chart: "Callable[[Making], Chart | None] | None" = None
    notes: "Callable[[Making], Sequence[str]] | None" = None
    signatures: tuple[Words, ...] = ()  # who signs, from left to right; none = nobody does
    wide: bool = False  # its paper lies on its side
    grouped: "Callable[[Asked], bool] | None" = None  # whether its rows stand in groups that have lines; None = always


@dataclass(slots=True)
class Document:
    """A report that was run: what every format is made of. `rows` can be gone through once; `notes` are whole only
    after that. `about`: what stands above the table, a caption and a value each."""

    title: str
    organisation: str
    about: Sequence[tuple[str, str]]
    columns: Sequence[Column]
    rows: Iterable[Row]
    notes: list[str]
    digits: int
    made_at: datetime  # in the company's zone
    chart: Chart | None = None
    signatures: Sequence[str] = ()
    wide: bool = False
    holder: str = ""  # contract and its holder, where there is one
    of_rows: int | None = None  # how many rows there will be, where it is known
    code: str = ""  # of the check, and the page that it leads to
    check_url: str = ""
