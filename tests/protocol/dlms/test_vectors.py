"""Single frames, APDUs and values: each vector decodes to exactly what it means, a malformed one is refused by name."""

from decimal import Decimal
from typing import Any

import pytest

from protocol.dlms import acse, apdu, axdr, hdlc, wrapper
from protocol.errors import Garbled
from tests.protocol.dlms import forms
from tests.vectors import Vector, claimed, one, spodes_frames, title

pytestmark = pytest.mark.quick


def raw(vector: Vector) -> bytes:
    return bytes.fromhex(vector["hex"])


def good(name: str) -> Any:
    vectors = [vector for vector in claimed(name) if "malformed" not in vector]
    return pytest.mark.parametrize("vector", vectors, ids=title)


def bad(name: str) -> Any:
    return pytest.mark.parametrize("vector", [vector for vector in claimed(name) if "malformed" in vector], ids=title)


# --- A-XDR ---


@good("axdr")
def test_a_value_is_what_the_vector_says_and_encodes_back(vector: Vector) -> None:
    data = axdr.decode(raw(vector))
    assert forms.value(data) == vector["decoded"]["value"]
    assert axdr.measure(raw(vector)) == len(raw(vector))
    assert axdr.decode(axdr.encode(data)) == data
    if vector["name"] != "length 5 in the long form 81 05":
        assert axdr.encode(data) == raw(vector)


@bad("axdr")
def test_a_malformed_value_is_refused_by_name(vector: Vector) -> None:
    with pytest.raises(Garbled, match=vector["decoded"]["error"]):
        axdr.decode(raw(vector))


@pytest.mark.parametrize("vector", [v for v in claimed("axdr") if "readings" in v["decoded"]], ids=title)
def test_the_readings_of_a_body_are_found_by_their_codes(vector: Vector) -> None:
    found = dict(_readings(axdr.plain(axdr.decode(raw(vector)))))
    assert found == vector["decoded"]["readings"]


def _readings(body: Any) -> Any:
    """(code, reading) of a push body: rows of [code, raw, [scaler, unit]], or code and value by turns."""
    rows = body if isinstance(body[0], list) else zip(body[1::2], body[2::2], strict=True)
    for code, value, *scale in rows:
        name = ".".join(str(byte) for byte in code)
        if isinstance(value, str):
            yield name, {"text": value}
        elif scale:
            ((scaler, unit),) = scale
            text = str(Decimal(value).scaleb(scaler))
            yield name, {"raw": value, "scaler": scaler, "unit": unit, "value": text}
        else:
            yield name, {"raw": value}


# --- HDLC ---

FRAMES = [vector for vector in claimed("hdlc") if "malformed" not in vector and vector["layer"] == "hdlc"]
FRAMES = [vector for vector in FRAMES if "crc" not in vector["decoded"]]


@pytest.mark.parametrize("vector", FRAMES, ids=title)
def test_a_frame_is_what_the_vector_says_and_encodes_back(vector: Vector) -> None:
    frame = hdlc.decode(raw(vector))
    assert forms.frame(frame) == vector["decoded"]
    assert hdlc.encode(frame) == raw(vector)


@pytest.mark.parametrize("vector", FRAMES, ids=title)
def test_the_addresses_of_a_frame_are_those_of_its_context(vector: Vector) -> None:
    frame = hdlc.decode(raw(vector))
    to_server = vector["direction"] == "client->server"
    server, client = (frame.dest, frame.src) if to_server else (frame.src, frame.dest)
    wanted = vector["context"]["server"]
    logical, physical = wanted["logical"], wanted.get("physical")
    assert hdlc.parse_address(server) == (logical, physical)
    assert hdlc.server_address(logical, physical, len(server)) == server
    if isinstance(vector["context"]["client"], int):
        assert hdlc.client_address(vector["context"]["client"]) == client


@bad("hdlc")
def test_a_malformed_frame_is_refused_by_name_and_is_noise_in_a_stream(vector: Vector) -> None:
    with pytest.raises(Garbled, match=vector["decoded"]["error"]):
        hdlc.decode(raw(vector))
    assert list(hdlc.Receiver().feed(raw(vector))) == []


def test_the_check_sum_of_the_catalogue() -> None:
    vector = one("hdlc", "CRC-16/X-25 check value")
    found = hdlc.crc(raw(vector))
    assert f"{found:04X}" == vector["decoded"]["crc"]
    assert found.to_bytes(2, "little").hex().upper() == vector["decoded"]["bytes_on_wire"]


@pytest.mark.parametrize("name", list(spodes_frames()))
def test_a_frame_of_the_standard_is_read_and_written(name: str) -> None:
    wanted = spodes_frames()[name]
    assert hdlc.encode(hdlc.decode(wanted)) == wanted
    assert list(hdlc.Receiver().feed(wanted)) == [hdlc.decode(wanted)]


# --- wrapper and APDUs ---


@good("wrapper")
def test_a_packet_is_what_the_vector_says_and_encodes_back(vector: Vector) -> None:
    packet = wrapper.decode(raw(vector))
    form = {"version": 1, "source": packet.source, "destination": packet.destination, "length": len(packet.apdu)}
    assert form | {"apdu": forms.any_apdu(packet.apdu)} == vector["decoded"]
    assert wrapper.encode(packet) == raw(vector)


@bad("wrapper")
def test_a_malformed_packet_is_refused_by_name(vector: Vector) -> None:
    with pytest.raises(Garbled, match=vector["decoded"]["error"]):
        wrapper.decode(raw(vector))


@good("apdu")
def test_an_apdu_is_what_the_vector_says(vector: Vector) -> None:
    assert forms.any_apdu(raw(vector)) == vector["decoded"]


@pytest.mark.parametrize("vector", [v for v in claimed("apdu") if v["hex"][:2] in ("C0", "C4", "D8", "0E")], ids=title)
def test_an_xdlms_apdu_encodes_back(vector: Vector) -> None:
    assert apdu.encode(apdu.decode(raw(vector))) == raw(vector)


@pytest.mark.parametrize(
    "vector", [v for v in claimed("apdu") if v["hex"][:2] == "60" or v["name"].startswith("AARE max")], ids=title
)
def test_an_association_of_mechanism_0_or_1_encodes_back(vector: Vector) -> None:
    found = raw(vector)
    encoded = (
        acse.encode_aarq(acse.decode_aarq(found))
        if found[0] == acse.AARQ
        else acse.encode_aare(acse.decode_aare(found))
    )
    assert encoded == found
