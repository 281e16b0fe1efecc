"""Whatever comes, whole or byte by byte, means the same, and nothing but the errors of `protocol` comes out of it."""

import contextlib
from collections.abc import Callable
from itertools import chain
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.dlms import acse, apdu, axdr, hdlc, wrapper
from protocol.dlms.client import MAX_VALUE, Client
from protocol.dlms.profile import CaptureObject, Column, Layout, capture_objects, scaler_unit
from protocol.dlms.server import Server
from protocol.errors import RemoteError
from protocol.obis import Obis
from tests.protocol.dlms.pipe import joined, long_value, talk
from tests.vectors import load, spodes_frames

A = Obis.parse("1.0.1.8.0.255")
LINKS = pytest.mark.parametrize("link", ["hdlc", "wrapper"])
SAMPLES: dict[str, list[bytes]] = {
    name: [bytes.fromhex(v["hex"]) for v in load(name)] for name in ("hdlc", "wrapper", "apdu", "axdr")
}
SAMPLES["hdlc"] += spodes_frames().values()
LAYOUT = Layout([Column(CaptureObject(8, Obis.parse("0.0.1.0.0"), 2, 0)), Column(CaptureObject(3, A, 2, 0))], period=60)
DECODERS: dict[str, list[Callable[[bytes], object]]] = {
    "axdr": [axdr.decode, axdr.measure, capture_objects, scaler_unit, lambda raw: LAYOUT.decode(raw, offset=0)],
    "apdu": [
        apdu.decode,
        apdu.read_results,
        acse.decode_aarq,
        acse.decode_aare,
        lambda raw: acse.decode_release(raw, acse.RLRE),
    ],
    "hdlc": [hdlc.decode, hdlc.decode_parameters, hdlc.parse_address],
    "wrapper": [wrapper.decode],
}


@st.composite
def damaged(draw: st.DrawFn, samples: list[bytes]) -> bytes:
    """A sample with some bytes changed, cut out or put in."""
    raw = bytearray(draw(st.sampled_from(samples)))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(raw)))
        raw[at : at + draw(st.integers(0, 2))] = draw(st.binary(max_size=2))
    return bytes(raw)


@pytest.mark.parametrize("name", sorted(DECODERS))
@given(data=st.data())
def test_a_decoder_refuses_by_remote_errors_only(name: str, data: st.DataObject) -> None:
    raw = data.draw(st.binary(max_size=60) | damaged(SAMPLES[name]))
    for decode in DECODERS[name]:
        with contextlib.suppress(RemoteError):
            decode(raw)


@given(st.binary(max_size=80) | damaged(SAMPLES["axdr"]))
def test_a_value_is_measured_as_it_is_decoded(raw: bytes) -> None:
    ends = []
    for read in (axdr.measure, lambda it: axdr.decode_at(it, 0)[1]):
        try:
            ends.append(read(raw))
        except RemoteError:
            ends.append(None)
    # what cannot be built (bad text, a bad compact-array) may still be measured
    assert ends[1] in (None, ends[0])


def _values() -> st.SearchStrategy[axdr.Data]:
    simple = (
        st.integers(0, 2**32 - 1).map(axdr.u32)
        | st.integers(-(2**63), 2**63 - 1).map(axdr.i64)
        | st.binary(max_size=140).map(axdr.octets)
        | st.text(st.characters(max_codepoint=255), max_size=5).map(axdr.visible)
        | st.text(max_size=5).map(lambda text: axdr.Data(axdr.Tag.UTF8_STRING, text))
        | st.booleans().map(axdr.boolean)
        | st.text("01", max_size=20).map(lambda bits: axdr.Data(axdr.Tag.BIT_STRING, bits))
        | st.floats(allow_nan=False).map(lambda value: axdr.Data(axdr.Tag.FLOAT64, value))
        | st.just(axdr.null)
    )
    lists = lambda items: st.lists(items, max_size=4)  # noqa: E731
    return st.recursive(
        simple,
        lambda inner: lists(inner).map(axdr.array) | lists(inner).map(lambda row: axdr.structure(*row)),
        max_leaves=12,
    )


@given(_values())
def test_any_value_written_is_the_value_read(data: axdr.Data) -> None:
    raw = axdr.encode(data)
    assert axdr.decode(raw) == data
    assert axdr.measure(raw) == len(raw)


