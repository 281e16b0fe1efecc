"""«Учетные данные» and «Потребление»: long periods, several points, comparisons; all of it in the address."""

import re
from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select

from central import figures
from central.accounts.people import add_grant
from central.accounts.tables import account, grant
from central.cabinet import chosen, pages
from central.db import writing
from central.faces.formats import kilo, money, number
from central.figures.compare import compare
from central.figures.steps import steps
from central.figures.views import DaysView
from central.metering.zones import midnight
from tests.central import scene as s
from tests.central.scene import Scene
from tests.central.web.parts import person

A = "active_import"
OCTOBER = date(2026, 10, 1), date(2026, 11, 1)
LONG = "length=own&day=2026-09-20&last=2026-11-23"  # more than bars: a chart has another step than the table


@pytest.fixture
def consumer(app: Flask) -> FlaskClient:
    return person(app, s.CONSUMER)


def days(scene: Scene, serial: str, first: date, until: date) -> DaysView:
    return figures.days(scene.source, scene.viewer(s.CONSUMER), scene.points[serial], first, until, A, scene.now)


def rows(text: str) -> list[tuple[int, int]]:
    return [
        (int(end), int(mwh)) for end, mwh in re.findall(r'<tr data-end="(\d+)" data-state="\w+" data-mwh="(\d+)"', text)
    ]


def bars(text: str) -> int:
    return text.count('class="hit"')


def test_a_year_is_told_by_months_each_as_it_is_billed(consumer: FlaskClient, scene: Scene) -> None:
    text = consumer.get("/data?length=year").text
    assert bars(text) == 12
    found = dict(rows(text))
    view = days(scene, s.FLAT, *OCTOBER)
    assert found[midnight(OCTOBER[1], s.TZ)] == view.totals.total
    assert view.cost is not None
    assert f">{money(view.cost.total)}<" in text
    assert "length=month&amp;day=2026-10-01" in text, "a month opens into its days"


def test_the_table_of_a_long_period_has_each_half_hour_once_and_the_sums_of_the_days(
    consumer: FlaskClient, scene: Scene
) -> None:
    first = consumer.get(f"/data?{LONG}&step=half_hour").text
    view = days(scene, s.FLAT, date(2026, 9, 20), date(2026, 11, 24))
    assert f">{kilo(view.totals.total)}<" in first
    pages = [rows(consumer.get(f"/data?{LONG}&step=half_hour&page={number}").text) for number in range(1, 66)]
    found = [pair for page in pages for pair in page]
    ends = [end for end, _ in found]
    assert ends == sorted(set(ends), reverse=True)
    assert sum(energy for _, energy in found) == view.totals.total
    assert bars(first) == 65


def test_a_line_keeps_the_greatest_of_every_day(consumer: FlaskClient, scene: Scene) -> None:
    found = consumer.get(f"/data/line?{LONG}&step=half_hour").get_json()
    view = days(scene, s.FLAT, date(2026, 9, 20), date(2026, 11, 24))
    assert not found["whole"]
    assert "наибольший" in found["told"]
    assert [row[2] for row in found["rows"]] == [
        None if day.max_power is None else day.max_power // 2 for day in view.days
    ]
    (start, end, most, at, mean, state) = found["rows"][10]
    slots = figures.interval(
        scene.source, scene.viewer(s.CONSUMER), scene.points[s.FLAT], start, end, A, scene.now
    ).slots
    energies = {slot.start: slot.energy or 0 for slot in slots}
    assert (most, energies[at], mean) == (max(energies.values()), most, round(sum(energies.values()) / 48))
    assert state == "measured"


def test_a_line_of_a_month_has_every_interval(consumer: FlaskClient) -> None:
    found = consumer.get("/data/line?length=month&day=2026-11-01&step=half_hour").get_json()
    assert found["whole"]
    assert len(found["rows"]) == 30 * 48
    states = {row[5] for row in found["rows"]}
    assert {"measured", "estimated", "power_off", "not_due"} <= states
    assert all(
        (row[2] is None) == (row[5] in ("not_due", "missing", "power_off")) or row[5] == "power_off"
        for row in found["rows"]
    )
    assert consumer.get("/data/line?length=month&point=3").status_code == 404
    assert consumer.get("/data/line?length=month&point=1&point=2").status_code == 404


