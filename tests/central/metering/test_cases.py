"""The worked cases of cases.md: each row of its tables is a test, its answer was reckoned by hand."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from central.metering.consumption import Rule, from_registers, intervals_to_register, zones_to_total
from central.metering.cost import Cost, Portion, Price, cost
from central.metering.estimation import Closer, close_gaps
from central.metering.hourly import HOUR, HourPrice
from central.metering.monthly import MonthlyPrice, monthly_lines
from central.metering.slots import Slot, fill
from central.metering.terms import Reading, State
from central.metering.zones import Calendar, ZoneRule
from central.registry.schemes import ONE_ZONE, THREE_ZONES, TWO_ZONES, SchemeSpec
from tests.central.metering.parts import BEGUN, MOSCOW, THREE, at, sample, segment

Case = Mapping[str, str]
UNKNOWN = "—"
DAY = date(2026, 11, 1)


def tables() -> dict[str, list[Case]]:
    """Heading -> its rows, each a caption -> text."""
    found: dict[str, list[Case]] = {}
    heading, captions = "", [""]
    for line in Path(__file__).with_name("cases.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            heading, captions = line[3:], []
        elif line.startswith("| "):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if not captions:
                captions = cells
            else:
                found.setdefault(heading, []).append(dict(zip(captions, cells, strict=True)))
    return found


TABLES = tables()


def cases(heading: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", TABLES[heading], ids=lambda case: case["№"])


def exact(text: str) -> Fraction:
    return Fraction(text.replace(",", "."))


def mwh(text: str) -> int:
    value = exact(text) * 10**6
    assert value.denominator == 1
    return value.numerator


def whole(text: str) -> list[int]:
    return [int(word) for word in text.split()]


def test_there_are_sixty_of_them() -> None:
    assert sum(map(len, TABLES.values())) >= 60


@cases("Расход по регистру")
def test_a_register(case: Case) -> None:
    top, power = case["10ⁿ, кВт·ч"], case["Pmax, кВт"]
    meter = segment(
        ki=exact(case["Ki"]),
        ku=exact(case["Ku"]),
        primary=case["Значения"] == "первичные",
        register_end=None if top == UNKNOWN else mwh(top),
        power_max=None if power == UNKNOWN else int(power) * 1000,
    )
    start = Reading(0, mwh(case["Было, кВт·ч"]), "daily")
    end = Reading(int(case["Часов"]) * 3600, mwh(case["Стало, кВт·ч"]), "daily")
    term = from_registers(meter, start, end, whole=case["Целые"] == "да")
    if case["Расход, кВт·ч"] == "под сомнением":
        assert (term.rule, term.energy) == (Rule.SUSPECT, None)
    else:
        assert term.energy == mwh(case["Расход, кВт·ч"])


def calendar(spec: SchemeSpec) -> Calendar:
    fields = ("months", "day_kind", "start", "end", "zone", "tz")
    rules = tuple(ZoneRule(BEGUN, None, *(getattr(one, name) for name in fields)) for one in spec.rules)
    return Calendar("", tuple(spec.tariffs), rules)


@cases("Зона интервала")
def test_a_zone(case: Case) -> None:
    spec = {"1": ONE_ZONE, "2": TWO_ZONES, "3": THREE_ZONES}[case["Зон"]]
    tz = case["Часовой пояс точки"]
    moment = datetime.fromisoformat(case["Начало"]).replace(tzinfo=ZoneInfo(tz))
    assert calendar(spec).zone(int(moment.timestamp()), tz) == case["Зона"]


@cases("Строки счёта")
def test_a_bill(case: Case) -> None:
    amounts = [Decimal(word.replace(",", ".")) for word in case["Цена, ₽"].split()]
    prices = [Price(n, str(n), DAY, None, amount) for n, amount in enumerate(amounts)]
    energies = [mwh(word) for word in case["Энергия, кВт·ч"].split()]
    portions = [Portion(str(n), DAY, date(2026, 12, 1), energy) for n, energy in enumerate(energies)]
    found = cost(portions, prices)
    assert [str(line.amount).replace(".", ",") for line in found.lines] == case["Строки, ₽"].split()
    assert str(found.total).replace(".", ",") == case["Итого, ₽"]


def rubles(text: str) -> Decimal:
    return Decimal(text.replace(",", "."))


@cases("Диапазоны месяца")
def test_ranges(case: Case) -> None:
    limits = [0, *map(mwh, case["Пределы, кВт·ч"].split())]
    prices = [
        Price(100 * zone + number, str(zone), date(2026, 1, 1), None, rubles(word), above=limits[number])
        for zone, words in enumerate(case["Цены, ₽"].split("/"))
        for number, word in enumerate(words.split())
    ]
    energies = [mwh(word) for word in case["Зоны, кВт·ч"].split()]
    portions = [Portion(str(n), date(2026, 11, 10), date(2026, 12, 1), energy) for n, energy in enumerate(energies)]
    found = cost(portions, prices, [Portion("0", DAY, date(2026, 11, 10), mwh(case["Было, кВт·ч"]))])
    assert [line.energy for line in found.lines] == [mwh(word) for word in case["Строки, кВт·ч"].split()]
    assert [line.amount for line in found.lines] == [rubles(word) for word in case["Строки, ₽"].split()]
    assert found.total == rubles(case["Итого, ₽"])


@cases("Коэффициент категории")
def test_a_coefficient(case: Case) -> None:
    price = Price(1, "all", DAY, None, rubles(case["Цена, ₽"]), coefficient=rubles(case["Коэффициент"]))
    found = cost([Portion("all", DAY, date(2026, 12, 1), mwh(case["Энергия, кВт·ч"]))], [price])
    assert found.total == rubles(case["Строка, ₽"])


@cases("Почасовая цена")
def test_a_price_of_each_hour(case: Case) -> None:
    energies = {HOUR * n: mwh(word) for n, word in enumerate(case["Часы, кВт·ч"].split())}
    prices = {
        HOUR * n: HourPrice(n, HOUR * n, rubles(word.replace("−", "-")))
        for n, word in enumerate(case["Цены, ₽"].split())
        if word != UNKNOWN
    }
    found = Cost((), Decimal("0.00"), ()).with_hours(energies, prices)
    assert found.total == (None if case["Строка, ₽"] == UNKNOWN else rubles(case["Строка, ₽"]))
    assert found.unpriced_hours == tuple(hour for hour in energies if hour not in prices)


@cases("Ежемесячная плата")
def test_a_monthly_payment(case: Case) -> None:
    month, (first, last) = date.fromisoformat(case["Месяц"] + "-01"), map(int, case["Дни"].split("–"))
    turn = month.replace(day=16) if case["С 16-го, ₽"] != UNKNOWN else None
    prices = [MonthlyPrice(1, "Обслуживание", date(2026, 1, 1), turn, rubles(case["Цена, ₽"]))]
    if turn is not None:
        prices.append(MonthlyPrice(2, "Обслуживание", turn, None, rubles(case["С 16-го, ₽"])))
    (line,) = monthly_lines([month.replace(day=day) for day in range(first, last + 1)], prices)
    assert line.amount == rubles(case["Строка, ₽"])


def profile(values: list[int], k: Fraction) -> Iterator[Slot]:
    begin = at("2026-11-23 00:00")
    rows = [sample(begin + 1800 * n, value) for n, value in enumerate(values, 1)]
    yield from fill([segment(ki=k)], rows, THREE, MOSCOW, begin, begin + 86_400, begin + 3 * 86_400)


@cases("Остатки умножения")
def test_rests(case: Case) -> None:
    values = whole(case["Получасы, мВт·ч"])
    found = list(profile(values, exact(case["K"])))[: len(values)]
    assert [slot.energy for slot in found] == whole(case["Получилось, мВт·ч"])


@cases("Пробел по показаниям")
def test_a_gap(case: Case) -> None:
    begin, count, k = at("2026-11-23 00:00"), int(case["Пропущено получасов"]), exact(case["K"])
    meter = segment(ki=k)
    term = from_registers(meter, Reading(begin, 0, "daily"), Reading(begin + 86_400, int(case["Разность"]), "daily"))
    known = [Slot(begin, begin + 1800, "night", State.MEASURED, 0, int(case["Известно"]))]
    gap = [Slot(begin + 1800 * n, begin + 1800 * (n + 1), "night", State.MISSING) for n in range(1, count + 1)]
    found = close_gaps([*known, *gap], [], Closer(0, frozenset(), term), lambda missing: [1] * len(missing))
    energies = [slot.energy for slot in found[1:]]
    assert energies == ([None] * count if case["Каждому"] == UNKNOWN else whole(case["Каждому"]))


@cases("Сверка зон с общим регистром")
def test_zones_against_the_total(case: Case) -> None:
    meter = segment(ki=exact(case["K"]), resolution=int(case["d, мВт·ч"]))
    check = zones_to_total(whole(case["Зоны, мВт·ч"]), int(case["Общий, мВт·ч"]), [meter])
    assert check.holds == (case["Сходится"] == "да")


@cases("Сверка интервалов с регистром")
def test_intervals_against_the_register(case: Case) -> None:
    meter = segment(ki=exact(case["K"]), resolution=int(case["d, мВт·ч"]))
    check = intervals_to_register(
        int(case["Сумма, мВт·ч"]), int(case["Интервалов"]), int(case["Регистр, мВт·ч"]), [meter]
    )
    assert check.holds == (case["Сходится"] == "да")
