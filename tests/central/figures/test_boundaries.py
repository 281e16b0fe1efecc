"""Readings at both ends of a period: which are taken, which are reckoned, which there are not; meter by meter."""

import random
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from central import figures
from central.db import writing
from central.figures.boundaries import Wanted
from central.figures.reading_at import COMPUTED
from central.figures.views import Between, Boundaries, NotFound, Period, RegisterBetween
from central.metering.consumption import Rule
from central.metering.zones import midnight
from central.registry import enter
from central.registry.changes import Change, entering
from central.registry.schemes import ONE_ZONE
from central.registry.tables import point_terms
from central.timeseries.base import LoadRow, RegisterRow
from protocol.reading import Kind
from tests.central import scene as s
from tests.central.scene import HOUSEHOLDS, Scene

A, OUT = "active_import", "active_export"
FIRST, LAST = date(2026, 11, 15), date(2026, 11, 22)
NOON = 43_200
METER = "OWN-1"
FLAT_METER = f"MIL-{s.FLAT}"


def at(day: date, seconds: int = 0) -> int:
    return midnight(day, s.TZ) + seconds


def asked(
    scene: Scene,
    point: int,
    since: int = at(FIRST),
    until: int = at(LAST),
    mail: str = s.OPERATOR,
    **wanted: Any,
) -> Boundaries:
    return figures.boundaries(
        scene.source, scene.viewer(mail), point, since, until, scene.now, replace(Wanted(), **wanted)
    )


def zone(found: Boundaries, name: str | None = None, channel: str = A) -> RegisterBetween:
    return next(one for one in found.channels[channel].registers if one.zone == name)


def only(found: Boundaries, name: str | None = None, channel: str = A) -> Between:
    (part,) = zone(found, name, channel).parts
    return part


def shown(part: Between) -> tuple[object, ...]:
    """Start, end, energy; a reading as (kind, value)."""
    readings = ((one.kind, one.value) if one is not None else None for one in (part.first, part.last))
    return (*readings, part.energy)


def change(scene: Scene, do: Callable[[Change], object]) -> None:
    with writing(scene.engine).begin() as connection, entering(connection, at=scene.now, kind="test") as made:
        do(made)


def put_up(
    scene: Scene,
    register_end: int | None = None,
    scheme: str = "three",
    power_max: int | None = 15_000,
    **mounted: Any,
) -> int:
    """A point of its own with a meter that nothing came of yet, from FIRST on."""
    made: list[int] = []

    def do(act: Change) -> None:
        enter.add_meter(act, METER, serial="77", type="т", maker="м", register_end=register_end)
        told = {"name": "Своя", "address": "а", "tz": s.TZ, "scheme": scene.schemes[scheme], "power_max": power_max}
        made.append(enter.add_point(act, 1, "Т-99", **told))
        enter.mount(act, made[0], METER, at(FIRST), **mounted)

    change(scene, do)
    return made[0]


def froze(scene: Scene, day: date, kind: Kind = Kind.DAILY, seconds: int = 0, **registers: int) -> None:
    scene.series.write([RegisterRow(METER, at(day, seconds), kind, 0, registers)])


def profile(scene: Scene, since: int, until: int, value: int = 1000) -> None:
    """The same in each half-hour."""
    ends = range(since + s.PERIOD, until + 1, s.PERIOD)
    scene.series.write([LoadRow(METER, end, s.PERIOD, 0, {"ap": value}) for end in ends])