def test_several_points_are_summed_and_each_is_named(consumer: FlaskClient, scene: Scene) -> None:
    points = f"point={scene.points[s.FLAT]}&point={scene.points[s.DACHA]}"
    text = consumer.get(f"/data?{points}&length=month&day=2026-10-01").text
    totals = [days(scene, serial, *OCTOBER).totals.total or 0 for serial in (s.FLAT, s.DACHA)]
    assert f">{kilo(sum(totals))}<" in text
    for total in totals:
        assert f"<b>{kilo(total)}</b>" in text
    assert "2 точки" in text
    assert "шаг: 30 мин" not in text, "intervals are of one point"
    file = consumer.get(f"/data/file?{points}&length=month&day=2026-10-01&form=json").get_json()
    assert sum(row["total"] for row in file["rows"]) == sum(totals)
    assert len(file["points"]) == 2
    assert consumer.get(f"/data?{points}&point={scene.points[s.NEXT_DOOR]}").status_code == 404


def test_a_comparison_is_of_the_same_days_and_is_told_in_words(consumer: FlaskClient, scene: Scene) -> None:
    """What one of the two lacks, and the day that is not over, is compared in neither."""
    text = consumer.get("/data?length=month&day=2026-11-01&compare=before").text
    this, before = (
        days(scene, s.FLAT, date(2026, 11, 1), date(2026, 11, 24)),
        days(scene, s.FLAT, date(2026, 10, 1), date(2026, 10, 24)),
    )
    found = compare(this.totals, before.totals)
    assert found is not None
    assert f"На {abs(found.percent)}\u00a0% {'больше' if found.percent > 0 else 'меньше'}, чем за октябрь 2026" in text
    assert "Сравнено 23 из 24" in text
    assert text.count('class="earlier"') == 30
    day = compare(this.days[22].totals, before.days[22].totals)
    assert day is not None
    row = text[text.index("пн\u00a023.11") :]
    assert (
        f"{'+' if day.percent > 0 else '−' if day.percent < 0 else ''}{abs(day.percent)}\u00a0%"
        in row[: row.index("</tr>")]
    )
    year = consumer.get("/data?length=month&day=2026-11-01&compare=year").text
    assert "Сравнить не с чем: Ноябрь 2025 без таких же данных" in year


def test_a_comparison_is_of_the_same_points(consumer: FlaskClient, scene: Scene) -> None:
    """The dacha is silent since the 12th: from then on a day of both points has no like in October."""
    both = "&".join(f"point={scene.points[one]}" for one in (s.FLAT, s.DACHA))
    text = consumer.get(f"/data?{both}&length=month&day=2026-11-01&compare=before").text
    assert "Сравнено 11 из 24" in text
    cells = re.findall(r'data-end="(\d+)".*?</tr>', text, re.DOTALL)
    assert len(cells) == 24
    rows = text[text.index("<tbody>") :].split("<tr ")[1:]
    compared = [bool(re.search(r"\d\u00a0%", row)) for row in rows[:24]]
    assert compared == [False] * 13 + [True] * 11, "the newest is on top"


def test_half_of_a_month_is_not_compared_with_a_whole_one(consumer: FlaskClient) -> None:
    """The scene begins on 15 September: the month has its days since, and October has all."""
    text = consumer.get("/data?length=own&day=2026-10-01&last=2026-11-23&step=month&compare=before").text
    assert "Сравнить не с чем" in text
    assert not re.search(r"[+−]\d+\u00a0%", text)


