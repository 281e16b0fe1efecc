"""The registry: validity, refusals that name both sides, and what metering sees of it."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from central.db import writing
from central.registry import enter
from central.registry.changes import Change, entering
from central.registry.look import calendar_of, prices_of, segments_of, standing_at, tenures_of
from central.registry.periods import Overlap
from central.registry.schemes import ONE_ZONE, THREE_ZONES, TWO_ZONES, RuleSpec, SchemeSpec
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
        for meter in ("A-1", "B-2"):
            enter.add_meter(change, meter, serial=meter[-1], type="т", maker="м")

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
    assert str(refusal.value) == (
        "meter B-2 at point 1 [1970-01-01T23:59:59Z, open) overlaps "
        "meter A-1 at point 1 [1970-01-01T00:00:00Z, 1970-01-02T00:00:00Z)"
    )


def test_one_meter_at_two_points_is_refused(registry: Registry) -> None:
    enter.mount(registry.change, registry.point, "A-1", 0)
    with pytest.raises(Overlap, match=r"meter A-1 at point 2 .* overlaps meter A-1 at point 1"):
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
    with pytest.raises(Overlap, match=r"contract 1 of point 1 .* overlaps contract 2 of point 1"):
        enter.attach(registry.change, first, registry.point, 5 * DAY, 6 * DAY)


def test_a_new_price_ends_the_open_one_and_rewrites_nothing(registry: Registry) -> None:
    enter.set_price(registry.change, registry.scheme, "peak", Decimal("8.10"), date(2026, 1, 1))
    enter.set_price(registry.change, registry.scheme, "peak", Decimal("8.4199"), date(2026, 7, 1))
    old, new = prices_of(registry.connection, registry.scheme)
    assert (old.amount, old.valid_to) == (Decimal("8.10"), date(2026, 7, 1))
    assert (new.amount, new.valid_to) == (Decimal("8.4199"), None)
    with pytest.raises(Overlap, match=r"the price 7 of zone peak \[2026-03-01, open\) overlaps the price 8.10"):
        enter.set_price(registry.change, registry.scheme, "peak", Decimal(7), date(2026, 3, 1))


def test_a_period_that_ends_before_it_begins_is_refused(registry: Registry) -> None:
    with pytest.raises(Overlap, match="would end at 1970-01-01T00:00:00Z, not after its beginning at 1970-01-02"):
        enter.mount(registry.change, registry.point, "A-1", DAY, 0)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"tz": "Moscow"}, "tz = 'Moscow': an IANA time zone is allowed"),
        ({"zone_source": "meter"}, "zone_source = 'meter': registers, profile are allowed"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(registry: Registry, wrong: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        registry.add_point("Т-3", **wrong)


@pytest.mark.parametrize(
    "wrong", [{"ki": Decimal(0)}, {"wires": 2}, {"period": 7000}, {"values_are": "raw"}, {"period": 0}]
)
def test_a_mounting_that_cannot_be_is_refused(registry: Registry, wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"allowed|greater"):
        enter.mount(registry.change, registry.point, "A-1", 0, **wrong)  # type: ignore[arg-type]


def test_the_path_of_a_node_is_its_names_from_the_top(registry: Registry) -> None:
    top = enter.add_node(registry.change, registry.company, "substation", "ТП-369")
    board = enter.add_node(registry.change, registry.company, "switchboard", "ВРУ-0,4 кВ", top)
    enter.add_node(registry.change, registry.company, "feeder", "КЛ-1", board)
    path = registry.connection.exec_driver_sql("SELECT path FROM node ORDER BY id DESC").scalar()
    assert path == "ТП-369\\ВРУ-0,4 кВ\\КЛ-1"


@pytest.mark.parametrize("spec", [ONE_ZONE, TWO_ZONES, THREE_ZONES])
def test_the_schemes_of_the_population_cover_every_minute(registry: Registry, spec: SchemeSpec) -> None:
    scheme = enter.add_scheme(registry.change, "ещё", spec, BEGUN)
    calendar = calendar_of(registry.connection, scheme)
    assert calendar.zones == tuple(spec.tariffs)
    assert {calendar.zone(1_795_500_000 + minute * 60, "Europe/Moscow") for minute in range(1440)} == set(spec.tariffs)


def test_a_scheme_that_leaves_a_minute_without_a_zone_is_refused(registry: Registry) -> None:
    holed = SchemeSpec({"day": 1}, (RuleSpec(0, 12 * 60, "day"), RuleSpec(12 * 60 + 1, 1440, "day")))
    with pytest.raises(ValueError, match="has no zone for 12:00"):
        enter.add_scheme(registry.change, "дырявая", holed, BEGUN)
