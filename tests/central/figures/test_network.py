"""Parameters of the network as the figures tell them: by ratio, tenure and viewer; gaps, silence, other meters."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from central import figures
from central.db import writing
from central.figures.views import NotFound
from central.metering.network import By, Quantity
from central.metering.zones import midnight
from central.registry import enter
from central.registry.changes import entering
from central.registry.tables import mounting
from central.timeseries.base import LiveRow
from tests.central import scene as s
from tests.central.scene import Household, Scene

ONE_DAY = timedelta(days=1)
YESTERDAY = s.LIVE_GAP[0]
DAY = midnight(YESTERDAY, s.TZ), midnight(YESTERDAY + ONE_DAY, s.TZ)
FLAT, NEXT_DOOR = Household(s.FLAT, 5), Household(s.NEXT_DOOR, 1)
HOUR = 3600


def say(scene: Scene, serial: str, *rows: tuple[int, Mapping[str, float]]) -> None:
    scene.series.write([LiveRow(f"MIL-{serial}", time, values) for time, values in rows])


def test_the_last_values_are_of_the_network_and_each_has_its_time(scene: Scene) -> None:
    found = figures.instant(scene.source, scene.viewer(s.NEIGHBOUR), scene.points[s.NEXT_DOOR], scene.now)
    latest = found.latest
    assert latest is not None
    newest = s.live(NEXT_DOOR, DAY[1], scene.now - 60)[-1]
    assert latest.time == newest.time
    assert latest.ratios.of(Quantity.CURRENT) == 30
    values = {field: value.value for field, value in latest.values.items()}
    assert values["u_a"] == newest.values["u_a"]
    assert values["i_a"] == pytest.approx(30 * newest.values["i_a"])
    assert values["p"] == pytest.approx(30 * newest.values["p"])
    assert values["f"] == newest.values["f"]
    assert {one.by for one in latest.diagram.angles.values()} == {By.POWERS}
    assert latest.diagram.angles["c"].degrees < 0 < latest.diagram.angles["a"].degrees


def test_a_field_that_did_not_come_with_the_last_row_is_told_with_its_own_time(own: Scene) -> None:
    say(own, s.FLAT, (own.now - 30, {"u_a": 111.0}))
    latest = figures.instant(own.source, own.viewer(s.CONSUMER), own.points[s.FLAT], own.now).latest
    assert latest is not None
    assert (latest.values["u_a"].value, latest.values["u_a"].time) == (111, own.now - 30)
    assert latest.values["p"].time == s.live(FLAT, DAY[1], own.now - 60)[-1].time
    assert latest.diagram.currents == ()  # nothing of another moment is put into one diagram


def test_a_silent_meter_without_any_value_says_none(scene: Scene) -> None:
    found = figures.instant(scene.source, scene.viewer(s.CONSUMER), scene.points[s.DACHA], scene.now)
    assert found.latest is None
    assert found.heard is not None
    assert found.heard.silent


def test_a_run_over_a_day_keeps_gaps_and_ends(scene: Scene) -> None:
    view = figures.network(scene.source, scene.viewer(s.CONSUMER), scene.points[s.FLAT], *DAY, Quantity.VOLTAGE)
    history = view.history
    assert set(history.runs) == {"u_a"}
    runs = history.runs["u_a"]
    rows = s.live(FLAT, *DAY)
    assert history.samples == len(rows) == (24 - 2) * 12
    assert sum(run.samples for run in runs if run) == len(rows)
    gap = range(3 * HOUR // history.step, 5 * HOUR // history.step)
    assert [place for place, run in enumerate(runs) if run is None] == list(gap)
    assert min(run.least for run in runs if run) == min(row.values["u_a"] for row in rows)
    assert history.limits == (pytest.approx(207), pytest.approx(253))


def test_samples_beside_limits_are_those_of_the_rows(scene: Scene) -> None:
    view = figures.network(scene.source, scene.viewer(s.CONSUMER), scene.points[s.FLAT], *DAY, Quantity.FREQUENCY)
    volts, *hertz = view.beside
    rows = s.live(FLAT, *DAY)
    assert volts.field == "u_a"
    assert volts.nominal == 230
    assert volts.judged.below == sum(row.values["u_a"] < 207 for row in rows) > 0
    assert (volts.judged.samples, volts.judged.above) == (len(rows), 0)
    assert [(one.field, one.judged.outside, one.judged.samples) for one in hertz] == [("f", 0, len(rows))] * 2
    assert set(view.history.runs) == {"f"}


def test_a_quantity_without_limits_is_drawn_alone(scene: Scene) -> None:
    view = figures.network(scene.source, scene.viewer(s.CONSUMER), scene.points[s.FLAT], *DAY, Quantity.CURRENT)
    assert set(view.history.runs) == {"i_a", "i_n"}
    assert view.beside == ()


def test_a_former_tenant_sees_his_time_alone(own: Scene) -> None:
    until = midnight(date(2026, 11, 20), s.TZ)
    with writing(own.engine).begin() as connection, entering(connection, at=own.now, kind="test") as change:
        contract = enter.add_contract(change, 1, "100-9", "Новый владелец")
        enter.hand_over(change, own.points[s.FLAT], contract, until)
    say(own, s.FLAT, (until - 600, {"u_a": 225.0, "f": 50.0}), (until, {"u_a": 199.0, "f": 50.0}))
    viewer, point = own.viewer(s.CONSUMER), own.points[s.FLAT]
    found = figures.instant(own.source, viewer, point, own.now)
    assert found.heard is None
    assert found.latest is not None
    assert (found.latest.time, found.latest.values["u_a"].value) == (until - 600, 225)
    view = figures.network(own.source, viewer, point, until - HOUR, until + HOUR, Quantity.VOLTAGE)
    assert view.history.samples == 1
    assert view.history.held.until == until
    assert figures.samples(own.source, viewer, point, until - HOUR, until + HOUR).rows == [
        (until - 600, {"u_a": 225.0, "f": 50.0})
    ]
    with pytest.raises(NotFound):
        figures.network(own.source, viewer, point, until, until + HOUR, Quantity.VOLTAGE)


def test_another_ratio_cuts_the_time_and_each_part_has_its_own(own: Scene) -> None:
    moment = own.now // 300 * 300 - 6 * HOUR
    with writing(own.engine).begin() as connection, entering(connection, at=own.now, kind="test") as change:
        told = {"meter_id": FLAT.meter, "act": "акт 9", "reason": "трансформаторы"}
        enter.change_ratio(change, own.points[s.FLAT], moment, ki=Decimal(10), ku=Decimal(1), **told)
    view = figures.network(
        own.source, own.viewer(s.CONSUMER), own.points[s.FLAT], moment - 300, moment + 300, Quantity.CURRENT
    )
    before, after = s.live(FLAT, moment - 300, moment + 300)
    assert [run and run.mean for run in view.history.runs["i_a"]] == [
        pytest.approx((before.values["i_a"] + 10 * after.values["i_a"]) / 2)
    ]


def test_a_meter_for_three_wires_measures_between_lines_and_unbalance_is_known(own: Scene) -> None:
    with writing(own.engine).begin() as connection:
        connection.execute(mounting.update().where(mounting.c.point == own.points[s.NEXT_DOOR]).values(wires=3, ku=60))
    now = own.now
    say(
        own,
        s.NEXT_DOOR,
        (now - 20, {"u_a": 100.0, "u_b": 100.0, "u_c": 112.0}),
        (now - 10, {"u_a": 101.0, "u_c": 100.0}),
    )
    view = figures.network(
        own.source, own.viewer(s.NEIGHBOUR), own.points[s.NEXT_DOOR], now - 50, now, Quantity.VOLTAGE
    )
    assert view.history.three_wires
    assert view.history.limits == (pytest.approx(5400), pytest.approx(6600))
    by_field = {one.field: one for one in view.beside[:3]}
    assert (by_field["u_c"].judged.above, by_field["u_c"].nominal) == (1, 6000)
    assert by_field["u_a"].judged.outside == 0
    uneven = [one for one in view.beside if one.field == ""]
    assert [(one.judged.samples, one.judged.above) for one in uneven] == [(1, 1), (1, 1)]


def test_a_meter_with_neutral_has_no_unbalance_that_can_be_known(scene: Scene) -> None:
    view = figures.network(scene.source, scene.viewer(s.NEIGHBOUR), scene.points[s.NEXT_DOOR], *DAY, Quantity.VOLTAGE)
    assert [one.field for one in view.beside] == ["u_a", "u_b", "u_c", "f", "f"]


def test_values_that_are_primary_already_are_left_alone(own: Scene) -> None:
    with writing(own.engine).begin() as connection:
        connection.execute(
            mounting.update().where(mounting.c.point == own.points[s.NEXT_DOOR]).values(values_are="primary")
        )
    say(own, s.NEXT_DOOR, (own.now - 1, {"i_a": 7.0}))
    latest = figures.instant(own.source, own.viewer(s.NEIGHBOUR), own.points[s.NEXT_DOOR], own.now).latest
    assert latest is not None
    assert latest.values["i_a"].value == 7
    assert latest.ratios.ki == Fraction(30)
