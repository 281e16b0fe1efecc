"""Sums of a table are of what is shown, say so, and are explained only where they are of all."""

from central.reports.description import Role
from tests.central import scene as s
from tests.central.reports.running import run
from tests.central.scene import Scene


def test_a_sum_of_some_rows_is_of_these_says_so_and_opens_nothing(own: Scene) -> None:
    flat = str(own.points[s.FLAT])
    asked = {"length": "own", "day": "2026-11-15", "last": "2026-11-20", "point": flat}
    whole = run(own, "readings", s.CONSUMER, **asked)
    some = run(own, "readings", s.CONSUMER, **asked, find="ночь")
    assert len(whole.of(Role.ROW)) == 3
    ((_row, night),) = some.of(Role.ROW)
    ((all_row, all_of), (some_row, some_of)) = (told.of(Role.TOTAL)[0] for told in (whole, some))
    assert some_of["energy"] == night["energy"]
    assert all_of["energy"] == sum(cells["energy"] for _row, cells in whole.of(Role.ROW))
    assert "Всего по отобранным строкам" in some_row.cells
    assert "Всего" in all_row.cells
    assert any("Отобран" in note for note in some.notes)


def test_a_sum_of_a_group_without_some_of_its_rows_is_explained_nowhere(own: Scene) -> None:
    around = {"length": "own", "day": "2026-11-16", "last": "2026-11-18", "point": str(own.points[s.FLAT])}
    whole, some = (run(own, "profile", s.CONSUMER, **around, **more) for more in ({}, {"only": "marked"}))
    assert all(row.opens for row, _cells in whole.of(Role.LINE, Role.TOTAL))
    assert 0 < len(some.of(Role.ROW)) < len(whole.of(Role.ROW))
    assert [row.opens for row, _cells in some.of(Role.LINE, Role.TOTAL)] == [{}, {}]


def test_the_greatest_is_a_whole_row_where_one_time_is_told(own: Scene) -> None:
    asked = {"length": "own", "day": "2026-11-15", "last": "2026-11-22", "point": str(own.points[s.FLAT])}
    told = run(own, "details", s.CONSUMER, **asked, tariffs="1", step="day")
    names = [column.name for column in told.columns if column.summed]
    days = [[cells[name] for name in names] for _row, cells in told.of(Role.ROW)]
    assert len(names) == 4, "all zones, and each"
    for caption in ("Максимум", "Минимум"):
        (line,) = [cells for row, cells in told.of(Role.LINE) if caption in row.cells]
        assert [line[name] for name in names] in days
