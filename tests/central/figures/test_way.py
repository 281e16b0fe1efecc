"""The whole of central's side: a message in the inbox, the worker, the series, the day, the page's figure."""

from datetime import date

from central import figures
from central.ingest.parcel import Message
from central.ingest.receive import Receiver
from central.metering.terms import State
from central.metering.zones import midnight
from central.worker import Worker
from central.worker.figures import PointDays
from protocol.messages import bodies
from protocol.messages.chain import GENESIS, link
from protocol.messages.topics import RowTopic
from protocol.reading import Event, Kind, Readings, Row
from tests.central import scene as s
from tests.central.scene import Scene

METER = f"MIL-{s.FLAT}"
CENTRAL = "00c0ffee00c0ffee"


def send(scene: Scene, *sent: tuple[str, bytes]) -> None:
    """Rows of the edge's journal arrive, and the worker brings them home."""
    prev = GENESIS
    messages = []
    for seq, (channel, body) in enumerate(sent, 1):
        messages.append(Message(str(RowTopic("edge-1", channel, METER, "s1", seq, prev)), body))
        prev = link(prev, body)
    Receiver(scene.engine, CENTRAL).take(messages, scene.now)
    worker = Worker(scene.engine, scene.series, PointDays(scene.engine, scene.series))
    while worker.step(scene.now):
        pass
    scene.recompute()


def day(scene: Scene, which: date) -> figures.views.DayView:
    viewer, point = scene.viewer(s.CONSUMER), scene.points[s.FLAT]
    return figures.days(
        scene.source, viewer, point, which, date.fromordinal(which.toordinal() + 1), "active_import", scene.now
    ).days[0]


def test_half_hours_that_come_late_are_in_the_day(own: Scene) -> None:
    begin = midnight(s.GAP, s.TZ)
    rows = tuple(Row(begin + 1800 * n, 1800, 0, (100_000 + n,)) for n in range(1, 49))
    (body,) = bodies.encode_readings(Readings(Kind.LOAD, ("active_import",), rows), made=own.now, offset=180)
    assert day(own, s.GAP).completeness.estimated == 48
    send(own, ("archive", body))
    assert day(own, s.GAP).totals.total == 48 * 100_000 + sum(range(1, 49))
    assert day(own, s.GAP).version == 2


def test_an_outage_told_after_its_gap_makes_it_power_off(own: Scene) -> None:
    begin = midnight(s.GAP, s.TZ)
    registers = {row.time: row for row in own.series.registers(METER, [Kind.DAILY], begin - 1, begin + 86_400)}
    grown = registers[begin + 86_400].values["ap0"] - registers[begin].values["ap0"]
    last = Row(begin + 86_400, 1800, 0, (grown,))  # all of the day's energy in its last half-hour
    (load,) = bodies.encode_readings(Readings(Kind.LOAD, ("active_import",), (last,)), made=own.now, offset=180)
    outage = (Event(begin, 2, 1), Event(begin + 86_400 - 1800, 2, 2))
    (events,) = bodies.encode_events(outage, made=own.now, offset=180)
    send(own, ("archive", load))
    assert (day(own, s.GAP).completeness.estimated, day(own, s.GAP).completeness.off) == (47, 0)
    assert day(own, s.GAP).totals.states[State.ESTIMATED] == 0
    send(own, ("archive", load), ("event", events))
    found = day(own, s.GAP)
    assert (found.completeness.missing, found.completeness.off, found.completeness.received) == (0, 47, 1)
    assert found.totals.states[State.POWER_OFF] == 0
