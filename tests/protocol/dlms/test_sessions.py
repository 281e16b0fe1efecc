"""Talks seen on real lines, driven through our client: our bytes are those that were sent, answers are understood."""

from collections.abc import Iterator
from typing import Any

import pytest

from protocol.dlms import axdr, hdlc
from protocol.dlms.acse import Aare, InitiateResponse, encode_aare
from protocol.dlms.apdu import Attribute, GetRequest, GetResponse, decode, encode
from protocol.dlms.client import Client, Closed, Opened, Step, Value, by_entry, by_range
from protocol.dlms.hdlc import Frame, Kind
from protocol.dlms.link import HdlcPrimary
from protocol.dlms.profile import capture_objects, scaler_unit
from protocol.obis import Obis
from tests.protocol.dlms import forms
from tests.vectors import Vector, claimed, one, spodes_frames, title

pytestmark = pytest.mark.quick

MERCURY = [v for v in claimed("sessions") if v["name"].startswith("Меркурий 203")]
BOTH_WAYS = pytest.mark.parametrize("bytewise", [False, True], ids=["whole", "byte by byte"])
AARE = encode_aare(Aare(1, 0, 0, InitiateResponse(0x00181D, 100)))


def frames(vector: Vector) -> Iterator[tuple[str, bytes]]:
    """(direction, frame)."""
    for direction, text in zip(vector["direction"], vector["hex"], strict=True):
        yield direction, bytes.fromhex(text)


def feed(client: Client, data: bytes, bytewise: bool) -> Step:
    steps = [client.receive(data[at : at + 1]) for at in range(len(data))] if bytewise else [client.receive(data)]
    (event,) = [step.event for step in steps if step.event is not None] or [None]
    return Step(b"".join(step.send for step in steps), event)


class Stage:
    """A client brought by a made-up meter to where a recorded talk begins, frame numbers and all."""

    def __init__(self, vector: Vector) -> None:
        context = vector["context"]
        self.address = (context["server"]["logical"], context["server"]["physical"])
        self.src, self.dest = hdlc.server_address(*self.address), hdlc.client_address(context["client"])
        self.client = Client(link="hdlc", client=context["client"], server=self.address)
        self.client.open()
        self.client.receive(hdlc.encode(Frame(self.dest, self.src, Kind.UA)))
        self.numbers = 0  # N(S) of the client's next frame
        assert isinstance(self._answer(AARE).event, Opened)

    def reach(self, request: bytes) -> None:
        """Let the client ask for something until its next frame has the number of this request."""
        while self.numbers != hdlc.decode(request).ns:
            self.client.get(1, Obis(bytes(6)), 2)
            assert isinstance(self._answer(encode(GetResponse(0xC1, axdr.encode(axdr.null)))).event, Value)

    def _answer(self, apdu: bytes) -> Step:
        ns, self.numbers = self.numbers, (self.numbers + 1) % hdlc.MODULUS
        info = hdlc.LLC_RESPONSE + apdu
        return self.client.receive(hdlc.encode(Frame(self.dest, self.src, Kind.I, info, ns, self.numbers)))

    def replay(self, talk: list[tuple[str, bytes]], bytewise: bool) -> bytes:
        """The value that this one recorded GET brings; every frame of the client's is the recorded one."""
        request = talk[0][1]
        self.reach(request)
        asked = decode(hdlc.decode(request).info[3:])
        assert isinstance(asked, GetRequest)
        item: Attribute = asked.item
        ours = self.client.get(item.class_id, item.obis, item.attribute, item.selection)
        event = None
        for direction, frame in talk:
            if direction == "client->server":
                assert ours == frame
                self.numbers = (self.numbers + 1) % hdlc.MODULUS
                continue
            step = feed(self.client, frame, bytewise)
            ours, event = step.send or ours, step.event or event
        assert isinstance(event, Value)
        return event.data


