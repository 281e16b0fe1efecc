"""«Показание на дату»: a consumer takes the reading of any moment for an act, and sees how it is known."""

import re
from datetime import date

from flask import Flask

from central.metering.zones import midnight
from tests.central import scene as s
from tests.central.figures.reckoner import reckon, shown
from tests.central.scene import Scene
from tests.central.web.parts import person

DAY = date(2026, 11, 15)


def shown_on(page: str) -> dict[str, int | None]:
    rows = re.findall(r'data-register="([^"]+)"(?: data-mwh="(\d+)")?', page)
    return {name: int(value) if value else None for name, value in rows}


def test_a_day_s_beginning_is_what_the_meter_fixed(app: Flask, scene: Scene) -> None:
    page = person(app, s.CONSUMER).get("/reading?day=2026-11-15").text
    (row,) = scene.series.registers(f"MIL-{s.FLAT}", ("daily",), midnight(DAY, s.TZ) - 1, midnight(DAY, s.TZ))
    assert shown_on(page) == {f"active_import-{tariff}": row.values[f"ap{tariff}"] for tariff in range(4)}
    assert "зафиксировано счётчиком" in page
    assert "Счётчик №\u00a004217795, 15.11.2026\u00a000:00" in page


def test_another_moment_is_reckoned_and_says_from_what(app: Flask) -> None:
    client = person(app, s.CONSUMER)
    midnight_, later = (shown_on(client.get(f"/reading?day=2026-11-15&time={at}").text) for at in ("00:00", "06:00"))
    page = client.get("/reading?day=2026-11-15&time=06:00").text
    before, after = midnight_["active_import-0"], later["active_import-0"]
    assert before is not None
    assert after is not None
    assert after > before
    text = re.sub(r"\s+", " ", re.sub("<[^>]+>", "", page))
    assert "показание на 15.11 00:00 и профиль" in text


def test_where_nothing_tells_it_is_said_and_no_other_moment_is_shown(app: Flask) -> None:
    client = person(app, s.CONSUMER)
    page = client.get("/reading?day=2026-11-17&time=12:00").text
    assert set(shown_on(page).values()) == {None}
    assert "Показание известно не для всех регистров" in page
    assert "Этот момент ещё не наступил" in client.get("/reading?day=2026-11-24&time=23:30").text
    assert "Показаний на этот момент нет" in client.get("/reading?day=2001-01-01").text


def test_the_same_as_data_gives_itself(app: Flask) -> None:
    found = person(app, s.CONSUMER).get("/explain.json?by=reading&day=2026-11-15&time=06:30").json
    assert found is not None
    (meter,) = found["meters"]
    assert len(meter["registers"]) == 4
    for one in meter["registers"]:
        assert reckon(one["reading"]) == shown(one["reading"])
    assert found["origins"]


def test_nonsense_in_the_address_is_the_beginning_of_today(app: Flask) -> None:
    client = person(app, s.CONSUMER)
    for nonsense in ("day=2026-02-30", "day=&time=25:00", "time=x", "day=9999-12-31", "time=10:00%2B03:00"):
        assert "24.11.2026" in client.get(f"/reading?{nonsense}").text
