"""The registry: validity, refusals that name both sides, and what metering sees of it."""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar

import pytest
from sqlalchemy import Connection, select

from central.db import writing
from central.registry import enter
from central.registry.changes import Change, entering
from central.registry.look import (
    calendar_of,
    prices_of,
    prices_through,
    segments_of,
    standing_at,
    tenures_of,
    terms_of,
)
from central.registry.periods import Overlap
from central.registry.refusals import Refused
from central.registry.schemes import ONE_ZONE, THREE_ZONES, TWO_ZONES, RuleSpec, SchemeSpec
from central.registry.tables import contract_point, meter, mounting
from tests.central.parts import database
from tests.central.sql import Sql

BEGUN = date(2013, 11, 26)
DAY = 86_400
NOW = 100 * DAY


class Registry:
    """One point and two meters."""

    def __init__(self, connection: Connection, change: Change) -> None:
        self.connection = connection
        self.change = change
        self.company = enter.add_organisation(change, "Энергосеть")
        self.scheme = enter.add_scheme(change, "три зоны", THREE_ZONES, BEGUN)
        self.point = self.add_point("Т-1")
        for id in ("A-1", "B-2"):
            enter.add_meter(change, id, serial=id[-1], type="т", maker="м")

    def add_point(self, code: str, **values: Any) -> int:
        named: dict[str, Any] = {"name": "Дом", "address": "ул.", "tz": "Europe/Moscow", **values}
        return enter.add_point(self.change, self.company, code, scheme=self.scheme, **named)


@pytest.fixture
def registry(sql: Sql, tmp_path: Path) -> Iterator[Registry]:
    engine = database(tmp_path)
    with writing(engine).begin() as connection, entering(connection, at=NOW, kind="test") as change:
        yield Registry(connection, change)


def test_two_meters_at_one_point_are_refused_with_both_named(registry: Registry) -> None:
    enter.mount(registry.change, registry.point, "A-1", 0, DAY)
    with pytest.raises(Overlap) as refusal:
        enter.mount(registry.change, registry.point, "B-2", DAY - 1)
    assert refusal.value.field == "valid_from"
    assert str(refusal.value) == (
        "счётчик B-2 в точке Т-1 с 02.01.1970 02:59:59 пересекается с тем, что уже есть: "
        "счётчик A-1 в точке Т-1 с 01.01.1970 03:00 по 02.01.1970 03:00"
    )


def test_one_meter_at_two_points_is_refused(registry: Registry) -> None:
    enter.mount(registry.change, registry.point, "A-1", 0)
    with pytest.raises(Overlap, match=r"счётчик A-1 в точке Т-2 .* счётчик A-1 в точке Т-1"):
        enter.mount(registry.change, registry.add_point("Т-2"), "A-1", DAY)


def test_a_replacement_at_the_same_moment_is_no_overlap(registry: Registry) -> None:
    enter.mount(registry.change, registry.point, "A-1", 0, DAY, ki=Decimal("1.5"), ku=Decimal(100))
    enter.mount(registry.change, registry.point, "B-2", DAY, values_are="primary", ki=Decimal(9))
    old, new = segments_of(registry.connection, registry.point, 0, 2 * DAY)
    assert (old.meter, old.until, old.k) == ("A-1", DAY, Fraction(150))
    assert (new.meter, new.until, new.k) == ("B-2", None, Fraction(1))
    assert [found.meter for found in segments_of(registry.connection, registry.point, 0, DAY)] == ["A-1"]
    assert standing_at(registry.connection, [registry.point], DAY) == {registry.point: ("B-2", 1800)}


def test_an_earlier_tenure_may_end_where_a_known_one_begins(registry: Registry) -> None:
    enter.mount(registry.change, registry.point, "B-2", DAY, 2 * DAY)
    enter.mount(registry.change, registry.point, "A-1", 0, DAY)
    with pytest.raises(Overlap):
        enter.mount(registry.change, registry.add_point("Т-2"), "A-1", DAY - 1)


def test_where_a_meter_stands_and_stood(registry: Registry) -> None:
    enter.mount(registry.change, registry.point, "A-1", DAY, 2 * DAY)
    assert tenures_of(registry.connection, ["A-1", "B-2"]) == [("A-1", registry.point, "Europe/Moscow", DAY, 2 * DAY)]
    assert tenures_of(registry.connection, []) == ()


