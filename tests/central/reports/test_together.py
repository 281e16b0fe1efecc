"""«Детализация потребления энергоресурса (общая таблица)»: points side by side, their sum, what each of them lacks."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

import pytest
from werkzeug.datastructures import MultiDict

from central import figures
from central.accounts.policy import Viewer
from central.metering.zones import midnight
from central.reports.asked import asked
from central.reports.catalogue import reports
from central.reports.description import Mark
from central.reports.making import making
from central.reports.standard import together
from tests.central import scene as s
from tests.central.reports.parts import KWH, load, place, run
from tests.central.scene import Scene

WORD = "together"
DAY = date(2026, 11, 19)
T0 = midnight(DAY, s.TZ)
ONE_DAY = timedelta(days=1)
THE_DAY = {"length": "day", "day": DAY.isoformat()}
NOVEMBER = {"length": "month", "day": "2026-11-01"}


@pytest.fixture
def two(own: Scene) -> tuple[int, int]:
    """The 19th: 1 and 2 kWh each half-hour; of the second 03:00–04:00 did not come."""
    keys = place(own, "M-1", T0), place(own, "M-2", T0)
    own.arrive("M-1", *load("M-1", DAY, [KWH] * 48))
    own.arrive("M-2", *load("M-2", DAY, [None if number in (6, 7) else 2 * KWH for number in range(48)]))
    return keys


def test_each_point_has_a_column_and_all_have_their_sum_before_them(own: Scene, two: tuple[int, int]) -> None:
    table = run(own, s.CONSUMER, WORD, *two, step="half_hour", **THE_DAY)
    first, second = (f"point_{key}" for key in two)
    assert [column.name for column in table.document.columns] == ["start", "end", "total", "marks", first, second]
    assert [str(column.caption) for column in table.document.columns[4:]] == ["M-1 Склад", "M-2 Склад"]
    assert len(table.rows) == table.document.of_rows == 48
    row = table.rows[0]
    assert (row.cells[first], row.cells[second], row.cells["total"]) == (KWH, 2 * KWH, 3 * KWH)
    assert [table.total.cells[name] for name in (first, second, "total")] == [48 * KWH, 92 * KWH, 140 * KWH]


def test_what_a_point_lacks_is_said_in_its_cell_and_beside_the_sum(own: Scene, two: tuple[int, int]) -> None:
    table = run(own, s.CONSUMER, WORD, *two, step="half_hour", **THE_DAY)
    row = table.rows[6]
    assert (row.cells[f"point_{two[1]}"], row.cells["total"]) == ("нет", KWH)
    assert row.row.marks == (Mark.MISSING,)
    assert row.text["marks"] == "нет; M-2: нет"
    assert "В сумму «M-2 Склад» не вошло 2 строк без значения." in table.document.notes


def test_days_are_the_sums_of_the_half_hours(own: Scene, two: tuple[int, int]) -> None:
    (day,) = run(own, s.CONSUMER, WORD, *two, step="day", **THE_DAY).rows
    assert [day.cells[name] for name in ("total", *(f"point_{key}" for key in two))] == [140 * KWH, 48 * KWH, 92 * KWH]
    assert day.text["marks"] == "нет; M-2: нет"


def test_a_point_that_was_not_there_has_nothing_in_its_cell(own: Scene, two: tuple[int, int]) -> None:
    table = run(own, s.CONSUMER, WORD, *two, own.points[s.FLAT], length="own", day="2026-11-18", last="2026-11-19")
    before = table.rows[0]
    assert [before.cells[f"point_{key}"] for key in two] == ["", ""]
    assert before.cells["total"] == before.cells[f"point_{own.points[s.FLAT]}"]
    assert not any("Склад" in note for note in table.document.notes)


def test_a_sum_is_rounded_once(own: Scene) -> None:
    keys = [place(own, f"M-{number}", T0) for number in range(3)]
    for number in range(3):
        own.arrive(f"M-{number}", *load(f"M-{number}", DAY, {0: 400_001}))
    (row, *_) = run(own, s.CONSUMER, WORD, *keys, step="half_hour", digits="0", **THE_DAY).rows
    assert [row.text[f"point_{key}"] for key in keys] == ["0", "0", "0"]
    assert row.text["total"] == "1"
    (row, *_) = run(own, s.CONSUMER, WORD, *keys, step="half_hour", digits="6", **THE_DAY).rows
    assert row.plain["total"] == Decimal("1.200003")


def test_the_flat_and_the_dacha_are_what_each_has_alone(scene: Scene) -> None:
    table = run(scene, s.CONSUMER, WORD, **NOVEMBER)
    month = date(2026, 11, 1), date(2026, 12, 1)
    each = []
    for serial in (s.FLAT, s.DACHA):
        view = figures.days(
            scene.source, scene.viewer(s.CONSUMER), scene.points[serial], *month, "active_import", scene.now
        )
        each.append(view.totals.total or 0)
        assert table.total.cells[f"point_{scene.points[serial]}"] == view.totals.total
    assert table.total.cells["total"] == sum(each)
    silent = table.row("start", date(2026, 11, 17))
    assert silent.cells[f"point_{scene.points[s.DACHA]}"] == "нет"
    assert silent.text["marks"] == "р, нет; Т-45: р; Т-46: нет"
    off = table.row("start", s.POWER_OFF[0])
    assert (off.text["marks"], off.cells["total"]) == (
        "о; Т-45: о",
        sum(off.cells[f"point_{scene.points[serial]}"] for serial in (s.FLAT, s.DACHA)),
    )


def test_of_a_hand_over_each_has_his_days(scene: Scene) -> None:
    old, new = (run(scene, mail, WORD, scene.points[s.NEXT_DOOR], **NOVEMBER).rows for mail in (s.FORMER, s.NEIGHBOUR))
    assert [one.cells["start"].day for one in old] == [1, 2, 3, 4]
    assert new[0].cells["start"] == s.HAND_OVER


@pytest.mark.parametrize("step", ["half_hour", "day", "month"])
def test_a_long_table_is_made_in_pieces_and_is_the_same(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    asked_for = {"length": "own", "day": "2026-10-10", "last": "2026-11-20", "step": step}
    whole = run(scene, s.CONSUMER, WORD, **asked_for)
    spans = []
    real = together._spans

    def noted(*args: object) -> list[object]:
        spans.extend(real(*args))
        return spans

    monkeypatch.setattr(together, "CELLS", 96)  # a day of both
    monkeypatch.setattr(together, "_spans", noted)
    pieces = run(scene, s.CONSUMER, WORD, **asked_for)
    assert len(spans) == (42 if step == "half_hour" else 2)  # months stay whole
    assert [one.row.cells for one in pieces.told] == [one.row.cells for one in whole.told]
    assert len(whole.rows) == whole.document.of_rows


def test_progress_is_told_from_nothing_to_all(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, int]] = []
    monkeypatch.setattr(together, "CELLS", 96 * 10)
    report, viewer = reports()[WORD], scene.viewer(s.CONSUMER)
    found = asked(report, MultiDict([*NOVEMBER.items(), ("step", "half_hour")]), date(2026, 11, 24))
    made = making(scene.source, viewer, scene.now, report, found, lambda done, of: told.append((done, of)))
    list(report.rows(made))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert (told[0], told[-1]) == ((0, 2), (2, 2))


def test_points_of_several_clocks_stand_by_their_own_time(own: Scene) -> None:
    east = "Asia/Yekaterinburg"
    keys = place(own, "M-1", T0), place(own, "M-2", midnight(DAY, east), tz=east)
    own.arrive("M-1", *load("M-1", DAY, list(range(48))))
    own.arrive("M-2", *load("M-2", DAY, list(range(48)), tz=east))
    table = run(own, s.CONSUMER, WORD, *keys, step="half_hour", **THE_DAY)
    assert [one.cells["total"] for one in table.rows] == [2 * number for number in range(48)]


def test_a_month_is_one_row_of_all_points_although_some_began_in_its_middle(own: Scene) -> None:
    keys = place(own, "M-1", T0), place(own, "M-2", T0 + 2 * 86_400 + 43_200)
    for code, day in (("M-1", DAY), ("M-2", DAY + 2 * ONE_DAY)):
        own.arrive(code, *load(code, day, [KWH] * 48))
    (month,) = run(own, s.CONSUMER, WORD, *keys, step="month", **NOVEMBER).rows
    assert [month.cells[name] for name in ("total", *(f"point_{key}" for key in keys))] == [
        72 * KWH,
        48 * KWH,
        24 * KWH,
    ]


def test_an_interval_longer_than_the_step_stands_where_it_begins_and_that_is_said(own: Scene) -> None:
    keys = place(own, "M-1", T0, period=3600), place(own, "M-2", T0)
    own.arrive("M-1", *load("M-1", DAY, [2 * KWH] * 24, period=3600))
    own.arrive("M-2", *load("M-2", DAY, [KWH] * 48))
    table = run(own, s.CONSUMER, WORD, *keys, step="half_hour", **THE_DAY)
    assert [one.text["end"][-5:] for one in table.rows[:2]] == ["00:30", "01:00"], "whichever point is the first"
    assert [one.cells["total"] for one in table.rows[:2]] == [3 * KWH, KWH]
    assert any("Где интервал счётчика длиннее шага" in note for note in table.document.notes)
    hours = run(own, s.CONSUMER, WORD, *keys, step="hour", **THE_DAY)
    assert not any("длиннее шага" in note for note in hours.document.notes)


def test_many_sums_that_lack_something_are_told_in_one_note(own: Scene) -> None:
    keys = [place(own, f"M-{number}", T0) for number in range(8)]
    for number in range(8):
        own.arrive(f"M-{number}", *load(f"M-{number}", DAY, {0: KWH}))
    table = run(own, s.CONSUMER, WORD, *keys, step="hour", **THE_DAY)
    lacking: Sequence[str] = [note for note in table.document.notes if note.startswith("В сумм")]
    assert len(lacking) == 6
    assert "ещё 4" in lacking[-1]  # of the sum of all, and of eight points


def test_a_foreign_point_is_not_there(scene: Scene) -> None:
    viewer: Viewer = scene.viewer(s.CONSUMER)
    found = asked(reports()[WORD], MultiDict([("point", str(scene.points[s.NEXT_DOOR]))]), date(2026, 11, 24))
    with pytest.raises(figures.NotFound):
        making(scene.source, viewer, scene.now, reports()[WORD], found)
