"""No statement of a page, of ingest or of the worker walks a table that grows with points: its plan is asked for.

What is sent is what the programs send: pages are opened by people who logged in, messages are received, the worker
works, all on a company of 10,000 points. There an index must be; at 100,000 (the long form) it must also be taken.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from central.commands.outbox import Outbox
from central.db import writing
from central.figures import recompute
from central.figures import retention as of_figures
from central.figures.dirty import SLICES
from central.ingest import retention as of_ingest
from central.ingest.receive import Message, Receiver
from central.ingest.replay import Which, replay_messages
from central.ingest.tables import State
from central.jobs import queue
from central.jobs.asking import enqueue
from central.jobs.leases import Keeper
from central.jobs.owner import new_owner
from central.worker import Worker
from central.worker.figures import PointDays
from protocol.messages import control
from protocol.messages.control import About, Health, MeterHealth
from protocol.messages.topics import EdgeTopic
from tests.central import crowd
from tests.central import scene as s
from tests.central.parts import CENTRAL, Journal, load_body
from tests.central.plans import Values, large_tables, statements, walks
from tests.central.scene import Scene
from tests.central.sql import Sql
from tests.central.web.parts import make_app, person

EDGE, METER = "edge-1", f"MIL-{s.FLAT}"
LONG = 100_000  # points
SHARE = 200  # a table with a row for so many points, or for fewer, grows with them

PAGES = {
    None: ("/login",),
    s.CONSUMER: (
        "/",
        "/?point=1",
        "/data",
        "/data?length=month",
        "/data?length=day&day=2026-11-23",
        "/explain",
        "/explain?by=profile",
        "/explain?by=profile&length=day&day=2026-11-23",
        "/data?length=day&day=2026-11-23&channel=reactive_import",
        "/readings",
        "/entry",
        "/network?length=week",
        "/network/file?each=1",
        "/whatif",
        "/events",
        "/events?length=year&kind=important",
        "/events?length=year&kind=power&page=2",
        "/notices",
        "/phone/figures",
        "/me/notices",
        "/complexes",
        "/reports",
        "/reports/profile?length=day&day=2026-11-20&open=1",
        "/reports/profile?length=day&day=2026-11-20&edit=1",
        "/reports/made",
        "/reports/made/1",
        "/check/7KQ2-9XWM-D41T-0ZPA",
        "/readings?length=month&day=2026-11-01",
        "/nothing-here",
        "/data?point=3",
    ),
    s.OPERATOR: (
        "/",
        "/console/points",
        "/console/points?page=7",
        "/console/points?state=silent",
        "/console/points?q=К-1500",
        "/console/handed-in",
        "/console/edges",
        "/console/network?open=2001500",
        "/console/network?find=РП-15",
        "/console/nodes/2001500",
        "/console/points/1500",
        "/console/meters/M-1500",
        "/console/contracts/1500",
        "/console/cases",
        "/console/cases?kind=opened",
        "/console/search?q=К-1500",
        "/console/search?q=Иванов 1500",
        "/console/search?q=садовая",
        "/console/changes",
        "/console/imports",
        "/data?point=1500",
        "/readings?point=1500",
    ),
    s.ADMINISTRATOR: (
        "/console/actions",
        "/console/actions?account=1500&before=1700",
        "/console/actions?action=login&since=2026-11-01&until=2026-11-30",
        "/console/actions?object=key%3D1&account=0",
        "/console/actions?who=Иванов 1500",
        "/console/actions/file?account=1500",
        "/console/mail",
    ),
}
# a statement with this in it may walk, because …
ALLOWED = {
    "count(*) AS count_1": "how many there are: once a minute, kept in `tally`; or of a search",
    "folded": "a part of a text has no index: a search walks each of the tables once",
    "lower(": "the same, as PostgreSQL writes it",
}
# a page of concentrators has 5,000 of the 100,000 meters on it: PostgreSQL reads them all, and is right
CHEAPEST = "count(DISTINCT edge_meter.meter)"


@dataclass(frozen=True, slots=True)
class Company:
    scene: Scene
    folder: Path
    points: int
    large: frozenset[str]  # tables that grow with points
    largest: frozenset[str]  # … and as quickly

    @property
    def engine(self) -> Engine:
        return self.scene.engine

    def offenders(self, sent: dict[str, Values]) -> str:
        """«tables: statement», a line for each that walks."""
        found = []
        for statement, values in sent.items():
            walked = walks(self.engine, statement, values, self.large, reluctantly=True)
            if self.points == LONG and CHEAPEST not in statement:
                walked |= walks(self.engine, statement, values, self.largest)
            if walked and not any(part in statement for part in ALLOWED):
                found.append(f"{', '.join(sorted(walked))}: {' '.join(statement.split())[:600]}")
        return "\n".join(found)


@pytest.fixture(scope="module", params=[10_000, pytest.param(LONG, marks=pytest.mark.long)])
def company(sql: Sql, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Company]:
    folder = tmp_path_factory.mktemp("company")
    scene = s.build(folder, days=4)
    crowd.grow(scene, 0, request.param)
    crowd.busy(scene, request.param)
    large, largest = (frozenset(large_tables(scene.engine, request.param // share)) for share in (SHARE, 2))
    yield Company(scene, folder, request.param, large, largest)
    scene.close()


def test_the_tables_of_the_company_are_large(company: Company) -> None:
    """Otherwise the other tests say nothing."""
    names = {name.rstrip("0123456789_") for name in company.large}
    for name in ("point", "meter", "mounting", "edge_meter", "meter_seen", "tip", "inbox", "event", "dirty", "session"):
        assert name in names or f"{name}_w" in names, name
    assert any(name.startswith("point_day") for name in company.large)


def test_a_statement_without_an_index_is_found(company: Company) -> None:
    with statements() as sent, company.engine.connect() as connection:
        connection.execute(text("SELECT id FROM point WHERE address = 'nowhere'"))
        connection.execute(text("SELECT id FROM point WHERE code = 'nowhere'"))
        connection.execute(text("SELECT max(got) FROM point_day"))
        connection.execute(text("DELETE FROM event WHERE received_at < 0"))
        connection.rollback()
    found = [line.split(":")[0] for line in company.offenders(sent).splitlines()]
    assert [name.split(",")[0].rstrip("0123456789_") for name in found] == ["point", "point_day", "event"]


def test_no_page_walks_a_table(company: Company) -> None:
    app = make_app(company.folder)
    with statements() as sent:
        for mail, paths in PAGES.items():
            client = person(app, mail)
            for path in paths:
                assert client.get(path, follow_redirects=True).status_code in (200, 404), path
    assert len(sent) > 20
    assert company.offenders(sent) == ""


def messages(now: int) -> list[Message]:
    """Of each kind; some are there already, one comes early, one is poison, one belongs to nothing."""
    journal = Journal(edge=EDGE)
    rows = [journal.append(load_body((now - 1800 * back, back)), METER) for back in (5, 4, 3, 2)]
    rows.append(journal.append(b"poison", METER))
    void = journal.append(b"0123456789abcdef", METER, "void")
    moment = datetime.fromtimestamp(now, UTC)
    seen = MeterHealth(last_success=moment, fault=None, overwritten_from=None)
    health = Health(time=moment, waiting=0, oldest=None, days_left=1.0, clock="trusted", meters={METER: seen})
    about = About(store="s1", low=1, next=9, central=CENTRAL, software="t", config="c", meters={METER: 1800})
    of_the_edge = (
        ("about", control.encode(about)),
        ("state", control.encode(control.State(state="online", since=moment))),
        ("health", control.encode(health)),
        ("about", b"broken"),
    )
    return [
        *(Message(str(EdgeTopic(EDGE, what)), payload) for what, payload in of_the_edge),
        *(Message(str(topic), body) for topic, body in (*rows[:2], rows[0], *rows[3:], void)),
    ]


def the_one_that_came_late(now: int) -> list[Message]:
    journal = Journal(edge=EDGE)
    rows = [journal.append(load_body((now - 1800 * back, back)), METER) for back in (5, 4, 3)]
    return [Message(str(rows[-1][0]), rows[-1][1])]


def test_ingest_walks_no_table(company: Company) -> None:
    receiver, outbox = Receiver(company.engine, CENTRAL), Outbox(company.engine, lambda: bytes(32))
    now = company.scene.now
    with statements() as sent:
        for moment, batch in enumerate((messages(now), messages(now), the_one_that_came_late(now))):
            receiver.take(batch, now + moment)
            outbox.due(now + moment, 100.0 * (moment + 1))
            outbox.open_for([EDGE], now)
    assert len(sent) > 10
    assert company.offenders(sent) == ""


def test_the_worker_walks_no_table(company: Company) -> None:
    scene, now = company.scene, company.scene.now
    Receiver(scene.engine, CENTRAL).take(messages(now), now)
    figures = PointDays(scene.engine, scene.series)
    worker = Worker(scene.engine, scene.series, figures)
    keeper = Keeper(scene.engine, new_owner(), wall=lambda: now)
    keeper.also.append(queue.bereave)
    with statements() as sent:
        keeper.beat()
        while worker.step(now):
            pass
        recompute.run(scene.engine, scene.series, now, limit=5)
        recompute.run(scene.engine, scene.series, now, limit=5, slices=range(SLICES // 2))
        with writing(scene.engine).begin() as connection:
            enqueue(connection, "forget", {}, now, key="x")
        queue.take(scene.engine, {"forget": 3, "mail": 3}, keeper.owner, now, 20)
        queue.forget(scene.engine, now)
        of_ingest.forget(scene.engine, now)
        of_figures.forget(scene.engine, now, 3)
        replay_messages(scene.engine, Which(edge=EDGE), dry_run=True)
        replay_messages(scene.engine, Which(State.PARTIAL, edge=EDGE, since=now - 10), dry_run=True)
        keeper.leave()
    assert len(sent) > 20
    assert company.offenders(sent) == ""