class TestOneMeter:
    def test_the_readings_are_those_that_it_fixed_and_the_energy_is_their_difference_times_k(
        self, scene: Scene
    ) -> None:
        house = HOUSEHOLDS[2]
        found = asked(scene, scene.points[s.NEXT_DOOR])
        for name, tariff in (("day", 1), ("night", 2)):
            first, last = (
                scene.series.registers(house.meter, (Kind.DAILY,), at(day) - 1, at(day))[0].values[f"ap{tariff}"]
                for day in (FIRST, LAST)
            )
            assert shown(only(found, name)) == (("daily", first), ("daily", last), (last - first) * 30)
            assert zone(found, name).energy == (last - first) * 30
        assert only(asked(scene, scene.points[s.NEXT_DOOR], zones=False)).tariff == 0

    def test_a_missing_one_is_reckoned_from_the_nearest_by_the_whole_profile(self, own: Scene) -> None:
        point = put_up(own, scheme="three")
        froze(own, FIRST, ap0=10, ap1=10, ap2=10, ap3=10)
        froze(own, FIRST + timedelta(days=3), ap0=900_000, ap1=1, ap2=2, ap3=3)
        profile(own, at(FIRST), at(FIRST, 3 * 86_400))
        end = at(FIRST + timedelta(days=1))
        found = asked(own, point, at(FIRST), end)
        assert shown(only(found, "peak")) == (("daily", 10), (COMPUTED, 14_010), 14_000), "7 of 24 hours"
        assert shown(only(found, "night")) == (("daily", 10), (COMPUTED, 16_010), 16_000)
        assert shown(only(found, "half_peak")) == (("daily", 10), (COMPUTED, 18_010), 18_000)
        assert shown(only(asked(own, point, at(FIRST), end, zones=False))) == (
            ("daily", 10),
            (COMPUTED, 48_010),
            48_000,
        )
        later = asked(own, point, end, at(FIRST + timedelta(days=3)), zones=False)
        assert shown(only(later))[0] == (COMPUTED, 48_010), "one moment, one reading, whichever end it is of"
        assert shown(only(asked(own, point, at(FIRST), end, fixed=True), "peak")) == (("daily", 10), None, None)

    def test_across_a_gap_of_the_profile_there_is_none(self, own: Scene) -> None:
        point = put_up(own)
        froze(own, FIRST, ap0=10, ap1=10, ap2=10, ap3=10)
        profile(own, at(FIRST), at(FIRST, NOON))
        profile(own, at(FIRST, NOON + s.PERIOD), at(FIRST, 86_400))
        found = asked(own, point, at(FIRST), at(FIRST + timedelta(days=1)))
        assert [shown(only(found, name)) for name in ("peak", "night", "half_peak")] == [
            (("daily", 10), None, None)
        ] * 3
        assert zone(found, "peak").energy is None

    def test_never_one_of_another_moment(self, own: Scene) -> None:
        point = put_up(own)
        froze(own, FIRST, seconds=6, ap0=10, kind=Kind.NOW)
        froze(own, LAST, seconds=5, ap0=20, kind=Kind.NOW)
        found = only(asked(own, point, zones=False, fixed=True))
        assert shown(found) == (None, ("now", 20), None), "within five seconds it is the boundary's"

    def test_what_a_person_read_at_that_very_moment_is_one_and_the_meter_s_own_is_before_it(self, own: Scene) -> None:
        point = put_up(own)
        froze(own, FIRST, ap0=1_000)
        change(own, lambda act: enter.add_reading(act, point, METER, at(FIRST), {"ap0": 7_000}))
        change(own, lambda act: enter.add_reading(act, point, METER, at(LAST), {"ap0": 9_000}))
        for fixed in (False, True):
            found = only(asked(own, point, zones=False, fixed=fixed))
            assert shown(found) == (("daily", 1_000), ("manual", 9_000), 8_000)
        earlier = at(LAST) - s.PERIOD
        assert shown(only(asked(own, point, until=earlier, zones=False, fixed=True)))[1] is None

    def test_past_its_end_a_register_begins_anew(self, own: Scene) -> None:
        point = put_up(own, register_end=100_000_000_000, ki=Decimal(20))
        froze(own, FIRST, ap0=99_999_000_000)
        froze(own, LAST, ap0=2_000_000)
        part = only(asked(own, point, zones=False))
        assert part.term is not None
        assert (part.term.rule, part.term.difference, part.energy) == (Rule.ROLL_OVER, 3_000_000, 60_000_000)

    def test_a_register_that_fell_gives_nothing_and_says_so(self, own: Scene) -> None:
        point = put_up(own, register_end=100_000_000_000)
        froze(own, FIRST, ap0=50_000)
        froze(own, LAST, ap0=40_000)
        found = asked(own, point, zones=False)
        part = only(found)
        assert part.term is not None
        assert (part.term.rule, part.energy, zone(found).energy) == (Rule.SUSPECT, None, None)

    def test_whole_kwh_where_the_scheme_bills_so(self, own: Scene) -> None:
        def scheme(act: Change) -> None:
            own.schemes["whole"] = enter.add_scheme(
                act, "целые", ONE_ZONE, date(2013, 1, 1), billing_reading="whole_kwh"
            )

        change(own, scheme)
        point = put_up(own, scheme="whole")
        froze(own, FIRST, ap0=1_900_000)
        froze(own, LAST, ap0=5_100_000)
        part = only(asked(own, point), "all")
        assert (part.whole, shown(part)) == (True, (("daily", 1_900_000), ("daily", 5_100_000), 4_000_000))

    def test_nothing_came_of_it(self, own: Scene) -> None:
        found = asked(own, put_up(own))
        assert [shown(one.parts[0]) for one in found.channels[A].registers] == [(None, None, None)] * 3
        assert found.channels[A].days is None, "it is not known that it has no such registers"

    def test_a_point_without_a_meter(self, own: Scene) -> None:
        point = put_up(own)
        found = asked(own, point, at(FIRST - timedelta(days=2)), at(FIRST - timedelta(days=1)))
        assert (found.segments, [one.parts for one in found.channels[A].registers]) == ((), [])


