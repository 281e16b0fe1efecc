"""What a consumer is shown of a tariff with ranges, a coefficient and a monthly payment."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from central import figures
from central.faces.formats import money
from central.metering.zones import midnight, month_start
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
