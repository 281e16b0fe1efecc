"""«Анализ полноты профиля нагрузки»: counts of each day, which hours lack, the strip, sums and their per cent."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from central import figures
from central.metering.zones import midnight
from central.reports import profiles
from central.reports.description import Mark, Role
from tests.central import scene as s
from tests.central.reports.parts import KWH, hand_over, load, place, run
from tests.central.scene import Scene

FLAT = "Т-45 Квартира"
WORD = "completeness"
COUNTS = ("expected", "received", "missing", "estimated", "off")
NOVEMBER = {"length": "month", "day": "2026-11-01"}
DAY = date(2026, 11, 19)


def counts(told: Any) -> tuple[Any, ...]:
    return tuple(told.cells[name] for name in COUNTS)


class TestTheFlat:
    """November up to the 24th, 09:12: what the scene left out."""

    @pytest.fixture
    def table(self, scene: Scene) -> Any:
        return run(scene, s.CONSUMER, WORD, scene.points[s.FLAT], **NOVEMBER)

    def test_a_day_has_all_its_half_hours(self, table: Any) -> None:
        day = table.row("day", date(2026, 11, 10))
        assert counts(day) == (48, 48, 0, 0, 0)
        assert (day.plain["percent"], day.text["gaps"], day.cells["strip"]) == (Decimal("100.0"), "", "x" * 48)
        assert day.text["marks"] == ""

    def test_an_hour_without_power_counts_as_had_and_is_named(self, table: Any) -> None:
        day = table.row("day", s.POWER_OFF[0])
        assert counts(day) == (48, 46, 0, 0, 2)
        assert (day.plain["percent"], day.text["gaps"]) == (Decimal("100.0"), "13:00–14:00 (отключено)")
        assert day.cells["strip"] == "x" * 26 + "oo" + "x" * 20
        assert day.row.marks == (Mark.POWER_OFF,)

    def test_an_estimate_raises_nothing(self, table: Any) -> None:
        whole, night = table.row("day", s.GAP), table.row("day", s.LONG_ROW[0])
        assert counts(whole) == (48, 0, 0, 48, 0)
        assert (whole.plain["percent"], whole.text["gaps"]) == (Decimal("0.0"), "00:00–24:00 (оценка)")
        assert whole.cells["strip"] == "e" * 48
        assert counts(night) == (48, 34, 0, 14, 0)
        assert night.plain["percent"] == Decimal("70.8")  # 34/48 = 0.70833
        assert night.text["gaps"] == "00:00–07:00 (оценка)"
        assert night.cells["strip"] == "e" * 14 + "x" * 34

    def test_what_is_not_due_yet_is_not_missing(self, table: Any) -> None:
        today = table.row("day", date(2026, 11, 24))
        assert today.row.marks == (Mark.NOT_DUE,)
        assert today.cells["missing"] == 0
        assert today.cells["strip"] == "x" * today.cells["expected"] + "." * (48 - today.cells["expected"])

    def test_the_per_cent_of_the_sum_is_of_the_sums(self, table: Any) -> None:
        today = table.row("day", date(2026, 11, 24)).cells["expected"]
        due = 23 * 48 + today
        assert counts(table.total) == (due, due - 62 - 2, 0, 62, 2)
        assert table.total.plain["percent"] == round(Decimal(100 * (due - 62)) / due, 1)
        assert table.line("Итого", FLAT).plain["percent"] == table.total.plain["percent"]

    def test_it_tells_what_the_cabinet_tells_of_the_same_month(self, table: Any, scene: Scene) -> None:
        month = date(2026, 11, 1), date(2026, 12, 1)
        viewer = scene.viewer(s.CONSUMER)
        found = figures.days(
            scene.source, viewer, scene.points[s.FLAT], *month, "active_import", scene.now
        ).completeness
        assert counts(table.total) == (found.expected, found.received, found.missing, found.estimated, found.off)

    def test_each_count_and_the_sum_open_the_pages_that_explain_them(self, table: Any, scene: Scene) -> None:
        about = {"point": scene.points[s.FLAT], "by": "profile", "channel": "active_import"}
        day, total = table.row("day", s.GAP).row, table.total.row
        assert day.opens["estimated"].query == about | {"length": "day", "day": "2026-11-17"}
        assert total.opens["missing"].query == about | NOVEMBER
        assert {one.endpoint for one in (*day.opens.values(), *total.opens.values())} == {"cabinet.explain"}


class TestGaps:
    @pytest.fixture
    def key(self, own: Scene) -> int:
        """Of the 19th 03:00–05:30 and 12:00–12:30 did not come, and no register tells of them; the 20th is whole."""
        key = place(own, "M-1", midnight(DAY, s.TZ))
        lacks = {6, 7, 8, 9, 10, 24}
        rows = load("M-1", DAY, [None if number in lacks else KWH for number in range(48)])
        own.arrive("M-1", *rows, *load("M-1", DAY + timedelta(days=1), [KWH] * 48))
        return key

    def test_are_listed_by_their_hours(self, own: Scene, key: int) -> None:
        table = run(own, s.CONSUMER, WORD, key, length="own", day="2026-11-19", last="2026-11-20")
        day = table.rows[0]
        assert counts(day) == (48, 42, 6, 0, 0)
        assert day.text["gaps"] == "03:00–05:30; 12:00–12:30"
        assert day.text["percent"] == "87,5"  # 42/48
        assert day.cells["strip"] == "xxxxxx-----xxxxxxxxxxxxx-" + "x" * 23
        assert day.row.marks == (Mark.MISSING,)
        assert counts(table.total) == (96, 90, 6, 0, 0)
        assert table.total.text["percent"] == "93,8"  # 90/96 = 0.9375

    def test_a_silent_meter_lacks_whole_days(self, scene: Scene) -> None:
        table = run(scene, s.CONSUMER, WORD, scene.points[s.DACHA], length="day", day="2026-11-15")
        (day,) = table.rows
        assert counts(day) == (48, 0, 48, 0, 0)
        assert (day.text["gaps"], day.cells["strip"], day.text["percent"]) == ("00:00–24:00", "-" * 48, "0,0")

    def test_only_days_that_lack_something_are_read_by_intervals(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        read = []
        real = profiles.places

        def noted(*args: Any) -> Iterator[Any]:
            read.append(args[2:4])
            return real(*args)

        monkeypatch.setattr(profiles, "places", noted)
        flat = scene.points[s.FLAT]
        assert len(run(scene, s.CONSUMER, WORD, flat, length="month", day="2026-10-01").rows) == 31
        assert read == []
        run(scene, s.CONSUMER, WORD, flat, length="week", day="2026-11-16")
        assert read == [(midnight(day, s.TZ), midnight(day, s.TZ) + 86_400) for day in (s.GAP, s.LONG_ROW[0])]


class TestOtherMeters:
    @pytest.mark.parametrize(("period", "count"), [(300, 288), (3600, 24)])
    def test_a_meter_of_other_intervals(self, own: Scene, period: int, count: int) -> None:
        key = place(own, "M-1", midnight(DAY, s.TZ), period=period)
        energies = [None if number in (1, 2) else 1000 for number in range(count)]
        own.arrive("M-1", *load("M-1", DAY, energies, period=period))
        (day,) = run(own, s.CONSUMER, WORD, key, length="day", day="2026-11-19").rows
        assert counts(day) == (count, count - 2, 2, 0, 0)
        assert day.text["gaps"] == {300: "00:05–00:15", 3600: "01:00–03:00"}[period]
        assert day.cells["strip"] == "x--" + "x" * (count - 3)

    def test_a_day_on_which_the_meter_came_begins_with_it(self, own: Scene) -> None:
        key = place(own, "M-1", midnight(DAY, s.TZ) + 14 * 3600)
        own.arrive("M-1", *load("M-1", DAY, dict.fromkeys(range(28, 48), KWH)))
        table = run(own, s.CONSUMER, WORD, key, length="month", day="2026-11-01", now=midnight(DAY, s.TZ) + 26 * 3600)
        day, next_day = table.rows
        assert (day.cells["day"], counts(day)) == (DAY, (20, 20, 0, 0, 0))
        assert day.cells["strip"] == " " * 28 + "x" * 20
        assert next_day.cells["day"] == DAY + timedelta(days=1)

    def test_days_on_which_no_meter_stood_there_are_not_told(self, own: Scene) -> None:
        since = midnight(DAY, s.TZ)
        key = place(own, "M-1", since, held=since - 5 * 86_400)
        own.arrive("M-1", *load("M-1", DAY, [KWH] * 48))
        table = run(own, s.CONSUMER, WORD, key, length="own", day="2026-11-15", last="2026-11-19")
        assert [one.cells["day"] for one in table.rows] == [DAY]

    def test_who_takes_over_inside_a_day_sees_his_part_alone(self, own: Scene) -> None:
        key = place(own, "M-1", midnight(DAY, s.TZ))
        own.arrive("M-1", *load("M-1", DAY, [KWH] * 48))
        hand_over(own, key, "100-3", midnight(DAY, s.TZ) + 10 * 3600 + 600)
        old, new = (
            run(own, mail, WORD, key, length="day", day="2026-11-19").rows[0] for mail in (s.CONSUMER, s.NEIGHBOUR)
        )
        assert (counts(old), counts(new)) == ((21, 21, 0, 0, 0), (27, 27, 0, 0, 0))  # the half-hour is the old one's
        assert old.cells["strip"] == "x" * 21 + " " * 27
        assert new.cells["strip"] == " " * 21 + "x" * 27

    def test_whole_days_are_of_whose_they_were(self, scene: Scene) -> None:
        table = run(scene, s.NEIGHBOUR, WORD, **NOVEMBER)
        assert table.rows[0].cells["day"] == s.HAND_OVER
        old = run(scene, s.FORMER, WORD, scene.points[s.NEXT_DOOR], **NOVEMBER)
        assert [one.cells["day"] for one in old.rows] == [date(2026, 11, number) for number in range(1, 5)]
        assert counts(old.total) == (4 * 48, 4 * 48, 0, 0, 0)

    def test_rows_that_were_chosen_are_summed_alone_and_their_sum_is_explained_nowhere(self, scene: Scene) -> None:
        table = run(scene, s.CONSUMER, WORD, scene.points[s.FLAT], only="marked", **NOVEMBER)
        assert [one.cells["day"].day for one in table.rows] == [9, 17, 20, 24]
        assert table.total.cells["estimated"] == 62
        assert not table.total.row.opens
        assert all(not one.row.opens for one in table.of(Role.LINE))