# --- streams ---


def outcome(feed: Callable[[bytes], Any], parts: list[bytes]) -> tuple[list[Any], str | None]:
    """What came, and the first error."""
    found, error = [], None
    for part in parts:
        try:
            found.append(feed(part))
        except RemoteError as caught:
            error = error or f"{type(caught).__name__}: {caught}"
    return found, error


def stream(name: str, answers: list[bytes]) -> st.SearchStrategy[bytes]:
    """Noise, frames of the vectors and true answers, damaged or not, one after another."""
    piece = st.binary(max_size=12) | damaged(SAMPLES[name]) | damaged(answers) | st.sampled_from(answers)
    return st.lists(piece, min_size=1, max_size=4).map(b"".join)


def well_framed(link: str, apdus: list[bytes], *, to_server: bool) -> st.SearchStrategy[bytes]:
    """Damaged APDUs in frames whose check sums and addresses are right, with any numbers."""
    client, server = hdlc.client_address(32), hdlc.server_address(1, 16)
    dest, src = (server, client) if to_server else (client, server)
    llc = hdlc.LLC_COMMAND if to_server else hdlc.LLC_RESPONSE
    ends = (32, 1) if to_server else (1, 32)

    def frame(kind: hdlc.Kind, apdu: bytes, ns: int, nr: int, segmented: bool, with_llc: bool) -> bytes:
        info = (llc if with_llc else b"") + apdu if kind in (hdlc.Kind.I, hdlc.Kind.SNRM, hdlc.Kind.UA) else b""
        return hdlc.encode(hdlc.Frame(dest, src, kind, info, ns, nr, segmented=segmented))

    if link == "wrapper":
        one = damaged(apdus).map(lambda apdu: wrapper.encode(wrapper.Packet(*ends, apdu)))
    else:
        kinds = st.sampled_from(hdlc.Kind) | st.just(hdlc.Kind.I)
        number = st.integers(0, 7)
        one = st.builds(frame, kinds, damaged(apdus), number, number, st.booleans(), st.booleans())
    return st.lists(one, min_size=1, max_size=6).map(b"".join)


def _asking(link: str) -> tuple[Client, list[bytes]]:
    """A client that waits for a long value, and answers that a server gave."""
    client, server, meter = joined(link, server_max_info=64, server_max_pdu=120)
    meter.attributes[7, A, 2] = long_value(40)
    answers: list[bytes] = []

    def line(sent: bytes) -> bytes:
        answers.append(server.receive(sent))
        return answers[-1]

    talk(client, line, client.open())
    talk(client, line, client.get(7, A, 2))
    answers.append(line(client.get(7, A, 2)))
    return client, answers


@LINKS
@given(data=st.data())
def test_a_client_takes_any_bytes_the_same_whole_and_byte_by_byte(link: str, data: st.DataObject) -> None:
    results = []
    whole, answers = _asking(link)
    bytewise, _ = _asking(link)
    raw = data.draw(stream(link, answers) | well_framed(link, SAMPLES["apdu"], to_server=False))
    for client, parts in ((whole, [raw]), (bytewise, [raw[at : at + 1] for at in range(len(raw))])):
        steps, error = outcome(client.receive, parts)
        events = [step.event for step in steps if step.event is not None]
        sent = b"".join(step.send for step in steps)
        results.append((events if error is None else None, sent if error is None else None, error, client.state))
    assert results[0] == results[1]


@LINKS
@given(data=st.data())
def test_a_server_takes_any_bytes_the_same_whole_and_byte_by_byte(link: str, data: st.DataObject) -> None:
    requests: list[bytes] = []
    results = []

    def made() -> Server:
        client, server, meter = joined(link, server_max_info=64, server_max_pdu=120)
        meter.attributes[7, A, 2] = long_value(40)

        def line(sent: bytes) -> bytes:
            requests.append(sent)
            return server.receive(sent)

        talk(client, line, client.open())
        talk(client, line, client.get(7, A, 2))
        return server

    whole, bytewise = made(), made()
    raw = data.draw(stream(link, requests) | well_framed(link, SAMPLES["apdu"], to_server=True))
    for server, parts in ((whole, [raw]), (bytewise, [raw[at : at + 1] for at in range(len(raw))])):
        answers, error = outcome(server.receive, parts)
        results.append((b"".join(answers) if error is None else None, error))
    assert results[0] == results[1]