class TestSeveralMeters:
    """Taken down on the 18th at noon: K 1, then 20 with a gap of two hours in between; in a scheme of one zone."""

    DAY = date(2026, 11, 18)
    DOWN, UP = at(DAY, NOON), at(DAY, NOON + 7200)

    @pytest.fixture
    def town(self, own: Scene) -> Scene:
        change(own, lambda act: own.schemes.update(one=enter.add_scheme(act, "одна", ONE_ZONE, date(2013, 1, 1))))
        own.points[METER] = put_up(own, scheme="one", valid_to=self.DOWN, reg_end={"ap0": 4_000_000})

        def act(made: Change) -> None:
            enter.add_meter(made, "OWN-2", serial="78", type="т", maker="м")
            begin = {"ki": Decimal(2), "ku": Decimal(10), "reg_start": {"ap0": 100_000}}
            enter.mount(made, own.points[METER], "OWN-2", self.UP, **begin)

        change(own, act)
        froze(own, FIRST, ap0=1_500_000)
        own.series.write([RegisterRow("OWN-2", at(LAST), Kind.MONTHLY, 0, {"ap0": 350_000})])
        return own

    def test_each_counts_between_the_readings_of_its_acts_with_its_own_k(self, town: Scene) -> None:
        found = asked(town, town.points[METER], fixed=True)
        old, new = zone(found, "all").parts
        assert shown(old) == (("daily", 1_500_000), ("act", 4_000_000), 2_500_000)
        assert shown(new) == (("act", 100_000), ("monthly", 350_000), 250_000 * 20)
        assert zone(found, "all").energy == 7_500_000
        assert (found.replaced, found.without) == ((self.UP,), (Period(self.DOWN, self.UP),))

    @pytest.mark.parametrize("replaced", [True, False])
    def test_among_many_points_it_is_the_same(self, town: Scene, replaced: bool) -> None:
        spans = dict.fromkeys(town.points.values(), Period(at(FIRST), at(LAST)))
        many = figures.all_boundaries(town.source, town.viewer(s.OPERATOR), spans, town.now, Wanted(replaced=replaced))
        found = {one.point: one for one in many}
        assert found[town.points[METER]] == asked(town, town.points[METER], replaced=replaced)

    def test_what_is_not_known_of_one_is_not_known_of_all(self, town: Scene) -> None:
        found = zone(asked(town, town.points[METER], until=at(LAST) - s.PERIOD), "all")
        assert [part.energy for part in found.parts] == [2_500_000, None]
        assert found.energy is None

    def test_the_last_alone_begins_with_its_act_and_says_that_it_was_replaced(self, town: Scene) -> None:
        found = asked(town, town.points[METER], replaced=False)
        assert shown(only(found, "all")) == (("act", 100_000), ("monthly", 350_000), 5_000_000)
        assert (only(found, "all").start, found.replaced, found.without) == (self.UP, (self.UP,), ())

    def test_a_register_that_only_one_of_them_has(self, town: Scene) -> None:
        town.series.write([RegisterRow("OWN-2", at(LAST), Kind.DAILY, 0, {"ap0": 350_000, "am0": 7})])
        found = asked(town, town.points[METER], channels=(OUT,)).channels[OUT]
        assert [part.segment.meter for one in found.registers for part in one.parts] == ["OWN-2"]
        assert found.days is not None, "it stands beside the profile"
        strict = asked(town, town.points[METER], channels=(OUT,), fixed=True).channels[OUT]
        assert [[part.segment.meter for part in one.parts] for one in strict.registers] == [[METER, "OWN-2"]]
        assert (strict.registers[0].energy, strict.days) == (None, None)

    def test_a_swap_at_the_very_end_leaves_the_old_one(self, town: Scene) -> None:
        found = asked(town, town.points[METER], until=self.DOWN, replaced=False)
        assert shown(only(found, "all"))[1] == ("act", 4_000_000)
        assert found.replaced == ()

    def test_another_ratio_is_another_part_of_the_same_meter(self, own: Scene) -> None:
        point, mid = put_up(own, scheme="two", ki=Decimal(30)), self.DOWN
        read = {"ap0": 3_000, "ap1": 2_000, "ap2": 1_000}
        told = {"meter_id": METER, "ki": Decimal(40), "ku": Decimal(1), "act": "акт 1", "reason": "замена ТТ"}
        change(own, lambda act: enter.change_ratio(act, point, mid, registers=read, **told))
        froze(own, FIRST, ap0=0, ap1=0, ap2=0)
        froze(own, LAST, ap0=3_700, ap1=2_600, ap2=1_100)
        for replaced in (True, False):
            found = asked(own, point, replaced=replaced)
            assert [shown(part) for part in zone(found, "day").parts] == [
                (("daily", 0), ("act", 2_000), 60_000),
                (("act", 2_000), ("daily", 2_600), 24_000),
            ]
            assert [one.energy for one in found.channels[A].registers] == [84_000, 34_000]
            assert found.replaced == ()


