"""A document with every kind of cell, role and mark, and with texts that would like to be more than text."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from central.faces.charts import Bar, Captions, Part
from central.reports.description import Cell, Chart, Column, Document, Kind, Mark, Marked, Role, Row

HERE = ZoneInfo("Europe/Moscow")
FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", '=HYPERLINK("http://evil")', "#N/A", "{=1}")
TYPST = ("#x $y$ *b* _i_ `c`", '#import "@preview/a:1.0.0"', "<label> @ref // \\ [a] (b) \\u{41}", "#panic()")
STRANGE = (
    "звонок\x07 и\x00 ноль",
    "две\r\nстроки",
    "\ud800 один",
    "🙂 и ⚡",
    "«ёлочки» — №1, 5 ≤ 6",
    "a & b <i>",
    "'апостроф",
)
LONG = "очень длинный текст " * 2_000
WORD = "Ы" * 300
TEXTS = (*FORMULAS, *TYPST, *STRANGE, LONG, WORD, "")
COLUMNS = (
    Column("what", "Что это, «имя»", fixed=True, width=30),
    Column("energy", "Расход", Kind.ENERGY, "кВт·ч", summed=True, over="Активная"),
    Column("power", "Мощность", Kind.POWER, "кВт", over="Активная"),
    Column("ratio", "Ктр", Kind.RATIO),
    Column("share", "Доля", Kind.SHARE, "%", over="Счёт"),
    Column("count", "Сколько", Kind.COUNT, over="Счёт"),
    Column("day", "День", Kind.DAY, width=12),
    Column("moment", "Миг", Kind.MOMENT, width=17),
    Column("places", "Сутки", Kind.STRIP),
    Column("marks", "Отметка", Kind.MARKS),
)
PLACES = "x" * 20 + "e" * 4 + "o" * 3 + "-" * 12 + "." * 9


def cells(number: int) -> tuple[Cell, ...]:
    """Of a row: another one for each number, and nothing at all in some."""
    if number % 5 == 4:
        return (None,) * 7
    ratio: Cell = [20, Fraction(1, 3), Decimal("1.50"), Fraction(30)][number % 4]
    energy = [1_331_700_000, -5, -499_999, 500_000, 123_456_789_012_345][number % 5]
    return (
        energy, 15_000_500 * number, ratio, Fraction(number, 7), 1_000 * number, date(2026, 11, 1 + number),
        datetime(2026, 10, 25, number % 24, 30, tzinfo=HERE),
    )  # fmt: skip


def rows() -> Iterator[Row]:
    marks = list(Mark)
    for number, words in enumerate(TEXTS):
        marked = Marked(tuple(marks[: number % 10]), "замена 14.10" if number % 3 == 0 else "")
        role = Role.PART if number % 6 == 5 else Role.ROW
        zone = f"t{number % 4 + 1}" if number % 2 else ""
        yield Row((words, *cells(number), PLACES, marked), role, f"группа {number // 3} *я*", zone, marked.marks)
        if number % 3 == 2:
            line = ("Итого", 1_000_000, None, None, None, None, None, None, None, None)
            yield Row(line, Role.LINE, f"группа {number // 3} *я*")
            yield Row(("Коэффициент", Fraction(7, 8), *line[2:]), Role.LINE, f"группа {number // 3} *я*")
    yield Row(("Всего", 123_457_000_000, None, None, None, None, None, None, None, None), Role.TOTAL)


def chart() -> Chart:
    bars = [
        Bar((Part("t4", 1.0), Part("t3", 2.0, number == 3), Part("t2", 1.5), Part("t1", 3.0)), "solid", "x & <y>")
        for number in range(12)
    ]
    bars[5:8] = [Bar((), state, "нет") for state in ("missing", "off", "not-due")]
    return Chart(bars, Captions("drawn", "Расход <по> дням", "Столбцы & дни", "кВт·ч", "нет данных", "ждём", "13"))


def everything(digits: int = 3, *, wide: bool = False) -> Document:
    return Document(
        title="Всё: что [бывает] в отчёте / и *не* бывает",
        organisation="АО «Энергосеть» & Ко #1",
        about=[("Период", "с 01.10.2026 00:00 по 01.11.2026 00:00, Europe/Moscow"), ("Точки учета", "=2+2; #all")],
        columns=COLUMNS,
        rows=rows(),
        notes=["р — оценка: 3 строки из 9, 176,64 кВт·ч", "=3+3 $note$"],
        digits=digits,
        made_at=datetime(2026, 11, 24, 14, 30, tzinfo=HERE),
        chart=chart(),
        signatures=("Потребитель", "АО «Энергосеть»", "Сетевая организация"),
        wide=wide,
        holder="Договор 40-118-0457\nАнна Петрова",
        code="7f3a 91c0 5be2 44d8",
        check_url="https://uchet.example.org/check/7f3a91c05be244d8",
    )
