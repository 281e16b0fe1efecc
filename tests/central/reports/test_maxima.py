"""«Максимумы по суткам за месяц»: whole measured intervals alone, the hours of peak, the month's greatest."""

from datetime import date
from typing import Any

import pytest

from central import figures
from central.metering.zones import midnight
from central.reports.description import Mark, Role
from central.timeseries.base import LoadRow
from protocol.reading import Quality
from tests.central import scene as s
from tests.central.reports.parts import KWH, load, place, run
from tests.central.scene import Scene

WORD = "maxima"
DAY = date(2026, 11, 19)
T0 = midnight(DAY, s.TZ)
NOVEMBER = {"length": "month", "day": "2026-11-01"}
POINT = "M-1 Склад"
FIGURES = ("most", "at", "peak", "peak_at")


def told(found: Any) -> tuple[Any, ...]:
    return tuple(found.cells[name] for name in FIGURES)


@pytest.fixture
def key(own: Scene) -> int:
    """The 19th: 1 kWh each half-hour, 6 from 12:00, 5 from 18:00. The 20th: 1, and 5.5 from 18:30."""
    key = place(own, "M-1", T0)
    own.arrive("M-1", *load("M-1", DAY, [{24: 6, 36: 5}.get(number, 1) * KWH for number in range(48)]))
    next_day = [5_500_000 if number == 37 else KWH for number in range(48)]
    own.arrive("M-1", *load("M-1", date(2026, 11, 20), next_day))
    return key


def test_power_is_energy_by_the_length_of_its_interval(own: Scene, key: int) -> None:
    table = run(own, s.CONSUMER, WORD, key, **NOVEMBER)
    day, next_day = table.rows[:2]
    assert told(day) == (12 * KWH, "12:00–12:30", 10 * KWH, "18:00–18:30")  # 6 kWh in half an hour = 12 kW
    assert told(next_day) == (11 * KWH, "18:30–19:00", 11 * KWH, "18:30–19:00")
    assert day.text["most"] == "12,00"


def test_it_is_rounded_as_it_was_asked_for(own: Scene, key: int) -> None:
    own.arrive("M-1", *load("M-1", date(2026, 11, 21), {0: 3_250_001}))
    found = run(own, s.CONSUMER, WORD, key, digits="6", **NOVEMBER).row("day", date(2026, 11, 21))
    assert found.text["most"] == "6,500002"
    found = run(own, s.CONSUMER, WORD, key, digits="0", **NOVEMBER).row("day", date(2026, 11, 21))
    assert found.text["most"] == "7"


def test_an_hour_without_power_leaves_the_rest_of_the_day(scene: Scene) -> None:
    house, day = s.HOUSEHOLDS[0], midnight(s.POWER_OFF[0], s.TZ)
    measured = [house.energy(day + 1800 * number) for number in range(48) if number not in (26, 27)]
    found = run(scene, s.CONSUMER, WORD, scene.points[s.FLAT], **NOVEMBER).row("day", s.POWER_OFF[0])
    assert (found.cells["most"], found.text["marks"]) == (2 * max(measured), "о")


def test_the_greatest_of_the_month_says_when_it_was(own: Scene, key: int) -> None:
    line = run(own, s.CONSUMER, WORD, key, **NOVEMBER).line("Максимум", POINT)
    assert (line.cells["day"], *told(line)) == (DAY, 12 * KWH, "12:00–12:30", 11 * KWH, "20.11 18:30–19:00")
    assert line.row.opens["peak"].query["day"] == "2026-11-20"
    assert line.row.opens["most"].query["day"] == "2026-11-19"


def test_powers_are_not_added_up(own: Scene, key: int) -> None:
    table = run(own, s.CONSUMER, WORD, key, **NOVEMBER)
    assert table.of(Role.TOTAL) == []
    assert [one.text["point"] for one in table.of(Role.LINE)] == ["Максимум"]
    assert not any("В сумму" in note or "кВт·ч" in note for note in table.document.notes)