class TestTerms:
    def test_a_zone_counts_by_the_terms_of_its_time(self, own: Scene) -> None:
        point, day = put_up(own, scheme="three"), date(2026, 11, 18)
        change(own, lambda act: enter.set_terms(act, point, day, scheme=own.schemes["two"]))
        froze(own, FIRST, ap0=0, ap1=0, ap2=0, ap3=0)
        froze(own, day, ap0=60, ap1=10, ap2=20, ap3=30)
        froze(own, LAST, ap0=200, ap1=110, ap2=60, ap3=30)
        found = asked(own, point)
        told = {one.zone: [(part.tariff, part.energy) for part in one.parts] for one in found.channels[A].registers}
        assert told == {"day": [(1, 100)], "night": [(2, 20), (2, 40)], "peak": [(1, 10)], "half_peak": [(3, 30)]}
        assert (
            sum(one.energy or 0 for one in found.channels[A].registers)
            == 200
            == only(asked(own, point, zones=False)).energy
        )
        assert found.zones == ("day", "night", "peak", "half_peak")

    def test_at_their_change_a_register_is_reckoned_by_the_zones_of_the_side_that_tells(self, own: Scene) -> None:
        point, day = put_up(own, scheme="three"), date(2026, 11, 18)
        change(own, lambda act: enter.set_terms(act, point, day, scheme=own.schemes["two"]))
        froze(own, LAST, ap0=9_000_000, ap1=5_000_000, ap2=3_000_000, ap3=1_000_000)
        profile(own, at(day), at(LAST))
        found = asked(own, point, at(day))
        assert shown(only(found, "day")) == ((COMPUTED, 5_000_000 - 4 * 32_000), ("daily", 5_000_000), 4 * 32_000)
        assert shown(only(found, "night")) == ((COMPUTED, 3_000_000 - 4 * 16_000), ("daily", 3_000_000), 4 * 16_000)

    def test_where_the_profile_bills_it_counts_the_zones_and_the_total_register_stands_beside(self, own: Scene) -> None:
        point = own.points[s.FLAT]
        with own.engine.begin() as connection:
            connection.execute(point_terms.update().where(point_terms.c.point == point).values(zone_source="profile"))
        found = asked(own, point).channels[A]
        days = figures.days(own.source, own.viewer(s.OPERATOR), point, FIRST, LAST, A, own.now)
        assert found.days is not None
        assert found.days.totals == days.totals
        assert [one.zone for one in found.registers] == [None]
        fixed = asked(own, point, fixed=True).channels[A]
        assert (fixed.days, fixed.registers) == (None, found.registers), "no reading gives the zones"
        assert asked(own, point, zones=False).channels[A].days is None

    def test_a_meter_with_the_total_register_alone(self, own: Scene) -> None:
        point = put_up(own)
        froze(own, FIRST, ap0=0)
        froze(own, LAST, ap0=7 * 48_000)
        profile(own, at(FIRST), at(LAST))
        own.recompute()
        found = asked(own, point, channels=(A, OUT))
        assert shown(only(found)) == (("daily", 0), ("daily", 336_000), 336_000)
        assert found.channels[A].days is not None
        assert found.channels[A].measured
        assert not found.channels[OUT].measured


