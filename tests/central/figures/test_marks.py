"""Whatever a figure hangs on marks what was made from it: what is stored is what would be computed now, and a closed
month with its corrections is the bill as it would be now. Each of these was once forgotten."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from central import figures
from central.db import writing
from central.figures import correcting, exceptions, limits, recheck
from central.figures.tables import exception, period_close
from central.metering.checks.catalogue import LONGEST, PointKind
from central.metering.decisions import Decided
from central.metering.hourly import HOUR
from central.metering.zones import midnight
from central.registry import enter
from central.registry.changes import Change, entering
from central.registry.refusals import Refused
from central.registry.schemes import ONE_ZONE
from central.registry.tables import point, point_terms
from central.registry.undo import undo
from central.timeseries.base import LoadRow, RegisterRow
from protocol.reading import Kind
from tests.central import scene as s
from tests.central.closed import correct
from tests.central.figures.test_checking import work
from tests.central.figures.test_closing import (
    IN_DECEMBER,
    NOVEMBER,
    OCTOBER,
    adds_up,
    closed,
    more_at_the_end,
    now_of,
    one,
    shut,
)
from tests.central.scene import Scene

DAYS = 56
A = "active_import"
FLAT, DACHA = f"MIL-{s.FLAT}", f"MIL-{s.DACHA}"
ONE_DAY = timedelta(days=1)
SILENT = date(2026, 11, 13)  # a day of the dacha's gap
REGISTER = midnight(date(2026, 11, 17), s.TZ)  # what closes it


@contextmanager
def act(scene: Scene, now: int = s.NOW, **more: Any) -> Iterator[Change]:
    """An act of the registry, and what the worker makes of it."""
    entered: dict[str, Any] = {"at": now, "kind": "test"} | more
    with writing(scene.engine).begin() as connection, entering(connection, **entered) as made:
        yield made
    scene.recompute(max(now, scene.now))


def live(scene: Scene, serial: str, day: date) -> int | None:
    """As the intervals say now."""
    span = midnight(day, s.TZ), midnight(day + ONE_DAY, s.TZ)
    viewer = scene.viewer(s.OPERATOR)
    return figures.interval(scene.source, viewer, scene.points[serial], *span, A, scene.now).totals.total


def stored(scene: Scene, serial: str, day: date) -> int | None:
    """As the day was computed."""
    viewer = scene.viewer(s.OPERATOR)
    return figures.days(scene.source, viewer, scene.points[serial], day, day + ONE_DAY, A, scene.now).totals.total


def terms_of(change: Change, point_id: int) -> int:
    return int(change.connection.scalars(select(point_terms.c.id).where(point_terms.c.point == point_id)).one())


def by_the_hour(scene: Scene, *serials: str) -> int:
    """A scheme with a price for each hour of October and November bills these points; its key."""
    with act(scene) as made:
        key = enter.add_scheme(made, "по часам", ONE_ZONE, date(2013, 1, 1))
        for hour in range(midnight(date(2026, 9, 29), s.TZ), midnight(date(2026, 12, 2), s.TZ), HOUR):
            enter.set_hour_price(made, key, hour, Decimal(5) + Decimal(hour // HOUR % 24) / 10)
        for serial in serials:
            enter.correct_terms(made, terms_of(made, scene.points[serial]), scheme=key, zone_source="profile")
    return key


def more_than_last(scene: Scene, moment: int, mwh: int) -> dict[str, int]:
    """Registers of the dacha, that went on by so much a tariff since it fell silent."""
    row = scene.series.last_register(DACHA, (Kind.DAILY, Kind.NOW), moment)
    assert row is not None
    return {name: value + mwh * (3 if name == "ap0" else 1) for name, value in row.values.items()}


def after_the_gap(scene: Scene, now: int = s.NOW) -> None:
    """The dacha's profile of the 15th to 18th comes: whole days behind its gap, and no register."""
    span = midnight(date(2026, 11, 15), s.TZ), midnight(date(2026, 11, 19), s.TZ)
    house = s.HOUSEHOLDS[1]
    rows = [LoadRow(DACHA, at + s.PERIOD, s.PERIOD, 0, {"ap": house.energy(at)}) for at in range(*span, s.PERIOD)]
    scene.arrive(DACHA, *rows, now=now)


def register_comes(scene: Scene, now: int = s.NOW) -> None:
    values = more_than_last(scene, REGISTER, 60_000_000)
    scene.arrive(DACHA, RegisterRow(DACHA, REGISTER, Kind.DAILY, 0, values), now=now)


def shorter(scene: Scene, folder: Path, kind: PointKind = PointKind.HOUSEHOLD) -> None:
    """From now on a gap may be estimated for a day."""
    viewer = scene.viewer(s.OPERATOR)
    limits.set_limits(scene.source, viewer, LONGEST[0], kind, {"days": 7, LONGEST[1]: 1}, s.NOW)
    if kind is PointKind.HOUSEHOLD:
        assert work(scene, folder, limits.GAPS).result["days"] > 0