@pytest.mark.parametrize(
    ("span", "quality"),
    [
        (900, Quality.PARTIAL),
        (1800, Quality.POWER_OFF),
        (3600, Quality.CATCH_UP),
        (0, Quality(0)),
    ],
)
def test_a_part_of_an_interval_or_several_at_once_have_no_maximum(
    own: Scene, key: int, span: int, quality: Quality
) -> None:
    late = date(2026, 11, 21)
    origin = midnight(late, s.TZ)
    rows = load("M-1", late, {number: KWH for number in range(48) if number not in (28, 29)})
    own.arrive("M-1", *rows, LoadRow("M-1", origin + 30 * 1800, span, int(quality), {"ap": 9 * KWH}))
    found = run(own, s.CONSUMER, WORD, key, **NOVEMBER).row("day", late)
    assert told(found) == (2 * KWH, "00:00–00:30", 2 * KWH, "07:00–07:30")


def test_a_day_without_any_has_none_and_no_other_s(own: Scene, key: int) -> None:
    silent = run(own, s.CONSUMER, WORD, key, **NOVEMBER).row("day", date(2026, 11, 22))
    assert told(silent) == (None, None, None, None)
    assert silent.row.marks == (Mark.MISSING,)


def test_what_the_concentrator_computed_is_marked(own: Scene, key: int) -> None:
    late = date(2026, 11, 21)
    row = LoadRow("M-1", midnight(late, s.TZ) + 37 * 1800, 1800, int(Quality.COMPUTED), {"ap": 7 * KWH})
    own.arrive("M-1", row)
    found = run(own, s.CONSUMER, WORD, key, **NOVEMBER).row("day", late)
    assert told(found) == (14 * KWH, "18:00–18:30", 14 * KWH, "18:00–18:30")
    assert Mark.COMPUTED in found.row.marks


def test_a_scheme_without_a_peak_says_so(own: Scene) -> None:
    key = place(own, "M-1", T0, scheme="two", ki=30)
    own.arrive("M-1", *load("M-1", DAY, [KWH] * 47 + [2 * KWH]))
    table = run(own, s.CONSUMER, WORD, key, **NOVEMBER)
    assert told(table.rows[0]) == (120 * KWH, "23:30–24:00", "", "")  # 2 kWh · 30 in half an hour
    assert "Где в тарифе нет зоны «пик», там часы пик не показаны." in table.document.notes


@pytest.mark.parametrize(("period", "interval"), [(300, "18:25–18:30"), (3600, "18:00–19:00")])
def test_intervals_of_other_lengths(own: Scene, period: int, interval: str) -> None:
    key = place(own, "M-1", T0, period=period)
    number = (18 * 3600 + 1500) // period
    own.arrive("M-1", *load("M-1", DAY, {number: KWH, 0: 1000}, period=period))
    found = run(own, s.CONSUMER, WORD, key, **NOVEMBER).row("day", DAY)
    assert told(found) == (KWH * 3600 // period, interval, KWH * 3600 // period, interval)


def test_they_are_those_of_the_days_of_the_cabinet(scene: Scene) -> None:
    flat, month = scene.points[s.FLAT], (date(2026, 11, 1), date(2026, 12, 1))
    days = figures.days(scene.source, scene.viewer(s.CONSUMER), flat, *month, "active_import", scene.now).days
    table = run(scene, s.CONSUMER, WORD, flat, **NOVEMBER)
    assert [one.cells["most"] for one in table.rows] == [day.max_power for day in days]
    assert table.row("day", s.GAP).cells["most"] is None
    house, peak = s.HOUSEHOLDS[0], [*range(14, 20), *range(34, 42)]
    whole = midnight(date(2026, 11, 10), s.TZ)
    energies = {number: house.energy(whole + 1800 * number) for number in range(48)}
    day = table.row("day", date(2026, 11, 10))
    assert day.cells["most"] == 2 * max(energies.values())
    assert day.cells["peak"] == 2 * max(energies[number] for number in peak)


def test_of_a_hand_over_each_has_his_days(scene: Scene) -> None:
    old, new = (run(scene, mail, WORD, scene.points[s.NEXT_DOOR], **NOVEMBER).rows for mail in (s.FORMER, s.NEIGHBOUR))
    assert [one.cells["day"].day for one in old] == [1, 2, 3, 4]
    assert new[0].cells["day"] == s.HAND_OVER


def test_it_is_of_a_month_whatever_was_asked_for(scene: Scene) -> None:
    table = run(scene, s.CONSUMER, WORD, scene.points[s.FLAT], length="week", day="2026-10-14")
    assert len(table.rows) == 31