@BOTH_WAYS
def test_an_object_list_in_513_blocks_some_of_which_come_twice(bytewise: bool) -> None:
    vector = one("sessions", "Меркурий 203 object_list of the configurator, 513 datablocks")
    value = Stage(vector).replay(list(frames(vector)), bytewise)
    assert value.hex().upper() == vector["decoded"]["data"]
    assert len(value) == vector["decoded"]["data_length"]
    objects = [[class_id, version, str(Obis(code))] for class_id, version, code, _ in axdr.plain(axdr.decode(value))]
    assert objects == vector["decoded"]["objects"]


@BOTH_WAYS
@pytest.mark.parametrize("vector", [v for v in MERCURY if "capture_objects" in v["decoded"]], ids=title)
def test_capture_objects_with_repeated_blocks_and_a_stray_byte(vector: Vector, bytewise: bool) -> None:
    value = Stage(vector).replay(list(frames(vector)), bytewise)
    found = [[class_id, str(obis), attribute, element] for class_id, obis, attribute, element in capture_objects(value)]
    assert found == vector["decoded"]["capture_objects"]


def test_a_demand_registers_period() -> None:
    vector = one("sessions", "Меркурий 203 demand register 1.0.1.4.0.255 attribute 9")
    value = Stage(vector).replay(list(frames(vector)), False)
    assert forms.value(axdr.decode(value)) == vector["decoded"]["data"]


def test_the_scalers_of_41_registers() -> None:
    vector = one("sessions", "Меркурий 203 scaler_unit of 41 registers, one GET each")
    stage, talk = Stage(vector), list(frames(vector))
    found: dict[str, list[int]] = {}
    for at in range(0, len(talk), 2):
        asked = decode(hdlc.decode(talk[at][1]).info[3:])
        assert isinstance(asked, GetRequest)
        value = stage.replay(talk[at : at + 2], False)
        found[f"{asked.item.obis}:{asked.item.attribute}"] = list(scaler_unit(value))
    assert found == vector["decoded"]["scaler_unit"]


@BOTH_WAYS
def test_an_answer_in_hdlc_segments_is_put_together(bytewise: bool) -> None:
    vector = one("sessions", "segmented HDLC answer (S bit, RR between), object_list with short names, 104 frames")
    server = vector["context"]["server"]
    link = HdlcPrimary(vector["context"]["client"], (server["logical"], server["physical"]), 2030)
    src = hdlc.server_address(server["logical"], server["physical"])
    dest = hdlc.client_address(vector["context"]["client"])
    link.connect()
    list(link.receive(hdlc.encode(Frame(dest, src, Kind.UA))))
    link.send(AARE)  # anything: the recorded talk begins at number 1
    list(link.receive(hdlc.encode(Frame(dest, src, Kind.I, hdlc.LLC_RESPONSE, 0, 1))))
    talk = list(frames(vector))
    ours = link.send(hdlc.decode(talk[0][1]).info[3:])
    apdus = []
    for direction, frame in talk:
        if direction == "client->server":
            assert ours == frame
            continue
        for part in [frame[at : at + 1] for at in range(len(frame))] if bytewise else [frame]:
            for reply, came in link.receive(part):
                ours = reply or ours
                if came is not None:
                    apdus.append(came)
    (apdu,) = apdus
    assert isinstance(apdu, bytes)
    decoded = vector["decoded"]
    assert apdu.hex().upper() == decoded["apdu"]
    assert len(apdu) == decoded["apdu_length"]
    rows = axdr.decode(apdu[3:]).value  # a ReadResponse with one result: 0C 01 00
    assert isinstance(rows, tuple)
    assert (len(rows), forms.value(rows[0]), forms.value(rows[-1])) == tuple(
        decoded[name] for name in ("elements", "first", "last")
    )