def test_a_point_is_under_one_contract_at_a_time(registry: Registry) -> None:
    first = enter.add_contract(registry.change, registry.company, "1", "Анна")
    second = enter.add_contract(registry.change, registry.company, "2", "Борис")
    enter.attach(registry.change, first, registry.point, 0, DAY)
    enter.attach(registry.change, second, registry.point, DAY)
    with pytest.raises(Overlap, match=r"договор 1 на точку Т-1 .* договор 2 на точку Т-1"):
        enter.attach(registry.change, first, registry.point, 5 * DAY, 6 * DAY)


def test_a_new_price_ends_the_open_one_and_rewrites_nothing(registry: Registry) -> None:
    enter.set_price(registry.change, registry.scheme, "peak", Decimal("8.10"), date(2026, 1, 1))
    enter.set_price(registry.change, registry.scheme, "peak", Decimal("8.4199"), date(2026, 7, 1))
    old, new = prices_of(registry.connection, registry.scheme)
    assert (old.amount, old.valid_to) == (Decimal("8.10"), date(2026, 7, 1))
    assert (new.amount, new.valid_to) == (Decimal("8.4199"), None)
    with pytest.raises(Overlap, match=r"цена с 01\.03\.2026 .* цена 8,1 ₽ с 01\.01\.2026 по 01\.07\.2026"):
        enter.set_price(registry.change, registry.scheme, "peak", Decimal(7), date(2026, 3, 1))


KWH = 10**6


def ranges(registry: Registry) -> list[tuple[int, str, date, date | None]]:
    found = prices_of(registry.connection, registry.scheme)
    return [(one.above // KWH, f"{one.amount.normalize():f}", one.valid_from, one.valid_to) for one in found]


def test_prices_of_one_day_are_a_set_by_ranges_and_the_next_set_ends_it_whole(registry: Registry) -> None:
    scheme, change, first, then = registry.scheme, registry.change, date(2026, 1, 1), date(2026, 7, 1)
    enter.set_price(change, scheme, "peak", Decimal(4), first)
    enter.set_price(change, scheme, "peak", Decimal(6), first, above=150 * KWH)
    enter.set_price(change, scheme, "peak", Decimal(9), first, above=600 * KWH)
    enter.set_price(change, scheme, "peak", Decimal(5), then)
    enter.set_price(change, scheme, "peak", Decimal(7), then, above=200 * KWH)
    assert ranges(registry) == [
        (0, "4", first, then),
        (150, "6", first, then),
        (600, "9", first, then),
        (0, "5", then, None),
        (200, "7", then, None),
    ]
    with pytest.raises(Overlap):
        enter.set_price(change, scheme, "peak", Decimal(8), then, above=200 * KWH)
    with pytest.raises(Overlap):
        enter.set_price(change, scheme, "peak", Decimal(8), date(2026, 3, 1))


def test_a_range_stands_beside_a_price_from_the_first_kilowatt_hour(registry: Registry) -> None:
    with pytest.raises(Refused, match="с первого кВт·ч, с той же даты"):
        enter.set_price(registry.change, registry.scheme, "peak", Decimal(6), date(2026, 1, 1), above=150 * KWH)
    with pytest.raises(Refused, match="выше нуля"):
        enter.set_price(registry.change, registry.scheme, "peak", Decimal(6), date(2026, 1, 1), above=0)


def test_the_coefficient_of_a_category_multiplies_the_prices_on_its_days(registry: Registry) -> None:
    enter.set_price(registry.change, registry.scheme, "peak", Decimal("6.17"), date(2026, 1, 1))
    turn = date(2026, 7, 1)
    enter.set_terms(registry.change, registry.point, turn, scheme=registry.scheme, coefficient=Decimal("0.7"))
    terms = terms_of(registry.connection, [registry.point])[registry.point]
    found = prices_through(terms, {registry.scheme: prices_of(registry.connection, registry.scheme)})
    assert [(one.rate, one.valid_from, one.valid_to) for one in found] == [
        (Decimal("6.17"), date(2026, 1, 1), turn),
        (Decimal("4.319"), turn, None),
    ]
    for wrong in (Decimal(0), Decimal(-1), Decimal(11)):
        with pytest.raises(Refused, match="Коэффициент больше нуля"):
            enter.set_terms(
                registry.change, registry.point, date(2026, 9, 1), scheme=registry.scheme, coefficient=wrong
            )


def test_a_period_that_ends_before_it_begins_is_refused(registry: Registry) -> None:
    with pytest.raises(Overlap, match=r"окончание 01\.01\.1970 03:00 не позже начала 02\.01\.1970 03:00"):
        enter.mount(registry.change, registry.point, "A-1", DAY, 0)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"tz": "Moscow"}, "«Moscow» — не часовой пояс"),
        ({"zone_source": "meter"}, "«meter» здесь не бывает; можно: registers, profile"),
        ({"address": " "}, "не заполнено"),
        ({"name": "х" * 201}, "длиннее 200 знаков"),
        ({"power_max": 0}, "Мощность больше нуля"),
        ({"tariffs": {"day": 1}}, "У схемы «три зоны» зоны: peak, night, half_peak"),
        ({"code": "Т-1"}, "Точка учёта с кодом Т-1 уже есть"),
    ],
)
def test_a_point_that_cannot_be_is_refused_beside_its_field(
    registry: Registry, wrong: dict[str, Any], sentence: str
) -> None:
    (field,) = wrong
    with pytest.raises(Refused, match=sentence) as refusal:
        registry.add_point(**{"code": "Т-3", **wrong})
    assert refusal.value.field == field


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"ki": Decimal(0)}, "Ki = 0: коэффициент — от 1 до 1 000 000"),
        ({"ku": Decimal("0.5")}, "Ku = 0,5"),
        ({"ki": Decimal(40)}, "Ki = 40, а трансформаторы этой точки дают 30"),
        ({"wires": 2}, "3 или 4 провода, а не 2"),
        ({"period": 7000}, "не делит сутки"),
        ({"period": 0}, "не делит сутки"),
        ({"values_are": "raw"}, "secondary, primary"),
        ({"clock_offset": 900}, "не больше чем на 14 часов"),
        ({"valid_from": NOW + DAY}, "12.04.1970 03:00 ещё не наступило"),
        ({"reg_start": {"ap0": -1}}, "Показание меньше нуля"),
        ({"reg_start": {"ap0": 10**12}}, "У этого счётчика показание меньше 1000000 кВт·ч"),
        ({"reg_start": {"ap0": 5_000_000}, "reg_end": {"ap0": 4_500_000}}, "при снятии 4,5 кВт·ч меньше"),
        ({"reg_start": {"ap0": 5_000_000}, "first": {"ap0": 4_000_000}}, "следующее показание меньше: 4 кВт·ч"),
    ],
)
def test_a_mounting_that_cannot_be_is_refused(registry: Registry, wrong: dict[str, Any], sentence: str) -> None:
    change = registry.change
    enter.add_meter(change, "C-3", serial="3", type="т", maker="м", register_end=10**12)
    if wrong.get("ki") == 40:
        current = enter.add_transformer(
            change, "current", serial="1", type="Т-0,66", primary=Decimal(150), secondary=Decimal(5)
        )
        enter.place_transformer(change, current, registry.point, "A", 0)
    with pytest.raises(Refused, match=re.escape(sentence)):
        enter.mount(change, registry.point, "C-3", **{"valid_from": 0, **wrong})
    assert registry.connection.execute(select(mounting)).all() == []


