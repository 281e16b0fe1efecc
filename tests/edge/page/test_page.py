"""The local page: what it shows, in plain Russian, and whom it answers."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from edge.config import Config, Edge, Line, Spodes, Uplink
from edge.health import Board, LineState, MeterState
from edge.journal.thread import JournalThread
from edge.orders.desk import Desk
from edge.orders.wanted import Wanted
from edge.page import russian
from edge.page.server import Page
from edge.uplink.pump import Pump
from tests.edge.parts import NOW, HandClock, commit

pytestmark = pytest.mark.quick

Client = TestClient  # type: ignore[type-arg]


async def _nothing() -> None:
    """No reader has more to read."""


class Shown:
    def __init__(self, folder: Path, journal: JournalThread) -> None:
        config = Config(
            edge=Edge(name="edge-1", data=str(folder), title="ТП-118 <b>"),
            uplink=Uplink(host="h", central="c"),
            line=[Line(name="A", url="tcp://10.0.0.1:1"), Line(name="B", url="serial:/dev/ttyS1")],
            meter=[Spodes(id="m-1", line="A")],
        )
        clock = HandClock()
        self.board = Board()
        self.board.lines = {line.name: LineState(line.name, line.url) for line in config.line}
        desk = Desk(config, journal, clock, self.board, _nothing, Wanted())
        self.pump = Pump(config, journal, clock, "test", desk.heard)
        self.page = Page(config, self.board, journal, self.pump, clock)

    def meter(self, name: str, line: str = "A", **settings: object) -> None:
        state = MeterState(name, line, f"кв. {name}", 1800)
        for key, value in settings.items():
            setattr(state, key, value)
        self.board.meters[name] = state


@pytest.fixture
async def shown(tmp_path: Path) -> AsyncIterator[Shown]:
    journal = JournalThread()
    await journal.open(tmp_path / "journal.db", NOW, 2**30)
    await journal.do(lambda j: j.append(commit((NOW, 1)), NOW - 60))
    yield Shown(tmp_path, journal)
    await journal.close()


@pytest.fixture
async def client(shown: Shown) -> AsyncIterator[Client]:
    client = TestClient(TestServer(shown.page.app()))
    await client.start_server()
    yield client
    await client.close()


async def words(client: Client) -> str:
    """The text of the page without its tags."""
    answer = await client.get("/")
    assert answer.status == 200
    text = re.sub(r"<(style|title)>.*?</\1>", " ", await answer.text(), flags=re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


async def test_meters_stand_by_trouble_with_a_word_for_each(client: Client, shown: Shown) -> None:
    shown.meter("fine", last_success=NOW, load_mark=NOW)
    shown.meter("new")
    shown.meter("slow", last_success=NOW, load_mark=NOW - 86400)
    shown.meter("clock", last_success=NOW, load_mark=NOW, ahead=7.2)
    shown.meter("dead", last_success=NOW - 147_600, fault="dead: nothing came in 5 s", fault_since=NOW)
    shown.meter("cut", line="B")
    shown.board.lines["B"].fault = "port vanished"
    state = await (await client.get("/state.json")).json()
    assert [meter["id"] for meter in state["meters"]] == ["dead", "cut", "slow", "clock", "new", "fine"]
    assert [(line["answering"], line["count"]) for line in state["lines"]] == [(3, 5), (0, 1)]
    text = await words(client)
    for word in ("молчит 1 д 17 ч", "нет линии", "опаздывает", "часы +7 с", "ждёт опроса", "3 из 6", "port vanished"):
        assert word in text.replace("\u00a0", " ")


async def test_without_central_it_says_so_and_that_nothing_is_lost(client: Client, shown: Shown) -> None:
    text = await words(client)
    assert "Нет связи с сервером" in text
    assert "Данные копятся здесь" in text
    assert "Ждут отправки 1" in text
    shown.pump.state.connected = shown.pump.state.answering = True
    assert "Нет связи" not in await words(client)


async def test_what_comes_from_outside_stays_text(client: Client, shown: Shown) -> None:
    shown.meter("m-1", fault='<script>alert("x")</script>')
    html = await (await client.get("/")).text()
    assert "<script" not in html
    assert "ТП-118 &lt;b&gt;" in html


async def test_nothing_runs_and_nothing_is_loaded_from_elsewhere(client: Client, shown: Shown) -> None:
    answer = await client.get("/")
    html = await answer.text()
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert re.findall(r"(?:src|href)=\"([^\"]+)\"", html) == ["/icon.svg", "/page.css"]
    assert "style=" not in html
    css = await (await client.get("/page.css")).text()
    assert "url(" not in css
    assert "@import" not in css


@pytest.mark.parametrize(
    ("host", "status"),
    [("localhost", 200), ("127.0.0.1:8118", 200), ("[::1]:8118", 200), ("192.168.1.7", 200), ("edge-1", 200),
     ("evil.example", 421), ("127.0.0.1.evil.example:8118", 421), ("localhost.evil.example", 421)],
)  # fmt: skip
async def test_only_our_own_names_are_answered(client: Client, host: str, status: int) -> None:
    for path in ("/", "/state.json", "/page.css"):
        assert (await client.get(path, headers={"Host": host})).status == status


async def test_there_is_nothing_to_change(client: Client) -> None:
    for path in ("/", "/state.json"):
        assert (await client.post(path)).status == 405


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 с"), (41, "41 с"), (3600, "1 ч"), (7500, "2 ч 5 мин"), (147_600, "1 д 17 ч")]
)
def test_lasting(seconds: int, text: str) -> None:
    assert russian.lasting(seconds).replace("\u00a0", " ") == text


def test_figures_are_grouped_and_the_minus_is_a_minus() -> None:
    assert russian.number(1284) == "1\u00a0284"
    assert (russian.signed(7.4), russian.signed(-3)) == ("+7", "−3")


async def test_it_tells_its_figures(client: Client, shown: Shown) -> None:
    shown.meter("fine", last_success=NOW, load_mark=NOW)
    shown.meter("dead", fault="dead: nothing came in 5 s", fault_since=NOW, serial="04217795")
    shown.meter("cut", line="B")
    shown.board.lines["B"].fault = "port vanished"
    line = shown.board.lines["A"]
    line.visited("well", 1.5)
    line.visited("NoAnswer", 5.0)
    shown.pump.state.connected = True
    answer = await client.get("/metrics")
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    told = dict(row.rsplit(" ", 1) for row in (await answer.text()).splitlines() if not row.startswith("#"))
    assert {name: float(value) for name, value in told.items()}.items() >= {
        "uchet_edge_waiting_rows": 1,
        "uchet_edge_waiting_oldest_seconds": 60,
        "uchet_edge_journal_rows": 1,
        "uchet_edge_journal_well": 1,
        "uchet_edge_uplink_connected": 1,
        "uchet_edge_uplink_answering": 0,
        'uchet_edge_line_up{line="A"}': 1,
        'uchet_edge_line_up{line="B"}': 0,
        'uchet_edge_meters{line="A",state="silent"}': 1,
        'uchet_edge_meters{line="A",state="well"}': 1,
        'uchet_edge_meters{line="B",state="silent"}': 1,
        'uchet_edge_visits_total{line="A",outcome="well"}': 1,
        'uchet_edge_visits_total{line="A",outcome="NoAnswer"}': 1,
        'uchet_edge_bus_seconds_total{line="A"}': 6.5,
    }.items()
    assert not [name for name in told if "04217795" in name or "кв." in name]
    shown.board.journal_fault = "disk I/O error"
    assert "uchet_edge_journal_well 0.0" in await (await client.get("/metrics")).text()


async def test_figures_are_for_our_own_names_only(client: Client) -> None:
    assert (await client.get("/metrics", headers={"Host": "evil.example"})).status == 421
