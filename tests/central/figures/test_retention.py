"""Days of points are kept for ever, or as many years as the company asks for."""

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from central.db import writing
from central.figures.retention import forget
from central.figures.tables import point_day
from central.metering.zones import midnight
from central.partitions import is_partitioned, make, point_day_month, point_day_months
from central.registry import enter
from central.registry.changes import entering
from central.registry.schemes import ONE_ZONE
from tests.central.parts import database
from tests.central.sql import Sql

NOW = midnight(date(2026, 11, 24), "Europe/Moscow")
DAYS = [date(year, month, 24) for year in (2019, 2023, 2024) for month in (10, 11, 12)]


@pytest.fixture
def engine(sql: Sql, tmp_path: Path) -> Engine:
    """Two points with some days, one of them in two versions."""
    engine = database(tmp_path)
    make(engine, [point_day_month(day) for day in DAYS])
    with writing(engine).begin() as connection, entering(connection, at=0, kind="test") as change:
        company = enter.add_organisation(change, "Энергосеть")
        scheme = enter.add_scheme(change, "одна", ONE_ZONE, date(2013, 1, 1))
        for code in ("Т-1", "Т-2"):
            point = enter.add_point(change, company, code, name=code, address=code, tz="Europe/Moscow", scheme=scheme)
            nothing = {"energies": {}, "registers": {}, "cause": "first", "author": "worker", "made_at": NOW}
            counts = dict.fromkeys(("expected", "got", "off", "estimated", "missing"), 0)
            rows = [{"point": point, "day": day, "version": 1, **counts, **nothing} for day in DAYS]
            connection.execute(point_day.insert(), [*rows, rows[0] | {"version": 2}])
    return engine


def left(engine: Engine) -> list[date]:
    with engine.connect() as connection:
        return list(connection.scalars(select(point_day.c.day).distinct().order_by(point_day.c.day)))


def test_nothing_is_forgotten_unless_it_is_asked_for(engine: Engine) -> None:
    assert forget(engine, NOW, 0) == 0
    assert left(engine) == DAYS


def test_whole_months_go_with_all_their_versions(engine: Engine) -> None:
    assert forget(engine, NOW, 3) == 10
    assert left(engine) == [day for day in DAYS if day >= date(2023, 11, 1)]
    assert forget(engine, NOW, 3) == 0
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(point_day)).scalar_one() == 10


def test_the_space_of_a_month_is_given_back(engine: Engine) -> None:
    if not is_partitioned(engine):
        pytest.skip("SQLite has no partitions")
    forget(engine, NOW, 3)
    assert point_day_months(engine) == [day.replace(day=1) for day in DAYS if day >= date(2023, 11, 1)]


def test_a_late_day_of_a_month_that_went_finds_its_place_again(engine: Engine) -> None:
    forget(engine, NOW, 3)
    make(engine, [point_day_month(DAYS[0])])
    with writing(engine).begin() as connection:
        row = connection.execute(select(point_day).limit(1)).one()
        connection.execute(point_day.insert().values(row._asdict() | {"day": DAYS[0]}))
    assert left(engine)[0] == DAYS[0]
