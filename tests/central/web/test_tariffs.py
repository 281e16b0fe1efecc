"""What a consumer is shown of a tariff with ranges, a coefficient and a monthly payment."""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from central import figures
from central.db import writing
from central.faces.formats import kilo, money
from central.metering.hourly import HOUR
from central.metering.zones import midnight, month_start
from central.registry import enter
from central.registry.changes import entering
from central.registry.tables import price
from tests.central import scene as s
from tests.central.scene import Scene, build
from tests.central.sql import Sql
from tests.central.tariffs import UNDER_CONTRACT, village
from tests.central.web.parts import make_app, person


@pytest.fixture
def folder(sql: Sql, tmp_path: Path) -> Path:
    return tmp_path / "village"


@pytest.fixture
def there(folder: Path) -> Iterator[Scene]:
    made = build(folder, days=11)
    village(made)
    yield made
    made.close()


def test_a_bill_tells_its_ranges_its_coefficient_and_what_is_paid_each_month(there: Scene, folder: Path) -> None:
    client, month = person(make_app(folder), s.CONSUMER), month_start(UNDER_CONTRACT)
    viewer = there.viewer(s.CONSUMER)
    view = figures.readings(there.source, viewer, there.points[s.FLAT], midnight(month, s.TZ), there.now, there.now)
    assert view.cost is not None
    bill, told = client.get("/readings").text, client.get("/explain").text
    for text in (bill, told):
        assert f">{money(view.cost.total)}" in text
        for words in ("до 20 кВт·ч в месяц", "от 20 до 55 кВт·ч в месяц", "свыше 55 кВт·ч в месяц"):
            assert words in text
        assert "8,42 · 0,70" in text
        assert "за 12 из 30 дней месяца" in text
        assert 'data-monthly="12"' in text
    assert "до того в месяце" in told  # the part after the change of prices goes on
    lines = re.findall(r'data-kopecks="([\d.]+)"', told)
    assert len(lines) == len(view.cost.lines) + 1
    day = client.get("/explain?by=profile&length=day&day=2026-11-23").text
    assert "свыше 55 кВт·ч в месяц" in day
    data = client.get("/explain.json").get_json()["cost"]
    assert [line["rule"] for line in data["parts"]][-2:] == ["line", "monthly"]


def test_what_if_another_tariff_is_told_by_months(there: Scene, folder: Path) -> None:
    client, point = person(make_app(folder), s.CONSUMER), there.points[s.FLAT]
    assert f"/whatif?point={point}" in client.get("/readings").text
    found = figures.what_if(there.source, there.viewer(s.CONSUMER), point, None, there.now)
    (month,) = found.months
    assert month.other.cost is not None
    text = client.get("/whatif").text
    assert "«население, две зоны» вместо «население, три зоны»" in text
    energy, cost = kilo(month.other.totals.total), money(month.other.cost.total)
    assert f'<td class="num">{cost}<small class="wide-only">{energy}' in text
    assert f'data-month="{month.first}"' in text
    assert "Посчитано по профилю" in text
    word = "Дороже" if found.dearer and found.dearer > 0 else "Дешевле"
    assert f"{word} на {money(abs(found.dearer or 0))}" in text  # type: ignore[arg-type]
    assert client.get(f"/whatif?scheme={there.schemes['two']}").status_code == 200
    for nonsense in (there.schemes["three"], 99, "x", "-1", "9" * 30):
        assert client.get(f"/whatif?scheme={nonsense}").status_code == 404
    with writing(there.engine).begin() as connection:
        connection.execute(price.delete().where(price.c.scheme == there.schemes["two"]))
    assert "Сравнить не с чем" in client.get("/whatif").text


def test_hours_with_prices_of_their_own_are_one_line_and_open_to_each_hour(there: Scene, folder: Path) -> None:
    day, scheme, flat = date(2026, 11, 20), there.schemes["two"], there.points[s.FLAT]
    begin = midnight(day, s.TZ)
    with writing(there.engine).begin() as connection, entering(connection, at=there.now, kind="test") as act:
        for number in range(24):
            enter.set_hour_price(act, scheme, begin + HOUR * number, Decimal(number + 1))
        enter.set_terms(act, flat, day, scheme=scheme)
    there.recompute()
    client, asked = person(make_app(folder), s.CONSUMER), "length=day&day=2026-11-20"
    view = figures.readings(there.source, there.viewer(s.CONSUMER), flat, begin, begin + 86_400, there.now)
    assert view.cost is not None
    assert view.cost.total is not None
    assert 'data-hours="24"' in client.get(f"/readings?{asked}").text
    for by in ("bill", "profile"):
        told = client.get(f"/explain?{asked}&by={by}").text
        assert (
            f">{money(view.cost.total - (view.cost.monthly[0].amount if by == 'profile' and view.cost.monthly else 0))}"
            in told
        )
        assert re.findall(r'data-hour="(\d+)"', told) == [str(begin + HOUR * number) for number in range(24)]
    later = client.get("/readings?length=day&day=2026-11-21").text
    assert "Стоимость появится, когда компания введёт тариф" in later  # hours without a price
    assert "часов: 24" in person(make_app(folder), s.OPERATOR).get(f"/console/schemes/{scheme}").text