@pytest.mark.parametrize(
    ("serial", "sentence"),
    [
        ("04217802", None),
        ("1234", r"«1234» не похож на номера завода «Милур» \(########\)$"),
        ("NP71E.1-1234", "такой вид у номеров «Нартис»"),
    ],
)
def test_a_serial_of_another_makers_form_is_refused(registry: Registry, serial: str, sentence: str | None) -> None:
    enter.add_meter_type(registry.change, "Милур", "107S", serial_form="########", digits=6)
    enter.add_meter_type(registry.change, "Нартис", "И100", serial_form="NP71E.#-####|###############")
    values = {"serial": serial, "type": "107S", "maker": "Милур"}
    if sentence is None:
        enter.add_meter(registry.change, "mil-1", **values)
        end = registry.connection.execute(select(meter.c.register_end).where(meter.c.id == "mil-1")).scalar_one()
        assert end == 10**12, "six digits before the comma, as its type says"
    else:
        with pytest.raises(Refused, match=sentence):
            enter.add_meter(registry.change, "mil-1", **values)


class TestReplacement:
    """The act of a replacement: A-1 stood from day 1, B-2 stands from day 10."""

    ACT: ClassVar[dict[str, Any]] = {"old_meter": "A-1", "act": "акт 2", "reason": "поверка", "reg_end": {"ap0": 9_000}}

    @pytest.fixture(autouse=True)
    def mounted(self, registry: Registry) -> None:
        enter.mount(registry.change, registry.point, "A-1", DAY, ki=Decimal(30), act="акт 1", reg_start={"ap0": 1_000})

    def test_ends_the_old_and_begins_the_new_with_what_is_not_said_as_it_was(self, registry: Registry) -> None:
        enter.replace_meter(registry.change, registry.point, "B-2", 10 * DAY, **self.ACT, reg_start={"ap0": 5})
        old, new = registry.connection.execute(select(mounting).order_by(mounting.c.valid_from)).all()
        assert (old.meter, old.valid_to, old.reg_end, old.end_act, old.end_reason) == (
            "A-1", 10 * DAY, {"ap0": 9_000}, "акт 2", "поверка"
        )  # fmt: skip
        assert (new.meter, new.valid_from, new.valid_to, new.ki, new.reg_start, new.act) == (
            "B-2", 10 * DAY, None, 30, {"ap0": 5}, "акт 2"
        )  # fmt: skip

    def test_in_the_past_goes_between_what_stands(self, registry: Registry) -> None:
        enter.add_meter(registry.change, "C-3", serial="3", type="т", maker="м")
        enter.replace_meter(registry.change, registry.point, "B-2", 10 * DAY, **self.ACT)
        earlier = self.ACT | {"reg_end": {"ap0": 7_000}}
        enter.replace_meter(registry.change, registry.point, "C-3", 5 * DAY, **earlier)
        found = registry.connection.execute(select(mounting).order_by(mounting.c.valid_from)).all()
        assert [(row.meter, row.valid_from, row.valid_to) for row in found] == [
            ("A-1", DAY, 5 * DAY), ("C-3", 5 * DAY, 10 * DAY), ("B-2", 10 * DAY, None)
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("act", "field", "sentence"),
        [
            ({"at": DAY // 2}, "valid_from", "Акт от 01.01.1970 15:00 раньше первого: счётчик A-1 стоит с 02.01.1970"),
            ({"at": DAY}, "valid_from", "уже внесён: с этого момента стоит счётчик A-1"),
            ({"at": NOW + DAY}, "valid_from", "ещё не наступило"),
            ({"old_meter": "B-2"}, "old_meter", "здесь стоит счётчик A-1, а не B-2"),
            ({"reg_end": {"ap0": 500}}, "reg_end.ap0", "меньше, чем при установке"),
            ({"last": {"ap0": 9_500}}, "reg_end.ap0", "меньше предыдущего показания: 0,0095 кВт·ч"),
            ({"reg_start": {"ap0": 50}, "first": {"ap0": 40}}, "reg_start.ap0", "следующее показание меньше"),
            ({"new": "A-1"}, "new_meter", "тот же счётчик"),
        ],
    )
    def test_an_act_that_cannot_be_is_refused_and_changes_nothing(
        self, registry: Registry, act: dict[str, Any], field: str, sentence: str
    ) -> None:
        """A savepoint stands for the form's transaction."""
        before = registry.connection.execute(select(mounting)).all()
        enter.add_meter(registry.change, "C-3", serial="3", type="т", maker="м")
        new, at = act.get("new", "C-3"), act.get("at", 10 * DAY)
        act = {name: value for name, value in act.items() if name not in ("new", "at")}
        with pytest.raises(Refused, match=re.escape(sentence)) as refusal, registry.connection.begin_nested():
            enter.replace_meter(registry.change, registry.point, new, at, **(self.ACT | act))
        assert refusal.value.field == field
        assert registry.connection.execute(select(mounting)).all() == before

    def test_a_register_that_began_anew_in_between_is_believed(self, registry: Registry) -> None:
        registry.connection.execute(meter.update().where(meter.c.id == "A-1").values(register_end=10_000))
        act = self.ACT | {"reg_end": {"ap0": 900}, "last": {"ap0": 9_990}}
        enter.correct_mounting(registry.change, 1, reg_start={"ap0": 9_100})
        enter.replace_meter(registry.change, registry.point, "B-2", 10 * DAY, **act)

    def test_a_change_of_ratio_is_a_new_tenure_of_the_same_meter(self, registry: Registry) -> None:
        act: dict[str, Any] = {"meter_id": "A-1", "act": "акт 3", "reason": "новые ТТ", "registers": {"ap0": 4_000}}
        enter.change_ratio(registry.change, registry.point, 7 * DAY, ki=Decimal(40), ku=Decimal(1), **act)
        old, new = segments_of(registry.connection, registry.point, 0, 20 * DAY)
        assert [(one.meter, one.since, one.until, one.k) for one in (old, new)] == [
            ("A-1", DAY, 7 * DAY, 30), ("A-1", 7 * DAY, None, 40)
        ]  # fmt: skip
        with pytest.raises(Refused, match="Ki = 40 и Ku = 1 уже стоят"):
            enter.change_ratio(registry.change, registry.point, 8 * DAY, ki=Decimal(40), ku=Decimal(1), **act)

    def test_after_a_dismounting_nothing_is_replaced(self, registry: Registry) -> None:
        act = {"meter_id": "A-1", "act": "акт", "reason": "снос"}
        enter.dismount(registry.change, registry.point, 10 * DAY, **act)  # type: ignore[arg-type]
        with pytest.raises(Refused, match="в этой точке счётчика нет: внесите установку"):
            enter.replace_meter(registry.change, registry.point, "B-2", 12 * DAY, **self.ACT)


def test_a_hand_over_ends_one_contract_and_begins_the_other(registry: Registry) -> None:
    first = enter.add_contract(registry.change, registry.company, "1", "Анна")
    second = enter.add_contract(registry.change, registry.company, "2", "Борис")
    with pytest.raises(Refused, match="ни за кем не числится"):
        enter.hand_over(registry.change, registry.point, second, DAY)
    enter.attach(registry.change, first, registry.point, DAY)
    enter.hand_over(registry.change, registry.point, second, 5 * DAY)
    rows = registry.connection.execute(select(contract_point).order_by(contract_point.c.valid_from)).all()
    assert [tuple(row)[1:] for row in rows] == [
        (first, registry.point, DAY, 5 * DAY), (second, registry.point, 5 * DAY, None)
    ]  # fmt: skip
    with pytest.raises(Refused, match="уже числится"):
        enter.hand_over(registry.change, registry.point, second, 6 * DAY)


def test_prices_leave_no_gap(registry: Registry) -> None:
    enter.set_price(registry.change, registry.scheme, "peak", Decimal("8.10"), date(2026, 1, 1), date(2026, 7, 1))
    with pytest.raises(
        Refused, match=r"пропуск между «цена 8,1 ₽» \(по 01\.07\.2026\) и «цена 9 ₽» \(с 01\.08\.2026\)"
    ):
        enter.set_price(registry.change, registry.scheme, "peak", Decimal(9), date(2026, 8, 1))


def test_a_meter_is_of_one_concentrator_at_a_time(registry: Registry) -> None:
    change = registry.change
    for name in ("edge-1", "edge-2"):
        enter.add_concentrator(change, registry.company, name, title="Щит", address="ул.")
    enter.entitle(change, "edge-1", "A-1", 0, DAY)
    line = enter.add_line(change, "edge-2", "Линия 1", "tcp://192.168.0.7:4059")
    with pytest.raises(Overlap, match=r"счётчик A-1 у концентратора edge-2 .* счётчик A-1 у концентратора edge-1"):
        enter.entitle(change, "edge-2", "A-1", DAY - 1)
    with pytest.raises(Refused, match="другого концентратора: edge-2"):
        enter.entitle(change, "edge-1", "B-2", 0, line=line, driver="spodes")
    enter.entitle(change, "edge-2", "A-1", DAY, line=line, driver="spodes", settings={"server": "1/24"})
    with pytest.raises(Refused, match="Концентратор edge-1 уже есть"):
        enter.add_concentrator(change, registry.company, "edge-1", title="Щит", address="ул.")


def test_the_path_of_a_node_is_its_names_from_the_top(registry: Registry) -> None:
    top = enter.add_node(registry.change, registry.company, "substation", "ТП-369")
    board = enter.add_node(registry.change, registry.company, "switchboard", "ВРУ-0,4 кВ", top)
    enter.add_node(registry.change, registry.company, "feeder", "КЛ-1", board)
    enter.rename_node(registry.change, board, "ВРУ-2")
    path = registry.connection.exec_driver_sql("SELECT path FROM node ORDER BY id DESC").scalar()
    assert path == "ТП-369\\ВРУ-2\\КЛ-1"


@pytest.mark.parametrize("spec", [ONE_ZONE, TWO_ZONES, THREE_ZONES])
def test_the_schemes_of_the_population_cover_every_minute(registry: Registry, spec: SchemeSpec) -> None:
    scheme = enter.add_scheme(registry.change, "ещё", spec, BEGUN)
    calendar = calendar_of(registry.connection, scheme)
    assert calendar.zones == tuple(spec.tariffs)
    assert {calendar.zone(1_795_500_000 + minute * 60, "Europe/Moscow") for minute in range(1440)} == set(spec.tariffs)


def test_a_scheme_that_leaves_a_minute_without_a_zone_is_refused(registry: Registry) -> None:
    holed = SchemeSpec({"day": 1}, (RuleSpec(0, 12 * 60, "day"), RuleSpec(12 * 60 + 1, 1440, "day")))
    with pytest.raises(ValueError, match="нет зоны для 12:00"):
        enter.add_scheme(registry.change, "дырявая", holed, BEGUN)
