"""An operator enters what somebody read off a silent meter; its consumer sees who and why."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from central.db import writing
from central.figures.around import readings_around
from central.registry import enter
from central.registry.changes import entering
from central.registry.tables import manual_reading
from central.timeseries.base import LoadRow
from tests.central import scene as s
from tests.central.conftest import Copy
from tests.central.scene import Scene
from tests.central.web.forms import said, save, send
from tests.central.web.parts import make_app, person


@pytest.fixture
def office(copy_of: Copy, tmp_path: Path) -> Iterator[Scene]:
    built = copy_of(20, tmp_path / "scene")
    yield built
    built.close()


def test_a_meter_that_told_its_profile_and_no_reading_has_no_empty_table(office: Scene, tmp_path: Path) -> None:
    """A Modbus meter of intervals, or one whose registers nobody reads."""
    begun, until = s.NOW - 2 * 86_400, s.NOW // 1800 * 1800
    with writing(office.engine).begin() as connection, entering(connection, at=s.NOW, kind="test") as change:
        meter = enter.add_meter(change, "MIL-9", serial="9", type="Милур 107S", maker="Милур")
        about = {"name": "Гараж", "address": "ул. Гаражная, 1", "tz": s.TZ, "scheme": office.schemes["two"]}
        point = enter.add_point(change, 1, "Т-9", **about)
        enter.mount(change, point, meter, begun, act="акт 9")
        enter.attach(change, office.accounts["100-1"], point, begun)
    office.arrive(meter, *(LoadRow(meter, end, 1800, 0, {"ap": 500_000}) for end in range(until - 86_400, until, 1800)))
    client = person(make_app(tmp_path / "scene"), s.CONSUMER)
    page = client.get(f"/readings?point={point}").text
    assert "По профилю" in page
    assert "Показаний счётчика на начало и конец этого периода нет" in page
    assert "Активная энергия, прием, кВт·ч</caption>" not in page
    with_some = client.get(f"/readings?point={office.points[s.FLAT]}").text
    assert "Показаний счётчика на начало" not in with_some
    assert "Активная энергия, прием, кВт·ч</caption>" in with_some


def test_a_reading_of_a_silent_meter(office: Scene, tmp_path: Path) -> None:
    app = make_app(tmp_path / "scene")
    operator, point = person(app, s.OPERATOR), office.points[s.DACHA]
    last = readings_around(office.source, f"MIL-{s.DACHA}", s.NOW)[0]
    kwh = {f"reg_end.{name}": str(value // 10**6 + 50) for name, value in last.items()}
    form = f"/console/points/{point}/reading"
    sheet = {"at-day": "2026-11-20", "at-time": "00:10", "reason": "снял мастер Петров"}
    low = send(operator, form, sheet | kwh | {"reg_end.ap1": "0,01"})
    assert low.status_code == 422
    assert said(low).keys() == {"reg_end.ap1"}
    save(operator, form, sheet | kwh)
    office.recompute()
    with office.engine.connect() as connection:
        (row,) = connection.execute(manual_reading.select()).all()
    assert row.registers["ap0"] == (last["ap0"] // 10**6 + 50) * 10**6
    assert "Показание вручную" in operator.get(f"/console/points/{point}").text
    consumer = person(app, s.CONSUMER)
    told = consumer.get(f"/explain?point={point}&length=month&day=2026-11-01").text
    assert "внесено вручную: снял мастер Петров" in told
    days = consumer.get(f"/data/file?point={point}&length=month&day=2026-11-01&step=day&form=json").json
    assert days is not None
    silent = {row["start"][:10]: row["state"] for row in days["rows"]}
    assert {silent[f"2026-11-{day}"] for day in range(12, 20)} == {"estimated"}
    assert silent["2026-11-21"] == "missing"