class TestGaps:
    def test_a_register_that_comes_behind_whole_days_closes_the_gap(self, town: Scene) -> None:
        after_the_gap(town)
        assert stored(town, s.DACHA, SILENT) is None
        register_comes(town)
        assert stored(town, s.DACHA, SILENT) == live(town, s.DACHA, SILENT)
        assert stored(town, s.DACHA, SILENT) is not None

    def test_a_reading_by_hand_there_closes_it_and_undone_opens_it_again(self, town: Scene) -> None:
        after_the_gap(town)
        at = REGISTER + 12 * 3600
        with act(town, kind="reading") as made:
            enter.add_reading(made, town.points[s.DACHA], DACHA, at, more_than_last(town, at, 60_000_000))
        assert stored(town, s.DACHA, SILENT) == live(town, s.DACHA, SILENT)
        assert stored(town, s.DACHA, SILENT) is not None
        with act(town, kind="undo", undoes=made.id) as back:
            undo(back, made.id)
        assert live(town, s.DACHA, SILENT) is None
        assert stored(town, s.DACHA, SILENT) is None

    def test_how_long_one_may_be_estimated_makes_its_days_anew_and_says_so(self, town: Scene, tmp_path: Path) -> None:
        register_comes(town)
        assert stored(town, s.DACHA, SILENT) is not None
        shorter(town, tmp_path)
        town.recompute()
        assert live(town, s.DACHA, SILENT) is None
        assert stored(town, s.DACHA, SILENT) is None
        versions = figures.day_history(town.source, town.viewer(s.OPERATOR), town.points[s.DACHA], SILENT, A)
        assert versions[-1].cause == "limit"

    def test_what_two_people_read_does_not_contradict_itself(self, town: Scene) -> None:
        first, second = (midnight(date(2026, 11, day), s.TZ) for day in (15, 18))
        said = {at: more_than_last(town, at, mwh) for at, mwh in ((first, 90_000_000), (second, 60_000_000))}
        for at, other in ((first, second), (second, first)):
            with act(town, kind="reading") as made:
                enter.add_reading(made, town.points[s.DACHA], DACHA, at, said[at])
            with pytest.raises(Refused), act(town, kind="reading") as again:
                enter.add_reading(again, town.points[s.DACHA], DACHA, other, said[other])
            with act(town, kind="undo", undoes=made.id) as back:
                undo(back, made.id)