class TestTime:
    def test_what_is_not_over_ends_with_the_last_midnight(self, scene: Scene) -> None:
        today = date(2026, 11, 24)
        found = asked(scene, scene.points[s.FLAT], at(date(2026, 11, 1)), at(date(2026, 12, 1)))
        assert (found.open, found.period.until) == (True, at(today))
        assert only(found, "peak").last is not None
        assert not asked(scene, scene.points[s.FLAT]).open
        begun = asked(scene, scene.points[s.FLAT], at(today), at(today, 86_400))
        assert (begun.open, begun.channels[A].registers) == (True, ())

    def test_one_sees_readings_of_one_s_own_time(self, scene: Scene) -> None:
        point, turn = scene.points[s.NEXT_DOOR], at(s.HAND_OVER)
        span = turn - 3 * 86_400, turn + 3 * 86_400
        old, new, both = (asked(scene, point, *span, mail) for mail in (s.FORMER, s.NEIGHBOUR, s.OPERATOR))
        assert [(only(one, "day").start, only(one, "day").end) for one in (old, new)] == [
            (span[0], turn),
            (turn, span[1]),
        ]
        assert only(old, "day").last == only(new, "day").first
        energies = [zone(one, "day").energy or 0 for one in (old, new, both)]
        assert energies[0] + energies[1] == energies[2]

    def test_of_a_former_tenant_it_is_over(self, scene: Scene) -> None:
        month = at(date(2026, 11, 1)), at(date(2026, 12, 1))
        old, new = (asked(scene, scene.points[s.NEXT_DOOR], *month, mail) for mail in (s.FORMER, s.NEIGHBOUR))
        assert (old.open, old.period.until) == (False, at(s.HAND_OVER))
        assert (new.open, new.period.since) == (True, at(s.HAND_OVER))

    def test_no_reading_is_reckoned_from_another_s_time(self, own: Scene) -> None:
        point, turn = own.points[s.NEXT_DOOR], at(date(2026, 11, 18), NOON)
        with own.engine.begin() as connection:
            connection.exec_driver_sql(f"UPDATE contract_point SET valid_from = {turn} WHERE point = {point}")
        found = only(asked(own, point, at(FIRST), turn + NOON, s.NEIGHBOUR), "day")
        assert (found.start, found.first.kind if found.first else None) == (turn, COMPUTED), "from the midnight after"
        alone = asked(own, point, at(FIRST), turn + NOON - s.PERIOD, s.NEIGHBOUR)
        assert only(alone, "day").first == found.first

    def test_a_foreign_point_is_not_there(self, scene: Scene) -> None:
        with pytest.raises(NotFound):
            asked(scene, scene.points[s.FLAT], mail=s.NEIGHBOUR)


WANTED = [
    Wanted((A, OUT, "reactive_import"), zones, fixed, replaced)
    for zones in (True, False)
    for fixed in (True, False)
    for replaced in (True, False)
]


@pytest.mark.parametrize("wanted", WANTED)
@pytest.mark.parametrize("mail", [s.OPERATOR, s.CONSUMER, s.FORMER])
def test_many_points_are_what_each_is_alone(scene: Scene, mail: str, wanted: Wanted) -> None:
    viewer, span = scene.viewer(mail), Period(at(date(2026, 11, 1)), at(date(2026, 11, 14)))
    points = [*scene.points.values(), 999]
    alone = []
    for point in points:
        try:
            alone.append(figures.boundaries(scene.source, viewer, point, span.since, span.until, scene.now, wanted))
        except NotFound:
            continue
    found = figures.all_boundaries(scene.source, viewer, dict.fromkeys(points, span), scene.now, wanted)
    assert list(found) == alone
    assert len(alone) == {s.OPERATOR: 3, s.CONSUMER: 2, s.FORMER: 1}[mail]


def test_more_points_than_are_read_at_once(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    viewer, spans = scene.viewer(s.OPERATOR), dict.fromkeys(scene.points.values(), Period(at(FIRST), at(LAST)))
    whole = list(figures.all_boundaries(scene.source, viewer, spans, scene.now))
    monkeypatch.setattr(sys.modules["central.figures.boundaries"], "CHUNK", 2)
    assert list(figures.all_boundaries(scene.source, viewer, spans, scene.now)) == whole


def test_what_is_fixed_stays_what_it_is_and_parts_make_their_sum(scene: Scene) -> None:
    rest = random.Random(7)
    places = range(at(date(2026, 10, 1)) // s.PERIOD, at(date(2026, 11, 23)) // s.PERIOD)
    for _ in range(60):
        since, until = sorted(
            (place if rest.random() < 0.5 else place // 48 * 48 - 6) * s.PERIOD for place in rest.sample(places, 2)
        )
        if since == until:
            continue
        point = rest.choice(list(scene.points.values()))
        fixed, any_ = (asked(scene, point, since, until, fixed=fixed) for fixed in (True, False))
        for strict, free in zip(fixed.channels[A].registers, any_.channels[A].registers, strict=True):
            for one, other in zip(strict.parts, free.parts, strict=True):
                assert one.first in (None, other.first)
                assert one.last in (None, other.last)
                assert one.energy in (None, other.energy)
        for one in any_.channels[A].registers:
            energies = [part.energy for part in one.parts]
            assert one.energy == (None if None in energies else sum(energies))
