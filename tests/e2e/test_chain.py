"""The whole chain with real parts: meters over TCP, `uchet-edge run`, mosquitto, central's programs, the figures.

What the consumer is shown of yesterday is what the meter counted, to the last mWh, and no message is lost on the way.
"""

import asyncio
import json
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from time import monotonic, time

import pytest
from sqlalchemy import Engine, func, select

from central import figures
from central.accounts.policy import Viewer
from central.accounts.tables import account
from central.commands import asking_now
from central.commands.asking_now import Asking, Step
from central.config import CentralConfig, load
from central.db import connect, writing
from central.faces import notice_words
from central.figures import Source
from central.ingest.tables import State, event, inbox
from central.metering.zones import local, midnight
from central.migrations.command import command_key, prepare
from central.notices.delay import MOST_SECONDS, measured
from central.notices.kinds import Kind
from central.notices.making import SETTLE
from central.notices.tables import notice, notice_reader
from central.timeseries.stores import open_series
from central.web import create_app
from demo import seed
from demo.meters.host import serve
from demo.meters.incidents import Incidents, What
from demo.meters.model import SpodesSite
from demo.site import FLAT, LINES, WORKSHOP, BusLine, Stand
from protocol.messages.command import Status
from tests.central import sql
from tests.central.programs import Program
from tests.central.timeseries.influx_admin import ADMIN, make_admin
from tests.central.web.parts import log_in
from tests.parts import InfluxDB, Mosquitto, child, free_port

RIPE = 2 * 3600  # seconds after midnight: a meter's day is read by then
SECONDS = 420  # until all is there: two cores may be busy with other tests
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
async def chain(
    folder: Path,
    broker: Mosquitto,
    series: str,
    lines: Sequence[BusLine] = LINES,
    schedule: str = "now = 5",
    patience: str = "",
) -> AsyncIterator[Chain]:
    """All of it runs. `schedule`, `patience`: settings of the concentrator, of each meter."""
    (folder / "central.toml").write_text(
        f'[central]\ndata = "central"\n{sql.section(folder)}'
        f'[mqtt]\nport = {broker.port}\nusername = "central"\npassword = "central"\n'
        f'{series}[web]\nlisten = "127.0.0.1:{free_port()}"\nstaff_second_factor = "optional"\n'
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
            f'command_key = "{command_key(config)}"\n'
            f'[page]\nlisten = "127.0.0.1:{page}"\n'
            f"[schedule]\ndelay = 1\ndepth = {DEPTH}\n{schedule}\n"
        )
        for line in lines:
            sites = [stand.site for stand in line.stands]
            running = await stack.enter_async_context(await serve(sites, "tcp://127.0.0.1:0", line.link))
            text += f'[[line]]\nname = "{line.name}"\nurl = "{running.url}"\n'
            for stand in line.stands:
                text += f'[[meter]]\nid = "{stand.id}"\nline = "{line.name}"\nserial = "{stand.site.serial}"\n'
                text += f"period = {stand.period}\n{patience}\n"
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
    return child(command, folder / "edge.log")


def _leaves_cleanly(edge: "subprocess.Popen[bytes]", log: Path) -> None:
    edge.terminate()
    assert edge.wait(60) == 0, log.read_text()[-2000:]


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


# ---- asked now, and what happens to a meter

TOLD_WITHIN = 60  # seconds from the meter's line to the server's, with a look every few seconds
SHOWN_WITHIN = 10  # seconds from the press to the value


def _own(stand: Stand) -> Stand:
    """To this one something happens: not to the meter of the other tests."""
    return replace(stand, site=replace(stand.site, incidents=Incidents()))


@pytest.mark.usefixtures("sql")
async def test_a_meter_is_asked_now_and_what_happens_to_it_is_told(tmp_path: Path, broker: Mosquitto) -> None:
    flat, shop = _own(FLAT), _own(WORKSHOP)
    started = int(time()) - 2 * SETTLE
    flat.site.happen(What.RESTART, started)  # told when the line that would explain it has had its time to come
    lines = [replace(LINES[0], stands=(flat,)), replace(LINES[-1], stands=(shop,))]
    schedule = "events = 3\nlive = 0\nload = 3600"
    patience = "timeout = 1.5\nretries = 0"  # a meter that was dark is left alone for twenty times what it cost
    async with chain(tmp_path, broker, '[series]\nkind = "sqlite"\n', lines, schedule, patience) as running:
        await until(lambda: _online(running))
        for stand in (flat, shop):
            asking = await _asked(running, stand)
            assert asking.status is Status.DONE, asking.detail
            assert [step for step, _ in asking.steps(int(time()))] == [Step.MADE, Step.SENT, Step.TAKEN, Step.TOLD]
            assert asking.shown is not None
            assert 180 < asking.shown.values["voltage_a"] < 260
            assert asking.shown.relay is (True if stand is flat else None)
            assert asking.told_at is not None
            assert asking.told_at - asking.made_at <= SHOWN_WITHIN
            await until(lambda: _in_series(running, asking))  # noqa: B023 it is awaited here

        begun = int(time())
        for what in (What.CASE, What.MAGNET, What.FAILURE, What.RESTART):
            flat.site.happen(what)
        await until(lambda: {(4, 4), (4, 1), (7, 2), (7, 1)} <= _codes(running, flat, begun))
        flat.site.happen(What.OFF)
        await asyncio.to_thread(_failed, running, flat)
        assert (2, 1) not in _codes(running, flat, begun), "of the switching off nobody can tell yet"
        flat.site.happen(What.ON)
        await until(lambda: {(2, 1), (2, 2), (0, 27), (0, 28)} <= _codes(running, flat, begun))
        delays = [received - at for at, received, *_ in _lines(running, flat) if at >= begun]
        assert max(delays) <= TOLD_WITHIN
        await until(lambda: _told(running, started) == set(LINES_OF))
        await asyncio.to_thread(_people_see, running, begun)


