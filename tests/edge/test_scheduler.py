"""The readers of a line, with meters that answer from a dictionary, a real journal and a clock set by hand."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from edge import plan
from edge.config import DAY, Config, Edge, Line, Modbus, Schedule, Spodes, Uplink
from edge.health import Board
from edge.journal.journal import Journal
from edge.journal.rows import Commit, Span
from edge.journal.thread import JournalThread
from edge.lines.base import LineDown
from edge.meters import boundary
from edge.meters.base import Garbled, MeterFault, NoAnswer, NotGiven, OtherMeter, Refused, WrongPassword
from edge.orders.wanted import Answer, Wanted, Wish
from edge.scheduler import LineReader
from protocol.messages import bodies
from protocol.messages.command import Shown, Status
from protocol.messages.control import Live
from protocol.reading import Event, Kind, Quality, Row
from tests.edge.parts import NOW, PERIOD, FakeLine, FakeMeter, HandClock, Street

pytestmark = pytest.mark.quick

ONLY_LOAD = Schedule(daily=0, monthly=0, events=0, now=0, live=0, depth=5)


class Place:
    """One line with meters, all that a reader needs."""

    def __init__(self, folder: Path, journal: JournalThread) -> None:
        self.folder, self.journal = folder, journal
        self.clock = HandClock()
        self.street = Street({})
        self.board = Board()
        self.lives: list[tuple[str, Live]] = []
        self.wanted = Wanted()

    def meter(self, name: str, **settings: Any) -> FakeMeter:
        self.street.meters[name] = FakeMeter(self.clock, **settings)
        return self.street.meters[name]

    def reader(self, schedule: Schedule, *modbus: str) -> LineReader:
        config = Config(
            edge=Edge(name="e", data=str(self.folder)),
            uplink=Uplink(host="h", central="c"),
            line=[Line(name="l-1", url="tcp://127.0.0.1:1")],
            meter=[
                Modbus(id=name, line="l-1", template="t", period=60) if name in modbus else Spodes(id=name, line="l-1")
                for name in self.street.meters
            ],
            schedule=schedule,
        )
        return LineReader(
            FakeLine(),  # type: ignore[arg-type]
            config.meters,
            config,
            self.journal,
            self.clock,
            self.board,
            self.street,
            boundary.rows,
            lambda meter, message: self.lives.append((meter, message)),
            self.wanted,
        )

    async def rest(self, reader: LineReader) -> int:
        """Until nothing is due; how many conversations that took."""
        count = 0
        await reader.remember()
        while await reader.step():
            count += 1
            assert count < 500, "it never rests"
        return count

    async def readings(self, kind: Kind = Kind.LOAD) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = {}
        for entry in await self.journal.do(lambda j: j.entries(0, 10**6)):
            if entry.kind == kind and entry.body is not None:
                found.setdefault(entry.meter, []).extend(bodies.decode(entry.body).readings.rows)
        return found


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    journal = JournalThread()
    await journal.open(tmp_path / "journal.db", NOW, 2**30)
    yield Place(tmp_path, journal)
    await journal.close()


def days(count: int) -> dict[Kind, list[Row]]:
    """Half-hours of so many days up to NOW."""
    return {Kind.LOAD: [Row(NOW - PERIOD * n, PERIOD, 0, (n,)) for n in range(48 * count, -1, -1)]}


async def test_the_whole_past_is_read_the_newest_first_and_each_row_once(place: Place) -> None:
    meter = place.meter("m-1", rows=days(5))
    reader = place.reader(ONLY_LOAD)
    place.clock.go(60)
    await reader.step()
    assert min(row.end for row in (await place.readings())["m-1"]) == NOW - DAY + PERIOD
    await place.rest(reader)
    rows = (await place.readings())["m-1"]
    assert len(rows) == len({row.end for row in rows}) == 48 * 5
    assert await place.journal.do(Journal.gaps) == []
    spans = [(since, until) for what, since, until in meter.asked if what == "load"]
    assert all(until - since <= DAY + 2 * PERIOD for since, until in spans)
    assert spans[1:] == sorted(spans[1:], reverse=True)


async def test_a_restart_goes_on_where_it_was(place: Place) -> None:
    meter = place.meter("m-1", rows=days(5))
    reader = place.reader(ONLY_LOAD)
    place.clock.go(60)
    await reader.step()
    await reader.step()
    meter.asked.clear()
    await place.rest(place.reader(ONLY_LOAD))
    assert len([1 for what, *_ in meter.asked if what == "load"]) == 3
    assert len((await place.readings())["m-1"]) == 48 * 5


async def test_a_new_period_is_read_and_only_it(place: Place) -> None:
    meter = place.meter("m-1", rows=days(5))
    reader = place.reader(ONLY_LOAD)
    place.clock.go(60)
    await place.rest(reader)
    meter.asked.clear()
    meter.rows[Kind.LOAD].append(Row(NOW + PERIOD, PERIOD, 0, (7,)))
    place.clock.go(PERIOD)
    await place.rest(reader)
    assert meter.asked[0] == ("load", NOW, NOW + 60 + 2 * PERIOD)
    assert (await place.readings())["m-1"][-1] == Row(NOW + PERIOD, PERIOD, 0, (7,))


async def test_a_stretch_that_central_asks_for_waits_behind_the_present_and_the_newer_past(place: Place) -> None:
    meter = place.meter("m-1", rows=days(9))
    reader = place.reader(ONLY_LOAD)
    place.clock.go(60)
    await reader.step()  # the first day; four more are still to be read
    asked = Span("m-1", Kind.LOAD.value, NOW - 9 * DAY, NOW - 6 * DAY)
    await place.journal.do(lambda j: j.append(Commit(missing=[asked]), NOW))
    await reader.remember()
    meter.cost = PERIOD * 0.6  # the present is due again after one chunk or two
    past = []
    for number in range(14):
        meter.rows[Kind.LOAD].append(Row(NOW + PERIOD * (number + 1), PERIOD, 0, (number,)))
        ripe = plan.boundary(int(place.clock.now) - ONLY_LOAD.delay, PERIOD)
        up_to_date = (await place.journal.do(Journal.marks))["m-1", Kind.LOAD] >= ripe
        meter.asked.clear()
        await reader.step()
        chunks = [until for _, _, until in meter.asked if until <= NOW]
        assert up_to_date or not chunks, "nothing of the present was due"
        past += chunks
    assert past == [NOW - day * DAY for day in (1, 2, 3, 4, 6, 7, 8)], "newest first"


async def test_one_dead_meter_does_not_stall_the_others(place: Place) -> None:
    for number in range(4):
        place.meter(f"m-{number}", rows=days(1), cost=1.0)
    dead = place.meter("dead", fault=NoAnswer("dead: nothing came"), cost=15.0)
    reader = place.reader(ONLY_LOAD)
    place.clock.go(60)
    began = place.clock.now
    while place.clock.now < began + 4 * 3600:
        await place.rest(reader)
        place.clock.go(5)
    lost = place.street.visits.count("dead") * dead.cost
    assert lost <= 0.06 * (place.clock.now - began)
    assert set(await place.readings()) == {f"m-{number}" for number in range(4)}
    assert place.board.meters["dead"].fault == "dead: nothing came"
    line = place.board.lines["l-1"]
    assert line.visits == {"well": len(place.street.visits) - lost / dead.cost, "NoAnswer": lost / dead.cost}
    assert line.busy >= lost


async def test_failing_and_mending_are_logged_once_each(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    meter = place.meter("m-1", rows=days(1), fault=NoAnswer("m-1: nothing came"))
    reader = place.reader(ONLY_LOAD)
    place.clock.go(60)
    with caplog.at_level("INFO", "edge.meters"):
        for _ in range(5):
            await place.rest(reader)
            place.clock.go(4000)
        meter.fault = None
        await place.rest(reader)
    words = [record.getMessage().split(" meter=")[0] for record in caplog.records]
    assert words == ["meter failed", "meter is well again"]
    assert place.board.meters["m-1"].fault is None


async def test_what_a_meter_refuses_does_not_take_the_rest_with_it(place: Place) -> None:
    meter = place.meter("m-1", rows=days(1), refuses={"event": Refused("m-1: no such journal")})
    reader = place.reader(Schedule(daily=0, monthly=0, now=0, depth=1))
    place.clock.go(60)
    await place.rest(reader)
    assert len((await place.readings())["m-1"]) == 48
    assert [name for name, _ in place.lives] == ["m-1"]
    assert place.board.meters["m-1"].fault == "m-1: no such journal"
    assert [what for what, *_ in meter.asked].count("event 0") == 1


async def test_a_line_that_is_down_is_no_meters_fault(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    meter = place.meter("m-1", rows=days(1), fault=LineDown("port vanished"))
    reader = place.reader(ONLY_LOAD)
    monkeypatch.setattr("edge.scheduler.LINE_WAIT_MAX", 0.001)
    monkeypatch.setattr(reader, "_line_wait", 0.001)
    place.clock.go(60)
    await reader.step()
    assert (place.board.lines["l-1"].fault, place.board.meters["m-1"].fault) == ("port vanished", None)
    meter.fault = None
    await reader.step()
    assert place.board.lines["l-1"].fault is None
    assert place.board.lines["l-1"].visits == {"line down": 1, "well": 1}
    assert len((await place.readings())["m-1"]) == 48


async def test_events_go_into_the_journal_once_and_a_clock_event_reads_again(place: Place) -> None:
    meter = place.meter("m-1", rows=days(1), lines=[Event(NOW - 500, 2, 1, 10)])
    reader = place.reader(Schedule(daily=0, monthly=0, now=0, live=0, depth=1))
    place.clock.go(60)
    await place.rest(reader)
    meter.lines.append(Event(NOW + 800, 3, 3, 20))
    meter.asked.clear()
    place.clock.go(960)
    await place.rest(reader)
    entries = await place.journal.do(lambda j: j.entries(0, 100))
    events = [e for entry in entries if entry.kind == "event" and entry.body for e in bodies.decode(entry.body).events]
    assert events == [Event(NOW - 500, 2, 1, 10), Event(NOW + 800, 3, 3, 20)]
    assert min(since for what, since, _ in meter.asked if what == "load") == NOW + 800 - DAY


async def test_one_stamp_of_2099_is_kept_and_reading_goes_on(place: Place) -> None:
    meter = place.meter("m-1", rows=days(1))
    reader = place.reader(ONLY_LOAD)
    meter.rows[Kind.LOAD].append(Row(4_070_908_800, PERIOD, 0, (1,)))
    place.clock.go(60)
    await place.rest(reader)
    meter.rows[Kind.LOAD].append(Row(NOW + PERIOD, PERIOD, 0, (7,)))
    place.clock.go(PERIOD)
    await place.rest(reader)
    assert NOW + PERIOD in {row.end for row in (await place.readings())["m-1"]}


async def test_while_our_clock_is_not_trusted_marks_stay_and_our_stamps_say_so(place: Place) -> None:
    place.meter("m-1", rows=days(1))
    reader = place.reader(Schedule(daily=0, monthly=0, events=0, live=0, depth=1))
    place.clock.believed = False
    place.clock.go(60)
    await place.rest(reader)
    assert await place.journal.do(Journal.marks) == {}
    assert {row.quality for row in (await place.readings())["m-1"]} == {0}
    assert {row.quality for row in (await place.readings(Kind.NOW))["m-1"]} == {Quality.EDGE_CLOCK}


async def test_a_modbus_meter_gives_intervals_computed_from_its_register(place: Place) -> None:
    meter = place.meter("b-1")
    reader = place.reader(Schedule(now=0, live=0), "b-1")
    place.clock.now = float(NOW)
    for minute in range(5):
        meter.registers = 1_000_000 + 100 * minute
        await place.rest(reader)
        place.clock.go(60)
    rows = (await place.readings())["b-1"]
    assert [(row.end, row.span, row.values[0]) for row in rows] == [(NOW + 60 * n, 60, 100) for n in range(1, 5)]
    assert {row.quality & Quality.COMPUTED for row in rows} == {Quality.COMPUTED}


async def test_the_past_waits_when_a_sample_is_due_soon(place: Place) -> None:
    place.meter("m-1", rows=days(5))
    place.meter("b-1")
    reader = place.reader(Schedule(daily=0, monthly=0, events=0, now=0, live=0, depth=5), "b-1")
    place.clock.go(60)
    for client in reader._clients:
        client.chunk = 50.0
    await reader.step()
    await reader.step()
    place.clock.go(20)
    assert not await reader.step()
    place.clock.go(40)
    place.street.visits.clear()
    await reader.step()
    assert place.street.visits == ["b-1"]


async def test_what_the_disk_refuses_is_read_again(place: Place) -> None:
    place.meter("m-1", rows=days(3))
    reader = place.reader(ONLY_LOAD)
    place.clock.go(60)
    await place.journal.do(lambda j: j._db.execute("PRAGMA query_only = ON"))
    await reader.step()
    assert await place.readings() == {}
    assert "readonly" in (place.board.journal_fault or "")
    assert not await reader.step()
    await place.journal.do(lambda j: j._db.execute("PRAGMA query_only = OFF"))
    place.clock.go(60)
    await place.rest(reader)
    assert len((await place.readings())["m-1"]) == 48 * 3 + 1
    assert place.board.journal_fault is None


async def test_live_values_and_the_clock_are_seen(place: Place) -> None:
    place.meter("m-1", rows=days(1))
    reader = place.reader(Schedule(load=0, daily=0, monthly=0, events=0, now=0, depth=1))
    place.clock.go(60)
    await place.rest(reader)
    (live,) = place.lives
    assert live[1].values == {"voltage_a": 230.5}
    assert place.board.meters["m-1"].ahead == pytest.approx(7)


async def test_a_clock_that_does_not_advance_is_no_reading_of_it(place: Place) -> None:
    meter = place.meter("m-1", rows=days(1))
    reader = place.reader(Schedule(load=0, daily=0, monthly=0, events=0, now=0, depth=1))
    place.clock.go(60)
    await place.rest(reader)
    seen = place.board.meters["m-1"]
    assert (seen.clock_stands, seen.ahead) == (False, pytest.approx(7))
    meter.stands_at = place.clock.now
    for stands in (False, True, True):  # the first of them is a step back, the second says the same again
        place.clock.go(3600)
        await place.rest(reader)
        assert seen.clock_stands is stands
    assert seen.ahead is None
    said = place.board.message(place.clock.now, True, 90).meters["m-1"]
    assert (said.clock_stands, said.ahead) == (True, None)
    meter.stands_at = None
    place.clock.go(3600)
    await place.rest(reader)
    assert (seen.clock_stands, seen.ahead) == (False, pytest.approx(7))


EVENTS = Schedule(load=0, daily=0, monthly=0, now=0, live=0, depth=40, reread=0)


async def written(place: Place) -> list[tuple[int, int, int]]:
    """Lines of journals as they went on their way."""
    entries = await place.journal.do(lambda j: j.entries(0, 1000))
    bodies_ = [bodies.decode(entry.body) for entry in entries if entry.kind == "event" and entry.body]
    return [(event.time, event.journal, event.code) for body in bodies_ for event in body.events]


async def test_a_line_stamped_before_another_journals_newest_is_delivered_all_the_same(place: Place) -> None:
    meter = place.meter("m-1", lines=[Event(NOW - 100, 2, 2, 10)])
    reader = place.reader(EVENTS)
    place.clock.go(60)
    await place.rest(reader)
    late = [Event(NOW - 3600, 4, 4, 5), Event(NOW + 61 - plan.LOOK_BACK, 7, 2, 1)]
    meter.lines += late  # they were written while the others were read, or the meter took its time
    place.clock.go(900)
    await place.rest(reader)
    place.clock.go(900)
    await place.rest(reader)
    assert sorted(await written(place)) == sorted((e.time, e.journal, e.code) for e in meter.lines), "each of them once"


async def test_a_meter_whose_clock_is_behind_is_read_from_so_much_before(place: Place) -> None:
    meter = place.meter("m-1", lines=[Event(NOW - 100, 2, 2, 10)])
    reader = place.reader(EVENTS)
    place.clock.go(60)
    await place.rest(reader)
    meter.stands_at = NOW - 9 * DAY
    place.clock.go(4000)
    await place.rest(reader)
    meter.lines.append(Event(NOW - 9 * DAY, 4, 1, 20))
    place.clock.go(900)
    await place.rest(reader)
    assert (NOW - 9 * DAY, 4, 1) in await written(place)


async def test_all_journals_are_read_and_one_that_is_refused_or_garbled_takes_no_other_with_it(place: Place) -> None:
    lines = [Event(NOW - 100 + number, number, 1, number) for number in range(11)]
    refuses: dict[str, MeterFault] = {"event 5": NotGiven("m-1: no"), "event 9": Garbled("m-1: noise")}
    place.meter("m-1", lines=lines, refuses=refuses)
    reader = place.reader(EVENTS)
    place.clock.go(60)
    await place.rest(reader)
    assert {journal for _, journal, _ in await written(place)} == set(range(11)) - {5, 9}
    assert place.board.meters["m-1"].fault == "m-1: noise", "a refusal is the meter's right, noise is a fault"
    del refuses["event 9"]
    place.clock.go(10 * DAY)
    await place.rest(reader)
    assert {journal for _, journal, _ in await written(place)} == set(range(11)) - {5}, "the mark waited for it"
    assert place.board.meters["m-1"].fault is None
    assert len(await written(place)) == 10


async def test_journals_without_lines_are_not_read_over_and_over(place: Place) -> None:
    meter = place.meter("m-1")
    reader = place.reader(EVENTS)
    place.clock.go(60)
    await place.rest(reader)
    meter.asked.clear()
    place.clock.go(900)
    await place.rest(reader)
    assert [what for what, *_ in meter.asked].count("event 0") == 1


# ---- what central wants to see at once


WISH = Wish("c1", "m-1")


async def test_who_waits_is_served_before_the_archives_and_is_shown_all_the_meter_has(place: Place) -> None:
    meter = place.meter("m-1", rows=days(1))
    reader = place.reader(Schedule(depth=1))
    place.wanted.settle({}, [WISH])
    place.clock.go(60)
    await reader.remember()
    assert await reader.step()
    assert [what for what, *_ in meter.asked] == ["live", "now"]
    shown = Shown(
        time=datetime.fromtimestamp(NOW + 60, UTC),
        values={"voltage_a": 230.5},
        registers={"active_import_total": 1_000_000},
        relay=True,
    )
    assert place.wanted.answers == {"c1": Answer(Status.DONE, None, shown)}
    assert place.wanted.answered.is_set()
    assert [row.values for row in (await place.readings(Kind.NOW))["m-1"]] == [(1_000_000,)], "the registers go on"
    await place.rest(reader)
    assert len((await place.readings())["m-1"]) == 48


async def test_a_sample_at_its_boundary_goes_before_who_waits(place: Place) -> None:
    sampled, asked = place.meter("b-1"), place.meter("m-1")
    reader = place.reader(Schedule(load=0, daily=0, monthly=0, events=0, now=0, live=0), "b-1")
    place.wanted.settle({}, [WISH])
    place.clock.go(60)
    await reader.remember()
    await reader.step()
    assert (len(sampled.asked), len(asked.asked)) == (1, 0)
    await reader.step()
    assert [what for what, *_ in asked.asked] == ["live", "now"]


async def test_a_conversation_is_left_for_who_waits_and_taken_up_again(place: Place) -> None:
    busy, asked = place.meter("m-0", rows=days(3)), place.meter("m-1", rows=days(0))
    reader = place.reader(Schedule(depth=3, now=0))
    place.clock.go(60)
    await reader.remember()
    original = busy.archive

    async def archive(kind: Kind, since: int, until: int) -> Any:
        if not asked.asked:
            place.wanted.settle({}, [WISH])
        return await original(kind, since, until)

    busy.archive = archive  # type: ignore[method-assign]
    await reader.step()
    assert len(busy.asked) == 1, "of all that was due only what was begun"
    await reader.step()
    assert "c1" in place.wanted.answers
    await place.rest(reader)
    assert len((await place.readings())["m-0"]) == 3 * 48


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (NoAnswer("m-1: silence"), Status.NO_ANSWER),
        (LineDown("port vanished"), Status.BAD_LINK),
        (Garbled("m-1: noise"), Status.BAD_LINK),
        (Refused("m-1: no"), Status.DENIED),
        (WrongPassword("m-1: wrong"), Status.DENIED),
        (OtherMeter("m-1: another"), Status.NO_METER),
    ],
)
async def test_a_meter_that_cannot_be_read_is_told_with_its_status(
    place: Place, monkeypatch: pytest.MonkeyPatch, fault: MeterFault | LineDown, status: Status
) -> None:
    place.meter("m-1", fault=fault)
    reader = place.reader(ONLY_LOAD)
    monkeypatch.setattr(reader, "_line_wait", 0.001)
    place.wanted.settle({}, [WISH])
    await reader.step()
    assert place.wanted.answers == {"c1": Answer(status, str(fault))}


async def test_what_came_before_a_fault_is_shown_and_a_meter_without_a_moment_says_so(place: Place) -> None:
    meter = place.meter("m-1", refuses={"now": NotGiven("m-1: no registers")})
    reader = place.reader(ONLY_LOAD)
    place.wanted.settle({}, [WISH])
    await reader.step()
    answer = place.wanted.answers["c1"]
    assert (answer.status, answer.detail) == (Status.PARTIAL, "m-1: no registers")
    assert answer.shown is not None
    assert (answer.shown.values, answer.shown.registers) == ({"voltage_a": 230.5}, {})
    assert Answer.of(None, None).status is Status.UNSUPPORTED
    assert meter.asked


async def test_a_meter_that_failed_is_asked_all_the_same_and_only_once(place: Place) -> None:
    meter = place.meter("m-1", fault=NoAnswer("m-1: silence"))
    reader = place.reader(ONLY_LOAD)
    await reader.step()
    assert not await reader.step(), "the breaker leaves it alone"
    meter.fault = None
    place.wanted.settle({}, [WISH, Wish("c2", "m-9")])
    await reader.step()
    assert place.wanted.answers["c1"].status is Status.DONE
    count = len(meter.asked)
    place.wanted.settle({}, [WISH])
    assert place.wanted.first({"m-1"}) is None, "what is answered and not yet told is not asked for again"
    place.wanted.settle(place.wanted.answers, [])
    await place.rest(reader)
    assert [what for what, *_ in meter.asked[count:]].count("live") == 0
