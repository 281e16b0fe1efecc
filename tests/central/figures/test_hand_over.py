"""Fault 42 at the figures: two tenants of one point, a neighbour, and what each of them may see."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from central import figures
from central.accounts.policy import Viewer
from central.figures.events import Wanted
from central.figures.tenures import Tenure
from central.figures.views import NotFound, Period
from central.metering.network import Quantity
from central.metering.zones import midnight
from tests.central import scene as s
from tests.central.scene import Scene
from tests.central.sql import Sql

A = "active_import"
DAY = s.HAND_OVER
T0 = midnight(DAY, s.TZ)
MONTH = DAY.replace(day=1)
SPAN = (T0 - 3 * 86_400, T0 + 3 * 86_400)
DAYS = (DAY - timedelta(days=3), DAY + timedelta(days=3))

Call = Callable[[Scene, Viewer, int], Any]
CALLS: dict[str, Call] = {
    "point_view": lambda c, viewer, point: figures.point_view(c.source, viewer, point, c.now),
    "interval": lambda c, viewer, point: figures.interval(c.source, viewer, point, *SPAN, A, c.now),
    "profile": lambda c, viewer, point: figures.profile(c.source, viewer, point, *SPAN, c.now),
    "days": lambda c, viewer, point: figures.days(c.source, viewer, point, *DAYS, A, c.now),
    "by_months": lambda c, viewer, point: figures.by_months(c.source, viewer, point, *DAYS, A, c.now),
    "line": lambda c, viewer, point: figures.line(c.source, viewer, point, *DAYS, A, c.now),
    "maxima": lambda c, viewer, point: figures.maxima(c.source, viewer, point, *DAYS, c.now),
    "complex_of": lambda c, viewer, point: figures.complex_of(c.source, viewer, point, c.now),
    "next_verified": lambda c, viewer, point: figures.next_verified(c.source, viewer, point, c.now),
    "events": lambda c, viewer, point: figures.events(c.source, viewer, point, *SPAN, Wanted(), c.now),
    "cases": lambda c, viewer, point: figures.cases(c.source, viewer, point, *SPAN),
    "consumption": lambda c, viewer, point: figures.consumption(c.source, viewer, point, MONTH, c.now),
    "instant": lambda c, viewer, point: figures.instant(c.source, viewer, point, c.now),
    "network": lambda c, viewer, point: figures.network(c.source, viewer, point, *SPAN, Quantity.VOLTAGE),
    "samples": lambda c, viewer, point: figures.samples(c.source, viewer, point, *SPAN),
    "readings": lambda c, viewer, point: figures.readings(c.source, viewer, point, *SPAN, c.now),
    "day_history": lambda c, viewer, point: figures.day_history(c.source, viewer, point, DAY, A),
    "explain_bill": lambda c, viewer, point: figures.explain_bill(c.source, viewer, point, *SPAN, c.now),
    "explain_days": lambda c, viewer, point: figures.explain_days(c.source, viewer, point, *DAYS, A, c.now),
    "revisions": lambda c, viewer, point: figures.revisions(c.source, viewer, point, *DAYS, A),
    "boundaries": lambda c, viewer, point: figures.boundaries(c.source, viewer, point, *SPAN, c.now),
    "reading_at": lambda c, viewer, point: figures.reading_at(c.source, viewer, point, T0, c.now),
    "settled": lambda c, viewer, point: figures.settled(c.source, viewer, point, DAY.replace(day=1)),
    "heard_at": lambda c, viewer, point: figures.heard_at(c.source, viewer, point, c.now),
    "summary": lambda c, viewer, point: figures.summary(c.source, viewer, point, c.now),
    "what_if": lambda c, viewer, point: figures.what_if(c.source, viewer, point, None, c.now),
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize(("mail", "serial"), [(s.CONSUMER, s.NEXT_DOOR), (s.NEIGHBOUR, s.FLAT), (s.FORMER, s.DACHA)])
def test_a_foreign_point_does_not_exist(scene: Scene, name: str, mail: str, serial: str) -> None:
    viewer = scene.viewer(mail)
    with pytest.raises(NotFound) as foreign:
        CALLS[name](scene, viewer, scene.points[serial])
    with pytest.raises(NotFound) as absent:
        CALLS[name](scene, viewer, 999)
    assert str(foreign.value).replace(str(scene.points[serial]), "n") == str(absent.value).replace("999", "n")


def test_every_view_of_a_point_is_walked_here() -> None:
    assert set(figures.__all__) - set(CALLS) == {
        "NotFound",
        "Source",
        "TooLong",
        "all_boundaries",  # in test_boundaries.py
        "edge_list",
        "kept_intervals",  # these four in tests/central/web/test_take_away.py
        "kept_points",
        "kept_registers",
        "kept_spans",
        "meter_faces",  # in tests/central/handing/test_faces.py
        "point_list",
        "points",
        "silent",
        "tenures",  # below
        "together",  # below
    }


def test_what_is_asked_together_is_told_to_each_as_alone(scene: Scene) -> None:
    names, mails = ("interval", "days", "by_months", "readings", "explain_days"), (s.OPERATOR, s.FORMER, s.NEIGHBOUR)
    point, others = scene.points[s.NEXT_DOOR], scene.viewer(s.CONSUMER)
    alone = [CALLS[name](scene, scene.viewer(mail), point) for name in names for mail in mails]
    with figures.together(scene.source):
        assert [CALLS[name](scene, scene.viewer(mail), point) for name in names for mail in mails] == alone
        with pytest.raises(NotFound):
            CALLS["days"](scene, others, point)


def test_the_half_hours_end_and_begin_with_the_hand_over(scene: Scene) -> None:
    point = scene.points[s.NEXT_DOOR]
    old, new, both = (
        CALLS["interval"](scene, scene.viewer(mail), point) for mail in (s.FORMER, s.NEIGHBOUR, s.OPERATOR)
    )
    assert [slot.start for slot in old.slots] == list(range(SPAN[0], T0, 1800))
    assert [slot.start for slot in new.slots] == list(range(T0, SPAN[1], 1800))
    assert (*old.slots, *new.slots) == both.slots


def test_meters_are_told_of_in_the_time_that_is_ones_own(scene: Scene) -> None:
    point, foreign = scene.points[s.NEXT_DOOR], scene.points[s.FLAT]
    asked = dict.fromkeys((point, foreign, 999), Period(*SPAN))
    old, new = (figures.tenures(scene.source, scene.viewer(mail), asked) for mail in (s.FORMER, s.NEIGHBOUR))
    assert old == {point: (Tenure(SPAN[0], T0, 1800),)}
    assert new == {point: (Tenure(T0, SPAN[1], 1800),)}


def test_all_channels_together_do_so_too(scene: Scene) -> None:
    point = scene.points[s.NEXT_DOOR]
    old, new = (CALLS["profile"](scene, scene.viewer(mail), point) for mail in (s.FORMER, s.NEIGHBOUR))
    assert [slot.start for slot in old[A]] == list(range(SPAN[0], T0, 1800))
    assert [slot.start for slot in new["reactive_import"]] == list(range(T0, SPAN[1], 1800))
    view = CALLS["interval"](scene, scene.viewer(s.NEIGHBOUR), point)
    assert new[A] == view.slots


def test_and_the_greatest_powers(scene: Scene) -> None:
    point = scene.points[s.NEXT_DOOR]
    old, new = (CALLS["maxima"](scene, scene.viewer(mail), point) for mail in (s.FORMER, s.NEIGHBOUR))
    assert [one.day.day for one in old] == [DAY - timedelta(days=n) for n in (3, 2, 1)]
    assert [one.day.day for one in new] == [DAY + timedelta(days=n) for n in (0, 1, 2)]


def test_the_days_too(scene: Scene) -> None:
    point = scene.points[s.NEXT_DOOR]
    old, new = (CALLS["days"](scene, scene.viewer(mail), point) for mail in (s.FORMER, s.NEIGHBOUR))
    assert [day.day for day in old.days] == [DAY - timedelta(days=n) for n in (3, 2, 1)]
    assert [day.day for day in new.days] == [DAY + timedelta(days=n) for n in (0, 1, 2)]


def test_the_readings_are_of_one_s_own_time(scene: Scene) -> None:
    point = scene.points[s.NEXT_DOOR]
    old, new = (CALLS["readings"](scene, scene.viewer(mail), point) for mail in (s.FORMER, s.NEIGHBOUR))
    assert (old.taken.since, old.taken.until) == (SPAN[0], T0)
    assert (new.taken.since, new.taken.until) == (T0, SPAN[1])


class TestInsideADay:
    """The contract changes hands at 10:10 or 20:10: the half-hour is the old tenant's alone, the day of neither."""

    @pytest.fixture(params=[10, 20])
    def moved(self, sql: Sql, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[Scene, int]]:
        made = s.build(tmp_path / "scene", days=25)
        moment = T0 + request.param * 3600 + 600
        with made.engine.begin() as connection:
            for column in ("valid_from", "valid_to"):
                connection.exec_driver_sql(f"UPDATE contract_point SET {column} = {moment} WHERE {column} = {T0}")
        yield made, moment
        made.close()

    def test_the_half_hour_is_shown_to_the_old_tenant_only(self, moved: tuple[Scene, int]) -> None:
        scene, moment = moved
        point = scene.points[s.NEXT_DOOR]
        old, new = (CALLS["interval"](scene, scene.viewer(mail), point) for mail in (s.FORMER, s.NEIGHBOUR))
        assert old.slots[-1].start == moment - 600
        assert new.slots[0].start == moment + 1200

    def test_of_the_day_each_sees_a_part_and_neither_its_history(self, moved: tuple[Scene, int]) -> None:
        scene, _ = moved
        point = scene.points[s.NEXT_DOOR]
        old, new, both = (
            CALLS["days"](scene, scene.viewer(mail), point) for mail in (s.FORMER, s.NEIGHBOUR, s.OPERATOR)
        )
        parts = [next(day for day in view.days if day.day == DAY) for view in (old, new, both)]
        assert [part.whole for part in parts] == [False, False, True]
        assert [part.version for part in parts] == [None, None, 1]
        assert parts[0].totals.total + parts[1].totals.total == parts[2].totals.total
        for mail in (s.FORMER, s.NEIGHBOUR):
            with pytest.raises(NotFound):
                CALLS["day_history"](scene, scene.viewer(mail), point)

    def test_no_reading_of_the_other_s_time_is_taken(self, moved: tuple[Scene, int]) -> None:
        scene, moment = moved
        point = scene.points[s.NEXT_DOOR]
        old, new = (CALLS["readings"](scene, scene.viewer(mail), point) for mail in (s.FORMER, s.NEIGHBOUR))
        assert old.taken.until <= moment <= new.taken.since
        assert (old.taken.until, new.taken.since) == (T0, midnight(DAY + timedelta(days=1), s.TZ))


def test_a_former_tenant_keeps_his_past_but_has_no_main_page(scene: Scene) -> None:
    former, point = scene.viewer(s.FORMER), scene.points[s.NEXT_DOOR]
    assert figures.points(scene.source, former, scene.now) == ()
    with pytest.raises(NotFound):
        figures.summary(scene.source, former, point, scene.now)
    october = figures.days(scene.source, former, point, date(2026, 10, 1), date(2026, 11, 1), A, scene.now)
    assert len(october.days) == 31


def test_one_sees_one_s_own_points(scene: Scene) -> None:
    seen = {
        mail: [point.code for point in figures.points(scene.source, scene.viewer(mail), scene.now)]
        for mail in (s.CONSUMER, s.NEIGHBOUR, s.OPERATOR, s.ADMINISTRATOR)
    }
    assert seen[s.CONSUMER] == ["Т-45", "Т-46"]
    assert seen[s.NEIGHBOUR] == ["Т-47"]
    assert seen[s.OPERATOR] == seen[s.ADMINISTRATOR] == ["Т-45", "Т-46", "Т-47"]
