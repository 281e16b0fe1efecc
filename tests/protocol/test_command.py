"""Commands: what central signs is read as it was written; whatever else comes is refused with its reason."""

import base64
import json
from datetime import UTC, datetime

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import Garbled, LocalError, RemoteError, Unsupported
from protocol.messages import command, topics
from protocol.messages.command import Backfill, BadSignature, Order, Read, Reply, Shown, Status

pytestmark = pytest.mark.quick

KEY = bytes(range(32))
PUBLIC = command.key(command.public_of(KEY))
AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
ASKED = Backfill(meter="A-1", kind="load", since=AT.replace(day=1), until=AT)
ORDER = command.order(ASKED, id="c1", edge="edge-1", counter=7, not_before=AT, expires=AT.replace(hour=13))
PAYLOAD = command.sign(ORDER, KEY)


SHOWN = Shown(
    time=AT, values={"voltage_a": 230.5}, registers={"active_import_total": 2**62, "active_export_total": None}
)


def resigned(**changes: object) -> bytes:
    """Signed with the right key, whatever it says."""
    text = json.loads(json.loads(PAYLOAD)["body"]) | changes
    body = json.dumps(text).encode()
    signature = Ed25519PrivateKey.from_private_bytes(KEY).sign(command.PREFIX + body)
    return json.dumps({"v": 1, "body": body.decode(), "signature": base64.b64encode(signature).decode()}).encode()


def test_a_command_is_read_as_it_was_signed() -> None:
    found = command.verify(PAYLOAD, PUBLIC)
    assert (found.id, found.edge, found.counter, found.not_before) == ("c1", "edge-1", 7, AT)
    assert found.typed() == ASKED
    body = json.loads(json.loads(PAYLOAD)["body"])
    assert (body["command"], body["arguments"]["from"]) == ("backfill", "2026-11-01T12:00:00Z")


@given(st.integers(0, len(PAYLOAD) - 1), st.integers(1, 255))
def test_no_changed_byte_passes_for_another_order(place: int, mask: int) -> None:
    spoilt = PAYLOAD[:place] + bytes([PAYLOAD[place] ^ mask]) + PAYLOAD[place + 1 :]
    try:
        found = command.verify(spoilt, PUBLIC)
    except RemoteError:
        return
    assert msgspec.json.encode(found) == msgspec.json.encode(ORDER), "only the envelope's own form may differ"


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_as_the_peers_fault(payload: bytes) -> None:
    with pytest.raises(RemoteError):
        command.verify(payload, PUBLIC)
    with pytest.raises(Garbled):
        command.decode_reply(payload)


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        (command.sign(ORDER, bytes(32)), BadSignature),
        (PAYLOAD.replace(b'"v":1', b'"v":2'), Garbled),
        (PAYLOAD.replace(b'"signature":"', b'"signature":"!'), BadSignature),
        (b"[" * 100_000, Garbled),
        (b'{"v":1,"body":"' + b"x" * 70_000 + b'"}', Garbled),
        (resigned(counter=0), Garbled),
        (resigned(expires="2026-11-24T13:00:00"), Garbled),
        (resigned(edge=None), Garbled),
    ],
)
def test_what_is_no_command_of_ours_is_refused(payload: bytes, error: type[RemoteError]) -> None:
    with pytest.raises(error):
        command.verify(payload, PUBLIC)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"command": "explode"}, "no such command"),
        ({"arguments": {"meter": "A-1"}}, "missing required field"),
        ({"arguments": json.loads(msgspec.json.encode(ASKED)) | {"kind": "now"}}, "now"),
        ({"arguments": json.loads(msgspec.json.encode(ASKED)) | {"to": "2026-11-24T12:00:00"}}, "without zone"),
        ({"command": "read", "arguments": {"from": "A-1"}}, "missing required field `meter`"),
    ],
)
def test_a_signed_command_that_this_version_cannot_do_is_told_apart(changes: dict[str, object], words: str) -> None:
    with pytest.raises(Unsupported, match=words):
        command.verify(resigned(**changes), PUBLIC).typed()


