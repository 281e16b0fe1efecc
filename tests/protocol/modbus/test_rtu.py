"""Frames of real meters, as `modbus.json` says; and that damage is seen."""

from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import Garbled
from protocol.modbus import rtu
from protocol.modbus.values import number
from tests import vectors

pytestmark = pytest.mark.quick
VECTORS = vectors.load("modbus")
LOW_FIRST = {"Carlo Gavazzi EM24"}
TYPES = {"Carlo Gavazzi EM24": "int32", "ABB B23": "uint64", "Schneider iEM3155": "int64"}


def frames(vector: dict[str, Any]) -> list[bytes]:
    found = vector["hex"] if isinstance(vector["hex"], list) else [vector["hex"]]
    return [bytes.fromhex(frame) for frame in found]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_frames_mean_what_the_vectors_say(vector: dict[str, Any]) -> None:
    """Exactly: every member of `decoded` must be accounted for."""
    found = frames(vector)
    decoded = dict(vector["decoded"])
    if "malformed" in vector:
        with pytest.raises(Garbled, match=f"^{decoded['error']}"):
            decode(found)
        return
    if "bytes_on_wire" in decoded:
        assert decoded == {"crc": f"{rtu.crc(found[0]):04X}", "bytes_on_wire": rtu.frame(found[0])[-2:].hex().upper()}
        return
    request, answer = decode(found)
    assert answer.unit == vector["context"]["unit_id"]
    assert decoded.pop("function", answer.function) == answer.function
    assert decoded.pop("exception", None) == answer.exception
    if request is not None:
        assert decoded.pop("start", request.start) == request.start
        assert decoded.pop("register", request.start) == request.start
        assert decoded.pop("count", request.count) == request.count
    assert decoded.pop("data", None) in (None, (answer.data or b"").hex().upper())
    assert decoded.pop("words", None) in (None, list(answer.words))
    assert decoded.pop("register_words", None) in (None, [f"{word:04X}" for word in answer.words])
    decoded.pop("unit", None)
    check_values(decoded, vector["context"].get("meter", ""), request, answer)


def decode(found: list[bytes]) -> tuple[rtu.Request | None, rtu.Answer]:
    if len(found) == 1:
        return None, rtu.decode_answer(found[0])
    request = rtu.decode_request(found[0])
    return request, rtu.decode_answer(found[1], request)


def check_values(decoded: dict[str, Any], meter: str, request: rtu.Request | None, answer: rtu.Answer) -> None:
    """`float32`, `uint16`, `value`, `registers`, `raw`: what the words are worth."""
    for form in ("float32", "uint16"):
        if form in decoded:
            value = number(answer.words, form)
            assert value is not None
            assert abs(float(value) - decoded.pop(form)) < 1e-4
            assert abs(value - Decimal(decoded.pop("value", value))) < Decimal("1e-4")  # the manual prints it rounded
    form = TYPES.get(meter, "float32")
    size = {"int32": 2, "float32": 2}.get(form, 4)
    raw = []
    for register, expected in decoded.pop("registers", {}).items():
        assert request is not None
        at = int(register) - request.start
        value = number(answer.words[at : at + size], form, low_first=meter in LOW_FIRST)
        assert value is not None
        raw.append(int(value))
        scale = {"Carlo Gavazzi EM24": 0.1, "ABB B23": 0.01}.get(meter, 1)
        assert abs(float(value) * scale - float(expected)) < 1e-4
    assert decoded.pop("raw", raw) == raw
    assert decoded == {}


def test_a_reading_is_asked_as_the_manual_prints_it() -> None:
    assert rtu.encode_reading(1, 4, 0, 2).hex().upper() == "01040000000271CB"


@given(st.binary(max_size=300))
def test_whatever_comes_only_garbled_is_raised(raw: bytes) -> None:
    for read in (rtu.decode_request, rtu.decode_answer):
        for frame in (raw, rtu.frame(raw)):
            with suppress(Garbled):
                read(frame)


@given(st.sampled_from([v for v in VECTORS if "malformed" not in v and "crc" not in v["decoded"]]), st.data())
def test_a_flipped_bit_or_two_are_seen(vector: dict[str, Any], data: st.DataObject) -> None:
    frame = frames(vector)[-1]
    places = data.draw(st.sets(st.integers(0, len(frame) * 8 - 1), min_size=1, max_size=2))
    damaged = int.from_bytes(frame, "big")
    for place in places:
        damaged ^= 1 << place
    with pytest.raises(Garbled, match=r"^crc"):
        rtu.decode_answer(damaged.to_bytes(len(frame), "big"))


def test_an_answer_of_another_meter_is_refused() -> None:
    request = rtu.decode_request(rtu.encode_reading(1, 4, 0, 2))
    with pytest.raises(Garbled, match=r"^echo"):
        rtu.decode_answer(rtu.frame(bytes.fromhex("020404436633 34")), request)
