"""How many rows are to be expected is counted of the meters that stood there then, not of the one that stands there
now: a PDF is refused for rows that there are, and for no others."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import pytest
from werkzeug.datastructures import MultiDict

from central.db import writing
from central.metering.zones import local, midnight
from central.registry import enter
from central.registry.changes import entering
from central.reports.asked import asked
from central.reports.catalogue import reports
from central.reports.description import Role
from central.reports.formats.pdf import MOST_ROWS
from central.reports.made import desk
from central.reports.making import document, making
from tests.central import scene as s
from tests.central.reports.parts import KWH, hand_over, load, place, run
from tests.central.scene import Scene

WEEK = {"length": "own", "day": "2026-11-15", "last": "2026-11-20"}


def at(day: int, hour: int = 0) -> int:
    return midnight(date(2026, 11, day), s.TZ) + 3600 * hour


def replaced(scene: Scene, moment: int, period: int) -> int:
    """A point of Anna's with a meter of half-hours since the 14th, and from a moment on one of another period."""
    key = place(scene, "A1", at(14))
    with writing(scene.engine).begin() as connection, entering(connection, at=scene.now, kind="test") as change:
        enter.add_meter(change, "A2", serial="A2", type="т", maker="м")
        act = {"old_meter": "A1", "act": "а", "reason": "п", "ki": Decimal(1), "period": period}
        enter.replace_meter(change, key, "A2", moment, **act)
    return key


def counted(scene: Scene, word: str, point: int, words: Mapping[str, str]) -> tuple[int, int]:
    """Rows that were expected, and those that there are."""
    report = reports()[word]
    wanted = asked(report, MultiDict({**words, "point": str(point)}), local(scene.now, s.TZ).date())
    made = making(scene.source, scene.viewer(s.CONSUMER), scene.now, report, wanted)
    found = document(made, "Энергосеть")
    return report.size(made), sum(1 for row in found.rows if row.role is Role.ROW)


def test_a_pdf_of_half_hours_is_made_although_a_meter_of_minutes_came_later(own: Scene) -> None:
    key = replaced(own, at(22), 60)
    assert counted(own, "profile", key, WEEK) == (6 * 48, 6 * 48)
    wanted = asked(reports()["profile"], MultiDict({**WEEK, "point": str(key)}), local(own.now, s.TZ).date())
    made, at_once = desk.ask(own.source, own.viewer(s.CONSUMER), reports()["profile"], wanted, "pdf", own.now)
    assert (made > 0, at_once) == (True, True)
    assert MOST_ROWS < 6 * 1440, "as many as it would have been of minutes"


@pytest.mark.parametrize(("word", "step"), [("profile", ""), ("details", "half_hour"), ("together", "half_hour")])
def test_two_periods_in_one_time_are_counted_each_for_its_own(own: Scene, word: str, step: str) -> None:
    key = replaced(own, at(18, 10), 3600)
    halves, hours = 3 * 48 + 20, 14 + 2 * 24
    assert counted(own, word, key, WEEK | {"step": step}) == (halves + hours, halves + hours)


@pytest.mark.parametrize(
    ("word", "step", "rows"),
    [
        ("completeness", "", 2),
        ("maxima", "", 5),
        ("profile", "", 24 + 48),
        ("details", "day", 2),
        ("details", "hour", 12 + 24),
        ("details", "month", 1),
        ("together", "day", 2),
        ("together", "hour", 12 + 24),
    ],
)
def test_of_a_point_that_is_ones_own_since_noon_nothing_before_is_counted(
    own: Scene, word: str, step: str, rows: int
) -> None:
    key = place(own, "A1", at(14), contract="100-3")
    hand_over(own, key, "100-1", at(20, 12))
    words = {"length": "own", "day": "2026-11-15", "last": "2026-11-21", "step": step}
    if word == "maxima":
        words = {"length": "month", "day": "2026-11-01"}
    assert counted(own, word, key, words) == (rows, rows)


def test_where_no_meter_stood_nothing_is_expected(own: Scene) -> None:
    key = place(own, "A1", at(22))
    assert counted(own, "profile", key, WEEK) == (0, 0)


def test_a_chart_has_the_intervals_of_the_meter_that_stood_there_then(own: Scene) -> None:
    key = place(own, "A1", at(14), period=3600)
    with writing(own.engine).begin() as connection, entering(connection, at=own.now, kind="test") as change:
        enter.add_meter(change, "A2", serial="A2", type="т", maker="м")
        enter.replace_meter(change, key, "A2", at(22), old_meter="A1", act="а", reason="п", period=1800)
    own.arrive("A1", *load("A1", date(2026, 11, 15), [KWH] * 24, period=3600))
    chart = run(own, s.CONSUMER, "profile", key, length="day", day="2026-11-15").document.chart
    assert chart is not None
    assert len(chart.bars) == 24