def test_each_command_is_read_with_arguments_of_its_own() -> None:
    order = command.order(Read(meter="A-1"), id="c2", edge="edge-1", counter=8, not_before=AT, expires=AT)
    assert command.verify(command.sign(order, KEY), PUBLIC).typed() == Read(meter="A-1")
    assert msgspec.json.decode(order.arguments) == {"meter": "A-1"}


def test_every_command_of_the_list_can_be_ordered() -> None:
    assert {name: kind for kind, name in command.NAMES.items()} == command.ARGUMENTS
    assert isinstance(ORDER, Order)


def test_a_reply_is_read_as_it_was_written_and_says_only_what_it_has_to() -> None:
    full = Reply(v=1, id="c1", status=Status.PARTIAL, at=AT, detail="why", result={"again": 3}, shown=SHOWN)
    short = Reply(v=1, id="c1", status=Status.WAITING, at=AT)
    assert [command.decode_reply(command.encode_reply(reply)) for reply in (full, short)] == [full, short]
    assert command.encode_reply(short) == b'{"v":1,"id":"c1","status":1,"at":"2026-11-24T12:00:00Z"}'


def test_a_reply_says_what_the_meter_showed_and_a_central_that_does_not_know_of_it_reads_the_rest() -> None:
    class Older(msgspec.Struct, kw_only=True):
        v: int
        id: str
        status: Status
        at: datetime
        detail: str | None = None
        result: dict[str, int] | None = None

    body = command.encode_reply(Reply(v=1, id="c1", status=Status.DONE, at=AT, shown=SHOWN))
    assert command.decode_reply(body).shown == SHOWN
    assert msgspec.json.decode(body, type=Older).status is Status.DONE
    assert json.loads(body)["shown"] == {
        "time": "2026-11-24T12:00:00Z",
        "values": {"voltage_a": 230.5},
        "registers": {"active_import_total": 2**62, "active_export_total": None},
    }


def test_nothing_that_is_no_number_is_shown() -> None:
    with pytest.raises(ValueError, match="no number"):
        Shown(time=AT, values={"power_factor": float("nan")})


@pytest.mark.parametrize(
    "text",
    [
        '{"v":1,"id":"c1","status":0,"at":"2026-11-24T12:00:00Z","shown":{"time":"2026-11-24T12:00:00"}}',
        '{"v":1,"id":"c1","status":0,"at":"2026-11-24T12:00:00Z","shown":{"values":{"voltage_a":230}}}',
        '{"v":1,"id":"c1","status":0,"at":"2026-11-24T12:00:00Z","shown":{"time":"2026-11-24T12:00:00Z",'
        '"registers":{"active_import_total":99999999999999999999}}}',
        '{"v":1,"id":"c1","status":9,"at":"2026-11-24T12:00:00Z"}',
        '{"v":2,"id":"c1","status":1,"at":"2026-11-24T12:00:00Z"}',
        '{"v":1,"id":"c1","status":1,"at":"2026-11-24T12:00:00"}',
        '{"v":1,"id":"c1","status":1,"at":"2026-11-24T12:00:00Z","result":{"again":99999999999999999999}}',
    ],
)
def test_a_reply_that_does_not_fit_is_garbled(text: str) -> None:
    with pytest.raises(Garbled):
        command.decode_reply(text.encode())


@pytest.mark.parametrize("text", ["", "c2hvcnQ=", "no base64!", "ключ"])
def test_a_key_is_32_bytes_in_base64(text: str) -> None:
    with pytest.raises(LocalError):
        command.key(text)


@pytest.mark.parametrize(
    ("topic", "id"),
    [
        ("uchet/1/edge-1/down/command/c1", "c1"),
        ("uchet/1/edge-2/down/command/c1", None),
        ("uchet/1/edge-1/down/command/", None),
        ("uchet/1/edge-1/down/command/c1/x", None),
        ("uchet/1/edge-1/down/ack", None),
    ],
)
def test_the_id_of_a_command_is_the_last_part_of_its_topic(topic: str, id: str | None) -> None:
    assert topics.command_id("edge-1", topic) == id
