"""The worked cases of cases.md: each row of its tables is a test, its answer was reckoned by hand."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from central.metering.balance import Metered, balance
from central.metering.consumption import Rule, from_registers, intervals_to_register, zones_to_total
from central.metering.corrections import BillLine, applied, difference, same, total
from central.metering.cost import Cost, Portion, Price, cost
from central.metering.estimation import Closer, close_gaps
from central.metering.forecast import Day, forecast
from central.metering.hourly import HOUR, HourPrice
from central.metering.losses import (
    CurrentLoss,
    FixedLoss,
    Flow,
    LineLoss,
    Side,
    Transformer,
    TransformerLoss,
    at_boundary,
    lost,
)
from central.metering.monthly import MonthlyPrice, monthly_lines
from central.metering.ratios import load_factor, tan_phi
from central.metering.rounding import half_away
from central.metering.slots import Maximum, Part, Slot, fill
from central.metering.terms import Reading, State
from central.metering.typical import estimate_open
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


def known(text: str) -> int | None:
    return None if text == UNKNOWN else mwh(text)


def shown(value: Fraction | None) -> str:
    return UNKNOWN if value is None else str(Decimal(value.numerator) / value.denominator).replace(".", ",")


def whole(text: str) -> list[int]:
    return [int(word) for word in text.split()]


def test_there_are_a_hundred_and_fifty_of_them() -> None:
    assert sum(map(len, TABLES.values())) >= 150


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


@cases("Потери: постоянный процент")
def test_a_fixed_loss(case: Case) -> None:
    measured = mwh(case["Измерено, кВт·ч"])
    losses = [FixedLoss(measured, exact(percent)) for percent in case["p, %"].split()]
    side = {"после границы": Side.AFTER, "до границы": Side.BEFORE}[case["Счётчик"]]
    found = at_boundary(measured, losses, side)
    assert (found.lost, found.energy) == (mwh(case["Потери, кВт·ч"]), mwh(case["На границе, кВт·ч"]))


@cases("Потери в линии")
def test_a_line(case: Case) -> None:
    columns = (case[name].split() for name in ("Wa, кВт·ч", "Wr, квар·ч", "Δt, мин"))
    flows = [Flow(900, 900 + int(dt) * 60, mwh(wa), mwh(wr)) for wa, wr, dt in zip(*columns, strict=True)]
    line = LineLoss(tuple(flows), exact(case["R, Ом"]), exact(case["U, кВ"]) * 1000)
    assert lost([line]) == mwh(case["Потери, кВт·ч"])


@cases("Потери в трансформаторе")
def test_a_transformer(case: Case) -> None:
    plate = (exact(case[name]) * 1000 for name in ("ΔPхх, кВт", "ΔPкз, кВт", "Uн, кВ", "Sн, кВА"))
    seconds = int(exact(case["T, ч"]) * 3600)
    flow = Flow(900, 900 + seconds, mwh(case["Wa, кВт·ч"]), mwh(case["Wr, квар·ч"]))
    found = TransformerLoss(Transformer(*plate), flow, exact(case["U, кВ"]) * 1000, exact(case["kз"]))
    if case["Всего, кВт·ч"] == "отказ":
        with pytest.raises(ValueError, match="load factor"):
            lost([found])
    else:
        energies = [half_away(part) for part in (found.no_load, found.load)] + [lost([found])]
        assert energies == [mwh(case[name]) for name in ("Хх, кВт·ч", "Нагрузка, кВт·ч", "Всего, кВт·ч")]


@cases("Потери по регистру А²ч")
def test_a_register_of_squared_currents(case: Case) -> None:
    meter = segment(ki=exact(case["Ki"]), ku=exact(case["Ku"]), primary=case["Значения"] == "первичные")
    assert lost([CurrentLoss(meter, exact(case["A²h"]), exact(case["R, Ом"]))]) == mwh(case["Потери, кВт·ч"])


@cases("Баланс узла")
def test_a_node(case: Case) -> None:
    def points(energies: str, errors: str) -> list[Metered]:
        pairs = zip(case[energies].split(), case[errors].split(), strict=True)
        return [Metered(1, known(energy), None if error == UNKNOWN else exact(error)) for energy, error in pairs]

    found = balance(
        points("Приход, кВт·ч", "δ, %"),
        points("Отдача, кВт·ч", "δотд, %"),
        points("Нужды, кВт·ч", "δн, %"),
        [FixedLoss(mwh(case["Потери, кВт·ч"]), Fraction(100))],
    )
    assert (found.unbalance, found.permitted) == (known(case["НБ, кВт·ч"]), known(case["Допустимо, кВт·ч"]))
    assert shown(found.percent) == case["НБ, %"]
    assert found.holds == {"да": True, "нет": False, UNKNOWN: None}[case["Сходится"]]


@cases("Прогноз")
def test_a_forecast(case: Case) -> None:
    def date_of(text: str) -> date:
        return date.fromisoformat(f"2026-{text}")

    days = []
    for word in case["Известные дни, кВт·ч"].split():
        day, _, energy = word.partition("=")
        energy, _, lacking = energy.partition("/")
        days.append(Day(date_of(day), mwh(energy), exact(lacking or "0")))
    found = forecast(reversed(days), date_of(case["С"]), date_of(case["До"]))
    if case["Прогноз, кВт·ч"].startswith(UNKNOWN):
        assert (found.energy, found.spread, found.band) == (None, None, None)
        assert found.unknown == (case["Прогноз, кВт·ч"].split()[1],)
    else:
        assert found.energy == mwh(case["Прогноз, кВт·ч"])
        assert found.band == (mwh(case["От"]), mwh(case["До, кВт·ч"]))


@cases("Заполнение графика")
def test_a_load_factor(case: Case) -> None:
    power = known(case["Pmax, кВт"])
    part = Part(segment(), sample(1800, 0), 0, True)
    maximum = None if power is None else Maximum(power, 0, 1800, False, part)
    assert shown(load_factor(mwh(case["W, кВт·ч"]), int(case["T, ч"]) * 3600, maximum).ratio) == case["kз"]


@cases("Коэффициент реактивной мощности")
def test_tan_phi(case: Case) -> None:
    limit = None if case["Предел"] == UNKNOWN else exact(case["Предел"])
    found = tan_phi(mwh(case["Wa, кВт·ч"]), mwh(case["Wr, квар·ч"]), limit)
    assert shown(found.ratio) == case["tg φ"]
    assert found.holds == {"да": True, "нет": False, UNKNOWN: None}[case["В пределе"]]
    assert found.excess == known(case["Сверх, квар·ч"])


@cases("Типовой день")
def test_a_typical_day(case: Case) -> None:
    begin, length, count = at("2026-11-23 00:00"), int(case["Минут в каждом"]) * 60, int(case["Пропущено"])
    values = [] if case["Получас похожих дней, мВт·ч"] == UNKNOWN else whole(case["Получас похожих дней, мВт·ч"])
    days = [
        [Slot(begin + 1800 * n, begin + 1800 * (n + 1), "night", State.MEASURED, 0, value) for n in range(48)]
        for value in values
    ]
    gap = [Slot(begin + length * n, begin + length * (n + 1), "night", State.MISSING) for n in range(count)]
    found = estimate_open(gap, lambda _: days, lambda slot: slot.start - begin)
    if case["Каждому, мВт·ч"] == UNKNOWN:
        assert list(found) == gap
    else:
        assert [slot.energy for slot in found] == whole(case["Каждому, мВт·ч"])
        assert {slot.state for slot in found} == {State.ESTIMATED_OPEN}


def bill(text: str) -> list[BillLine]:
    lines = [word.split(":") for word in text.split() if word != UNKNOWN]
    return [BillLine((("for", name),), mwh(energy), Decimal(money.replace(",", "."))) for name, energy, money in lines]


@cases("Исправление закрытого месяца")
def test_a_correction(case: Case) -> None:
    closed, now = bill(case["Закрыто"]), bill(case["Сейчас"])
    found = difference(closed, now)
    assert [BillLine(one.key, one.energy, one.amount) for one in found] == bill(case["Исправление"])
    assert str(sum((one.amount for one in found), Decimal("0.00"))).replace(".", ",") == case["Итого, ₽"]
    assert same(applied(closed, [found]), now)
    assert total(applied(closed, [found])) == total(now)