class TestClosedMonths:
    def test_the_first_hour_prices_of_a_scheme(self, town: Scene) -> None:
        shut(town)
        correct(town)
        with act(town) as made:
            for hour in range(midnight(OCTOBER, s.TZ), midnight(NOVEMBER, s.TZ), HOUR):
                enter.set_hour_price(made, town.schemes["three"], hour, Decimal(5))
        assert correct(town) == {"corrected": 1}
        adds_up(town)
        with act(town, kind="undo", undoes=made.id) as back:
            undo(back, made.id)
        assert correct(town) == {"corrected": 1}
        adds_up(town)

    def test_hour_prices_from_november_on_leave_october_to_its_zones(self, town: Scene) -> None:
        before = now_of(town, OCTOBER)
        with act(town) as made:
            enter.set_hour_price(made, town.schemes["three"], midnight(NOVEMBER, s.TZ), Decimal(5))
        assert now_of(town, OCTOBER).lines == before.lines
        assert now_of(town, NOVEMBER).total is None, "its other hours have no price"

    def test_a_permitted_power_is_that_of_its_time(self, town: Scene) -> None:
        key = by_the_hour(town, s.FLAT)
        shut(town)
        correct(town)
        day, since = date(2026, 11, 12), date(2026, 11, 22)
        with act(town) as made:
            terms = {"scheme": key, "zone_source": "profile", "power_max": 100}
            enter.set_terms(made, town.points[s.FLAT], since, **terms)
        assert live(town, s.FLAT, day) == stored(town, s.FLAT, day)
        assert live(town, s.FLAT, since) == stored(town, s.FLAT, since) != live(town, s.FLAT, day)
        correct(town)
        adds_up(town)

    @pytest.mark.parametrize("what", ["limit", "kind"])
    def test_how_long_a_gap_may_be_estimated(self, town: Scene, tmp_path: Path, what: str) -> None:
        by_the_hour(town, s.DACHA)
        register_comes(town, IN_DECEMBER)
        shut(town, NOVEMBER, s.DACHA, now=IN_DECEMBER, reason="нет данных")
        correct(town, IN_DECEMBER)
        if what == "limit":
            shorter(town, tmp_path)
        else:
            shorter(town, tmp_path, PointKind.COMPANY)
            with act(town) as made:
                enter.correct(made, point, town.points[s.DACHA], kind=PointKind.COMPANY.value)
        town.recompute(IN_DECEMBER)
        assert correct(town, IN_DECEMBER) == {"corrected": 1}
        standing, now = standing_and_now(town)
        assert standing == now
        if what == "kind":
            with act(town, kind="undo", undoes=made.id) as back:
                undo(back, made.id)
            town.recompute(IN_DECEMBER)
            assert correct(town, IN_DECEMBER) == {"corrected": 1}
            again, now = standing_and_now(town)
            assert again == now != standing

    def test_what_comes_while_it_is_looked_at_from_where_it_did_not_look_before(self, town: Scene) -> None:
        """November of the dacha ends with a reading by hand; that is undone, and a register beyond the month comes."""
        end = midnight(date(2026, 12, 1), s.TZ)
        with act(town, IN_DECEMBER, kind="reading") as made:
            enter.add_reading(made, town.points[s.DACHA], DACHA, end, more_than_last(town, end, 9_000_000))
        shut(town, NOVEMBER, s.DACHA, now=IN_DECEMBER, reason="нет данных")
        correct(town, IN_DECEMBER)
        with act(town, IN_DECEMBER, kind="undo", undoes=made.id) as back:
            undo(back, made.id)
        with town.engine.connect() as connection:
            (mark,) = recheck.take(connection, 0, 10)
        found = correcting.look(town.source, mark, IN_DECEMBER)
        values = more_than_last(town, end, 5_000_000)
        town.arrive(DACHA, RegisterRow(DACHA, end + 7200, Kind.NOW, 0, values), now=IN_DECEMBER)
        with writing(town.engine).begin() as connection:
            correcting.settle(connection, mark, found, IN_DECEMBER)
        correct(town, IN_DECEMBER)
        standing, now = standing_and_now(town)
        assert standing == now

    def test_a_bill_without_any_price_is_not_closed_for_nothing(self, town: Scene) -> None:
        with act(town) as made:
            key = enter.add_scheme(made, "без цен", ONE_ZONE, date(2013, 1, 1))
            enter.correct_terms(made, terms_of(made, town.points[s.FLAT]), scheme=key, zone_source="profile")
        found = now_of(town, OCTOBER)
        assert found.energy > 0
        assert (found.total, found.hard) == (None, True)
        with act(town) as made:
            enter.set_price(made, key, "all", Decimal(5), date(2026, 1, 1))
        shut(town)
        assert closed(town).energy_now == found.energy

    @pytest.mark.parametrize("hourly", [False, True])
    def test_what_is_paid_each_month_is_paid_though_nothing_came(self, town: Scene, hourly: bool) -> None:
        key = by_the_hour(town, s.DACHA) if hourly else town.schemes["three"]
        with act(town) as made:
            enter.set_monthly_line(made, key, "Плата", Decimal(310), date(2026, 1, 1))
            enter.correct_terms(made, terms_of(made, town.points[s.DACHA]), scheme=key, zone_source="profile")
        late = IN_DECEMBER + 35 * 86_400
        town.recompute(late)
        assert now_of(town, date(2026, 12, 1), s.DACHA, now=late).total == Decimal("310.00")

    def test_the_energy_of_a_bill_by_the_hour_is_that_of_its_hours(self, town: Scene) -> None:
        by_the_hour(town, s.DACHA)
        after_the_gap(town, IN_DECEMBER)
        register_comes(town, IN_DECEMBER)
        found = now_of(town, NOVEMBER, s.DACHA, now=IN_DECEMBER)
        assert found.energy == sum(line["energy"] for line in found.lines)

    def test_a_former_tenant_is_told_nothing_of_what_was_decided_about_the_new_one(self, town: Scene) -> None:
        middle = midnight(date(2026, 11, 5), s.TZ) + 10 * 3600 + 1020
        with act(town, IN_DECEMBER) as made:
            enter.hand_over(made, town.points[s.FLAT], town.accounts["100-3"], middle)
        shut(town, NOVEMBER, now=IN_DECEMBER, reason="передача")
        correct(town, IN_DECEMBER)
        noon = midnight(date(2026, 11, 23), s.TZ) + 12 * 3600
        town.arrive(FLAT, LoadRow(FLAT, noon, s.PERIOD, 0, {"ap": 90_000_000}), now=IN_DECEMBER)
        with town.engine.connect() as connection:
            query = select(exception.c.id).where(exception.c.name == "over_power", exception.c.point == 1)
            key = connection.scalars(query).one()
        who, told = town.viewer(s.OPERATOR), {"reason": "у Бориса сварка", "now": IN_DECEMBER}
        exceptions.decide(town.source, who, key, Decided.ACCEPT, **told)
        town.recompute(IN_DECEMBER)
        more_at_the_end(town, -1, OCTOBER)
        town.recompute(IN_DECEMBER)
        correct(town, IN_DECEMBER)
        (made_so,) = closed(town, NOVEMBER).corrections
        assert made_so.decision is None


def standing_and_now(scene: Scene) -> tuple[Decimal, Decimal | None]:
    """November of the dacha: as it is charged, and as it would be."""
    key, its = one(scene, s.DACHA)
    with scene.engine.connect() as connection:
        ours = (period_close.c.point == key, period_close.c.month == NOVEMBER, period_close.c.contract == its)
        row = connection.execute(select(period_close).where(*ours, recheck.STANDING)).one()
        lines, _ = correcting.standing_bill(connection, row)
    return sum((line.amount for line in lines), Decimal(0)), now_of(scene, NOVEMBER, s.DACHA, now=IN_DECEMBER).total