LINES_OF = {  # journal and code that a case begins with
    Kind.OPENED: (4, 4),
    Kind.MAGNET: (4, 1),
    Kind.FAILURE: (7, 2),
    Kind.SWITCHED_OFF: (2, 1),
    Kind.RESTARTED: (7, 1),
}


def _told(running: Chain, since: int) -> set[Kind]:
    """Of which cases of the decree the consumer has a notice, and a letter waits or is on its way."""
    query = select(notice.c.kind).join(notice_reader, notice_reader.c.notice == notice.c.id)
    query = query.where(notice.c.since >= since, notice_reader.c.shown, notice_reader.c.letter_at.is_not(None))
    with running.engine.connect() as connection:
        return {Kind(kind) for kind in connection.scalars(query)}


def _people_see(running: Chain, begun: int) -> None:
    """The consumer on his page, on the readings of that time and in a letter; the operator in his list; and how long
    it took."""
    app = create_app(running.config)
    point = seed.point_of(running.engine, FLAT)
    consumer, operator = app.test_client(), app.test_client()
    for client, mail in ((consumer, seed.CONSUMER), (operator, seed.OPERATOR)):
        assert log_in(client, mail, MAILS[mail]).status_code == 302
    told = consumer.get("/notices").text
    cases = operator.get("/console/cases").text
    for kind, line in LINES_OF.items():
        assert str(notice_words.title(kind, *line)) in told, kind
        assert str(notice_words.title(kind, *line)) in cases, kind
    readings = consumer.get(f"/readings?point={point}&length=day").text
    assert str(notice_words.KINDS[Kind.OPENED].short) in readings, "the badge on the readings of that time"
    with running.engine.connect() as connection:
        took = measured(connection, begun)
    assert took is not None
    assert took.cases >= len(LINES_OF) - 1, "without the start, which waits for what would explain it"
    assert took.whole.most <= MOST_SECONDS
    print(f"told within {took.whole.most} s, median {took.whole.median} s, of {took.cases} cases")


def _online(running: Chain) -> bool:
    with running.engine.connect() as connection:
        reader = asking_now.reader_of(connection, FLAT.id, int(time()))
    return reader is not None and reader.online


async def _asked(running: Chain, stand: Stand) -> Asking:
    """To the end."""

    def ask() -> Asking:
        with writing(running.engine).begin() as connection:
            return asking_now.ask(connection, "tests", stand.id, int(time())).asking

    def now() -> Asking:
        with running.engine.connect() as connection:
            found = asking_now.find(connection, asking.id)
        assert found is not None
        return found

    asking = await asyncio.to_thread(ask)
    await until(lambda: now().over(int(time())))
    return now()


def _in_series(running: Chain, asking: Asking) -> bool:
    assert asking.shown is not None
    at = int(asking.shown.time.timestamp())
    series = open_series(running.config)
    found = [row for row in series.live(asking.meter, at - 1, at + 1) if row.time == at]
    series.close()
    return bool(found) and found[0].values["u_a"] == asking.shown.values["voltage_a"]


def _lines(running: Chain, stand: Stand) -> list[tuple[int, int, int, int]]:
    """Moment, receipt, journal, code."""
    query = select(event.c.time, event.c.received_at, event.c.journal, event.c.code).where(event.c.meter == stand.id)
    with running.engine.connect() as connection:
        return [(row.time, row.received_at, row.journal, row.code) for row in connection.execute(query)]


def _codes(running: Chain, stand: Stand, since: int) -> set[tuple[int, int]]:
    return {(journal, code) for at, _, journal, code in _lines(running, stand) if at >= since}


def _failed(running: Chain, stand: Stand) -> None:
    """The concentrator has found the meter silent."""
    deadline = monotonic() + SECONDS
    while monotonic() < deadline:
        with urllib.request.urlopen(f"http://127.0.0.1:{running.page}/state.json", timeout=10) as answer:
            if "no answer" in json.dumps(json.load(answer)):
                return
    raise AssertionError(f"{stand.id} answers")
