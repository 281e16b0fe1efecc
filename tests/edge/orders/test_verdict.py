"""What becomes of a command before anything is done: dropped, refused with a status, or the stretch to be read."""

import msgspec
import pytest

from edge.journal.rows import Span
from edge.orders.verdict import SLACK, Alarm, Dropped, Glance, Refusal, Stretch, accepted, judged
from protocol.messages import command
from protocol.messages.command import Read, Status
from tests.edge.orders.parts import DAY, DEPTH, KEY, backfill, order, signed
from tests.edge.parts import NOW

pytestmark = pytest.mark.quick

PUBLIC = command.key(command.public_of(KEY))
METERS = {"m-1": True, "b-1": False}


def verdict(**settings: object) -> Stretch | Glance | Refusal:
    return judged(order(**settings), METERS, DEPTH, NOW)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("key", "id", "payload", "alarm"),
    [
        (None, "c1", signed(), Alarm.NO_KEY),
        (PUBLIC, "c1", b"{}", Alarm.UNREADABLE),
        (PUBLIC, "c1", signed(key=bytes(32)), Alarm.UNSIGNED),
        (PUBLIC, "c1", signed().replace(b"edge-1", b"edge-2"), Alarm.UNSIGNED),
        (PUBLIC, "c1", signed(edge="edge-2"), Alarm.OTHER_EDGE),
        (PUBLIC, "c2", signed(), Alarm.OTHER_ID),
    ],
)
def test_what_is_not_centrals_word_to_this_edge_is_dropped(
    key: bytes | None, id: str, payload: bytes, alarm: Alarm
) -> None:
    with pytest.raises(Dropped) as dropped:
        accepted("edge-1", key, id, payload)
    assert dropped.value.alarm is alarm


def test_centrals_word_is_taken() -> None:
    assert accepted("edge-1", PUBLIC, "c1", signed()).typed() == backfill()


@pytest.mark.parametrize(
    ("settings", "status"),
    [
        ({"begin": NOW + SLACK + 1, "end": NOW + DAY}, Status.DENIED),
        ({"end": NOW}, Status.DENIED),
        ({"arguments": backfill(meter="m-2")}, Status.NO_METER),
        ({"arguments": Read(meter="m-2")}, Status.NO_METER),
        ({"arguments": Read(meter="m-1"), "end": NOW}, Status.DENIED),
        ({"arguments": backfill(NOW, NOW)}, Status.DENIED),
        ({"arguments": backfill(NOW + 1, NOW + DAY)}, Status.DENIED),
        ({"arguments": backfill(kind="now")}, Status.UNSUPPORTED),
    ],
)
def test_what_cannot_be_done_is_refused_with_its_status(settings: dict[str, object], status: Status) -> None:
    refusal = verdict(**settings)
    assert isinstance(refusal, Refusal)
    assert (refusal.status, refusal.detail != "") == (status, True)


def test_a_command_that_only_a_newer_edge_knows_is_unsupported() -> None:
    unknown = msgspec.structs.replace(order(), command="relay", arguments=msgspec.Raw(b'{"state":"off"}'))
    assert judged(unknown, METERS, DEPTH, NOW) == Refusal(Status.UNSUPPORTED, "no such command: 'relay'")


@pytest.mark.parametrize("meter", ["m-1", "b-1"])
def test_any_meter_can_be_asked_what_it_shows(meter: str) -> None:
    assert verdict(arguments=Read(meter=meter)) == Glance(meter)


def test_a_clock_of_central_that_is_a_little_ahead_is_borne() -> None:
    assert isinstance(verdict(begin=NOW + SLACK), Stretch)


def test_the_future_is_left_out() -> None:
    span = Span("m-1", "load", NOW - DAY, NOW)
    assert verdict(arguments=backfill(NOW - DAY, NOW + DAY)) == Stretch(span, span)


def test_the_meter_is_asked_only_for_what_it_keeps() -> None:
    floor = NOW - DEPTH * DAY
    begins_before = verdict(arguments=backfill(floor - DAY, floor + DAY))
    assert isinstance(begins_before, Stretch)
    assert begins_before.reading == Span("m-1", "load", floor, floor + DAY)
    older = verdict(arguments=backfill(floor - 2 * DAY, floor - DAY))
    without_memory = verdict(arguments=backfill(meter="b-1"))
    for found in (begins_before, older, without_memory):
        assert isinstance(found, Stretch)
        assert found.detail, "central is told that it is not all of it"
    assert [found.reading for found in (older, without_memory) if isinstance(found, Stretch)] == [None, None]