@pytest.mark.parametrize("name", ["hdlc", "wrapper"])
@given(data=st.data())
def test_a_receiver_finds_the_same_in_any_chunks_and_keeps_little(name: str, data: st.DataObject) -> None:
    raw = data.draw(stream(name, SAMPLES[name]))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=5)))
    parts = [raw[start:end] for start, end in zip([0, *cuts], [*cuts, len(raw)], strict=True)]
    module = hdlc if name == "hdlc" else wrapper
    whole, chunked = module.Receiver(), module.Receiver()
    found = [
        outcome(lambda part, it=receiver: list(it.feed(part)), pieces)
        for receiver, pieces in ((whole, [raw]), (chunked, parts))
    ]
    assert found[0][1] == found[1][1]
    if found[0][1] is None:
        assert list(chain(*found[0][0])) == list(chain(*found[1][0]))
    assert len(chunked._buffer) <= hdlc.MAX_LENGTH + 2 or name == "wrapper"


@given(
    st.lists(st.sampled_from(SAMPLES["hdlc"]), max_size=3), st.binary(max_size=30).filter(lambda it: b"\x7e" not in it)
)
def test_a_frame_after_noise_is_found(frames: list[bytes], noise: bytes) -> None:
    good = [raw for raw in frames if _is_frame(raw)]
    found = list(hdlc.Receiver().feed(noise + b"".join(raw + noise for raw in good)))
    assert found == [hdlc.decode(raw) for raw in good]


def _is_frame(raw: bytes) -> bool:
    try:
        hdlc.decode(raw)
    except RemoteError:
        return False
    return True


def test_a_megabyte_of_noise_is_passed_over_quickly_and_leaves_nothing() -> None:
    receiver = hdlc.Receiver()
    noise = bytes.fromhex("7EA7FF0221410355") * 20_000
    for at in range(0, len(noise), 1000):
        assert list(receiver.feed(noise[at : at + 1000])) == []
    assert len(receiver._buffer) < 20


@pytest.mark.parametrize(
    "raw",
    [
        b"\x02\x01" * 40 + b"\x00",
        b"\x13" + b"\x02\x01" * 40 + b"\x11\x01\x00",
        b"\x13\x01\xff\xff\x00\x01\x00",
        b"\x13\x02\x00\x01\x00",
        b"\x13\x00\x01\x00",
        b"\x01\x83\xff\xff\xff" + bytes(1000),
    ],
)
def test_a_small_message_cannot_make_a_big_value(raw: bytes) -> None:
    with pytest.raises(RemoteError):
        axdr.decode(raw)


def _wire(link: str, answer: bytes, ns: int = 1, nr: int = 2, segmented: bool = False) -> bytes:
    if link == "wrapper":
        return wrapper.encode(wrapper.Packet(1, 32, answer))
    client, server = hdlc.client_address(32), hdlc.server_address(1, 16)
    return hdlc.encode(hdlc.Frame(client, server, hdlc.Kind.I, answer, ns % 8, nr % 8, segmented=segmented))


@LINKS
def test_a_meter_cannot_make_the_client_hold_endless_blocks(link: str) -> None:
    client, server, _ = joined(link, max_pdu=65535)
    talk(client, server.receive, client.open())
    client.get(7, A, 2)
    size, llc = (60_000, b"") if link == "wrapper" else (1500, hdlc.LLC_RESPONSE)
    taken = MAX_VALUE // size
    for block in range(1, taken + 2):
        answer = apdu.encode(apdu.GetBlock(client._invoke, False, block, bytes(size)))
        wire = _wire(link, llc + answer, block, block + 1)
        if block <= taken:
            assert client.receive(wire).send
    with pytest.raises(RemoteError, match="in blocks"):
        client.receive(wire)


def test_a_meter_cannot_make_the_client_hold_endless_segments() -> None:
    client, server, _ = joined("hdlc")
    talk(client, server.receive, client.open())
    client.get(7, A, 2)
    for number in range(1, 33):
        assert client.receive(_wire("hdlc", bytes(2000), number, 2, True)).send
    with pytest.raises(RemoteError, match="in segments"):
        client.receive(_wire("hdlc", bytes(2000), 33, 2, True))
