"""The whole chain with real parts: meters over TCP, `uchet-edge run`, mosquitto, central's programs, the figures.

What the consumer is shown of yesterday is what the meter counted, to the last mWh, and no message is lost on the way.
"""

import asyncio
import json
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from time import monotonic, time

import pytest
from sqlalchemy import Engine, func, select

from central import figures
from central.accounts.policy import Viewer
from central.accounts.tables import account
from central.config import CentralConfig, load
from central.db import connect
from central.figures import Source
from central.ingest.tables import State, inbox
from central.metering.zones import local, midnight
from central.migrations.command import prepare
from central.timeseries.stores import open_series
from demo import seed
from demo.meters.host import serve
from demo.meters.model import SpodesSite
from demo.site import FLAT, LINES, WORKSHOP
from tests.central import sql
from tests.central.programs import Program
from tests.central.timeseries.influx_admin import ADMIN, make_admin
from tests.parts import InfluxDB, Mosquitto, free_port

RIPE = 2 * 3600  # seconds after midnight: a meter's day is read by then
SECONDS = 90
PROGRAMS = ("serve",)  # of central
DEPTH = 3  # days of the past: enough for yesterday
MAILS = dict.fromkeys(seed.PEOPLE, "a long password")


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    found = Mosquitto(tmp_path / "mosquitto", users=("central", seed.EDGE))
    found.start()
    yield found
    found.stop()


@pytest.fixture(params=["sqlite", "influxdb"])
def series(request: pytest.FixtureRequest) -> str:
    """The section of central.toml."""
    if request.param == "sqlite":
        return '[series]\nkind = "sqlite"\n'
    influx: InfluxDB = request.getfixturevalue("influxdb")
    make_admin(influx.port)
    return (
        f'[series]\nkind = "influxdb"\nurl = "http://127.0.0.1:{influx.port}"\n'
        f'username = "{ADMIN}"\npassword = "{ADMIN}"\n'
    )


@dataclass
class Chain:
    config: CentralConfig
    engine: Engine
    journal: Path
    page: int  # port of the concentrator's local page
    programs: tuple["subprocess.Popen[bytes]", ...]

    def lives(self) -> bool:
        """The concentrator goes on."""
        return all(program.poll() is None for program in self.programs)

    def counts(self) -> tuple[int, int, int]:
        """Messages in the journal, received, done."""
        with sqlite3.connect(f"file:{self.journal}?mode=ro", uri=True) as edge:
            written = edge.execute("SELECT count(*) FROM journal").fetchone()[0]
        edge.close()
        with self.engine.connect() as central:
            received = central.execute(select(func.count()).select_from(inbox)).scalar_one()
            done = central.execute(select(func.count()).where(inbox.c.state == State.DONE)).scalar_one()
        return written, received, done

    def acknowledged(self) -> bool:
        """The edge knows that central has all of its journal, and all of it is where it belongs."""
        try:  # not the file: it has the cursor a little later
            with urllib.request.urlopen(f"http://127.0.0.1:{self.page}/state.json", timeout=10) as answer:
                waiting = json.load(answer)["journal"]["waiting"]
        except OSError:
            return False  # the page comes after the journal
        with sqlite3.connect(f"file:{self.journal}?mode=ro", uri=True) as edge:
            gaps = edge.execute("SELECT count(*) FROM gap").fetchone()[0]
        edge.close()
        written, received, done = self.counts()
        return not gaps and waiting == 0 < written == received == done


