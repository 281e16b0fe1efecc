"""From the file to InfluxDB by one command, while central runs: nothing lost, the same figures, said at the end."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from central.cli import main
from central.config import load
from central.timeseries.base import LoadRow
from central.timeseries.sqlite import SqliteSeries
from tests.central.parts import T0
from tests.central.publisher import Disk
from tests.central.timeseries.influx_admin import make_admin
from tests.faults.central_house import METER, CentralHouse, series_section, write_days
from tests.parts import InfluxDB, Mosquitto


@pytest.fixture
def house(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[CentralHouse]:
    house = CentralHouse(tmp_path / "central", mosquitto, series_section(None))
    yield house
    house.close()


def test_moving_is_one_command(house: CentralHouse, influxdb: InfluxDB) -> None:
    make_admin(influxdb.port)
    disk = Disk()
    write_days(disk, 0, 4)
    house.deliver(disk)
    house.settle()
    before = house.held()
    file = house.config.data / "series.sqlite"

    settings = house.folder / "central.toml"  # the administrator names the new store, and starts the programs again
    settings.write_text(settings.read_text().replace(series_section(None), series_section(influxdb)))
    for program in house.programs:
        program.stop()
        program.start()
    house.config = load(settings)
    write_days(disk, 4, 1)
    house.deliver(disk)
    house.settle()
    assert len(house.held().rows) == 51, "the new store knows only what came since"

    said = house.command("series", "move", "--from", f"sqlite:{file}")
    house.settle()
    assert "and 50 newer" in said
    assert "DIFFER" not in said
    after = house.held()
    assert [row for row in after.rows if row in before.rows] == list(before.rows)
    assert len(after.rows) == 5 * 51
    assert after.conflicts[:4] == before.conflicts
    last = max(day for _, day in before.days)
    assert all(after.days[key] == day for key, day in before.days.items() if key[1] < last)
    assert "load: 0 rows in 0 days of meters written, 200 stood already" in house.command(
        "series", "move", "--from", f"sqlite:{file}"
    )

    old = SqliteSeries(file)  # the comparison is not only words
    old.write([LoadRow("gone", T0, 1800, 0, {"ap": 1})])
    wrong = house.command("series", "move", "--from", f"sqlite:{file}", "--dry-run")
    assert "load: 1 rows in 1 days of meters would be written" in wrong
    old.close()


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("sqlite:{data}/series.sqlite", "this very store"),
        ("sqlite:{data}/nothing.sqlite", "is not there"),
        ("{data}/../central.toml", "the same store"),
        ("{data}/nothing.toml", "No such file"),
    ],
)
def test_a_source_that_is_none_is_refused(house: CentralHouse, source: str, words: str) -> None:
    SqliteSeries(house.config.data / "series.sqlite").write([LoadRow(METER, T0, 1800, 0, {"ap": 1})])
    arguments = ["--config", str(house.folder / "central.toml"), "series", "move", "--from"]
    done = CliRunner().invoke(main, [*arguments, source.format(data=house.config.data)])
    assert done.exit_code == 2
    assert words in done.output
