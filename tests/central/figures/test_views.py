"""What the pages receive: intervals, days, readings, the main page, the console, each with its terms."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from central import figures
from central.db import writing
from central.figures.views import Concern, DirectionReadings
from central.metering.consumption import Rule
from central.metering.cost import Portion, Price, cost
from central.metering.slots import Slot
from central.metering.terms import State
from central.metering.zones import midnight
from central.registry import enter
from central.registry.changes import entering
from central.registry.tables import point_terms
from central.timeseries.base import RegisterRow
from protocol.reading import Kind
from tests.central import scene as s
from tests.central.conftest import Copy
from tests.central.scene import Scene
from tests.central.sql import Sql

NOVEMBER, OCTOBER, SEPTEMBER = date(2026, 11, 1), date(2026, 10, 1), date(2026, 9, 15)
TODAY = date(2026, 11, 24)
A = "active_import"


def at(day: date, hour: int = 0) -> int:
    return midnight(day, s.TZ) + hour * 3600


def slots_of(scene: Scene, day: date, serial: str = s.FLAT, mail: str = s.CONSUMER) -> tuple[Slot, ...]:
    viewer, point = scene.viewer(mail), scene.points[serial]
    return figures.interval(scene.source, viewer, point, at(day), at(day) + 86_400, A, scene.now).slots


class TestInterval:
    def test_a_whole_day_agrees_with_its_registers(self, scene: Scene) -> None:
        day = date(2026, 11, 10)
        point = scene.points[s.FLAT]
        view = figures.interval(scene.source, scene.viewer(s.CONSUMER), point, at(day), at(day) + 86_400, A, scene.now)
        house = s.HOUSEHOLDS[0]
        assert [slot.energy for slot in view.slots] == [house.energy(at(day) + n * 1800) for n in range(48)]
        assert view.check is not None
        assert view.check.holds
        assert (view.check.left, view.check.right) == (view.totals.total, view.registers)
        assert view.totals.total == sum(view.totals.zones.values()) == sum(view.totals.states.values())
        assert list(view.totals.zones) == ["peak", "night", "half_peak"]
        assert view.completeness.percent == 100
        assert view.maximum is not None
        assert view.maximum.power == 2 * max(slot.energy or 0 for slot in view.slots)
        assert view.segments[0].serial == s.FLAT

    def test_every_interval_opens_to_its_row_and_ratio(self, scene: Scene) -> None:
        (part,) = slots_of(scene, date(2026, 11, 10), s.NEXT_DOOR, s.NEIGHBOUR)[20].parts
        assert part.segment.k == 30
        assert (part.sample.span, part.sample.meter) == (1800, f"MIL-{s.NEXT_DOOR}")
        slot = slots_of(scene, date(2026, 11, 10), s.NEXT_DOOR, s.NEIGHBOUR)[20]
        assert slot.energy == part.value * 30

    def test_an_hour_without_power_is_off_not_a_gap(self, scene: Scene) -> None:
        day, since, until = s.POWER_OFF
        off = [slot.start for slot in slots_of(scene, day) if slot.state is State.POWER_OFF]
        assert off == [at(day, since), at(day, since) + 1800]
        assert all(slot.energy is not None for slot in slots_of(scene, day))
        assert at(day, until) == off[-1] + 1800

    def test_a_day_that_did_not_come_is_estimated_and_its_registers_close_it_zone_by_zone(self, scene: Scene) -> None:
        view = figures.interval(
            scene.source, scene.viewer(s.CONSUMER), scene.points[s.FLAT], at(s.GAP), at(s.GAP) + 86_400, A, scene.now
        )
        assert {slot.state for slot in view.slots} == {State.ESTIMATED}
        assert abs((view.totals.total or 0) - (view.registers or 0)) < 4 * s.RESOLUTION  # three tariffs and the total
        assert view.check is None  # it would be compared with itself
        house = s.HOUSEHOLDS[0]
        truth: dict[str, int] = {}
        for start in range(at(s.GAP), at(s.GAP) + 86_400, 1800):
            zone = view.calendar.zone(start, s.TZ)
            truth[zone] = truth.get(zone, 0) + house.energy(start)
        assert view.totals.zones.keys() == truth.keys()
        assert all(abs(view.totals.zones[zone] - truth[zone]) < s.RESOLUTION for zone in truth)
        assert (view.completeness.received, view.completeness.estimated, view.completeness.missing) == (0, 48, 0)
        assert view.maximum is None

    def test_a_long_row_is_estimated_and_closes_with_the_registers(self, scene: Scene) -> None:
        day, since, until = s.LONG_ROW
        slots = slots_of(scene, day)
        assert {slot.state for slot in slots if slot.start < at(day, until)} == {State.ESTIMATED}
        house = s.HOUSEHOLDS[0]
        wanted = sum(house.energy(start) for start in range(at(day, since), at(day, until), 1800))
        assert sum(slot.energy or 0 for slot in slots if slot.state is State.ESTIMATED) == wanted

    def test_the_rest_of_today_is_not_due(self, scene: Scene) -> None:
        states = [slot.state for slot in slots_of(scene, TODAY)]
        assert states == [State.MEASURED] * 18 + [State.NOT_DUE] * 30

    def test_other_channels_are_served_and_an_unknown_one_is_a_defect(self, scene: Scene) -> None:
        viewer, point = scene.viewer(s.CONSUMER), scene.points[s.FLAT]
        span = (at(date(2026, 11, 10)), at(date(2026, 11, 11)))
        reactive = figures.interval(scene.source, viewer, point, *span, "reactive_import", scene.now)
        export = figures.interval(scene.source, viewer, point, *span, "active_export", scene.now)
        assert reactive.totals.total == sum(slot.energy or 0 for slot in reactive.slots) > 0
        assert {slot.state for slot in export.slots} == {State.ZERO}
        with pytest.raises(KeyError):
            figures.interval(scene.source, viewer, point, *span, "voltage_a", scene.now)

    def test_years_by_half_hours_are_refused(self, scene: Scene) -> None:
        with pytest.raises(figures.TooLong, match="at most 20000"):
            figures.interval(scene.source, scene.viewer(s.OPERATOR), scene.points[s.FLAT], 0, scene.now, A, scene.now)


class TestDays:
    def test_a_month_of_days_is_what_its_intervals_are(self, scene: Scene) -> None:
        viewer, point = scene.viewer(s.CONSUMER), scene.points[s.FLAT]
        view = figures.days(scene.source, viewer, point, NOVEMBER, date(2026, 12, 1), A, scene.now)
        intervals = figures.interval(scene.source, viewer, point, at(NOVEMBER), at(date(2026, 12, 1)), A, scene.now)
        assert [day.day.day for day in view.days] == list(range(1, 25))
        assert dict(view.totals.zones) == dict(intervals.totals.zones)
        assert dict(view.totals.states) == dict(intervals.totals.states)
        assert view.completeness.missing == intervals.completeness.missing == 0
        assert view.completeness.estimated == intervals.completeness.estimated == 48 + 14
        assert view.completeness.expected == intervals.completeness.expected

    def test_each_day_carries_its_states_registers_and_cost(self, scene: Scene) -> None:
        view = figures.days(scene.source, scene.viewer(s.CONSUMER), scene.points[s.FLAT], NOVEMBER, TODAY, A, scene.now)
        by_day = {day.day: day for day in view.days}
        assert abs((by_day[s.GAP].totals.total or 0) - (by_day[s.GAP].registers or 0)) < 4 * s.RESOLUTION
        assert by_day[s.GAP].completeness.estimated == 48
        assert by_day[s.GAP].cost is not None
        assert by_day[s.LONG_ROW[0]].completeness.estimated == 14
        assert by_day[s.LONG_ROW[0]].totals.states[State.ESTIMATED] > 0
        assert by_day[s.POWER_OFF[0]].completeness.off == 2
        tenth = by_day[date(2026, 11, 10)]
        assert (tenth.whole, tenth.version) == (True, 1)
        assert tenth.cost is not None
        assert [line.zone for line in tenth.cost.lines] == ["peak", "night", "half_peak"]
        assert view.cost is not None
        assert view.cost.total == sum(line.amount for line in view.cost.lines)

    def test_a_silent_meter_s_days_are_missing_not_absent(self, scene: Scene) -> None:
        view = figures.days(
            scene.source, scene.viewer(s.CONSUMER), scene.points[s.DACHA], s.SILENT_SINCE, TODAY, A, scene.now
        )
        assert len(view.days) == (TODAY - s.SILENT_SINCE).days
        assert view.completeness.missing == 48 * len(view.days)
        assert view.totals.total is None

    def test_today_counts_what_is_due_by_now(self, scene: Scene) -> None:
        view = figures.days(
            scene.source,
            scene.viewer(s.CONSUMER),
            scene.points[s.FLAT],
            TODAY,
            TODAY + timedelta(days=1),
            A,
            scene.now + 2 * 3600,
        )
        (today,) = view.days
        assert not today.whole
        assert (today.completeness.received, today.completeness.expected, today.completeness.missing) == (18, 20, 2)


def direction(view: figures.views.ReadingsView, channel: str = A) -> DirectionReadings:
    return next(found for found in view.directions if found.channel == channel)


class TestReadings:
    def test_a_month_by_registers_with_every_term(self, scene: Scene) -> None:
        view = figures.readings(
            scene.source, scene.viewer(s.CONSUMER), scene.points[s.FLAT], at(OCTOBER), at(NOVEMBER), scene.now
        )
        assert view.billed_by == "registers"
        assert view.taken is not None
        assert (view.taken.since, view.taken.until) == (at(OCTOBER), at(NOVEMBER))
        found = direction(view)
        assert [(zone.zone, zone.tariff) for zone in found.zones] == [("peak", 1), ("night", 2), ("half_peak", 3)]
        for zone in found.zones:
            (term,) = zone.terms
            assert term.rule is Rule.DIFFERENCE
            assert term.end.value - term.start.value == term.difference == zone.energy
            assert (term.start.moment, term.start.kind) == (at(OCTOBER), "daily")
        assert found.check is not None
        assert found.check.holds
        assert view.cost is not None
        assert view.cost.total == sum(line.amount for line in view.cost.lines)
        assert [line.price.amount for line in view.cost.lines] == [Decimal("8.42"), Decimal("3.36"), Decimal("6.17")]
        assert not view.provisional

    def test_a_ratio_is_applied_once(self, scene: Scene) -> None:
        view = figures.readings(
            scene.source, scene.viewer(s.NEIGHBOUR), scene.points[s.NEXT_DOOR], at(s.HAND_OVER), at(TODAY), scene.now
        )
        (term,) = direction(view).zones[0].terms
        assert term.difference is not None
        assert term.segment.k == 30
        assert term.energy == term.difference * 30

    def test_a_boundary_without_a_snapshot_says_which_moment_was_used(self, scene: Scene) -> None:
        viewer, point = scene.viewer(s.CONSUMER), scene.points[s.FLAT]
        view = figures.readings(scene.source, viewer, point, at(NOVEMBER, 10), at(TODAY, 23), scene.now)
        assert view.taken is not None
        assert view.taken.since == at(NOVEMBER)  # ten hours back is nearer than fourteen on
        assert view.taken.until == scene.now // 1800 * 1800
        assert direction(view).zones[0].terms[0].end.kind == "now"
        assert view.provisional

    def test_a_bill_is_cut_at_a_price_change_by_the_reading_of_that_day(self, scene: Scene) -> None:
        viewer, point = scene.viewer(s.CONSUMER), scene.points[s.FLAT]
        since, until = at(date(2026, 9, 20)), at(date(2026, 10, 11))
        view = figures.readings(scene.source, viewer, point, since, until, scene.now)
        parts = [
            figures.readings(scene.source, viewer, point, *span, scene.now)
            for span in ((since, at(OCTOBER)), (at(OCTOBER), until))
        ]
        assert view.cost is not None
        assert len(view.cost.lines) == 6
        assert not any(line.by_days for line in view.cost.lines)
        by_version = {line.price.version: line.energy for line in view.cost.lines}
        for part in parts:
            assert part.cost is not None
            assert all(by_version[line.price.version] == line.energy for line in part.cost.lines)

    def test_without_a_reading_at_the_price_change_it_is_divided_by_days_and_says_so(self, own: Scene) -> None:
        meter, point = f"MIL-{s.FLAT}", own.points[s.FLAT]
        first, change, last = date(2026, 11, 14), date(2026, 11, 16), date(2026, 11, 22)
        own.series.erase()
        for day, value in ((first, 0), (date(2026, 11, 17), 7_000_000), (last, 8_000_001)):  # a day too late
            registers = {f"ap{tariff}": value for tariff in range(4)}
            own.series.write([RegisterRow(meter, at(day), Kind.DAILY, 0, registers)])
        with writing(own.engine).begin() as connection, entering(connection, at=own.now, kind="test") as entry:
            enter.set_price(entry, own.schemes["three"], "night", Decimal(1), change)
        view = figures.readings(own.source, own.viewer(s.CONSUMER), point, at(first), at(last), own.now)
        assert view.cost is not None
        night = [(line.energy, line.price.amount, line.by_days) for line in view.cost.lines if line.zone == "night"]
        assert night == [(2_000_000, Decimal("3.36"), True), (6_000_001, Decimal(1), True)]

    def test_a_point_that_bills_by_its_profile_says_so(self, own: Scene) -> None:
        with own.engine.begin() as connection:
            connection.exec_driver_sql(
                f"UPDATE point_terms SET zone_source = 'profile' WHERE point = {own.points[s.FLAT]}"
            )
        day = date(2026, 11, 18)
        viewer, point = own.viewer(s.CONSUMER), own.points[s.FLAT]
        view = figures.readings(own.source, viewer, point, at(day), at(day) + 86_400, own.now)
        intervals = figures.interval(own.source, viewer, point, at(day), at(day) + 86_400, A, own.now)
        assert view.billed_by == "profile"
        assert view.totals == intervals.totals
        assert view.cost is not None
        portions = [Portion(zone, day, day + timedelta(days=1), wh) for zone, wh in intervals.totals.zones.items()]
        assert view.cost == cost(portions, [line.price for line in view.cost.lines])
        assert direction(view).check is not None


def test_a_forecast_fills_the_days_of_a_profile_that_did_not_come(copy_of: Copy, tmp_path: Path) -> None:
    """The dacha is silent since the 12th: what is not known of those days is to be reckoned with like days to come."""
    scene = copy_of(s.DAYS, tmp_path / "scene")
    with scene.engine.begin() as connection:
        connection.execute(point_terms.update().values(zone_source="profile"))
    viewer, point = scene.viewer(s.CONSUMER), scene.points[s.DACHA]
    found = figures.consumption(scene.source, viewer, point, NOVEMBER, scene.now)
    before = figures.days(scene.source, viewer, point, date(2026, 10, 1), NOVEMBER, A, scene.now)
    scene.close()
    assert found.month.billed_by == "profile"
    assert found.month.totals.total is not None
    assert before.totals.total is not None
    assert found.forecast is not None
    assert found.month.totals.total < before.totals.total / 2
    assert abs(found.forecast.energy - before.totals.total) < before.totals.total / 10
    assert found.forecast.cost is not None
    assert found.month.cost is not None
    assert found.month.cost.total is not None
    dear = found.forecast.cost / found.month.cost.total
    assert abs(float(dear) - found.forecast.energy / found.month.totals.total) < 0.2


class TestSummary:
    def test_the_month_so_far_beside_the_month_before(self, scene: Scene) -> None:
        viewer, point = scene.viewer(s.CONSUMER), scene.points[s.FLAT]
        view = figures.summary(scene.source, viewer, point, scene.now)
        assert (view.month.since, view.month.until) == (at(NOVEMBER), scene.now // 1800 * 1800)
        assert view.month.billed_by == "registers"
        readings = figures.readings(scene.source, viewer, point, at(NOVEMBER), view.month.until, scene.now)
        assert view.month.totals == readings.totals
        assert view.month.cost == readings.cost
        assert view.previous is not None
        assert view.previous_same is not None
        assert (view.previous.since, view.previous.until) == (at(OCTOBER), at(NOVEMBER))
        assert view.previous_same.until - view.previous_same.since == view.month.until - view.month.since
        assert 0 < (view.previous_same.totals.total or 0) < (view.previous.totals.total or 0)
        assert len(view.yesterday.slots) == 48
        assert view.yesterday_cost is not None
        assert not view.heard.silent
        assert view.heard.received_at == (view.heard.stamp or 0) + 370
        assert view.troubles == ()  # the gap of the 17th is closed by its registers

    def test_a_silent_meter_is_the_first_thing_wrong(self, scene: Scene) -> None:
        view = figures.summary(scene.source, scene.viewer(s.CONSUMER), scene.points[s.DACHA], scene.now)
        assert view.heard.silent
        assert (view.troubles[0].concern, view.troubles[0].since) == (Concern.SILENT, at(s.SILENT_SINCE))
        assert view.month.until == at(s.SILENT_SINCE)
        assert (view.month.totals.total or 0) > 0


class TestConsole:
    def test_an_operator_sees_every_point_with_its_last_success(self, scene: Scene) -> None:
        view = figures.point_list(scene.source, scene.viewer(s.OPERATOR), scene.now)
        assert [(status.point.code, status.heard.silent, status.edge) for status in view.points] == [
            ("Т-45", False, "edge-1"),
            ("Т-46", True, "edge-1"),
            ("Т-47", False, "edge-1"),
        ]
        assert view.points[2].holder == "Борис Сидоров"
        assert view.points[0].yesterday is not None
        assert view.points[0].yesterday.percent == 100
        assert (view.tally.points, view.tally.silent, view.found) == (3, 1, 3)

    @pytest.mark.parametrize(
        ("asked", "codes"),
        [
            ("т-4", ["Т-45", "Т-46", "Т-47"]),  # code, whatever the case
            ("СИДОРОВ", ["Т-47"]),  # holder
            ("4217801", ["Т-46"]),  # serial
            ("mil-04217795", ["Т-45"]),  # meter
            ("EDGE-1", ["Т-45", "Т-46", "Т-47"]),  # concentrator
            ("100-3", ["Т-47"]),  # contract
            ("%", []),
            ("_", []),
        ],
    )
    def test_words_find_it_by_their_beginnings(self, scene: Scene, asked: str, codes: list[str]) -> None:
        view = figures.point_list(scene.source, scene.viewer(s.OPERATOR), scene.now, asked=asked)
        assert ([status.point.code for status in view.points], view.found) == (codes, len(codes))

    def test_pages_follow_each_other_and_end(self, scene: Scene) -> None:
        def codes(page: int, silent: bool = False) -> list[str]:
            view = figures.point_list(
                scene.source, scene.viewer(s.OPERATOR), scene.now, silent=silent, page=page, rows=2
            )
            return [status.point.code for status in view.points]

        assert [codes(1), codes(2), codes(9)] == [["Т-45", "Т-46"], ["Т-47"], ["Т-47"]]
        assert codes(1, silent=True) == ["Т-46"]

    def test_the_counts_are_at_most_a_minute_old(self, tmp_path: Path, sql: Sql) -> None:
        own = s.build(tmp_path / "scene", days=1)
        try:
            viewer = own.viewer(s.OPERATOR)
            assert figures.point_list(own.source, viewer, own.now).tally.points == 3
            with writing(own.engine).begin() as connection, entering(connection, at=own.now, kind="test") as change:
                enter.add_point(
                    change, 1, "Т-99", name="Гараж", address="ул. Садовая, 3", tz=s.TZ, scheme=own.schemes["two"]
                )
            tallies = [figures.point_list(own.source, viewer, own.now + later).tally for later in (59, 60)]
            assert [(one.points, one.at - own.now) for one in tallies] == [(3, 0), (4, 60)]
        finally:
            own.close()

    def test_an_operator_sees_every_concentrator(self, scene: Scene) -> None:
        (edge,) = figures.edge_list(scene.source, scene.viewer(s.OPERATOR), scene.now).edges
        assert (edge.name, edge.state, edge.meters, edge.silent_meters, edge.waiting) == ("edge-1", "online", 3, 1, 0)
        assert edge.clock == "trusted"

    def test_neither_list_exists_for_a_consumer(self, scene: Scene) -> None:
        for ask in (figures.point_list, figures.edge_list):
            with pytest.raises(figures.NotFound):
                ask(scene.source, scene.viewer(s.CONSUMER), scene.now)


def test_prices_are_exact_decimals(scene: Scene) -> None:
    view = figures.readings(
        scene.source, scene.viewer(s.CONSUMER), scene.points[s.FLAT], at(SEPTEMBER), at(OCTOBER), scene.now
    )
    assert view.cost is not None
    prices: list[Price] = [line.price for line in view.cost.lines]
    assert [price.amount for price in prices] == [Decimal("8.10"), Decimal("3.20"), Decimal("5.90")]