def test_the_table_of_who_left_begins_with_his_last_day(app: Flask, scene: Scene) -> None:
    former = person(app, s.FORMER)
    asked = f"point={scene.points[s.NEXT_DOOR]}&length=month&day=2026-11-01&step=half_hour"
    text = former.get(f"/data?{asked}").text
    assert rows(text)[0][0] == midnight(s.HAND_OVER, s.TZ)


def test_points_that_are_too_many_to_stand_together_are_not_left_out_in_silence(
    consumer: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "показаны первые" not in consumer.get("/consumption").text
    for module in (chosen, pages):
        monkeypatch.setattr(module, "MOST_TOGETHER", 1)
    assert "показаны первые 1, всего точек: 2" in consumer.get("/consumption").text


def test_a_year_is_not_compared_with_a_year_ago_twice(consumer: FlaskClient) -> None:
    text = consumer.get("/data?length=year&compare=year").text
    assert "Сравнить не с чем" not in text
    assert 'aria-current="true">Прошлый год' not in text


def test_a_zone_can_be_taken_off_the_chart_and_stays_in_the_sums(consumer: FlaskClient, scene: Scene) -> None:
    whole = consumer.get("/data?length=month&day=2026-10-01").text
    hidden = consumer.get("/data?length=month&day=2026-10-01&hide=night").text
    assert 'class="bar t2"' in whole
    assert 'class="bar t2"' not in hidden
    total = kilo(days(scene, s.FLAT, *OCTOBER).totals.total)
    assert f">{total}<" in hidden
    assert (
        'class="bar t2"' in consumer.get("/data?length=month&day=2026-10-01&hide=peak&hide=night&hide=half_peak").text
    )


def test_a_period_of_ones_own_is_kept_by_every_link(consumer: FlaskClient) -> None:
    text = consumer.get("/data?length=own&day=2026-11-02&last=2026-11-04&step=hour&channel=active_import").text
    assert bars(text) == 72
    assert 'name="last" type="date" value="2026-11-04"' in text
    links = [one.replace("&amp;", "&") for one in re.findall(r'href="(/data[^"]*)"', text)]
    steps_of = [one for one in links if "step=" in one and "length=own" in one]
    assert steps_of
    assert all("last=2026-11-04" in one or "last=2026-11-01" in one or "last=2026-11-07" in one for one in steps_of)
    file = consumer.get(next(one for one in links if "/file" in one and "csv" in one)).text
    assert "02.11.2026" in file or "2026-11-02T00:00" in file
    assert "Europe/Moscow" in file


def test_hours_are_the_sums_of_their_half_hours(consumer: FlaskClient, scene: Scene) -> None:
    since = midnight(date(2026, 11, 23), s.TZ)
    slots = figures.interval(
        scene.source, scene.viewer(s.CONSUMER), scene.points[s.FLAT], since, since + 86_400, A, scene.now
    ).slots
    wanted = {step.end: step.total for step in steps(slots, 3600, s.TZ)}
    assert dict(rows(consumer.get("/data?length=day&day=2026-11-23&step=hour").text)) == wanted


def test_consumption_is_of_all_points_beside_the_month_before(consumer: FlaskClient, scene: Scene) -> None:
    viewer, first = scene.viewer(s.CONSUMER), date(2026, 11, 1)
    found = [
        figures.consumption(scene.source, viewer, scene.points[one], first, scene.now) for one in (s.FLAT, s.DACHA)
    ]
    text = consumer.get("/consumption").text
    assert f">{kilo(sum(one.month.totals.total or 0 for one in found))}<" in text
    assert "2 точки" in text
    assert "Год назад" in text
    alone = consumer.get(f"/consumption?point={scene.points[s.FLAT]}").text
    forecast = found[0].forecast
    assert forecast is not None
    assert found[0].month.totals.total is not None
    assert found[0].month.totals.total < forecast.least < forecast.energy < forecast.most
    assert f"между {kilo(forecast.least, 0)} и {kilo(forecast.most, 0)}" in alone
    assert forecast.cost is not None
    assert f">{number(forecast.cost, 0)}\u202f₽<" in alone
    assert "чем за 1–24 октября 2026" in alone
    assert 'class="rest"' in alone
    past = consumer.get(f"/consumption?point={scene.points[s.FLAT]}&day=2026-10-15").text
    assert 'class="rest"' not in past, "what is over is not foretold"
    october = figures.consumption(scene.source, viewer, scene.points[s.FLAT], OCTOBER[0], scene.now)
    assert f">{kilo(october.month.totals.total)}<" in past


def test_months_of_different_points_are_not_compared(app: Flask, scene: Scene) -> None:
    """Who has had a flat for long and next door since the 5th: October is of the flat alone, and no difference is
    taken from it; the dacha, silent since the 12th, is told to be lacking after it."""
    with writing(scene.engine).begin() as connection:
        neighbour = connection.scalar(select(account.c.id).where(account.c.mail == s.NEIGHBOUR))
        assert neighbour is not None
        key = add_grant(connection, neighbour, scene.accounts["100-1"], 0)
    try:
        client = person(app, s.NEIGHBOUR)
        points = [scene.points[one] for one in (s.FLAT, s.DACHA, s.NEXT_DOOR)]
        unlike = client.get("/consumption?" + "&".join(f"point={point}" for point in points)).text
        alike = client.get("/consumption?" + "&".join(f"point={point}" for point in points[:2])).text
    finally:
        with writing(scene.engine).begin() as connection:
            connection.execute(delete(grant).where(grant.c.id == key))
    assert "поэтому с ним не сравнивается" in unlike
    assert "% больше" not in unlike
    assert "% меньше" not in unlike
    assert "только по 11.11" in unlike
    assert "Сравнить пока не с чем" not in unlike
    assert "не сравнивается" not in alike
    assert "чем за 1–24 октября 2026" in alike


def test_a_forecast_is_not_made_of_what_is_not_known(consumer: FlaskClient, scene: Scene) -> None:
    """The dacha has been silent since the 12th: eleven days of its month are lacking, and its forecast stands on what
    came before; a new point has none."""
    dacha = figures.consumption(
        scene.source, scene.viewer(s.CONSUMER), scene.points[s.DACHA], date(2026, 11, 1), scene.now
    )
    assert dacha.forecast is not None
    assert dacha.forecast.days < 56
    assert "Прогноза пока нет" not in consumer.get(f"/consumption?point={scene.points[s.DACHA]}").text


def test_an_arrow_keeps_the_step_and_another_length_has_its_own(consumer: FlaskClient) -> None:
    text = consumer.get("/data?length=month&day=2026-10-01&step=half_hour").text
    back = re.search(r'href="([^"]+)" aria-label="Раньше"', text)
    assert back is not None
    assert "step=half_hour" in back[1]
    year = re.search(r'href="([^"]+)">Год</a>', text)
    assert year is not None
    assert "step=" not in year[1]


def test_who_came_in_the_middle_of_a_month_has_its_line_from_then_on(app: Flask, scene: Scene) -> None:
    """And who left, to then; the rest of the month is foretold to neither of the two but the one who lives there."""
    point, since = scene.points[s.NEXT_DOOR], midnight(s.HAND_OVER, s.TZ)
    asked = f"point={point}&length=month&day=2026-11-01"
    new, former = person(app, s.NEIGHBOUR), person(app, s.FORMER)
    for client, begun, ended in ((new, since, None), (former, midnight(date(2026, 11, 1), s.TZ), since)):
        rows = client.get(f"/data/line?{asked}&step=half_hour").get_json()["rows"]
        assert rows[0][0] == begun
        assert ended is None or rows[-1][1] == ended
        assert (
            client.get(f"/data/line?point={point}&length=own&day=2026-09-20&last=2026-11-23&step=half_hour").status_code
            == 200
        )
    assert 'class="rest"' in new.get(f"/consumption?{asked}").text
    assert 'class="rest"' not in former.get(f"/consumption?{asked}").text