@asynccontextmanager
async def chain(folder: Path, broker: Mosquitto, series: str) -> AsyncIterator[Chain]:
    """All of it runs."""
    (folder / "central.toml").write_text(
        f'[central]\ndata = "central"\n{sql.section(folder)}'
        f'[mqtt]\nport = {broker.port}\nusername = "central"\npassword = "central"\n'
        f'{series}[web]\nlisten = "127.0.0.1:{free_port()}"\n'
    )
    config = load(folder / "central.toml")
    central = prepare(config)
    engine = connect(config.sql_url)
    seed.seed(engine, MAILS, int(time()))
    page = free_port()
    async with AsyncExitStack() as stack:
        text = (
            f'[edge]\nname = "{seed.EDGE}"\ndata = "{folder}/edge"\n'
            f'[uplink]\nhost = "127.0.0.1"\nport = {broker.port}\ncentral = "{central}"\npassword = "{seed.EDGE}"\n'
            f'[page]\nlisten = "127.0.0.1:{page}"\n'
            f"[schedule]\ndelay = 1\ndepth = {DEPTH}\nnow = 5\n"
        )
        for line in LINES:
            sites = [stand.site for stand in line.stands]
            running = await stack.enter_async_context(await serve(sites, "tcp://127.0.0.1:0", line.link))
            text += f'[[line]]\nname = "{line.name}"\nurl = "{running.url}"\n'
            for stand in line.stands:
                text += f'[[meter]]\nid = "{stand.id}"\nline = "{line.name}"\nserial = "{stand.site.serial}"\n'
                text += f"period = {stand.period}\n"
                if isinstance(stand.site, SpodesSite):
                    text += f'driver = "spodes"\nlink = "{line.link}"\npassword = "{stand.site.password}"\n'
                    text += f'server = "{stand.site.address[0]}/{stand.site.address[1]}"\n'
                else:
                    text += 'driver = "modbus"\ntemplate = "eastron-sdm630"\n'
        (folder / "edge.toml").write_text(text)
        for name in PROGRAMS:
            program = Program(folder, name)
            program.start()
            stack.callback(program.stop)
        edge = _edge(folder)
        stack.callback(_leaves_cleanly, edge, folder / "edge.log")
        yield Chain(config, engine, folder / "edge/journal.db", page, (edge,))
    engine.dispose()


def _edge(folder: Path) -> "subprocess.Popen[bytes]":
    """`uchet-edge run`."""
    command = [sys.executable, "-c", "from edge.cli import main; main()", "run", "--config", str(folder / "edge.toml")]
    with open(folder / "edge.log", "ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=log)


def _leaves_cleanly(edge: "subprocess.Popen[bytes]", log: Path) -> None:
    edge.terminate()
    assert edge.wait(20) == 0, log.read_text()[-2000:]


async def until(condition: Callable[[], bool]) -> None:
    """Asked in a thread: the meters answer in this loop."""
    deadline = monotonic() + SECONDS
    while not await asyncio.to_thread(condition):
        assert monotonic() < deadline, "it did not come true in time"
        await asyncio.sleep(0.3)


@pytest.mark.usefixtures("sql")
async def test_what_the_meters_counted_is_what_the_people_see(tmp_path: Path, broker: Mosquitto, series: str) -> None:
    async with chain(tmp_path, broker, series) as running:

        def everything_there() -> bool:
            assert running.lives()
            return running.journal.exists() and running.acknowledged() and _heard(running) == len(seed.STANDS)

        await until(everything_there)
        source = Source(running.engine, await asyncio.to_thread(open_series, running.config))
        for stand in (stand for stand in seed.STANDS if isinstance(stand.site, SpodesSite)):
            shown = await asyncio.to_thread(_yesterday, running, source, stand)
            assert shown == (_counted(stand), True), stand.id
        seen = await asyncio.to_thread(_consumer_sees, running, source)
        assert [point.code for point in seen] == [FLAT.code, WORKSHOP.code]
        source.series.close()


def _heard(running: Chain) -> int:
    with running.engine.connect() as connection:
        return len(connection.execute(select(inbox.c.name).where(inbox.c.channel == "archive").distinct()).all())


def _viewer(running: Chain, mail: str) -> Viewer:
    with running.engine.connect() as connection:
        key = connection.execute(select(account.c.id).where(account.c.mail == mail)).scalar_one()
        found = Viewer.load(connection, key, int(time()))
    assert found is not None
    return found


def _consumer_sees(running: Chain, source: Source) -> tuple[figures.views.PointView, ...]:
    return figures.points(source, _viewer(running, seed.CONSUMER), int(time()))


def _bounds() -> tuple[int, int]:
    """The day before today; soon after midnight, when not all of it has been read, the one before."""
    today = local(int(time()) - RIPE, seed.TZ).date()
    return midnight(today - timedelta(days=1), seed.TZ), midnight(today, seed.TZ)


def _yesterday(running: Chain, source: Source, stand: seed.Stand) -> tuple[int | None, bool]:
    """Energy of yesterday as it is shown, and whether it agrees with the registers of both midnights."""
    mail = seed.CONSUMER if stand is FLAT else seed.OPERATOR
    since, until_ = _bounds()
    point = seed.point_of(running.engine, stand)
    view = figures.interval(source, _viewer(running, mail), point, since, until_, "active_import", int(time()))
    return view.totals.total, view.registers == view.totals.total


def _counted(stand: seed.Stand) -> int:
    """What the model counted yesterday, times its ratio."""
    site = stand.site
    assert isinstance(site, SpodesSite)
    since, until_ = (moment + site.offset * 60 for moment in _bounds())
    return (site.energy.totals(until_)[0] - site.energy.totals(since)[0]) * site.ki
