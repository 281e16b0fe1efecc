"""What a point would pay by another scheme is what it is billed once its terms are really changed."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from central import figures
from central.accounts.policy import Viewer
from central.db import writing
from central.figures import recompute
from central.figures.whatif import WhatIf
from central.metering.cost import Cost
from central.metering.hourly import HOUR
from central.metering.zones import midnight
from central.registry import enter
from central.registry.changes import entering
from central.registry.schemes import ONE_ZONE, THREE_ZONES
from central.registry.tables import point_terms
from tests.central import scene as s
from tests.central.scene import Scene
from tests.central.tariffs import LIMITS, PAID, village

BEGUN = date(2013, 11, 26)


@pytest.fixture
def offered(own: Scene) -> Scene:
    """A village; besides a scheme of one zone with ranges, and one of the same three zones that is dearer."""
    village(own)
    with writing(own.engine).begin() as connection, entering(connection, at=own.now, kind="test") as act:
        own.schemes["one"] = enter.add_scheme(act, "один", ONE_ZONE, BEGUN, billing_reading="whole_kwh")
        enter.set_price(act, own.schemes["one"], "all", Decimal(5), date(2026, 11, 1))
        enter.set_price(act, own.schemes["one"], "all", Decimal(7), date(2026, 11, 1), above=LIMITS[0])
        enter.set_monthly_line(act, own.schemes["one"], "Плата", PAID, date(2026, 1, 1))
        own.schemes["dear"] = enter.add_scheme(act, "три, дороже", THREE_ZONES, BEGUN)
        for zone in THREE_ZONES.tariffs:
            enter.set_price(act, own.schemes["dear"], zone, Decimal(10), date(2026, 1, 1))
        own.schemes["empty"] = enter.add_scheme(act, "без цен", ONE_ZONE, BEGUN)
    return own


def ask(scene: Scene, scheme: str | None, viewer: Viewer | None = None) -> WhatIf:
    key = scene.schemes[scheme] if scheme is not None else None
    who = viewer or scene.viewer(s.CONSUMER)
    return figures.what_if(scene.source, who, scene.points[s.FLAT], key, scene.now)


def really(scene: Scene, scheme: str, zone_source: str) -> None:
    with writing(scene.engine).begin() as connection, entering(connection, at=scene.now, kind="test") as act:
        keys = connection.scalars(select(point_terms.c.id).where(point_terms.c.point == scene.points[s.FLAT])).all()
        for key in keys:
            enter.correct_terms(act, key, scheme=scene.schemes[scheme], zone_source=zone_source)
    scene.recompute()


@pytest.mark.parametrize(
    ("scheme", "rezoned", "source"),
    [("one", False, "registers"), ("dear", False, "registers"), ("two", True, "profile")],
)
def test_what_if_is_what_the_bill_becomes(offered: Scene, scheme: str, rezoned: bool, source: str) -> None:
    told = ask(offered, scheme)
    assert (told.rezoned, {month.other.billed_by for month in told.months}) == (rezoned, {source})
    (month,) = told.months
    really(offered, scheme, source)
    viewer, point = offered.viewer(s.CONSUMER), offered.points[s.FLAT]
    bill = figures.readings(offered.source, viewer, point, month.other.since, month.other.until, offered.now)
    assert month.other.totals == bill.totals
    assert lines(month.other.cost) == lines(bill.cost)
    assert month.other.cost is not None
    assert bill.cost is not None
    assert month.other.cost.total == bill.cost.total


def lines(found: Cost | None) -> list[tuple[object, ...]]:
    assert found is not None
    zones = [(line.zone, line.energy, line.amount, line.price.version, line.first, line.until) for line in found.lines]
    return zones + [(line.name, line.days, line.of, line.price.version, line.amount) for line in found.monthly]


def test_what_if_it_were_priced_by_the_hour(offered: Scene) -> None:
    with writing(offered.engine).begin() as connection, entering(connection, at=offered.now, kind="test") as act:
        hours = offered.schemes["hours"] = enter.add_scheme(act, "по часам", ONE_ZONE, BEGUN)
        for hour in range(midnight(date(2026, 11, 1), s.TZ), offered.now, HOUR):
            enter.set_hour_price(act, hours, hour, Decimal(hour // HOUR % 5))
    told = ask(offered, "hours")
    (month,) = told.months
    assert told.rezoned
    really(offered, "hours", "registers")
    viewer, point = offered.viewer(s.CONSUMER), offered.points[s.FLAT]
    bill = figures.readings(offered.source, viewer, point, month.other.since, month.other.until, offered.now)
    assert bill.cost is not None
    assert bill.cost.hourly is not None
    assert (month.other.totals, month.other.cost) == (bill.totals, bill.cost)


def test_the_point_itself_stays_as_it_was_and_the_difference_is_told(offered: Scene) -> None:
    before = figures.summary(offered.source, offered.viewer(s.CONSUMER), offered.points[s.FLAT], offered.now).month
    told = ask(offered, "dear")
    (month,) = told.months
    assert month.billed == before
    assert month.other.totals == before.totals  # the same zones: the same registers
    assert before.cost is not None
    assert month.other.cost is not None
    assert told.dearer == month.dearer == month.other.cost.total - before.cost.total  # type: ignore[operator]
    assert not recompute.run(offered.engine, offered.series, offered.now)


def test_only_schemes_of_the_company_that_have_prices_are_offered(offered: Scene) -> None:
    told = ask(offered, None)
    assert [one.name for one in told.offered] == ["население, две зоны", "один", "три, дороже"]
    assert told.scheme == told.offered[0]
    for scheme in ("three", "empty"):
        with pytest.raises(figures.NotFound):
            ask(offered, scheme)
    with pytest.raises(figures.NotFound):
        ask(offered, "one", offered.viewer(s.FORMER))


def test_a_scheme_whose_zones_began_later_has_no_figure_of_the_time_before(offered: Scene) -> None:
    with writing(offered.engine).begin() as connection, entering(connection, at=offered.now, kind="test") as act:
        young = enter.add_scheme(act, "новая", THREE_ZONES, date(2026, 11, 20))
        enter.set_price(act, young, "peak", Decimal(1), date(2026, 11, 20))
    viewer, point = offered.viewer(s.CONSUMER), offered.points[s.FLAT]
    told = figures.what_if(offered.source, viewer, point, young, offered.now)
    assert [(month.other.cost, month.dearer) for month in told.months] == [(None, None)]
    assert told.dearer is None


def test_months_before_the_contract_are_not_compared(offered: Scene) -> None:
    staff = ask(offered, "one", offered.viewer(s.OPERATOR))
    assert [month.first.month for month in staff.months] == [11, 10, 9]
    assert [month.dearer is None for month in staff.months] == [False, True, True]
    assert staff.months[0].billed.since == midnight(date(2026, 11, 1), s.TZ)
    assert [month.first.month for month in ask(offered, "one").months] == [11]


def test_each_month_keeps_the_coefficient_and_the_source_of_its_time(own: Scene) -> None:
    """Since the 20th another category holds, and the profile bills: before it everything is as it was."""
    since = date(2026, 11, 20)
    with writing(own.engine).begin() as connection, entering(connection, at=own.now, kind="test") as act:
        key = own.schemes["one"] = enter.add_scheme(act, "один", ONE_ZONE, BEGUN)
        enter.set_price(act, key, "all", Decimal(5), date(2026, 1, 1))
        held = {"scheme": own.schemes["three"], "coefficient": Decimal("0.7"), "zone_source": "profile"}
        enter.set_terms(act, own.points[s.FLAT], since, **held)
    own.recompute()
    (month,) = ask(own, "one").months[:1]
    with writing(own.engine).begin() as connection, entering(connection, at=own.now, kind="test") as act:
        for row in connection.execute(select(point_terms).where(point_terms.c.point == own.points[s.FLAT])).all():
            enter.correct_terms(act, row.id, scheme=key)
    own.recompute()
    span = month.billed.since, month.billed.until
    bill = figures.readings(own.source, own.viewer(s.OPERATOR), own.points[s.FLAT], *span, own.now)
    assert lines(month.other.cost) == lines(bill.cost)
    assert month.other.cost is not None
    assert {line.price.coefficient for line in month.other.cost.lines} == {Decimal(1), Decimal("0.7")}