@BOTH_WAYS
def test_the_talk_with_a_milur_whole(bytewise: bool) -> None:
    """It answers C1 with 81: the same id, another priority."""
    vector = one("sessions", "Милур: DISC, SNRM, AARQ LLS, GET scaler, GET value")
    server, wanted = vector["context"]["server"], vector["decoded"]["reading"]
    client = Client(
        link="hdlc",
        client=vector["context"]["client"],
        server=(server["logical"], server["physical"]),
        password=vector["context"]["password_ascii"].encode(),
        conformance=0x001E5D,
        max_pdu=0xFFFF,
    )
    disc, gone, snrm, ua, aarq, aare, scaler, scaled, value, valued = (frame for _, frame in frames(vector))
    assert client.close() == disc
    assert feed(client, gone, bytewise) == Step(b"", Closed())
    assert client.open() == snrm
    assert feed(client, ua, bytewise) == Step(aarq, None)
    assert feed(client, aare, bytewise) == Step(b"", Opened(max_pdu=100, conformance=0x00101D))
    obis = Obis.parse(wanted["obis"])
    assert client.get(3, obis, 3) == scaler
    answer = feed(client, scaled, bytewise).event
    assert isinstance(answer, Value)
    assert scaler_unit(answer.data) == (wanted["scaler"], wanted["unit"])
    assert client.get(3, obis, 2) == value
    answer = feed(client, valued, bytewise).event
    assert isinstance(answer, Value)
    assert axdr.plain(axdr.decode(answer.data)) == wanted["raw"]


def test_the_frames_of_the_standard_are_those_of_our_client() -> None:
    printed = spodes_frames()
    client = Client(link="hdlc", client=32, server=(1, 16), password=b"Reader", conformance=0x00101C, max_pdu=0xFFFF)
    assert client.open() == printed["SNRM_reader32"]
    assert client.receive(printed["UA_reader32"]).send == printed["AARQ_reader_LLS_password_Reader"]
    assert client.receive(printed["AARE_reader_ok"]).event == Opened(max_pdu=1024, conformance=0x00101C)
    public = Client(link="hdlc", client=16, server=(1, 16))
    assert public.close() == printed["DISC_public"]
    assert public.receive(printed["DM"]).event == Closed()
    assert public.open() == printed["SNRM_public"]
    assert hdlc.decode(public.receive(printed["UA_public"]).send).kind is Kind.I


@pytest.mark.parametrize(
    ("name", "asked", "selection"),
    [
        ("GET_profile_by_entry_3_5", "1.0.98.1.0.255", by_entry(3, 5, 1, 0)),
        (
            "GET_profile_by_range",
            "1.0.98.1.0.255",
            by_range(bytes.fromhex("07DE0C0902000000FF000000"), bytes.fromhex("07DF020100000000FF000000")),
        ),
    ],
)
def test_selections_are_written_as_the_standard_prints_them(name: str, asked: str, selection: bytes) -> None:
    request = decode(hdlc.decode(spodes_frames()[name]).info[3:])
    assert request == GetRequest(0x81, Attribute(7, Obis.parse(asked), 2, selection))


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("GET_1.0.21.7.0_a1_resp", {"octet-string": "0100150700FF"}),
        ("GET_1.0.21.7.0_a2_resp", {"double-long": 0}),
        ("GET_1.0.21.7.0_a3_resp_scaler", {"structure": [{"integer": -2}, {"enum": 27}]}),
        ("GET_0.0.40.0.0_a1_resp", {"octet-string": "0000280000FF"}),
    ],
)
def test_answers_printed_in_the_standard_are_understood(name: str, meaning: dict[str, Any]) -> None:
    found = forms.frame(hdlc.decode(spodes_frames()[name]))["apdu"]["get-response-normal"]
    assert found["data"] == meaning


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("GET_1.0.21.7.0_a1_cfg48", "get-request-normal"),
        ("GET_1.0.21.7.0_a2_cfg48", "get-request-normal"),
        ("GET_1.0.21.7.0_a3_cfg48", "get-request-normal"),
        ("GET_0.0.40.0.0_a1_req", "get-request-normal"),
        ("GET_next_1", "get-request-next"),
        ("GET_next_2", "get-request-next"),
    ],
)
def test_requests_printed_in_the_standard_are_understood(name: str, kind: str) -> None:
    assert kind in forms.frame(hdlc.decode(spodes_frames()[name]))["apdu"]
