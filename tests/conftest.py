"""Fixtures of the real parts, the flag for long forms, and the choice of SQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.central import sql as kit
from tests.parts import InfluxDB, Mosquitto, PostgreSQL

settings.register_profile("tests", deadline=None)  # a machine under load is slow, and nothing is wrong
settings.load_profile("tests")

_STANDS = pytest.StashKey[kit.Sql]()  # of the fixture `sql`, which outlives tests that do not ask for it


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="also the long forms of the fault tests")
    parser.addoption(
        "--sql", choices=("some", "both", *kit.KINDS), default="some", help="on which SQL: docs/developer/sql.md"
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test of central that opens a database may run on each."""
    if "sql" in metafunc.fixturenames:
        asked = metafunc.config.getoption("--sql")
        kinds = [asked] if asked in kit.KINDS else kit.KINDS
        metafunc.parametrize("sql", kinds, indirect=True, scope="session")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Where only quick tests are asked for, a file without one is not even compiled."""
    if config.option.markexpr != "quick" or not collection_path.match("test_*.py"):
        return None
    return None if b"pytest.mark.quick" in collection_path.read_bytes() else True


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    def left_out(item: pytest.Item) -> bool:
        if not config.getoption("--long") and item.get_closest_marker("long") is not None:
            return True
        return config.getoption("--sql") == "some" and isinstance(item, pytest.Function) and kit.spared(item)

    config.hook.pytest_deselected(items=[item for item in items if left_out(item)])
    items[:] = [item for item in items if not left_out(item)]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Each test begins on the SQL that it names, one that names none on files, in whatever order they come."""
    asks = "sql" in getattr(item, "fixturenames", ())
    kit.use(item.session.stash.get(_STANDS, kit.FILES) if asks else kit.FILES)


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    broker = Mosquitto(tmp_path / "mosquitto")
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def influxdb(tmp_path: Path) -> Iterator[InfluxDB]:
    server = InfluxDB(tmp_path / "influxdb")
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """One server a process: each test has a database of its own on it."""
    server = PostgreSQL()
    server.start()
    yield server
    server.close()


@pytest.fixture(scope="session")
def databases(postgresql: PostgreSQL) -> kit.Databases:
    return kit.Databases(postgresql)


@pytest.fixture(scope="session")
def sql(request: pytest.FixtureRequest) -> Iterator[kit.Sql]:
    """What `tests.central.sql.url` speaks of meanwhile."""
    chosen: kit.Sql = request.getfixturevalue("databases") if request.param == "postgresql" else kit.FILES
    request.session.stash[_STANDS] = chosen
    kit.use(chosen)
    yield chosen
    del request.session.stash[_STANDS]


@pytest.fixture(autouse=True)
def _databases_end_with_their_folder(request: pytest.FixtureRequest) -> Iterator[None]:
    if "sql" not in request.fixturenames:
        yield
        return
    chosen, folder = request.getfixturevalue("sql"), request.getfixturevalue("tmp_path")
    yield
    chosen.forget(folder)
