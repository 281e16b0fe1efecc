"""One scene and one app for all that only look."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from central.db import writing
from central.registry.tables import meter_type, organisation
from tests.central import scene as scenes
from tests.central.conftest import Copy
from tests.central.scene import Scene, build
from tests.central.sql import Sql
from tests.central.web.parts import Clock, make_app, person


@pytest.fixture(scope="session")
def scene_folder(sql: Sql, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("web")


@pytest.fixture(scope="session")
def scene(scene_folder: Path) -> Iterator[Scene]:
    made = build(scene_folder)
    yield made
    made.close()


@pytest.fixture(scope="session")
def app(scene: Scene, scene_folder: Path) -> Flask:
    return make_app(scene_folder)


@pytest.fixture
def operator(app: Flask) -> FlaskClient:
    return person(app, scenes.OPERATOR)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def village(copy_of: Copy, tmp_path: Path) -> Iterator[Scene]:
    """Forty days; meters of six digits; readings are taken from the 15th to the 26th."""
    made = copy_of(40, tmp_path / "scene")
    with writing(made.engine).begin() as connection:
        connection.execute(meter_type.insert().values(maker="Милур", name="Милур 107S", digits=6))
        connection.execute(update(organisation).values(reading_first_day=15, reading_last_day=26))
    yield made
    made.close()
